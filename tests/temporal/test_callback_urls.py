"""A callback URL is for one step of one run, and whoever has it learns nothing else from it."""

from __future__ import annotations

import base64

import pytest

from store.encryption import Keyring
from temporal.callback_urls import CallbackTarget, CallbackUrls
from workflows.callback_urls import step_url

KEYS = Keyring([b"k" * 32])
URLS = CallbackUrls(KEYS, "https://inlay.test/")


def parts_of(url: str) -> tuple[str, str]:
    token, _, place = url.removeprefix("https://inlay.test/api/v1/callbacks/").partition("/")
    return token, place


@pytest.mark.parametrize("iteration", ["", "0", "3.12"])
def test_a_url_names_the_step_that_it_was_made_for(iteration: str) -> None:
    base, key = URLS.make("p", "run-1")
    url = step_url(base, key, "run-1", "hear", iteration)
    assert URLS.read(*parts_of(url)) == CallbackTarget("p", "run-1", "hear", iteration, True)
    of_called = step_url(f"{base}/run-1-sub-0", key, "run-1-sub-0", "hear", iteration)
    assert URLS.read(*parts_of(of_called)) == CallbackTarget(
        "p", "run-1-sub-0", "hear", iteration, True
    )


def test_no_part_of_a_url_can_be_exchanged() -> None:
    base, key = URLS.make("p", "run-1")
    url = step_url(base, key, "run-1", "hear", "0")
    token, place = parts_of(url)
    step, iteration, seal = place.split("/")
    other_token, other_place = parts_of(step_url(*URLS.make("p", "run-1"), "run-1", "hear", "0"))
    forged = [
        (token, f"{step}/{iteration}"),
        (token, f"{step}/1/{seal}"),
        (token, f"{step}/{seal}"),
        (token, f"other/{iteration}/{seal}"),
        (token, f"run-1-sub/{place}"),
        (token, f"{place}/x"),
        (token, f"{step}/{iteration}/"),
        (token, f"{step}/{iteration}/ü"),
        (token, ""),
        (token, other_place),
        (other_token, place),
        (token[:-2] + "AA", place),
    ]
    assert [URLS.read(*pair) for pair in forged] == [None] * len(forged)
    stranger = CallbackUrls(Keyring([b"o" * 32]), "https://inlay.test")
    assert stranger.read(token, place) is None


def test_a_url_tells_neither_its_key_nor_its_project() -> None:
    base, key = URLS.make("project-4711", "run-1")
    url = step_url(base, key, "run-1", "hear", "")
    token, _ = parts_of(url)
    assert key not in url
    plain = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    assert key.encode() not in plain
    assert b"4711" not in plain


def test_a_url_of_a_run_that_began_before_steps_were_sealed_is_read_as_unsealed() -> None:
    envelope = KEYS.encrypt(b"p/run-1", b"callback")
    base = "https://inlay.test/api/v1/callbacks/" + base64.urlsafe_b64encode(envelope).decode()
    url = step_url(base.rstrip("="), "", "run-1", "hear", "2")
    assert URLS.read(*parts_of(url)) == CallbackTarget("p", "run-1", "hear", "2", False)
