"""What Inlay promises of the URLs at which a run waits to be called."""

from __future__ import annotations

import secrets
from itertools import permutations

import pytest

from store.encryption import KEY_BYTES, Keyring
from temporal.callback_urls import CallbackUrls
from workflows.callback_urls import step_url

BASE = "https://inlay.test/api/v1/callbacks/"
URLS = CallbackUrls(Keyring([secrets.token_bytes(KEY_BYTES)]), "https://inlay.test")
STEPS = [("hear", ""), ("approve", ""), ("wait", ""), ("hear", "0"), ("hear", "1"), ("hear", "1.0")]


def pieces(url: str) -> tuple[str, list[str]]:
    token, *place = url.removeprefix(BASE).split("/")
    return token, place


@pytest.mark.parametrize(("mine", "other"), list(permutations(STEPS, 2)), ids=str)
def test_the_url_of_one_step_answers_no_other_step_of_its_run(
    mine: tuple[str, str], other: tuple[str, str]
) -> None:
    base, key = URLS.make("project", "run")
    token, place = pieces(step_url(base, key, "run", *mine))
    seal = place[-1]
    aimed = "/".join([*filter(None, other), seal])
    assert URLS.read(token, aimed) is None
    found = URLS.read(token, "/".join(place))
    assert found is not None
    assert (found.step_id, found.iteration) == mine


@pytest.mark.parametrize("step", ["approve", "invented", "hear/9", ""])
def test_no_step_can_be_invented_behind_a_url(step: str) -> None:
    base, key = URLS.make("project", "run")
    token, _ = pieces(step_url(base, key, "run", "hear", ""))
    found = URLS.read(token, step)
    assert found is None or not found.is_sealed
    assert found is None


def test_the_url_of_one_run_answers_no_other_run() -> None:
    base, key = URLS.make("project", "one")
    _, place = pieces(step_url(base, key, "one", "hear", ""))
    other_base, _ = URLS.make("project", "two")
    assert URLS.read(other_base.removeprefix(BASE), "/".join(place)) is None
