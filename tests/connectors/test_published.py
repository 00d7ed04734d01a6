"""Each action of the three first apps is one that the vendor's published documents know.

Those of the other apps, and all triggers, are compared in test_published_triggers.py."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import googleapiclient
import pytest

from connectors.catalogue import load_catalogue

if TYPE_CHECKING:
    from connectors.manifest import Component

FACTS = Path(__file__).parent / "facts"
DISCOVERY = Path(googleapiclient.__file__).parent / "discovery_cache/documents/calendar.v3.json"
GOOGLE = json.loads(DISCOVERY.read_text("utf-8"))
TWILIO = json.loads((FACTS / "twilio.json").read_text("utf-8"))
CUBICL = json.loads((FACTS / "cubicl.json").read_text("utf-8"))
CATALOGUE = load_catalogue()

GOOGLE_METHODS = {
    "google-calendar.list-calendars": ("calendarList", "list"),
    "google-calendar.list-events": ("events", "list"),
    "google-calendar.get-event": ("events", "get"),
    "google-calendar.create-event": ("events", "insert"),
    "google-calendar.quick-add-event": ("events", "quickAdd"),
    "google-calendar.update-event": ("events", "patch"),
    "google-calendar.delete-event": ("events", "delete"),
    "google-calendar.find-free-busy": ("freebusy", "query"),
}
TWILIO_OPERATIONS = {
    "twilio.send-message": "CreateMessage",
    "twilio.get-message": "FetchMessage",
    "twilio.list-messages": "ListMessage",
    "twilio.make-call": "CreateCall",
    "twilio.get-call": "FetchCall",
    "twilio.list-phone-numbers": "ListIncomingPhoneNumber",
}


def component(key: str) -> Component:
    found = CATALOGUE.component(key)
    assert found is not None
    return found


def query_names(part: Component) -> set[str]:
    names = set(part.request.query.source)
    if part.pagination:
        names |= {n for n in (part.pagination.param, part.pagination.size_param) if n}
    return names


def output_names(schema: dict[str, Any]) -> set[str]:
    """The fields of a record: of the answer itself, or of the items of its one list."""
    for part in schema["properties"].values():
        if part.get("type") == "array" and "properties" in part.get("items", {}):
            return set(part["items"]["properties"])
    return set(schema["properties"])


@pytest.mark.parametrize("app_key", ["google-calendar", "twilio", "cubicl"])
def test_every_action_is_compared(app_key: str) -> None:
    compared = {*GOOGLE_METHODS, *TWILIO_OPERATIONS, *CUBICL["operations"]}
    assert {part.key for part in CATALOGUE.apps[app_key].components} <= compared


@pytest.mark.parametrize("key", GOOGLE_METHODS)
def test_google_calendar_is_as_the_discovery_document_says(key: str) -> None:
    part = component(key)
    resource, name = GOOGLE_METHODS[key]
    method = GOOGLE["resources"][resource]["methods"][name]
    parameters = method.get("parameters", {})
    assert part.app.base_url == (GOOGLE["rootUrl"] + GOOGLE["servicePath"]).rstrip("/")
    assert part.request.method.source == method["httpMethod"]
    assert part.request.path == "/" + method["path"]
    in_query = {n for n, p in parameters.items() if p["location"] == "query"}
    assert query_names(part) <= in_query
    needed = {n for n, p in parameters.items() if p.get("required")}
    assert needed <= query_names(part) | set(re.findall(r"\{(\w+)\}", part.request.path or ""))
    body = part.request.json_body
    if body is not None:
        schema = GOOGLE["schemas"][method["request"]["$ref"]]["properties"]
        assert set(body.source) <= set(schema)
    assert part.scopes
    assert set(part.scopes) <= set(method["scopes"])


@pytest.mark.parametrize("key", GOOGLE_METHODS)
def test_google_calendars_choices_are_those_of_the_discovery_document(key: str) -> None:
    resource, name = GOOGLE_METHODS[key]
    parameters = GOOGLE["resources"][resource]["methods"][name].get("parameters", {})
    for input_name, schema in component(key).input_schema["properties"].items():
        if "enum" in schema and "enum" in parameters.get(input_name, {}):
            assert set(schema["enum"]) <= set(parameters[input_name]["enum"])


def test_google_calendars_events_have_the_documented_fields() -> None:
    event = set(GOOGLE["schemas"]["Event"]["properties"])
    moment = set(GOOGLE["schemas"]["EventDateTime"]["properties"])
    for name in ("create-event", "update-event", "get-event", "list-events"):
        part = component(f"google-calendar.{name}")
        assert output_names(part.output_schema) <= event
        if part.request.json_body is not None:
            assert set(part.request.json_body.source["start"]) <= moment
            assert set(part.request.json_body.source["end"]) <= moment


@pytest.mark.parametrize("key", TWILIO_OPERATIONS)
def test_twilio_is_as_its_openapi_document_says(key: str) -> None:
    part = component(key)
    fact = TWILIO["operations"][TWILIO_OPERATIONS[key]]
    assert part.app.base_url == fact["server"]
    assert part.request.method.source == fact["method"]
    assert part.request.path == fact["path"]
    assert query_names(part) <= set(fact["query"])
    form = set(part.request.form.source) if part.request.form else set()
    assert form <= set(fact["form"])
    assert set(fact["required"]) <= form
    assert output_names(part.output_schema) <= set(fact.get("record", fact["answer"]))
    if part.pagination:
        assert part.pagination.next is not None
        paths = (part.pagination.next.source, part.pagination.records.source)
        assert {path.removeprefix("body.") for path in paths} <= set(fact["answer"])


@pytest.mark.parametrize("key", CUBICL["operations"])
def test_cubicl_is_as_its_pages_say(key: str) -> None:
    part = component(key)
    fact = CUBICL["operations"][key]
    assert part.app.base_url == CUBICL["base"]
    assert part.request.method.source == fact["method"]
    assert part.request.path == fact["path"]
    assert query_names(part) <= set(fact["query"])
    body = set(part.request.json_body.source) if part.request.json_body else set()
    assert body <= set(fact["body"])
    assert set(fact.get("required", [])) <= set(part.input_schema.get("required", []))
    kind = "client" if "client" in key else "task"
    if key != "cubicl.update-task":
        assert output_names(part.output_schema) <= set(CUBICL[kind])
