"""The page about triggers shows what loads, and forgets nothing that can be written."""

from __future__ import annotations

import re
import typing
from pathlib import Path

import pytest

from connectors.catalogue import Catalogue, check_manifests, load_catalogue
from connectors.manifest import Trigger
from connectors.triggers import Source
from tests.connectors.test_authentication_docs import keys_of

PAGE = (Path(__file__).parents[2] / "docs" / "triggers.md").read_text("utf-8")
FILES = re.findall(r"^```yaml\n# ([\w./-]+)\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
KINDS = typing.get_args(typing.get_args(Source)[0])


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    for name, text in FILES:
        path = tmp_path / "shop" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return load_catalogue([tmp_path])


def test_the_manifests_of_the_page_load_without_doubts(catalogue: Catalogue) -> None:
    assert len(catalogue.apps["shop"].triggers) == PAGE.count("```yaml") - 1
    assert check_manifests(catalogue) == []


def test_each_kind_that_an_app_can_have_is_shown(catalogue: Catalogue) -> None:
    shown = {trigger.source.type for trigger in catalogue.apps["shop"].triggers}
    assert shown == {"webhook", "app_webhook", "poll"}


def test_each_key_is_explained() -> None:
    told = set(re.findall(r"[a-z_0-9]+", " ".join(re.findall(r"`([^`\n]+)`", PAGE))))
    told |= set(re.findall(r"^\s*([a-z_]+):", PAGE, re.MULTILINE))
    request = {"url", "query", "headers", "json", "form", "body", "method", "path", "path_values"}
    pages = {"type", "records", "next", "param", "size_param", "page_size", "first_page", "limit"}
    pages |= {"max_pages", "max_records"}
    known = {key for kind in (Trigger, *KINDS) for key in keys_of(kind)} - request - pages - {"key"}
    assert known - told == set()


def test_each_built_in_trigger_is_listed() -> None:
    for app in load_catalogue().apps.values():
        for trigger in app.triggers:
            name = trigger.key.partition(".")[2]
            assert f"`{trigger.key}`" in PAGE or re.search(
                rf"^\| `{app.key}` \|.*`{name}`", PAGE, re.MULTILINE
            ), trigger.key
