"""Import, connect links, the check at connecting, settings of integrations, allowed origins."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from store.database import Database
from store.models import Connection, Notification, now_ms
from tests.api.conftest import Workshop

USERS = "/api/v1/ipaas/users"
IMPORT = f"{USERS}/connections/import"
TOKENS = {"userId": "user-1", "appKey": "google-calendar", "scopes": [], "accessToken": "planted-a"}


async def rows(database: Database, table: Any) -> list[Any]:
    async with database() as session:
        return list((await session.scalars(select(table))).all())


async def test_imported_tokens_become_a_connection(workshop: Workshop, database: Database) -> None:
    await workshop.integrate("google-calendar")
    expires_at = now_ms() + 3_600_000
    body = {**TOKENS, "scopes": ["a"], "refreshToken": "planted-r", "expiresAt": expires_at}
    answer = await workshop.application.call("POST", IMPORT, body)
    assert (answer.status_code, answer.content) == (204, b"")
    path = f"{USERS}/user-1/connections"
    status = await workshop.application.expect(
        200, "GET", f"{path}/status", appKeys="google-calendar"
    )
    assert status == {"google-calendar": "connected"}
    details = await workshop.application.expect(200, "GET", f"{path}/google-calendar")
    assert (details["scopes"], details["expiresAt"]) == (["a"], expires_at)
    assert details["account"] == {"id": "7", "name": None, "email": "a@b.c"}
    assert "planted" not in str(details)
    (row,) = await rows(database, Connection)
    assert b"planted" not in row.secret
    (told,) = await rows(database, Notification)
    assert (told.type, told.data["userId"]) == ("connection.connected", "user-1")


async def test_a_token_without_expiry_is_perpetual(workshop: Workshop) -> None:
    await workshop.integrate("google-calendar")
    await workshop.application.expect(204, "POST", IMPORT, TOKENS)
    path = f"{USERS}/user-1/connections/google-calendar"
    details = await workshop.application.expect(200, "GET", path)
    assert details["expiresAt"] is None


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"expiresAt": now_ms() // 1000 + 3600}, "expiresAt"),
        ({"expiresAt": now_ms() - 1000}, "expiresAt"),
        ({"expiresAt": -1}, "expiresAt"),
        ({"expiresAt": 1e300}, "expiresAt"),
        ({"oauth1Token": "t"}, "oauth1Token"),
        ({"accessTokenSecret": "t"}, "accessTokenSecret"),
        ({"accessToken": ""}, "accessToken"),
        ({"accessToken": "two words"}, "accessToken"),
        ({"accessToken": "x" * 65_537}, "accessToken"),
        ({"userId": ""}, "userId"),
        ({"scopes": "calendar"}, "scopes"),
        ({"captured": {"site": "x"}}, "captured.site"),
        ({"connectionFields": {"site": "x"}}, "connectionFields.site"),
        ({"accessToken": "refused"}, "accessToken"),
    ],
)
async def test_tokens_that_cannot_be_right_are_refused_at_their_field(
    workshop: Workshop, database: Database, change: dict[str, Any], field: str
) -> None:
    await workshop.integrate("google-calendar")
    error = await workshop.application.refused(1, "POST", IMPORT, {**TOKENS, **change})
    assert field in {fault["path"] for fault in error["details"]}
    assert await rows(database, Connection) == []


@pytest.mark.parametrize("missing", ["userId", "appKey", "scopes", "accessToken"])
async def test_an_import_names_what_it_lacks(workshop: Workshop, missing: str) -> None:
    body = {name: value for name, value in TOKENS.items() if name != missing}
    error = await workshop.application.refused(1, "POST", IMPORT, body)
    assert [fault["path"] for fault in error["details"]] == [missing]


async def test_importing_into_an_app_of_forms_says_what_to_do(workshop: Workshop) -> None:
    await workshop.integrate("cubicl")
    body = {**TOKENS, "appKey": "cubicl"}
    error = await workshop.application.refused(1, "POST", IMPORT, body)
    assert "form" in error["message"]
    await workshop.application.refused(600, "POST", IMPORT, {**TOKENS, "appKey": "twilio"})


async def test_values_that_the_app_refuses_are_not_stored(
    workshop: Workshop, database: Database
) -> None:
    await workshop.integrate("cubicl")
    path = f"{USERS}/user-1/connections/cubicl"
    body = {"connectionFields": {"accessToken": "refused"}}
    error = await workshop.application.refused(1, "POST", path, body)
    assert "Cubicl does not accept this account" in error["message"]
    assert await rows(database, Connection) == []
    await workshop.application.refused(1000, "GET", path)


async def test_a_form_app_is_connected_on_a_hosted_page(workshop: Workshop) -> None:
    await workshop.integrate("twilio")
    path = f"{USERS}/user-1/connections/twilio"
    link = await workshop.application.expect(200, "POST", f"{path}/link", {"language": "tr"})
    assert abs(link["expiresAt"] - now_ms() - 3_600_000) < 60_000
    page = await workshop.application.call("GET", link["url"])
    assert page.status_code == 200
    assert 'lang="tr"' in page.text
    assert "Shop" in page.text
    form = {"accountSid": "AC" + "0" * 32, "authToken": "planted-token"}
    http = workshop.application.http
    done = await http.post(link["url"], data=form)
    assert done.status_code == 200, done.text
    assert "planted" not in done.text
    details = await workshop.application.expect(200, "GET", path)
    assert details["account"]["name"] == "Shop"
    again = await http.post(link["url"], data=form)
    assert again.status_code == 410


async def test_values_that_are_known_are_not_asked_again(workshop: Workshop) -> None:
    await workshop.integrate("twilio")
    path = f"{USERS}/user-1/connections/twilio/link"
    known = {"connectionFields": {"accountSid": "AC" + "0" * 32}}
    link = await workshop.application.expect(200, "POST", path, known)
    page = await workshop.application.call("GET", link["url"])
    assert "accountSid" not in page.text
    assert "authToken" in page.text
    wrong = {"connectionFields": {"accountSid": "AC1"}}
    error = await workshop.application.refused(1, "POST", path, wrong)
    assert [fault["path"] for fault in error["details"]] == ["connectionFields.accountSid"]


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/x",
        "https://shop.example.com.evil.example/",
        "https://shop.example.com@evil.example/",
        "https://shop.example.com\\@evil.example/",
        "//shop.example.com/",
        "javascript:alert(1)",
        "http://shop.example.com/",
        "https://shop.example.com:8443/",
    ],
)
async def test_a_return_url_of_another_origin_is_refused(workshop: Workshop, url: str) -> None:
    await workshop.integrate("twilio")
    origins = {"allowedOrigins": ["https://shop.example.com"]}
    await workshop.developer.expect(200, "PATCH", workshop.path, origins)
    path = f"{USERS}/user-1/connections/twilio/link"
    error = await workshop.application.refused(1, "POST", path, {"returnUrl": url})
    assert [fault["path"] for fault in error["details"]] == ["returnUrl"]
    good = {"returnUrl": "https://shop.example.com/settings?tab=2"}
    await workshop.application.expect(200, "POST", path, good)


@pytest.mark.parametrize(
    "origin", ["shop.example.com", "https://shop.example.com/path", "ftp://x", "*", "https://*.a.b"]
)
async def test_what_is_no_origin_is_refused(workshop: Workshop, origin: str) -> None:
    body = {"allowedOrigins": [origin]}
    error = await workshop.developer.refused(1, "PATCH", workshop.path, body)
    assert error["details"][0]["path"] == "allowedOrigins[0]"


async def test_a_link_of_another_project_shows_only_its_own(
    workshop: Workshop, other_workshop: Workshop
) -> None:
    await workshop.integrate("twilio")
    path = f"{USERS}/user-1/connections/twilio/link"
    await other_workshop.application.refused(600, "POST", path)
    link = await workshop.application.expect(200, "POST", path)
    page = await other_workshop.application.call("GET", link["url"])
    assert page.status_code == 200
    assert workshop.project_id not in page.text


async def test_deleting_a_connection_tells_the_developer(
    workshop: Workshop, database: Database
) -> None:
    await workshop.integrate("cubicl")
    await workshop.connect("user-1")
    await workshop.application.expect(200, "DELETE", f"{USERS}/user-1/connections/cubicl")
    told = [(row.type, row.data) for row in await rows(database, Notification)]
    assert told[-1] == (
        "connection.deleted",
        {"userId": "user-1", "appKey": "cubicl", "revoked": False},
    )
