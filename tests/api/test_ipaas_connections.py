"""The routes of connections (1, 2, 3, 5 and 9) and every error that they can give."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select, update

from store.models import Connection, EndUser

if TYPE_CHECKING:
    from store.database import Database
    from tests.api.conftest import Workshop

USERS = "/api/v1/ipaas/users"


async def test_credential_info_describes_the_form(workshop: Workshop) -> None:
    await workshop.integrate("twilio")
    info = await workshop.application.expect(
        200, "GET", "/api/v1/ipaas/apps/twilio/credential-info"
    )
    assert info.keys() == {"appName", "fields", "desc"}
    assert info["appName"] == "Twilio"
    assert [field["name"] for field in info["fields"]] == ["accountSid", "authToken"]
    assert info["fields"][1]["type"] == "password"
    assert all(value is not None for field in info["fields"] for value in field.values())


async def test_credential_info_of_an_app_that_is_no_integration_answers_600(
    workshop: Workshop,
) -> None:
    for app_key in ("twilio", "no-such-app"):
        error = await workshop.application.refused(
            600, "GET", f"/api/v1/ipaas/apps/{app_key}/credential-info"
        )
        assert error["name"] == "INTEGRATION NOT FOUND"
        assert error["details"] == [app_key]


async def test_an_oauth_app_has_no_form(workshop: Workshop) -> None:
    await workshop.integrate("google-calendar")
    error = await workshop.application.refused(
        1, "GET", "/api/v1/ipaas/apps/google-calendar/credential-info"
    )
    assert "link" in error["message"]


async def test_status_tells_each_app(workshop: Workshop, database: Database) -> None:
    for app_key in ("twilio", "cubicl", "google-calendar"):
        await workshop.integrate(app_key)
    await workshop.connect("user-1", "twilio")
    await workshop.connect("user-1", "cubicl")
    async with database.begin() as session:
        await session.execute(
            update(Connection).where(Connection.app_key == "cubicl").values(status="invalid")
        )
    status = await workshop.application.expect(
        200,
        "GET",
        f"{USERS}/user-1/connections/status",
        appKeys="twilio, cubicl,google-calendar,twilio",
    )
    assert status == {
        "twilio": "connected",
        "cubicl": "invalid",
        "google-calendar": "not-connected",
    }


@pytest.mark.parametrize("params", [{}, {"appKeys": ""}, {"appKeys": " , "}])
async def test_status_needs_app_keys(workshop: Workshop, params: dict[str, str]) -> None:
    path = f"{USERS}/user-1/connections/status"
    error = await workshop.application.refused(1, "GET", path, **params)
    assert error["details"][0]["path"] == "appKeys"


async def test_the_developer_is_no_end_user(workshop: Workshop) -> None:
    await workshop.integrate("cubicl")
    await workshop.connect(None)
    path = f"{USERS}/%20/connections/cubicl"
    await workshop.application.refused(1000, "GET", path)


async def test_what_is_unknown_has_its_own_code(workshop: Workshop) -> None:
    await workshop.integrate("cubicl")
    await workshop.integrate("twilio")
    for method in ("GET", "DELETE"):
        call = workshop.application.refused
        await call(1000, method, f"{USERS}/stranger/connections/cubicl")
        await workshop.connect("user-1")
        await call(600, method, f"{USERS}/user-1/connections/google-calendar")
        await call(209, method, f"{USERS}/user-1/connections/twilio")
    status = f"{USERS}/user-1/connections/status"
    error = await workshop.application.refused(
        600, "GET", status, appKeys="cubicl,google-calendar,nope"
    )
    assert error["details"] == ["google-calendar", "nope"]


async def test_details_never_show_a_secret(workshop: Workshop) -> None:
    await workshop.integrate("cubicl")
    await workshop.connect("user-1")
    answer = await workshop.application.call("GET", f"{USERS}/user-1/connections/cubicl")
    details = answer.json()
    assert {
        "appKey": "cubicl",
        "userId": "user-1",
        "status": "connected",
    }.items() <= details.items()
    assert details["authType"] == "api_key"
    assert details["account"] is None
    assert details["scopes"] == []
    assert details["expiresAt"] is None
    assert details["createdAt"] <= details["updatedAt"]
    assert "token-of-the-user" not in answer.text


async def test_connecting_by_form_answers_null_and_makes_the_user(
    workshop: Workshop, database: Database
) -> None:
    await workshop.integrate("cubicl")
    answer = await workshop.application.call(
        "POST",
        f"{USERS}/Zoë@example.com/connections/cubicl",
        {"connectionFields": {"accessToken": "t"}},
    )
    assert (answer.status_code, answer.json()) == (200, None)
    async with database() as session:
        assert await session.scalar(select(EndUser.user_id)) == "Zoë@example.com"


async def test_every_wrong_field_is_told_and_no_value_repeated(workshop: Workshop) -> None:
    await workshop.integrate("twilio")
    fields = {"accountSid": "AC-of-mine", "colour": "secret-value"}
    path = f"{USERS}/user-1/connections/twilio"
    error = await workshop.application.refused(1, "POST", path, {"connectionFields": fields})
    assert {fault["path"] for fault in error["details"]} == {
        "connectionFields.accountSid",
        "connectionFields.authToken",
        "connectionFields.colour",
    }
    assert "secret-value" not in str(error)
    # A refused form makes no user.
    await workshop.application.refused(1000, "GET", path)


async def test_an_oauth_app_answers_its_link(workshop: Workshop) -> None:
    await workshop.integrate("google-calendar")
    path = f"{USERS}/user-1/connections/google-calendar"
    link = await workshop.application.expect(200, "POST", path)
    assert link.startswith("http://127.0.0.1:8000/connect/")
    page = await workshop.application.call("GET", link)
    assert page.status_code == 200
    assert "Google Calendar" in page.text
    answer = await workshop.application.call("POST", link)
    assert answer.status_code == 303
    location = answer.headers["location"]
    query = parse_qs(urlsplit(location).query)
    assert urlsplit(location).hostname == "accounts.google.com"
    assert query["client_id"] == ["client"]
    assert query["redirect_uri"] == ["http://127.0.0.1:8000/api/v1/oauth/callback"]
    assert query["code_challenge_method"] == ["S256"]
    assert "calendar" in query["scope"][0]
    assert await workshop.application.expect(200, "POST", path, {}) != link
    await workshop.application.refused(1, "POST", path, {"connectionFields": {"a": "b"}})


async def test_connecting_an_app_that_is_no_integration_answers_600(workshop: Workshop) -> None:
    path = f"{USERS}/user-1/connections/cubicl"
    await workshop.application.refused(600, "POST", path, {"connectionFields": {}})


async def test_deleting_answers_an_empty_body(workshop: Workshop) -> None:
    await workshop.integrate("cubicl")
    await workshop.connect("user-1")
    path = f"{USERS}/user-1/connections/cubicl"
    answer = await workshop.application.call("DELETE", path)
    assert (answer.status_code, answer.content) == (200, b"")
    await workshop.application.refused(209, "DELETE", path)


@pytest.mark.parametrize("path", [f"{USERS}//connections/cubicl", f"{USERS}/connections/cubicl"])
async def test_a_missing_user_is_said_in_the_contracts_words(workshop: Workshop, path: str) -> None:
    answer = await workshop.application.call("DELETE", path)
    assert answer.status_code == 400
    assert answer.json()["message"] == '"params" must contain "userId" value.'


async def test_users_of_another_project_do_not_exist(
    workshop: Workshop, other_workshop: Workshop
) -> None:
    for shop in (workshop, other_workshop):
        await shop.integrate("cubicl")
    await workshop.connect("user-1")
    path = f"{USERS}/user-1/connections/cubicl"
    await other_workshop.application.refused(1000, "GET", path)
    await other_workshop.application.refused(1000, "DELETE", path)
    await workshop.application.expect(200, "GET", path)


@pytest.mark.parametrize("user_id", ["u" * 256, "a%00b"])
async def test_ids_that_no_database_takes_answer_1(workshop: Workshop, user_id: str) -> None:
    await workshop.integrate("cubicl")
    path = f"{USERS}/{user_id}/connections/cubicl"
    for method in ("GET", "POST", "DELETE"):
        await workshop.application.refused(1, method, path)
