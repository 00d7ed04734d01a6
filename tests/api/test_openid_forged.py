"""What an OpenID provider, or who pretends to be one, may answer: only what is good is believed."""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from joserfc.jwk import OctKey
from pydantic import SecretStr
from sqlalchemy import func, select

from store.models import Account
from tests.api.openid_issuer import ACCESS_TOKEN, CLIENT, SECRET, Issuer, issuing, new_key

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx

    from settings import Settings
    from store.database import Database
    from tests.api.conftest import Rest

BEGIN = "/api/v1/sign-in/openid"
FAILED = "/sign-in?error=failed"
UNAVAILABLE = "/sign-in?error=unavailable"


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    async with issuing() as issuer:
        yield issuer


@pytest.fixture
def api_settings(api_settings: Settings, issuer: Issuer) -> Settings:
    return api_settings.model_copy(
        update={
            # The operator named the issuer: it need not be among these.
            "allowed_private_hosts": "",
            "openid_issuer": issuer.url,
            "openid_client_id": CLIENT,
            "openid_client_secret": SecretStr(SECRET),
        }
    )


async def begin(http: httpx.AsyncClient) -> dict[str, str]:
    """The parameters with which the browser is sent to the provider."""
    answer = await http.get(BEGIN)
    assert answer.status_code == 302, answer.text
    return dict(parse_qsl(urlsplit(answer.headers["location"]).query))


async def sign_in(http: httpx.AsyncClient, issuer: Issuer, **answer: str) -> str:
    """Where the browser is in the end."""
    sent = await begin(http)
    issuer.nonce = sent["nonce"]
    params = {"state": sent["state"], "code": "code-of-the-issuer", **answer}
    back = await http.get(f"{BEGIN}/callback", params=params)
    assert back.status_code == 302, back.text
    location: str = back.headers["location"]
    return location


async def test_a_good_answer_is_believed_and_no_secret_is_logged(
    http: httpx.AsyncClient, visitor: Rest, issuer: Issuer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    issuer.claims = {"aud": [CLIENT, "another"], "azp": CLIENT}
    assert await sign_in(http, issuer) == "/"
    account = await visitor.expect(200, "GET", "/api/v1/account")
    assert account["email"] == "ada@example.com"
    shown = await visitor.expect(200, "GET", "/api/v1/sign-in")
    assert shown == {"openId": {"name": issuer.url.removeprefix("http://")}}
    (form,) = issuer.forms
    # Read at once where e-mail stands in the ID token; the secret travels in the header.
    assert issuer.paths() == ["/.well-known/openid-configuration", "/token", "/keys"]
    assert "client_secret" not in form
    issuer.claims = {"nonce": "of another sign-in"}
    assert await sign_in(http, issuer) == FAILED
    assert "nonce" in caplog.text
    # The client of this very test writes the addresses that it calls.
    logged = " ".join(record.getMessage() for record in caplog.records if record.name != "httpx")
    for secret in (SECRET, ACCESS_TOKEN, *issuer.issued, form["code"], form["code_verifier"]):
        assert secret not in logged


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"iss": "https://evil.example"},
        {"aud": "another"},
        {"aud": [CLIENT, "another"]},
        {"azp": "another"},
        {"exp": timedelta(minutes=-2)},
        {"exp": None},
        {"iat": timedelta(minutes=10)},
        {"sub": None},
        {"sub": 7},
    ],
    ids=str,
)
async def test_claims_that_are_not_for_us_are_refused(
    http: httpx.AsyncClient, issuer: Issuer, database: Database, claims: dict[str, Any]
) -> None:
    issuer.claims = {
        # Counted from the test, which may run long after it was collected.
        name: int(time.time() + value.total_seconds()) if isinstance(value, timedelta) else value
        for name, value in claims.items()
    }
    assert await sign_in(http, issuer) == FAILED
    assert list(http.cookies.jar) == []
    async with database() as session:
        assert await session.scalar(select(func.count()).select_from(Account)) == 0


async def test_a_signature_of_another_key_is_refused(
    http: httpx.AsyncClient, issuer: Issuer
) -> None:
    issuer.published = [new_key(issuer.signing.kid or "")]
    assert await sign_in(http, issuer) == FAILED


async def test_a_signature_by_the_client_secret_or_none_is_refused(
    http: httpx.AsyncClient, issuer: Issuer
) -> None:
    issuer.published = [issuer.signing]
    kid = {"kid": issuer.signing.kid or ""}
    issuer.signing = OctKey.import_key(SECRET, kid)  # type: ignore[assignment,arg-type]  # forged
    for alg in ("HS256", "none"):
        issuer.header = {"alg": alg}
        assert await sign_in(http, issuer) == FAILED
    assert len(issuer.issued) == 2


async def test_new_keys_of_the_provider_are_found(http: httpx.AsyncClient, issuer: Issuer) -> None:
    assert await sign_in(http, issuer) == "/"
    issuer.signing = new_key("second")
    assert await sign_in(http, issuer) == "/"
    assert issuer.paths().count("/keys") == 2
    assert issuer.paths().count("/.well-known/openid-configuration") == 1


async def test_an_email_is_asked_for_where_the_token_has_none(
    http: httpx.AsyncClient, visitor: Rest, issuer: Issuer
) -> None:
    issuer.claims = {"email": None, "email_verified": None}
    assert await sign_in(http, issuer) == "/sign-in?error=email-missing"
    issuer.userinfo = {"sub": "8", "email": "ada@example.com", "email_verified": True}
    assert await sign_in(http, issuer) == FAILED
    issuer.userinfo |= {"sub": "7", "name": "Ada"}
    assert await sign_in(http, issuer) == "/"
    assert (await visitor.expect(200, "GET", "/api/v1/account"))["name"] == "Ada"


async def test_an_answer_of_another_provider_is_refused(
    http: httpx.AsyncClient, issuer: Issuer
) -> None:
    assert await sign_in(http, issuer, iss="https://evil.example") == FAILED
    assert await sign_in(http, issuer, iss=issuer.url) == "/"


async def test_a_provider_with_a_fault_is_told_as_one(
    http: httpx.AsyncClient, issuer: Issuer, caplog: pytest.LogCaptureFixture
) -> None:
    for description, told in (
        ({"issuer": "https://evil.example"}, "INLAY_OPENID_ISSUER must be that"),
        ({"jwks_uri": None}, "lacks: jwks_uri"),
    ):
        issuer.description = description
        answer = await http.get(BEGIN)
        assert answer.headers["location"] == UNAVAILABLE
        assert told in caplog.text
    issuer.description = {}
    issuer.token_status = 503
    assert await sign_in(http, issuer) == UNAVAILABLE


async def test_a_provider_that_goes_away_meanwhile_is_told_as_such(
    http: httpx.AsyncClient, issuer: Issuer
) -> None:
    issuer.description = {"token_endpoint": "http://127.0.0.1:1/token"}
    assert await sign_in(http, issuer) == UNAVAILABLE


async def test_guessing_is_stopped(http: httpx.AsyncClient, issuer: Issuer) -> None:
    issuer.token_status = 400
    for _ in range(5):
        assert await sign_in(http, issuer) == FAILED
    answer = await http.get(BEGIN)
    assert answer.headers["location"] == "/sign-in?error=too-many"
    assert issuer.paths().count("/token") == 5


class TestAway:
    """Nobody listens at the issuer."""

    @pytest.fixture
    def api_settings(self, api_settings: Settings) -> Settings:
        return api_settings.model_copy(update={"openid_issuer": "http://127.0.0.1:1"})

    async def test_who_wants_to_sign_in_is_led_back(self, http: httpx.AsyncClient) -> None:
        answer = await http.get(BEGIN, params={"next": "/profile"})
        assert answer.status_code == 302
        assert answer.headers["location"] == UNAVAILABLE + "&next=%2Fprofile"


class TestNotConfigured:
    """The operator has no provider."""

    @pytest.fixture
    def api_settings(self, api_settings: Settings) -> Settings:
        return api_settings.model_copy(update={"openid_issuer": ""})

    async def test_nobody_is_sent_anywhere(self, visitor: Rest) -> None:
        assert await visitor.expect(200, "GET", "/api/v1/sign-in") == {"openId": None}
        await visitor.refused(404, "GET", BEGIN)
        await visitor.refused(404, "GET", f"{BEGIN}/callback")
