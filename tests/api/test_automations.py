"""Drafts, faults, versions and going back."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Engine, event

from store.models import Registration, Run
from tests.api.conftest import GREETING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from store.database import Database
    from tests.api.conftest import Workshop

pytestmark = pytest.mark.both_databases

FAULTY: dict[str, Any] = {
    "trigger": {"type": "manual"},
    "steps": [
        {"id": "a", "type": "app", "component": "nowhere.to-go"},
        {"id": "b", "type": "set", "values": {"x": "{{ steps.c.output }}"}},
    ],
}


def stopping(result: str) -> dict[str, Any]:
    return {"trigger": {"type": "manual"}, "steps": [], "result": result}


async def test_a_draft_is_saved_by_who_saw_the_last_one(workshop: Workshop) -> None:
    developer, path = workshop.developer, f"{workshop.path}/automations"
    created = await developer.expect(201, "POST", path, {"name": "First"})
    assert created["revision"] == 1
    assert created["publishedVersion"] is None
    assert created["definition"]["trigger"] == {"type": "manual"}
    url = f"{path}/{created['id']}"
    saved = await developer.expect(200, "PATCH", url, {"definition": GREETING, "revision": 1})
    assert (saved["revision"], saved["definition"]) == (2, GREETING)
    error = await developer.refused(409, "PATCH", url, {"definition": FAULTY, "revision": 1})
    assert error["details"] == {"revision": 2}
    error = await developer.refused(1, "PATCH", url, {"definition": FAULTY})
    assert error["details"] == [
        {"path": "revision", "message": "This is needed.", "code": "needed", "params": {}}
    ]
    renamed = await developer.expect(200, "PATCH", url, {"name": "Second"})
    assert (renamed["name"], renamed["revision"]) == ("Second", 2)
    assert (await developer.expect(200, "GET", url))["definition"] == GREETING


async def test_a_faulty_draft_can_be_kept_but_not_published(workshop: Workshop) -> None:
    automation = await workshop.automation(FAULTY, publish=False)
    url = f"{workshop.path}/automations/{automation}"
    faults = (await workshop.developer.expect(200, "POST", f"{url}/validate"))["faults"]
    assert len(faults) >= 2
    assert all(fault["path"].startswith("steps[") and fault["message"] for fault in faults)
    assert all(fault["step"]["name"] and fault["field"] for fault in faults)
    error = await workshop.developer.refused(1, "POST", f"{url}/publish")
    assert error["details"] == faults
    assert (await workshop.developer.expect(200, "GET", url))["publishedVersion"] is None


async def test_what_an_automation_lacks_is_warned_of_once_for_each_app(workshop: Workshop) -> None:
    def step(name: str, **more: Any) -> dict[str, Any]:
        inputs = {"name": "x"}
        component = "cubicl.create-client"
        made = {"id": name, "name": name.title(), "type": "app", "component": component}
        return {**made, "inputs": inputs, **more}

    steps = [step("one"), step("two", replaceEndUserConnection=False)]
    automation = await workshop.automation({"steps": steps}, publish=False)
    url = f"{workshop.path}/automations/{automation}"
    checked = await workshop.developer.expect(200, "POST", f"{url}/validate")
    assert checked["faults"] == []
    (warning,) = checked["warnings"]
    assert (warning["path"], warning["step"]["name"]) == ("steps[0].component", "One")
    assert "no integration of Cubicl (`cubicl`), which “One” and “Two” need" in warning["message"]
    await workshop.integrate("cubicl")
    (warning,) = (await workshop.developer.expect(201, "POST", f"{url}/publish"))["warnings"]
    assert "“Two” runs with it" in warning["message"]
    await workshop.connect(None)
    again = await workshop.developer.expect(201, "POST", f"{url}/versions/1/rollback")
    assert again["warnings"] == []


@pytest.mark.parametrize(
    "trigger",
    [
        {"type": "manual", "input": {"type": "object", "properties": {"a": {"type": "word"}}}},
        {"type": "manual", "input": {"type": "object", "$ref": "https://example.com/schema"}},
        {"type": "manual", "input": {"type": "object", "properties": {"a": {"pattern": "("}}}},
    ],
)
async def test_a_triggers_schema_must_be_one(workshop: Workshop, trigger: dict[str, Any]) -> None:
    automation = await workshop.automation({"trigger": trigger, "steps": []}, publish=False)
    path = f"{workshop.path}/automations/{automation}/publish"
    error = await workshop.developer.refused(1, "POST", path)
    assert error["details"][0]["path"].startswith("trigger")


async def test_versions_are_numbered_and_never_change(workshop: Workshop) -> None:
    developer = workshop.developer
    automation = await workshop.automation(stopping("one"))
    url = f"{workshop.path}/automations/{automation}"
    await developer.expect(200, "PATCH", url, {"definition": stopping("two"), "revision": 1})
    first = await developer.expect(200, "GET", f"{url}/versions/1")
    assert (first["definition"]["result"], first["current"]) == ("one", True)
    await developer.refused(409, "POST", f"{url}/publish", {"revision": 1})
    second = await developer.expect(201, "POST", f"{url}/publish", {"revision": 2})
    assert (second["number"], second["definition"]["result"]) == (2, "two")
    back = await developer.expect(201, "POST", f"{url}/versions/1/rollback")
    assert (back["number"], back["definition"]["result"]) == (3, "one")
    now = await developer.expect(200, "GET", url)
    assert (now["publishedVersion"], now["revision"]) == (3, 3)
    assert now["definition"]["result"] == "one"
    listed = await developer.expect(200, "GET", f"{url}/versions", limit=2)
    assert [(v["number"], v["current"]) for v in listed["items"]] == [(3, True), (2, False)]
    rest = await developer.expect(200, "GET", f"{url}/versions", cursor=listed["nextCursor"])
    assert [version["number"] for version in rest["items"]] == [1]
    await developer.refused(204, "GET", f"{url}/versions/4")
    await developer.refused(204, "POST", f"{url}/versions/4/rollback")


async def test_publishing_at_the_same_time_makes_one_version_each(workshop: Workshop) -> None:
    automation = await workshop.automation(stopping("one"), publish=False)
    url = f"{workshop.path}/automations/{automation}"
    answers = await asyncio.gather(
        *(workshop.developer.call("POST", f"{url}/publish") for _ in range(5))
    )
    assert [answer.status_code for answer in answers] == [201] * 5
    assert sorted(answer.json()["number"] for answer in answers) == [1, 2, 3, 4, 5]


async def test_a_circle_of_calls_is_a_fault(workshop: Workshop) -> None:
    first = await workshop.automation(stopping("one"))
    calls_first = {
        "trigger": {"type": "manual"},
        "steps": [{"id": "c", "type": "call", "automationId": first}],
    }
    second = await workshop.automation(calls_first)
    calls_second = {
        "trigger": {"type": "manual"},
        "steps": [{"id": "c", "type": "call", "automationId": second}],
    }
    url = f"{workshop.path}/automations/{first}"
    body = {"definition": calls_second, "revision": 1}
    await workshop.developer.expect(200, "PATCH", url, body)
    error = await workshop.developer.refused(1, "POST", f"{url}/publish")
    assert error["details"][0]["path"] == "steps"
    itself = {**calls_first, "steps": [{"id": "c", "type": "call", "automationId": first}]}
    await workshop.developer.expect(200, "PATCH", url, {"definition": itself, "revision": 2})
    await workshop.developer.refused(1, "POST", f"{url}/publish")


async def test_a_deleted_automation_is_gone(workshop: Workshop) -> None:
    automation = await workshop.automation(GREETING)
    url = f"{workshop.path}/automations/{automation}"
    await workshop.developer.expect(204, "DELETE", url)
    for method, path in (("GET", url), ("DELETE", url), ("GET", f"{url}/versions")):
        await workshop.developer.refused(204, method, path)
    await workshop.application.refused(204, "POST", workshop.run_path(automation), {"data": {}})


async def test_automations_are_listed_page_by_page(workshop: Workshop) -> None:
    path = f"{workshop.path}/automations"
    for name in ("Ända", "Beta", "100%"):
        await workshop.developer.expect(201, "POST", path, {"name": name})
    first = await workshop.application.expect(200, "GET", path, limit=2)
    second = await workshop.application.expect(200, "GET", path, cursor=first["nextCursor"])
    assert [a["name"] for a in first["items"] + second["items"]] == ["100%", "Beta", "Ända"]
    assert "definition" not in first["items"][0]
    for search, names in (("beta", ["Beta"]), ("%", ["100%"]), ("_", [])):
        found = await workshop.application.expect(200, "GET", path, search=search)
        assert [automation["name"] for automation in found["items"]] == names


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements that any database gets meanwhile."""
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", note)


async def test_the_list_tells_which_drafts_differ_from_what_is_published(
    workshop: Workshop,
) -> None:
    path = f"{workshop.path}/automations"
    drafts = [await workshop.automation(GREETING, publish=False)]
    drafts += [await workshop.automation(GREETING) for _ in range(2)]
    body = {"definition": {**GREETING, "result": None}, "revision": 1}
    await workshop.developer.expect(200, "PATCH", f"{path}/{drafts[2]}", body)
    found = (await workshop.developer.expect(200, "GET", path))["items"]
    assert [item["draftChanged"] for item in reversed(found)] == [False, False, True]


async def test_the_list_tells_the_last_run_and_registrations_of_each_at_once(
    workshop: Workshop, database: Database
) -> None:
    path = f"{workshop.path}/automations"
    ids = [await workshop.automation(GREETING, publish=False) for _ in range(3)]
    with counted() as few:
        page = await workshop.developer.expect(200, "GET", path)
    assert [(item["registrations"], item["lastRun"]) for item in page["items"]] == [(0, None)] * 3
    ids += [await workshop.automation(GREETING, publish=False) for _ in range(9)]
    async with database.begin() as session:
        for number, automation_id in enumerate(ids[1:]):
            for ago, status in ((5, "error"), (0, "completed"), (9, "paused")):
                session.add(
                    Run(
                        id=f"{automation_id}-{ago}",
                        project_id=workshop.project_id,
                        automation_id=automation_id,
                        version=0,
                        user_id="",
                        trigger="manual",
                        status=status,
                        started_at=1_000 + number - ago,
                    )
                )
            for user in range(number):
                wanted = "ended" if user == 0 else "paused"
                session.add(
                    Registration(
                        project_id=workshop.project_id,
                        automation_id=automation_id,
                        user_id=str(user),
                        data={},
                        wanted=wanted,
                    )
                )
    with counted() as many:
        page = await workshop.developer.expect(200, "GET", path, limit=200)
    assert len(many) == len(few)
    found = {item["id"]: item for item in page["items"]}
    assert found[ids[0]]["lastRun"] is None
    for number, automation_id in enumerate(ids[1:]):
        item = found[automation_id]
        assert item["lastRun"] == {
            "id": f"{automation_id}-0",
            "status": "completed",
            "startedAt": 1_000 + number,
        }
        assert item["registrations"] == max(0, number - 1)


async def test_a_test_run_uses_the_developers_accounts(workshop: Workshop) -> None:
    steps = [{"id": "a", "type": "app", "component": "cubicl.list-tasks"}]
    automation = await workshop.automation(
        {"trigger": {"type": "manual"}, "steps": steps}, publish=False
    )
    await workshop.integrate("cubicl")
    await workshop.connect("user-1")
    path = f"{workshop.path}/automations/{automation}/test"
    await workshop.developer.refused(217, "POST", path, {"data": {}})
    await workshop.connect(None)
    await workshop.developer.refused(503, "POST", path, {"data": {}})
