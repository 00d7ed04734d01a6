"""What `run` (route 6) answers before anything starts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import update

from store.bookings import today
from store.models import Automation, AutomationVersion, Connection, CreditUsage, Project
from tests.api.conftest import GREETING

if TYPE_CHECKING:
    from store.database import Database
    from tests.api.conftest import Workshop


def step(component: str, step_id: str = "list", **more: Any) -> dict[str, Any]:
    return {"id": step_id, "type": "app", "component": component, **more}


TASKS = {"trigger": {"type": "manual"}, "steps": [step("cubicl.list-tasks")]}
SENDING = {
    "trigger": {"type": "manual"},
    "steps": [step("cubicl.list-tasks", replaceEndUserConnection=False)],
}
BODY = {"userId": "user-1", "data": {}}


async def test_a_run_that_may_start_answers_503_while_temporal_is_away(workshop: Workshop) -> None:
    automation = await workshop.automation(GREETING)
    path = workshop.run_path(automation)
    error = await workshop.application.refused(503, "POST", path, {"data": {"name": "Ada"}})
    assert "try again" in error["message"]
    # Nothing half-written stays behind.
    runs = await workshop.developer.expect(200, "GET", f"{workshop.path}/runs")
    assert runs["items"] == []


@pytest.mark.parametrize("authorization", [None, "Bearer inlay_wrong", "Basic YTpi", "Bearer "])
async def test_an_invalid_token_answers_900(workshop: Workshop, authorization: str | None) -> None:
    headers = {"authorization": authorization} if authorization else {}
    answer = await workshop.application.http.post(
        workshop.run_path("x"), json=BODY, headers=headers
    )
    assert answer.status_code == 401
    assert answer.json()["code"] == 900
    assert answer.json()["name"] == "INVALID TOKEN"
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_a_revoked_token_answers_900_at_once(workshop: Workshop) -> None:
    status = "/api/v1/ipaas/users/u/connections/status"
    await workshop.application.refused(1000, "GET", status, appKeys="cubicl")
    await workshop.developer.expect(204, "DELETE", f"{workshop.path}/tokens/{workshop.token_id}")
    await workshop.application.refused(900, "GET", status, appKeys="cubicl")
    await workshop.application.refused(900, "POST", workshop.run_path("x"), BODY)


async def test_a_session_is_no_token(workshop: Workshop) -> None:
    await workshop.developer.refused(900, "POST", workshop.run_path("x"), BODY)


async def test_an_unknown_automation_answers_204(workshop: Workshop) -> None:
    error = await workshop.application.refused(204, "POST", workshop.run_path("nope"), BODY)
    assert error["name"] == "AUTOMATION NOT FOUND"


async def test_an_unpublished_automation_answers_201(workshop: Workshop) -> None:
    automation = await workshop.automation(GREETING, publish=False)
    error = await workshop.application.refused(201, "POST", workshop.run_path(automation), BODY)
    assert error["name"] == "AUTOMATION NOT DEPLOYED"


async def test_an_automation_without_a_trigger_answers_211(
    workshop: Workshop, database: Database
) -> None:
    automation = await workshop.automation(GREETING)
    await publish_as_it_is(database, automation, {"steps": []})
    error = await workshop.application.refused(211, "POST", workshop.run_path(automation), BODY)
    assert error["name"] == "TRIGGER NOT FOUND"


async def test_an_automation_with_an_apps_trigger_answers_210(
    workshop: Workshop, database: Database
) -> None:
    automation = await workshop.automation(GREETING)
    trigger = {"type": "app", "component": "cubicl.new-task"}
    await publish_as_it_is(database, automation, {"trigger": trigger, "steps": []})
    error = await workshop.application.refused(210, "POST", workshop.run_path(automation), BODY)
    assert error["name"] == "INVALID NODE TYPE"


async def test_missing_integrations_answer_216_with_the_apps(workshop: Workshop) -> None:
    steps = [step("twilio.send-message", "send", inputs=SMS), step("cubicl.list-tasks")]
    automation = await workshop.automation({"trigger": {"type": "manual"}, "steps": steps})
    path = workshop.run_path(automation)
    error = await workshop.application.refused(216, "POST", path, BODY)
    assert error["name"] == "MISSING PROJECT INTEGRATION"
    assert error["details"] == ["cubicl", "twilio"]
    await workshop.integrate("twilio")
    error = await workshop.application.refused(216, "POST", path, BODY)
    assert error["details"] == ["cubicl"]


async def test_a_user_without_the_connection_answers_217_with_the_apps(workshop: Workshop) -> None:
    automation = await workshop.automation(TASKS)
    await workshop.integrate("cubicl")
    await workshop.integrate("twilio")
    await workshop.connect("user-1", "twilio")
    path = workshop.run_path(automation)
    error = await workshop.application.refused(217, "POST", path, BODY)
    assert error["name"] == "IPAAS END USER NOT CONNECTED"
    assert error["details"] == ["cubicl"]
    assert "user-1" in error["message"]
    await workshop.connect("user-1", "cubicl")
    await workshop.application.refused(503, "POST", path, BODY)


async def test_an_invalid_connection_answers_217_too(
    workshop: Workshop, database: Database
) -> None:
    automation = await workshop.automation(TASKS)
    await workshop.integrate("cubicl")
    await workshop.connect("user-1")
    async with database.begin() as session:
        await session.execute(update(Connection).values(status="invalid"))
    error = await workshop.application.refused(217, "POST", workshop.run_path(automation), BODY)
    assert error["details"] == ["cubicl"]
    assert "connect it again" in error["message"]


async def test_a_user_who_was_never_seen_answers_1000(workshop: Workshop) -> None:
    automation = await workshop.automation(TASKS)
    await workshop.integrate("cubicl")
    error = await workshop.application.refused(1000, "POST", workshop.run_path(automation), BODY)
    assert error["name"] == "IPAAS USER NOT FOUND"
    assert error["details"] == ["cubicl"]


async def test_a_user_who_needs_no_connection_need_not_be_known(workshop: Workshop) -> None:
    automation = await workshop.automation(GREETING)
    body = {"userId": "stranger", "data": {"name": "Ada"}}
    await workshop.application.refused(503, "POST", workshop.run_path(automation), body)


async def test_without_a_user_the_developers_connections_count(workshop: Workshop) -> None:
    automation = await workshop.automation(TASKS)
    await workshop.integrate("cubicl")
    await workshop.connect("user-1")
    path = workshop.run_path(automation)
    error = await workshop.application.refused(217, "POST", path, {"data": {}})
    assert error["details"] == ["cubicl"]
    await workshop.connect(None)
    await workshop.application.refused(503, "POST", path, {"data": {}})


async def test_an_inactive_switch_wants_the_developers_connection(workshop: Workshop) -> None:
    automation = await workshop.automation(SENDING)
    await workshop.integrate("cubicl")
    await workshop.connect("user-1")
    path = workshop.run_path(automation)
    error = await workshop.application.refused(217, "POST", path, BODY)
    assert error["details"] == ["cubicl"]
    assert "developer" in error["message"]
    await workshop.connect(None)
    await workshop.application.refused(503, "POST", path, BODY)


async def test_a_called_automations_apps_count(workshop: Workshop) -> None:
    called = await workshop.automation(TASKS)
    call = {"id": "call", "type": "call", "automationId": called}
    caller = await workshop.automation({"trigger": {"type": "manual"}, "steps": [call]})
    path = workshop.run_path(caller)
    error = await workshop.application.refused(216, "POST", path, BODY)
    assert error["details"] == ["cubicl"]
    await workshop.integrate("cubicl")
    await workshop.connect("user-1")
    await workshop.application.refused(503, "POST", path, BODY)
    await workshop.developer.expect(204, "DELETE", f"{workshop.path}/automations/{called}")
    await workshop.application.refused(204, "POST", path, BODY)


async def test_used_up_credits_answer_429_and_say_when_they_renew(
    workshop: Workshop, database: Database
) -> None:
    automation = await workshop.automation(GREETING)
    async with database.begin() as session:
        project = await session.get_one(Project, workshop.project_id)
        usage = CreditUsage(
            account_id=project.account_id, day=today(), app_executions=9_998, free_executions=199
        )
        session.add(usage)
    path = workshop.run_path(automation)
    body = {"data": {"name": "Ada"}}
    await workshop.application.refused(503, "POST", path, body)
    async with database.begin() as session:
        await session.execute(update(CreditUsage).values(free_executions=200))
    error = await workshop.application.refused(429, "POST", path, body)
    assert error["name"] == "CREDIT LIMIT EXCEEDED"
    assert error["details"]["renewsAt"].endswith("T00:00:00Z")
    assert error["details"]["usedDailyCredits"] == 10_000


DATA: list[tuple[dict[str, Any], str]] = [
    ({}, "data"),
    ({"name": 1}, "data.name"),
    ({"name": "x" * 51}, "data.name"),
    ({"name": "Ada", "times": "often"}, "data.times"),
]


async def test_data_is_checked_against_the_triggers_schema(workshop: Workshop) -> None:
    automation = await workshop.automation(GREETING)
    for data, path in DATA:
        error = await workshop.application.refused(
            1, "POST", workshop.run_path(automation), {"data": data}
        )
        assert [fault["path"] for fault in error["details"]] == [path]


async def test_every_fault_of_the_data_is_told(workshop: Workshop) -> None:
    automation = await workshop.automation(GREETING)
    error = await workshop.application.refused(
        1, "POST", workshop.run_path(automation), {"data": {"name": 1, "times": "x"}}
    )
    assert {fault["path"] for fault in error["details"]} == {"data.name", "data.times"}


SHAPES: list[Any] = [
    {},
    {"data": []},
    {"data": {}, "userId": ""},
    {"data": {}, "userId": 7},
    {"data": {}, "userId": "u" * 256},
    {"data": {}, "development": "yes"},
    {"data": {}, "unknown": 1},
    [],
]


async def test_a_body_of_another_shape_answers_1(workshop: Workshop) -> None:
    automation = await workshop.automation(GREETING)
    for body in SHAPES:
        error = await workshop.application.refused(1, "POST", workshop.run_path(automation), body)
        assert error["details"]


async def test_development_runs_the_draft(workshop: Workshop) -> None:
    automation = await workshop.automation(GREETING, publish=False)
    body = {"data": {"name": "Ada"}, "development": "true"}
    await workshop.application.refused(503, "POST", workshop.run_path(automation), body)


async def test_a_faulty_draft_answers_1_with_its_faults(workshop: Workshop) -> None:
    steps = [step("cubicl.no-such-action"), {"id": "s", "type": "set", "values": {"x": "{{ y }}"}}]
    automation = await workshop.automation(
        {"trigger": {"type": "manual"}, "steps": steps}, publish=False
    )
    body = {"data": {}, "development": "true"}
    error = await workshop.application.refused(1, "POST", workshop.run_path(automation), body)
    paths = [fault["path"] for fault in error["details"]]
    assert any(path.startswith("steps[0]") for path in paths)
    assert any(path.startswith("steps[1]") for path in paths)


async def test_another_projects_automation_is_not_found(
    workshop: Workshop, other_workshop: Workshop
) -> None:
    automation = await workshop.automation(GREETING)
    error = await other_workshop.application.refused(
        204, "POST", workshop.run_path(automation), BODY
    )
    unknown = await other_workshop.application.refused(204, "POST", workshop.run_path("x"), BODY)
    assert error["message"].replace(automation, "x") == unknown["message"]


SMS = {"to": "+15005550006", "from": "+15005550006", "body": "Hello"}


async def publish_as_it_is(
    database: Database, automation_id: str, definition: dict[str, Any]
) -> None:
    """A version that today's checks would not let through, as an older Inlay may have."""
    async with database.begin() as session:
        session.add(AutomationVersion(automation_id=automation_id, number=2, definition=definition))
        await session.execute(
            update(Automation).where(Automation.id == automation_id).values(published_version=2)
        )
