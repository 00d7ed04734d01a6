"""The connections of an end user as the developer sees, renews and ends them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from sqlalchemy import select, update

from store.models import Connection, EndUser

if TYPE_CHECKING:
    from store.database import Database
    from tests.api.conftest import Rest, Workshop

pytestmark = pytest.mark.both_databases


def at(workshop: Workshop, user_id: str, app_key: str = "cubicl") -> str:
    return f"{workshop.path}/users/{user_id}/connections/{app_key}"


@pytest.fixture
async def callers(workshop: Workshop) -> tuple[Rest, Rest]:
    """Who may use these routes, of whom the console is one; ada is connected to Cubicl."""
    for app_key in ("cubicl", "twilio", "google-calendar"):
        await workshop.integrate(app_key)
    await workshop.connect("ada")
    return workshop.developer, workshop.application


async def test_a_connection_is_shown_without_its_secret(
    workshop: Workshop, callers: tuple[Rest, Rest], database: Database
) -> None:
    async with database.begin() as session:
        broken = {"status": "invalid", "invalid_reason": "The token was revoked."}
        await session.execute(update(Connection).values(broken))
    for caller in callers:
        answer = await caller.call("GET", at(workshop, "ada"))
        assert answer.status_code == 200
        shown = answer.json()
        assert (shown["userId"], shown["appKey"], shown["status"]) == ("ada", "cubicl", "invalid")
        assert (shown["authType"], shown["invalidReason"]) == ("api_key", "The token was revoked.")
        assert "token-of-the-user" not in answer.text


async def test_a_link_connects_users_who_are_not_known_yet_too(
    workshop: Workshop, callers: tuple[Rest, Rest], database: Database
) -> None:
    for caller, user_id, app_key in zip(
        callers, ("ada", "grace"), ("cubicl", "google-calendar"), strict=True
    ):
        link = await caller.expect(200, "POST", f"{at(workshop, user_id, app_key)}/link")
        assert link.keys() == {"url", "expiresAt"}
        page = await workshop.developer.http.get(urlsplit(link["url"]).path)
        assert page.status_code == 200
    # Only connecting makes a user.
    async with database() as session:
        assert set(await session.scalars(select(EndUser.user_id))) == {"ada"}


async def test_a_link_with_a_faulty_body_is_refused(
    workshop: Workshop, callers: tuple[Rest, Rest]
) -> None:
    link = f"{at(workshop, 'ada')}/link"
    for body, place in (
        ({"connectionFields": {"nope": "x"}}, "connectionFields.nope"),
        ({"returnUrl": "https://evil.example"}, "returnUrl"),
        ({"language": "!"}, "language"),
        ({"unknown": 1}, "unknown"),
    ):
        for caller in callers:
            error = await caller.refused(1, "POST", link, body)
            assert [fault["path"] for fault in error["details"]] == [place]


async def test_a_connection_is_deleted_and_the_others_stay(
    workshop: Workshop, callers: tuple[Rest, Rest]
) -> None:
    await workshop.connect("ada", "twilio")
    await workshop.connect("bob")
    await workshop.connect(None)
    developer, application = callers
    await developer.expect(204, "DELETE", at(workshop, "ada"))
    await application.refused(209, "GET", at(workshop, "ada"))
    await application.refused(209, "DELETE", at(workshop, "ada"))
    await application.expect(204, "DELETE", at(workshop, "bob"))
    page = await application.expect(200, "GET", f"{workshop.path}/users")
    left = {
        user["userId"]: [one["appKey"] for one in user["connections"]] for user in page["items"]
    }
    assert left == {"ada": ["twilio"], "bob": []}
    own = f"{workshop.path}/developer/connections/cubicl"
    assert (await developer.expect(200, "GET", own))["status"] == "connected"


async def test_what_is_unknown_has_its_own_code(
    workshop: Workshop, callers: tuple[Rest, Rest]
) -> None:
    for caller in callers:
        for method in ("GET", "DELETE"):
            await caller.refused(1000, method, at(workshop, "stranger"))
            await caller.refused(209, method, at(workshop, "ada", "twilio"))
            for app_key in ("http", "nope"):
                error = await caller.refused(600, method, at(workshop, "ada", app_key))
                assert error["details"] == [app_key]
        await caller.refused(600, "POST", f"{at(workshop, 'ada', 'nope')}/link")


async def test_users_of_another_project_do_not_exist(
    workshop: Workshop, other_workshop: Workshop, callers: tuple[Rest, Rest]
) -> None:
    await other_workshop.integrate("cubicl")
    for method in ("GET", "DELETE"):
        for caller in (other_workshop.developer, other_workshop.application):
            await caller.refused(1000, method, at(other_workshop, "ada"))
        await other_workshop.developer.refused(404, method, at(workshop, "ada"))
        await other_workshop.application.refused(900, method, at(workshop, "ada"))
    link = f"{at(workshop, 'ada')}/link"
    await other_workshop.developer.refused(404, "POST", link)
    await other_workshop.application.refused(900, "POST", link)
    shown = await callers[0].expect(200, "GET", at(workshop, "ada"))
    assert shown["status"] == "connected"
