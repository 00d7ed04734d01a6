"""Each request of a trigger, and of the newer apps, is one that the vendor's documents know.

The vendors' OpenAPI documents are too large to be installed for tests, so the facts of them that
are needed here are recorded in facts/, each file with its source. Google's is installed.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from connectors.catalogue import load_catalogue
from connectors.triggers import AppWebhookSource, PollSource, WebhookSource
from tests.connectors.test_published import CUBICL, FACTS, GOOGLE, TWILIO, output_names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connectors.manifest import AppPart, Component, Trigger
    from connectors.request import Request

CATALOGUE = load_catalogue()
RECORDED = {
    key: json.loads((FACTS / f"{key}.json").read_text("utf-8"))
    for key in ("github", "slack", "asana", "microsoft-outlook", "stripe")
}
COMPONENTS = [part for key in RECORDED for part in CATALOGUE.apps[key].components]
TRIGGERS = [
    trigger
    for app in CATALOGUE.apps.values()
    for trigger in app.triggers
    if isinstance(trigger.source, WebhookSource | PollSource | AppWebhookSource)
]
GOOGLE_PATHS = {
    ("POST", "/calendars/{calendarId}/events/watch"): ("events", "watch"),
    ("POST", "/channels/stop"): ("channels", "stop"),
    ("GET", "/calendars/{calendarId}/events"): ("events", "list"),
    ("GET", "/users/me/calendarList"): ("calendarList", "list"),
}


def requests_of(trigger: Trigger) -> Iterator[tuple[Request, set[str]]]:
    """Each request of a trigger, with the names that pages add to its query."""
    source = trigger.source
    if isinstance(source, WebhookSource) and source.subscription is not None:
        asked = source.subscription
        yield from ((one, set()) for one in (asked.create, asked.renew, asked.delete) if one)
    if isinstance(source, WebhookSource | AppWebhookSource) and source.incoming.fetch is not None:
        yield source.incoming.fetch, set()
    poll = getattr(source, "poll", None)
    if poll is not None:
        yield poll.request, names_of_pages(poll)


def names_of_pages(part: Any) -> set[str]:
    pages = part.pagination
    return {name for name in (pages.param, pages.size_param) if name} if pages else set()


def all_requests() -> list[Any]:
    found: list[tuple[AppPart, Request, set[str]]] = [
        (trigger, *one) for trigger in TRIGGERS for one in requests_of(trigger)
    ]
    found += [(part, part.request, names_of_pages(part)) for part in COMPONENTS]
    return [
        pytest.param(part, request, pages, id=f"{part.key} {request.method.source} {request.path}")
        for part, request, pages in found
    ]


def fact_of(app_key: str, request: Request) -> dict[str, Any]:
    """`query`, `body` and `required` of the documented request; fails where there is none."""
    method, path = request.method.source, request.path or ""
    if app_key == "google-calendar":
        resource, name = GOOGLE_PATHS[method, path]
        found = GOOGLE["resources"][resource]["methods"][name]
        assert (found["httpMethod"], "/" + found["path"]) == (method, path)
        given = found.get("parameters", {})
        ref = found.get("request", {}).get("$ref")
        return {
            "query": [n for n, p in given.items() if p["location"] == "query"],
            "body": list(GOOGLE["schemas"][ref]["properties"]) if ref else [],
            "scopes": found["scopes"],
            "answer": list(GOOGLE["schemas"][found["response"]["$ref"]]["properties"])
            if "response" in found
            else [],
        }
    known = {
        "twilio": [*TWILIO["operations"].values()],
        "cubicl": [*CUBICL["webhooks"]["operations"], *CUBICL["operations"].values()],
    }.get(app_key) or RECORDED[app_key]["operations"]
    for fact in known:
        if (fact["method"], plain(fact["path"])) == (method, plain(path)):
            return {**fact, "query": fact.get("query", []), "body": [*fact.get("body", ())]}
    raise AssertionError(f"no document of {app_key} knows {method} {path}")


def plain(path: str) -> str:
    """A path whatever its places are called."""
    return re.sub(r"\{[^}]+\}|:\w+", "{}", path)


def members(value: Any, inside: str = "") -> Iterator[str]:
    """The names that a body's template writes, with those of nested objects after a dot."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield f"{inside}{name}"
            yield from members(part, f"{inside}{name}.")
    elif isinstance(value, list):
        for part in value:
            yield from members(part, inside)


@pytest.mark.parametrize(("part", "request_", "pages"), all_requests())
def test_a_request_is_documented(part: AppPart, request_: Request, pages: set[str]) -> None:
    fact = fact_of(part.app.key, request_)
    query = {name.partition("[")[0] for name in request_.query.source} | pages
    assert query <= set(fact["query"])
    documented = {*fact["body"], *fact.get("form", ())}
    form = request_.form.source if request_.form else {}
    written = {*members(request_.json_body.source if request_.json_body else {})}
    written |= {name.partition("[")[0] for name in form}
    assert {name for name in written if is_checked(name, documented)} <= documented
    assert set(fact.get("required", ())) <= written


def is_checked(name: str, documented: set[str]) -> bool:
    """Names inside objects are checked as deep as the recorded facts go."""
    outer = name.rpartition(".")[0]
    return not outer or any(known.startswith(f"{outer}.") for known in documented)


@pytest.mark.parametrize("key", RECORDED)
def test_the_address_is_that_of_the_document(key: str) -> None:
    assert CATALOGUE.apps[key].base_url == RECORDED[key]["server"]


def test_google_wants_no_more_rights_for_a_trigger_than_it_asks_for() -> None:
    for trigger in CATALOGUE.apps["google-calendar"].triggers:
        for request, _ in requests_of(trigger):
            assert set(trigger.scopes) <= set(fact_of("google-calendar", request)["scopes"])


def test_google_tells_of_events_as_documented() -> None:
    documented = set(GOOGLE["schemas"]["Event"]["properties"])
    for trigger in CATALOGUE.apps["google-calendar"].triggers:
        assert {*trigger.sample, *output_names(trigger.output_schema)} <= documented
    channel = set(GOOGLE["schemas"]["Channel"]["properties"])
    assert {"id", "resourceId", "expiration"} <= channel


@pytest.mark.parametrize("key", RECORDED["github"]["webhooks"])
def test_githubs_deliveries_are_as_documented(key: str) -> None:
    fact = RECORDED["github"]["webhooks"][key]
    trigger = CATALOGUE.trigger(key)
    assert trigger is not None
    assert isinstance(trigger.source, WebhookSource)
    assert {*trigger.sample, *output_names(trigger.output_schema)} <= set(fact["body"])
    source = json.dumps(trigger.source.incoming.model_dump(mode="json"))
    read = set(re.findall(r'request\.headers\[\\"([\w-]+)\\"\]', source))
    assert {"x-hub-signature-256", "x-github-delivery", "x-github-event"} == read
    assert read <= set(fact["headers"])
    chosen = trigger.input_schema["properties"].get("actions")
    if chosen is not None:
        assert set(chosen["items"]["enum"]) <= set(fact["actions"])


def test_githubs_delivery_id_is_shared_by_all_hooks_of_an_event() -> None:
    # So two hooks, while one takes the other's place, make one run of an event.
    assert "shared with all deliveries for all webhooks" in RECORDED["github"]["guid"]


@pytest.mark.parametrize("key", ["slack.message", "slack.app-mention", "slack.reaction-added"])
def test_slacks_events_are_as_documented(key: str) -> None:
    facts = RECORDED["slack"]["events"]
    trigger = CATALOGUE.trigger(key)
    assert trigger is not None
    assert isinstance(trigger.source, AppWebhookSource)
    assert trigger.scopes == [facts[key]["scope"]]
    assert trigger.sample["type"] == facts[key]["type"]
    source = json.dumps(trigger.source.model_dump(mode="json"))
    read = set(re.findall(r"event\.\??event\.\??(\w+)", source))
    assert read <= set(facts[key]["event"])
    assert set(re.findall(r"event\.event\.item\.(\w+)", source)) <= set(facts[key].get("item", []))
    envelope = set(re.findall(r"(?<!\.)\bevent\.\??(\w+)", source)) - {"orValue"}
    assert envelope <= set(facts["envelope"])
    assert set(re.findall(r'headers\[\\"([\w-]+)\\"\]', source)) <= set(facts["headers"])


def test_twilios_deliveries_are_as_documented() -> None:
    trigger = CATALOGUE.trigger("twilio.incoming-message")
    assert trigger is not None
    assert isinstance(trigger.source, WebhookSource)
    incoming = trigger.source.incoming
    source = json.dumps([incoming.dedupe, incoming.emit], default=lambda part: part.source)
    read = set(re.findall(r"event\.\??(\w+)", source))
    assert read <= set(TWILIO["incoming_message"]["form"])
    assert "MediaUrl{N}" in TWILIO["incoming_message"]["form"]
    polled = CATALOGUE.trigger("twilio.incoming-message-polled")
    assert polled is not None
    documented = {*TWILIO["operations"]["ListMessage"]["record"]}
    assert {*polled.sample, *output_names(polled.output_schema)} <= documented


def test_the_others_events_are_as_documented() -> None:
    for key in ("stripe.event", "stripe.event-polled"):
        trigger = CATALOGUE.trigger(key)
        assert trigger is not None
        assert {*trigger.sample} <= set(RECORDED["stripe"]["event"])
        assert trigger.sample["type"] in RECORDED["stripe"]["some_event_types"]
    mail = CATALOGUE.trigger("microsoft-outlook.mail-received")
    assert mail is not None
    assert {*mail.sample} <= set(RECORDED["microsoft-outlook"]["message"])
    facts = set(RECORDED["microsoft-outlook"]["notification"])
    assert {"changeType", "clientState", "resourceData"} <= facts
    assert {"action", "created_at", "resource", "user", "change", "parent"} <= set(
        RECORDED["asana"]["event"]
    )


@pytest.mark.parametrize(
    "part",
    # Microsoft answers a mail that was taken with nothing.
    [part for part in COMPONENTS if part.key != "microsoft-outlook.send-mail"],
    ids=lambda part: part.key,
)
def test_an_answer_holds_what_the_action_says(part: Component) -> None:
    fact = fact_of(part.app.key, part.request)
    told = set(fact.get("record") or fact["answer"])
    assert output_names(part.output_schema) - {"truncated"} <= told
