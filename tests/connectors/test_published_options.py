"""Each list that inputs are chosen from is one that the vendor's documents know."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connectors.templates import compiled_parts
from tests.connectors.test_published import CUBICL, GOOGLE
from tests.connectors.test_published_triggers import CATALOGUE, fact_of, names_of_pages

if TYPE_CHECKING:
    from connectors.manifest import Options

OPTIONS = [options for app in CATALOGUE.apps.values() for options in app.options]


def record_of(options: Options) -> set[str]:
    """The documented fields of one item."""
    match options.app.key:
        case "google-calendar":
            return set(GOOGLE["schemas"]["CalendarListEntry"]["properties"])
        case "cubicl":
            return set(CUBICL["client" if options.key == "cubicl.clients" else "task"])
    fact = fact_of(options.app.key, options.request)
    return set(fact.get("record") or fact["answer"])


@pytest.mark.parametrize("options", OPTIONS, ids=lambda options: options.key)
def test_a_list_is_documented(options: Options) -> None:
    fact = fact_of(options.app.key, options.request)
    assert {*options.request.query.source, *names_of_pages(options)} <= set(fact["query"])
    shown = [options.value, options.label, *filter(None, [options.description])]
    read = {
        path[1]
        for part in compiled_parts(shown)
        for path in part.references
        if path[0] == "item" and path[1:]
    }
    assert read
    assert read <= record_of(options)
    if "record" in fact:
        found = options.items or (options.pagination and options.pagination.records)
        assert found
        assert found.source.removeprefix("body.") in fact["answer"]


def test_google_wants_no_more_rights_for_a_list_than_it_asks_for() -> None:
    for options in CATALOGUE.apps["google-calendar"].options:
        documented = fact_of("google-calendar", options.request)["scopes"]
        assert set(options.scopes) <= set(documented)


@pytest.mark.parametrize(
    ("app_key", "wanted"),
    [
        ("slack", "channels:read"),
        ("microsoft-outlook", "Mail.Read"),
        ("github", "repo"),
        ("asana", "default"),
    ],
)
def test_lists_say_which_scope_they_need(app_key: str, wanted: str) -> None:
    assert {tuple(options.scopes) for options in CATALOGUE.apps[app_key].options} == {(wanted,)}
