"""Projects, their tokens and integrations, and the walls between projects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from automations.functions import LIBRARY
from store.models import (
    ApiToken,
    Automation,
    AutomationVersion,
    Connection,
    EndUser,
    Integration,
    Project,
    Run,
    now_ms,
)
from tests.api.conftest import GREETING

if TYPE_CHECKING:
    from store.database import Database
    from tests.api.conftest import Workshop

pytestmark = pytest.mark.both_databases

PROJECT = {"name": "Second", "webhookUrl": "https://second.example.com/hook"}


async def test_a_project_is_made_changed_and_listed(workshop: Workshop) -> None:
    developer = workshop.developer
    created = await developer.expect(201, "POST", "/api/v1/projects", PROJECT)
    assert created["logoUrl"] is None
    path = f"/api/v1/projects/{created['id']}"
    logo = "https://second.example.com/logo.svg"
    changed = await developer.expect(200, "PATCH", path, {"name": "2nd", "logoUrl": logo})
    assert changed == {**created, "name": "2nd", "logoUrl": logo}
    assert await developer.expect(200, "PATCH", path, {"logoUrl": None}) == {
        **changed,
        "logoUrl": None,
    }
    first = await developer.expect(200, "GET", "/api/v1/projects", limit=1)
    second = await developer.expect(
        200, "GET", "/api/v1/projects", limit=1, cursor=first["nextCursor"]
    )
    assert [p["name"] for p in first["items"] + second["items"]] == ["2nd", "Shop"]
    assert second["nextCursor"] is None


FAULTY: list[tuple[dict[str, Any], str]] = [
    ({"webhookUrl": "shop.example.com"}, "webhookUrl"),
    ({"webhookUrl": "ftp://shop.example.com"}, "webhookUrl"),
    ({"webhookUrl": "https://user:pass@shop.example.com"}, "webhookUrl"),
    ({"webhookUrl": None}, "webhookUrl"),
    ({"name": ""}, "name"),
    ({"name": "  "}, "name"),
    ({"name": "n" * 201}, "name"),
    ({"logoUrl": "javascript:alert(1)"}, "logoUrl"),
    ({"plan": "gold"}, "plan"),
]


async def test_a_faulty_project_is_refused(workshop: Workshop) -> None:
    for changes, path in FAULTY:
        for method, url, body in (
            ("POST", "/api/v1/projects", {**PROJECT, **changes}),
            ("PATCH", workshop.path, changes),
        ):
            error = await workshop.developer.refused(1, method, url, body)
            assert [fault["path"] for fault in error["details"]] == [path]


async def test_name_and_webhook_url_are_mandatory(workshop: Workshop) -> None:
    error = await workshop.developer.refused(1, "POST", "/api/v1/projects", {})
    assert {fault["path"] for fault in error["details"]} == {"name", "webhookUrl"}


async def test_deleting_a_project_removes_all_of_it(workshop: Workshop, database: Database) -> None:
    automation = await workshop.automation(GREETING)
    await workshop.integrate("cubicl")
    await workshop.connect("user-1")
    async with database.begin() as session:
        session.add(
            Run(
                id="ended",
                project_id=workshop.project_id,
                automation_id=automation,
                version=1,
                user_id="user-1",
                trigger="manual",
                status="completed",
                started_at=now_ms(),
            )
        )
    developer = workshop.developer
    owned = {
        "tokens": 1,
        "integrations": 1,
        "automations": 1,
        "users": 1,
        "connections": 1,
        "runs": 1,
        "registrations": 0,
    }
    contents = await developer.expect(200, "GET", f"{workshop.path}/contents")
    assert contents == {**owned, "activeRuns": 0}
    await developer.refused(1, "DELETE", workshop.path)
    await developer.refused(1, "DELETE", workshop.path, confirm="shop")
    removed = await developer.expect(200, "DELETE", workshop.path, confirm="Shop")
    assert removed == {**owned, "stoppedRuns": 0}
    async with database() as session:
        for table in (
            Project,
            ApiToken,
            Integration,
            Automation,
            AutomationVersion,
            EndUser,
            Connection,
            Run,
        ):
            assert await session.scalar(select(func.count()).select_from(table)) == 0, table
    await developer.refused(404, "GET", workshop.path)
    await workshop.application.refused(900, "GET", f"{workshop.path}/runs")


async def test_a_project_with_runs_stays_while_the_engine_cannot_stop_them(
    workshop: Workshop, database: Database
) -> None:
    async with database.begin() as session:
        session.add(
            Run(
                id="going-on",
                project_id=workshop.project_id,
                automation_id="a",
                version=1,
                user_id="",
                trigger="manual",
                status="running",
                started_at=now_ms(),
            )
        )
    await workshop.developer.refused(503, "DELETE", workshop.path, confirm="Shop")
    contents = await workshop.developer.expect(200, "GET", f"{workshop.path}/contents")
    assert (contents["runs"], contents["activeRuns"]) == (1, 1)


async def test_an_oauth_app_needs_a_client(workshop: Workshop) -> None:
    path = f"{workshop.path}/integrations"
    error = await workshop.developer.refused(1, "POST", path, {"appKey": "google-calendar"})
    assert [fault["path"] for fault in error["details"]] == ["clientId", "clientSecret"]
    client = {"clientId": "id", "clientSecret": "the-secret", "scopes": ["calendar.readonly"]}
    answer = await workshop.developer.call("POST", path, {"appKey": "google-calendar", **client})
    assert answer.status_code == 201
    assert "the-secret" not in answer.text
    integration = answer.json()
    assert integration["redirectUri"] == "http://127.0.0.1:8000/api/v1/oauth/callback"
    assert integration["scopes"] == ["calendar.readonly"]
    assert integration["hasClientSecret"] is True
    await workshop.developer.refused(409, "POST", path, {"appKey": "google-calendar", **client})


async def test_scopes_left_out_are_those_that_the_actions_need(workshop: Workshop) -> None:
    await workshop.integrate("google-calendar")
    listed = await workshop.developer.expect(200, "GET", f"{workshop.path}/integrations")
    assert any("calendar" in scope for scope in listed["items"][0]["scopes"])


async def test_other_apps_are_added_directly(workshop: Workshop) -> None:
    path = f"{workshop.path}/integrations"
    added = await workshop.developer.expect(201, "POST", path, {"appKey": "cubicl"})
    assert (added["clientId"], added["redirectUri"]) == (None, None)
    await workshop.developer.refused(1, "POST", path, {"appKey": "no-such-app"})
    error = await workshop.developer.refused(1, "POST", path, {"appKey": "twilio", "clientId": "x"})
    assert error["details"][0]["path"] == "clientId"


async def test_an_integrations_client_is_changed_and_sealed(
    workshop: Workshop, database: Database
) -> None:
    await workshop.integrate("google-calendar")
    path = f"{workshop.path}/integrations/google-calendar"
    changed = await workshop.developer.expect(
        200, "PATCH", path, {"clientSecret": "new-secret", "scopes": []}
    )
    assert (changed["clientId"], changed["scopes"]) == ("client", [])
    async with database() as session:
        secret = await session.scalar(select(Integration.secret))
    assert secret is not None
    assert b"new-secret" not in secret
    await workshop.developer.expect(204, "DELETE", path)
    await workshop.developer.refused(600, "DELETE", path)
    await workshop.developer.refused(600, "PATCH", path, {"scopes": []})


async def test_integrations_tell_which_apps_are_lacking(workshop: Workshop) -> None:
    steps = [
        {"id": "a", "type": "app", "component": "cubicl.list-tasks"},
        {"id": "b", "type": "app", "component": "http.request", "inputs": {"url": "https://x.y"}},
    ]
    automation = await workshop.automation(
        {"trigger": {"type": "manual"}, "steps": steps}, publish=False
    )
    path = f"{workshop.path}/integrations"
    listed = await workshop.application.expect(200, "GET", path)
    using = [{"automationId": automation, "name": "A"}]
    assert listed["missing"] == [
        {
            "appKey": "cubicl",
            "appName": "Cubicl",
            "automationIds": [automation],
            "automations": using,
            "neededScopes": [],
        }
    ]
    await workshop.integrate("cubicl")
    listed = await workshop.application.expect(200, "GET", path)
    assert listed["missing"] == []
    assert [(item["appKey"], item["usedBy"]) for item in listed["items"]] == [("cubicl", using)]


async def test_integrations_tell_the_scopes_that_automations_need_and_lack(
    workshop: Workshop,
) -> None:
    """Triggers count as well as actions."""
    calendar = {
        part["key"]: part["scopes"]
        for app in [await workshop.developer.expect(200, "GET", "/api/v1/apps/google-calendar")]
        for part in (*app["components"], *app["triggers"])
    }
    trigger = "google-calendar.event-changed"
    creating = {
        "trigger": {"type": "manual"},
        "steps": [{"id": "a", "type": "app", "component": "google-calendar.create-event"}],
    }
    path = f"{workshop.path}/integrations"
    first = await workshop.automation(creating, publish=False)
    second = await workshop.automation(
        {"trigger": {"type": "app", "component": trigger}, "steps": []}, publish=False
    )
    needed = {*calendar["google-calendar.create-event"], *calendar[trigger]}
    [missing] = (await workshop.application.expect(200, "GET", path))["missing"]
    assert set(missing["neededScopes"]) == needed
    assert [use["automationId"] for use in missing["automations"]] == [first, second]
    client = {"clientId": "id", "clientSecret": "s", "scopes": [*calendar[trigger], "further"]}
    added = await workshop.developer.expect(
        201, "POST", path, {"appKey": "google-calendar", **client}
    )
    assert [use["automationId"] for use in added["usedBy"]] == [first, second]
    assert set(added["neededScopes"]) == needed
    lacking = needed - set(calendar[trigger])
    assert set(added["missingScopes"]) == lacking
    changed = await workshop.developer.expect(
        200, "PATCH", f"{path}/google-calendar", {"scopes": sorted(needed)}
    )
    assert changed["missingScopes"] == []
    await workshop.developer.expect(204, "DELETE", f"{workshop.path}/automations/{first}")
    await workshop.developer.expect(204, "DELETE", f"{workshop.path}/automations/{second}")
    [item] = (await workshop.application.expect(200, "GET", path))["items"]
    assert (item["usedBy"], item["neededScopes"], item["missingScopes"]) == ([], [], [])


async def test_an_oauth_app_tells_what_to_register_there_before_it_is_added(
    workshop: Workshop,
) -> None:
    for app_key, uri in (
        ("google-calendar", "http://127.0.0.1:8000/api/v1/oauth/callback"),
        ("cubicl", None),
    ):
        app = await workshop.application.expect(200, "GET", f"/api/v1/apps/{app_key}")
        assert app["redirectUri"] == uri


async def test_scopes_that_only_the_editor_needs_are_told_apart(workshop: Workshop) -> None:
    app = await workshop.application.expect(200, "GET", "/api/v1/apps/google-calendar")
    listing = "https://www.googleapis.com/auth/calendar.calendarlist.readonly"
    creating = next(
        part for part in app["components"] if part["key"] == "google-calendar.create-event"
    )
    assert app["optionScopes"] == [listing]
    assert creating["options"]["calendarId"]["scopes"] == [listing]
    # Users are not asked for them, unless the developer wants so.
    await workshop.automation(
        {
            "trigger": {"type": "manual"},
            "steps": [{"id": "a", "type": "app", "component": creating["key"]}],
        },
        publish=False,
    )
    await workshop.integrate("google-calendar")
    path = f"{workshop.path}/integrations"
    [item] = (await workshop.application.expect(200, "GET", path))["items"]
    assert (item["scopes"], item["neededScopes"]) == (app["scopes"], creating["scopes"])
    scopes = [*creating["scopes"], listing]
    changed = await workshop.developer.expect(
        200, "PATCH", f"{path}/google-calendar", {"scopes": scopes}
    )
    assert (changed["scopes"], changed["missingScopes"]) == (scopes, [])


async def test_an_app_tells_where_a_client_is_registered(workshop: Workshop) -> None:
    google = await workshop.application.expect(200, "GET", "/api/v1/apps/google-calendar")
    assert google["registerUrl"] == "https://console.cloud.google.com/auth/clients"
    twilio = await workshop.application.expect(200, "GET", "/api/v1/apps/twilio")
    assert twilio["registerUrl"] is None


async def test_another_developers_project_does_not_exist(
    workshop: Workshop, other_workshop: Workshop
) -> None:
    bob = other_workshop.developer
    automation = await workshop.automation(GREETING)
    unknown = await bob.refused(404, "GET", "/api/v1/projects/nope")
    for method, path in (
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", "?confirm=Shop"),
        ("GET", "/tokens"),
        ("POST", "/tokens"),
        ("DELETE", f"/tokens/{workshop.token_id}"),
        ("GET", "/contents"),
        ("GET", "/integrations"),
        ("GET", "/users"),
        ("GET", "/users/user-1"),
        ("GET", "/users/user-1/connections/cubicl"),
        ("DELETE", "/users/user-1/connections/cubicl"),
        ("POST", "/users/user-1/connections/cubicl/link"),
        ("GET", "/developer/connections"),
        ("GET", "/automations"),
        ("GET", f"/automations/{automation}"),
        ("DELETE", f"/automations/{automation}"),
        ("POST", f"/automations/{automation}/publish"),
        ("GET", "/runs"),
        ("GET", "/statistics"),
    ):
        body: dict[str, Any] | None = {} if method in {"POST", "PATCH"} else None
        assert await bob.refused(404, method, workshop.path + path, body) == unknown, path
        await other_workshop.application.refused(900, method, workshop.path + path, body)
    listed = await bob.expect(200, "GET", "/api/v1/projects")
    assert [project["id"] for project in listed["items"]] == [other_workshop.project_id]


async def test_another_projects_objects_do_not_exist_in_ones_own(
    workshop: Workshop, other_workshop: Workshop, database: Database
) -> None:
    automation = await workshop.automation(GREETING)
    async with database.begin() as session:
        session.add(
            Run(
                id="of-ada",
                project_id=workshop.project_id,
                automation_id=automation,
                version=1,
                user_id="",
                trigger="manual",
                status="error",
                started_at=now_ms(),
            )
        )
    bob, path = other_workshop.developer, other_workshop.path
    await bob.refused(204, "GET", f"{path}/automations/{automation}")
    await bob.refused(204, "PATCH", f"{path}/automations/{automation}", {"name": "mine"})
    await bob.refused(204, "DELETE", f"{path}/automations/{automation}")
    await bob.refused(204, "POST", f"{path}/automations/{automation}/publish")
    await bob.refused(204, "POST", f"{path}/automations/{automation}/test", {})
    await bob.refused(204, "GET", f"{path}/automations/{automation}/versions/1")
    await bob.refused(404, "DELETE", f"{path}/tokens/{workshop.token_id}")
    for method, action in (
        ("GET", ""),
        ("GET", "/steps"),
        ("POST", "/cancel"),
        ("POST", "/retry"),
        ("POST", "/resume"),
    ):
        await bob.refused(404, method, f"{path}/runs/of-ada{action}")
    await workshop.developer.expect(200, "GET", f"{workshop.path}/automations/{automation}")
    call = {"id": "call", "type": "call", "automationId": automation}
    caller = {"trigger": {"type": "manual"}, "steps": [call]}
    theirs = await other_workshop.automation(caller, publish=False)
    await bob.refused(1, "POST", f"{path}/automations/{theirs}/publish")


async def test_end_users_are_listed_with_their_connections(workshop: Workshop) -> None:
    for app_key in ("cubicl", "twilio"):
        await workshop.integrate(app_key)
    await workshop.connect("user-1", "twilio")
    await workshop.connect("user-1", "cubicl")
    await workshop.connect("user-2", "cubicl")
    await workshop.connect(None, "cubicl")
    path = f"{workshop.path}/users"
    first = await workshop.application.expect(200, "GET", path, limit=1)
    assert first["items"][0]["userId"] == "user-1"
    assert [c["appKey"] for c in first["items"][0]["connections"]] == ["cubicl", "twilio"]
    second = await workshop.application.expect(200, "GET", path, cursor=first["nextCursor"])
    assert [user["userId"] for user in second["items"]] == ["user-2"]
    found = await workshop.application.expect(200, "GET", path, search="r-2")
    assert [user["userId"] for user in found["items"]] == ["user-2"]
    assert (await workshop.application.expect(200, "GET", path, search="%"))["items"] == []
    own = await workshop.developer.expect(200, "GET", f"{workshop.path}/developer/connections")
    assert [connection["appKey"] for connection in own["items"]] == ["cubicl"]


async def test_the_developers_own_connection(workshop: Workshop) -> None:
    path = f"{workshop.path}/developer/connections/cubicl"
    await workshop.developer.refused(600, "POST", path, {"connectionFields": {}})
    await workshop.integrate("cubicl")
    await workshop.developer.refused(209, "GET", path)
    await workshop.connect(None)
    details = await workshop.developer.expect(200, "GET", path)
    assert (details["userId"], details["status"]) == ("", "connected")
    await workshop.developer.expect(204, "DELETE", path)
    await workshop.developer.refused(209, "DELETE", path)


async def test_the_catalogue_describes_every_function(workshop: Workshop) -> None:
    found = await workshop.developer.expect(200, "GET", "/api/v1/functions")
    assert [function["name"] for function in found["items"]] == list(LIBRARY)
    for function in found["items"]:
        assert all(call.startswith(f"{function['name']}(") for call in function["calls"])
        assert f"{function['name'].rpartition('.')[2]}(" in function["example"]


async def test_the_catalogue_describes_apps(workshop: Workshop) -> None:
    apps = await workshop.application.expect(200, "GET", "/api/v1/apps")
    assert {"cubicl", "google-calendar", "http", "twilio"} <= {app["key"] for app in apps["items"]}
    app = await workshop.developer.expect(200, "GET", "/api/v1/apps/twilio")
    component = next(c for c in app["components"] if c["key"] == "twilio.send-message")
    assert component["inputSchema"]["required"] == ["to"]
    await workshop.developer.refused(404, "GET", "/api/v1/apps/nope")
    schema = await workshop.developer.expect(200, "GET", "/api/v1/schemas/automation")
    assert "replaceEndUserConnection" in str(schema)
