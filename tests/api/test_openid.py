"""Sign-in at an OpenID provider that is not ours, and which account one gets by it."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from pydantic import SecretStr, ValidationError
from sqlalchemy import select

from api.manage.identities import account_of
from api.manage.openid import console_path
from api.openid import Person
from settings import Settings
from store.models import AccountSession, Identity
from tests.api.conftest import PASSWORD, Rest
from tests.conftest import PUBLIC_URL
from tests.oidc_browser import walk
from tests.packages import OidcProvider, oidc_provider_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from store.database import Database

ROOT = Path(__file__).parents[2]
BEGIN = "/api/v1/sign-in/openid"
CALLBACK = f"{PUBLIC_URL}{BEGIN}/callback"
ACCOUNT = "/api/v1/account"
SESSIONS = "/api/v1/sessions"


@pytest.fixture(scope="session")
def openid_provider() -> Iterator[OidcProvider]:
    """An OpenID-certified provider of which Inlay is a client."""
    with oidc_provider_for(CALLBACK) as provider:
        yield provider


@pytest.fixture
def api_settings(api_settings: Settings, openid_provider: OidcProvider) -> Settings:
    return api_settings.model_copy(
        update={
            "openid_issuer": openid_provider.url,
            "openid_client_id": "lasting",
            "openid_client_secret": SecretStr("secret-of-lasting"),
            "openid_name": "Certified",
            "openid_email_domains": "example.com, example.org",
        }
    )


async def leave(http: httpx.AsyncClient, path: str = "/") -> str:
    """The provider's address to which the browser is sent."""
    answer = await http.get(BEGIN, params={"next": path})
    assert answer.status_code == 302, answer.text
    return answer.headers["location"]


async def sign_in(
    http: httpx.AsyncClient, login: str = "ada", path: str = "/", *, consent: bool = True
) -> str:
    """Where the browser is in the end."""
    params = await walk(await leave(http, path), CALLBACK, login=login, consent=consent)
    return await come_back(http, params)


async def come_back(http: httpx.AsyncClient, params: dict[str, str]) -> str:
    answer = await http.get(CALLBACK, params=params)
    assert answer.status_code == 302, answer.text
    location: str = answer.headers["location"]
    return location


async def test_who_comes_first_gets_an_account_and_has_it_from_then_on(
    http: httpx.AsyncClient, visitor: Rest, openid_provider: OidcProvider, database: Database
) -> None:
    assert await visitor.expect(200, "GET", "/api/v1/sign-in") == {"openId": {"name": "Certified"}}
    assert await sign_in(http, "ada", "/projects/p1/runs?status=error") == (
        "/projects/p1/runs?status=error"
    )
    account = await visitor.expect(200, "GET", ACCOUNT)
    assert (account["email"], account["name"]) == ("ada@example.com", "Person ada")
    assert (account["developerMode"], account["hasPassword"]) == (False, False)
    cookie = next(cookie for cookie in http.cookies.jar if cookie.name.startswith("inlay_session_"))
    assert cookie.path == "/api"
    assert cookie.has_nonstandard_attr("HttpOnly")
    assert cookie.get_nonstandard_attr("SameSite") == "lax"
    # The way there and back is over: its cookie is gone.
    assert list(http.cookies.jar) == [cookie]
    http.cookies.clear()
    assert await sign_in(http, "ada") == "/"
    assert (await visitor.expect(200, "GET", ACCOUNT))["id"] == account["id"]
    async with database() as session:
        (identity,) = (await session.scalars(select(Identity))).all()
    assert (identity.issuer, identity.subject) == (openid_provider.url, "ada")


async def test_an_account_without_a_password_can_be_given_one(
    http: httpx.AsyncClient, visitor: Rest
) -> None:
    await sign_in(http, "ada")
    secret = next(
        cookie.value for cookie in http.cookies.jar if cookie.name.startswith("inlay_session_")
    )
    http.cookies.clear()
    developer = Rest(http, secret)
    me = {"email": "ada@example.com", "password": PASSWORD}
    unknown = await visitor.refused(901, "POST", SESSIONS, {**me, "email": "bob@example.com"})
    for password in (PASSWORD, ""):
        refused = await visitor.refused(901, "POST", SESSIONS, {**me, "password": password})
        assert refused == unknown
    path = f"{ACCOUNT}/password"
    await developer.expect(204, "PUT", path, {"newPassword": PASSWORD})
    assert (await developer.expect(200, "GET", ACCOUNT))["hasPassword"] is True
    await visitor.expect(201, "POST", SESSIONS, me)
    http.cookies.clear()
    error = await developer.refused(1, "PUT", path, {"newPassword": "another good password"})
    assert error["details"][0]["path"] == "currentPassword"
    # With the password set, both ways lead to the one account.
    assert await sign_in(http, "ada") == "/"
    await visitor.expect(201, "POST", SESSIONS, me)


async def test_whoever_owns_the_email_takes_the_account_over(
    http: httpx.AsyncClient, visitor: Rest, database: Database
) -> None:
    """Somebody else may have signed up with the email: their password and sessions end."""
    me = {"email": "Ada@Example.com", "password": PASSWORD}
    before = await visitor.expect(201, "POST", "/api/v1/accounts", me)
    squatter = Rest(http, (await visitor.expect(201, "POST", SESSIONS, me))["token"])
    http.cookies.clear()
    assert await sign_in(http, "ada") == "/"
    assert (await visitor.expect(200, "GET", ACCOUNT))["id"] == before["id"]
    async with database() as session:
        assert len((await session.scalars(select(AccountSession))).all()) == 1
    http.cookies.clear()
    await squatter.refused(900, "GET", ACCOUNT)
    await visitor.refused(901, "POST", SESSIONS, me)


async def test_an_email_that_is_not_verified_gives_nothing(
    http: httpx.AsyncClient, visitor: Rest, database: Database
) -> None:
    me = {"email": "ada@example.com", "password": PASSWORD}
    await visitor.expect(201, "POST", "/api/v1/accounts", me)
    assert await sign_in(http, "ada.new", "/projects") == (
        "/sign-in?error=email-unverified&next=%2Fprojects"
    )
    await visitor.refused(900, "GET", ACCOUNT)
    await visitor.expect(201, "POST", SESSIONS, me)
    async with database() as session:
        assert (await session.scalars(select(Identity))).all() == []


async def test_an_account_is_not_handed_on_with_the_email(
    http: httpx.AsyncClient, visitor: Rest
) -> None:
    await sign_in(http, "ada")
    http.cookies.clear()
    assert await sign_in(http, "ada.2") == "/sign-in?error=email-taken"
    await visitor.refused(900, "GET", ACCOUNT)


async def test_who_comes_first_by_two_browsers_at_once_gets_one_account(
    database: Database, settings: Settings
) -> None:
    person = Person("https://login.example.com", "7", "ada@example.com", True, "Ada")
    found = await asyncio.gather(*(account_of(database, settings, person) for _ in range(5)))
    assert len(set(found)) == 1


class TestTheWayBack:
    """What the browser brings must belong to what it left with, and serves once."""

    @pytest.fixture
    def database_url(self, sqlite_url: str) -> str:
        return sqlite_url

    async def test_a_state_of_nobody_is_refused(
        self, http: httpx.AsyncClient, visitor: Rest
    ) -> None:
        params = await walk(await leave(http), CALLBACK)
        assert await come_back(http, {**params, "state": "x"}) == "/sign-in?error=expired"
        await visitor.refused(900, "GET", ACCOUNT)
        # The browser's own way back still is there.
        assert await come_back(http, params) == "/"

    async def test_another_browser_is_refused(self, http: httpx.AsyncClient) -> None:
        params = await walk(await leave(http), CALLBACK)
        http.cookies.clear()
        assert await come_back(http, params) == "/sign-in?error=expired"
        await leave(http)
        assert await come_back(http, params) == "/sign-in?error=expired"

    async def test_a_code_of_another_sign_in_is_refused(self, http: httpx.AsyncClient) -> None:
        """PKCE at work: the code is real, the verifier is of another sign-in."""
        stolen = await walk(await leave(http), CALLBACK)
        http.cookies.clear()
        own = dict(parse_qsl(urlsplit(await leave(http)).query))
        params = {**stolen, "state": own["state"]}
        assert await come_back(http, params) == "/sign-in?error=failed"

    async def test_a_way_back_serves_once(self, http: httpx.AsyncClient, visitor: Rest) -> None:
        url = await leave(http)
        (kept,) = http.cookies.jar
        params = await walk(url, CALLBACK)
        assert await come_back(http, params) == "/"
        http.cookies.clear()
        assert await come_back(http, params) == "/sign-in?error=expired"
        # Even for who has the cookie: the provider takes no code twice.
        http.cookies.jar.set_cookie(kept)
        assert await come_back(http, params) == "/sign-in?error=failed"
        await visitor.refused(900, "GET", ACCOUNT)

    async def test_who_takes_too_long_begins_again(
        self, http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("api.manage.openid.LIFE_S", -1)
        answer = await http.get(BEGIN)
        params = await walk(answer.headers["location"], CALLBACK)
        cookie = answer.headers["set-cookie"].partition(";")[0]
        back = await http.get(CALLBACK, params=params, headers={"cookie": cookie})
        assert back.headers["location"] == "/sign-in?error=expired"

    async def test_who_does_not_agree_is_told_so(self, http: httpx.AsyncClient) -> None:
        assert await sign_in(http, consent=False) == "/sign-in?error=denied"

    async def test_the_next_page_is_one_of_the_console(self, http: httpx.AsyncClient) -> None:
        assert await sign_in(http, path="//evil.example/profile") == "/"


class TestOthersAreAllowed:
    """The operator lets in people of other domains only."""

    @pytest.fixture
    def database_url(self, sqlite_url: str) -> str:
        return sqlite_url

    @pytest.fixture
    def api_settings(self, api_settings: Settings) -> Settings:
        return api_settings.model_copy(update={"openid_email_domains": "other.example"})

    async def test_who_is_of_none_of_the_domains_gets_no_account(
        self, http: httpx.AsyncClient, database: Database
    ) -> None:
        assert await sign_in(http) == "/sign-in?error=email-not-allowed"
        async with database() as session:
            assert (await session.scalars(select(Identity))).all() == []


@pytest.mark.parametrize(
    "path",
    ["/", "/profile", "/projects", "/projects/p1/automations/0199-a?tab=test&step=a%20b"],
)
def test_paths_of_the_console_are_opened_after_sign_in(path: str) -> None:
    assert console_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/%2Fevil.example",
        "/%5Cevil.example",
        "/projects//evil.example",
        "/projects/%2e%2e/x",
        "https://evil.example",
        "javascript:alert(1)",
        "/\t/evil.example",
        "/projects\r\nset-cookie: a=b",
        "/projects/\u2215evil",
        "/api/v1/sign-in/openid",
        "/connect/x",
        "/sign-in",
        "/projects/" + "x" * 2000,
    ],
)
def test_anything_else_leads_to_the_start(path: str) -> None:
    assert console_path(path) == "/"


ISSUER = {"openid_issuer": "https://login.example.com"}
CLIENT = {"openid_client_id": "c", "openid_client_secret": "planted-secret"}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (ISSUER, "Set INLAY_OPENID_CLIENT_ID, INLAY_OPENID_CLIENT_SECRET"),
        (CLIENT, "Set INLAY_OPENID_ISSUER"),
        ({"openid_email_domains": "example.com"}, "Set INLAY_OPENID_ISSUER"),
        ({**CLIENT, "openid_issuer": "login.example.com"}, "the provider's own URL"),
        (
            {**CLIENT, "openid_issuer": "http://login.example.com", "environment": "production"},
            "needs https",
        ),
    ],
)
def test_a_configuration_by_half_is_refused(given: dict[str, str], told: str) -> None:
    with pytest.raises(ValidationError, match=told) as refused:
        Settings.model_validate(given)
    assert "planted-secret" not in str(refused.value)
    assert Settings.model_validate({**ISSUER, **CLIENT}).openid_client_id == "c"


def test_a_process_with_half_a_configuration_says_so_and_ends() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "cli", "api"],
        cwd=ROOT,
        env={**os.environ, "INLAY_OPENID_CLIENT_SECRET": "planted-secret"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == 1
    (line,) = ended.stderr.splitlines()
    assert line.startswith("Inlay cannot start: OpenID Connect is configured by half.")
    assert "planted-secret" not in line
