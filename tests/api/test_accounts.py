"""Sign-up, sign-in, the profile, and who may do what with which secret."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select, update

from api.auth import cookie_of
from store.bookings import today
from store.models import Account, AccountSession, ApiToken, CreditUsage
from tests.api.conftest import PASSWORD, Rest

if TYPE_CHECKING:
    import httpx

    from store.database import Database
    from tests.api.conftest import Workshop

pytestmark = pytest.mark.both_databases

ADA = {"email": "ada@example.com", "password": PASSWORD}
SESSIONS = "/api/v1/sessions"
ACCOUNT = "/api/v1/account"


async def sign_in(visitor: Rest) -> Rest:
    await visitor.expect(201, "POST", "/api/v1/accounts", ADA)
    session = await visitor.expect(201, "POST", SESSIONS, ADA)
    visitor.http.cookies.clear()
    return Rest(visitor.http, session["token"])


async def test_signing_up_and_in(visitor: Rest, database: Database) -> None:
    account = await visitor.expect(
        201, "POST", "/api/v1/accounts", {**ADA, "email": "Ada@Example.COM", "name": "Ada"}
    )
    assert account["email"] == "ada@example.com"
    assert account["developerMode"] is False
    session = await visitor.expect(201, "POST", SESSIONS, ADA)
    assert session["account"]["name"] == "Ada"
    visitor.http.cookies.clear()
    me = await Rest(visitor.http, session["token"]).expect(200, "GET", ACCOUNT)
    assert me["id"] == account["id"]
    async with database() as opened:
        stored = (await opened.scalars(select(AccountSession.id))).all()
        hashes = (await opened.scalars(select(Account.password_hash))).all()
    assert session["token"] not in stored
    assert all(hashed.startswith("$argon2id$") for hashed in hashes)


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"password": "too short"}, "password"),
        ({"email": "no address"}, "email"),
        ({"email": "a\u0000@example.com"}, "body"),
        ({"password": None}, "password"),
        ({"admin": True}, "admin"),
    ],
)
async def test_a_faulty_sign_up_says_what_is_wrong(
    visitor: Rest, changes: dict[str, Any], path: str
) -> None:
    error = await visitor.refused(1, "POST", "/api/v1/accounts", {**ADA, **changes})
    assert [fault["path"] for fault in error["details"]] == [path]
    assert "too short" not in str(error)


async def test_an_email_has_one_account(visitor: Rest) -> None:
    await visitor.expect(201, "POST", "/api/v1/accounts", ADA)
    again = {**ADA, "email": "ADA@example.com"}
    error = await visitor.refused(409, "POST", "/api/v1/accounts", again)
    assert "sign in" in error["message"]


async def test_a_wrong_password_and_an_unknown_email_answer_the_same(visitor: Rest) -> None:
    await visitor.expect(201, "POST", "/api/v1/accounts", ADA)
    wrong = await visitor.refused(901, "POST", SESSIONS, {**ADA, "password": "not the password"})
    unknown = await visitor.refused(901, "POST", SESSIONS, {**ADA, "email": "bob@example.com"})
    nothing = await visitor.refused(901, "POST", SESSIONS, {**ADA, "email": "no address"})
    assert wrong == unknown == nothing


async def test_guessing_is_stopped_for_one_email_only(visitor: Rest) -> None:
    await visitor.expect(201, "POST", "/api/v1/accounts", ADA)
    await visitor.expect(201, "POST", "/api/v1/accounts", {**ADA, "email": "bob@example.com"})
    for _ in range(5):
        await visitor.refused(901, "POST", SESSIONS, {**ADA, "password": "guessed password"})
    answer = await visitor.call("POST", SESSIONS, ADA)
    assert answer.status_code == 429
    assert answer.json()["code"] == 902
    assert int(answer.headers["retry-after"]) > 0
    await visitor.expect(201, "POST", SESSIONS, {**ADA, "email": "bob@example.com"})


async def test_signing_out_ends_the_session(visitor: Rest) -> None:
    developer = await sign_in(visitor)
    await developer.expect(204, "DELETE", f"{SESSIONS}/current")
    await developer.refused(900, "GET", ACCOUNT)


async def test_a_session_ends_by_itself(visitor: Rest, database: Database) -> None:
    developer = await sign_in(visitor)
    async with database.begin() as session:
        await session.execute(update(AccountSession).values(expires_at=1))
    await developer.refused(900, "GET", ACCOUNT)


async def test_changing_the_password_ends_other_sessions(visitor: Rest) -> None:
    developer = await sign_in(visitor)
    other = Rest(visitor.http, (await visitor.expect(201, "POST", SESSIONS, ADA))["token"])
    visitor.http.cookies.clear()
    path, new = f"{ACCOUNT}/password", "another good password"
    wrong = {"currentPassword": "wrong password", "newPassword": new}
    await developer.refused(904, "PUT", path, wrong)
    await developer.expect(204, "PUT", path, {"currentPassword": PASSWORD, "newPassword": new})
    await developer.expect(200, "GET", ACCOUNT)
    await other.refused(900, "GET", ACCOUNT)
    await visitor.refused(901, "POST", SESSIONS, ADA)
    await visitor.expect(201, "POST", SESSIONS, {**ADA, "password": new})


async def test_a_cookie_signs_in_but_only_our_own_pages_may_change_things(
    http: httpx.AsyncClient, visitor: Rest
) -> None:
    await visitor.expect(201, "POST", "/api/v1/accounts", ADA)
    answer = await visitor.call("POST", SESSIONS, ADA)
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert (await http.get(ACCOUNT)).status_code == 200

    async def rename(**headers: str) -> int:
        return (await http.patch(ACCOUNT, json={"name": "Ada"}, headers=headers)).status_code

    assert await rename() == 403
    assert await rename(origin="https://evil.example") == 403
    assert await rename(**{"sec-fetch-site": "cross-site"}) == 403
    assert await rename(origin="http://127.0.0.1:8000", **{"sec-fetch-site": "same-site"}) == 403
    assert await rename(origin="http://127.0.0.1:8000") == 200
    assert await rename(**{"sec-fetch-site": "same-origin"}) == 200


async def test_projects_appear_in_developer_mode_only(visitor: Rest) -> None:
    developer = await sign_in(visitor)
    project = {"name": "Shop", "webhookUrl": "https://shop.example.com/hook"}
    for method, path, body in (
        ("GET", "/api/v1/projects", None),
        ("POST", "/api/v1/projects", project),
        ("GET", "/api/v1/projects/x/runs", None),
    ):
        error = await developer.refused(903, method, path, body)
        assert error["name"] == "DEVELOPER MODE REQUIRED"
    await developer.expect(200, "PATCH", ACCOUNT, {"developerMode": True})
    created = await developer.expect(201, "POST", "/api/v1/projects", project)
    await developer.expect(200, "PATCH", ACCOUNT, {"developerMode": False})
    await developer.refused(903, "GET", f"/api/v1/projects/{created['id']}")


async def test_credits_tell_plan_use_and_renewal(workshop: Workshop, database: Database) -> None:
    async with database.begin() as session:
        account_id = await session.scalar(select(Account.id))
        session.add(
            CreditUsage(account_id=account_id, day=today(), app_executions=7, free_executions=250)
        )
    told = await workshop.developer.expect(200, "GET", f"{ACCOUNT}/credits")
    assert told == {
        "plan": "free",
        "dailyCredits": 10_000,
        "usedDailyCredits": 9,
        "renewsAt": told["renewsAt"],
    }
    assert told["renewsAt"].endswith("T00:00:00Z")


async def test_a_projects_token_reaches_neither_account_nor_settings(
    workshop: Workshop,
) -> None:
    for method, path in [
        ("GET", ACCOUNT),
        ("GET", "/api/v1/projects"),
        ("GET", "/api/v1/projects/{id}/tokens"),
        ("POST", "/api/v1/projects/{id}/tokens"),
        ("DELETE", "/api/v1/projects/{id}"),
        ("PATCH", "/api/v1/projects/{id}"),
        ("POST", "/api/v1/projects/{id}/integrations"),
    ]:
        await workshop.application.refused(900, method, path.format(id=workshop.project_id))


async def test_a_token_is_kept_as_a_hash_and_its_use_is_noted(
    workshop: Workshop, database: Database
) -> None:
    secret = workshop.application.bearer
    assert secret is not None
    assert secret.startswith("inlay_")
    listed = await workshop.developer.call("GET", f"{workshop.path}/tokens")
    assert secret not in listed.text
    assert listed.json()["items"][0]["lastUsedAt"] is None
    assert secret.startswith(listed.json()["items"][0]["hint"])
    for _ in range(3):
        await workshop.application.expect(200, "GET", f"{workshop.path}/runs")
    for _ in range(100):
        listed = await workshop.developer.call("GET", f"{workshop.path}/tokens")
        if listed.json()["items"][0]["lastUsedAt"] is not None:
            break
    used_at = listed.json()["items"][0]["lastUsedAt"]
    assert used_at >= listed.json()["items"][0]["createdAt"]
    async with database() as session:
        assert secret not in (await session.scalars(select(ApiToken.token_hash))).all()


async def test_two_installations_on_one_host_leave_each_others_sessions_alone(
    visitor: Rest,
) -> None:
    await visitor.expect(201, "POST", "/api/v1/accounts", ADA)
    answer = await visitor.call("POST", SESSIONS, ADA)
    name = answer.headers["set-cookie"].partition("=")[0]
    assert name.startswith("inlay_session_")
    names = {cookie_of("inlay_session", f"http://localhost:{port}") for port in (8080, 9090)}
    assert len(names) == 2
