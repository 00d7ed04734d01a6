"""The whole way against a provider that is not ours: browser, consent, code, renewal, rotation."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from connections.accounts import Connections
from connections.errors import AuthorizationFailed, ConnectionInvalid
from connections.integrations import seal_client_secret
from connectors.manifest import App
from store.database import Database
from store.encryption import Keyring
from store.models import Integration, now_ms
from tests.connections.person import Person
from tests.oidc_browser import walk

if TYPE_CHECKING:
    from tests.packages import OidcProvider


@pytest.fixture
def app(oidc_provider: OidcProvider, request: pytest.FixtureRequest) -> App:
    client_auth = {"lasting": "basic", "fleeting": "body"}[request.param]
    return App.model_validate(
        {
            "key": request.param,
            "name": "Calendar",
            "auth": {
                "type": "oauth2",
                "authorize": {
                    "url": f"{oidc_provider.url}/auth",
                    "params": {"prompt": "consent"},
                    "default_scopes": ["openid", "offline_access"],
                },
                "token": {"url": f"{oidc_provider.url}/token", "client_auth": client_auth},
            },
        }
    )


@pytest.fixture
async def registered(
    project_id: str, app: App, database: Database, keyring: Keyring
) -> tuple[str, str, str]:
    """The project has registered the app with the provider's client of the same name."""
    secret = seal_client_secret(keyring, project_id, app.key, f"secret-of-{app.key}")
    async with database.begin() as session:
        session.add(
            Integration(
                project_id=project_id,
                app_key=app.key,
                client_id=app.key,
                secret=secret,
                scopes=["calendar"],
            )
        )
    return project_id, "u1", app.key


async def who(provider: OidcProvider, access_token: str | None) -> int:
    """The status with which the provider answers a call with the token."""
    async with httpx.AsyncClient() as client:
        headers = {"Authorization": f"Bearer {access_token}"}
        return (await client.get(f"{provider.url}/me", headers=headers)).status_code


Connect = Callable[[], Any]


@pytest.fixture
def connect(
    connections: Connections,
    person: Person,
    registered: tuple[str, str, str],
    oidc_provider: OidcProvider,
) -> Connect:
    async def connect() -> Any:
        params = await walk(await person.begin(*registered), oidc_provider.redirect_uri)
        await person.complete(params)
        return await connections.credential(*registered)

    return connect


@pytest.mark.parametrize("app", ["lasting"], indirect=True)
async def test_a_person_grants_access_and_the_token_works(
    connections: Connections,
    registered: tuple[str, str, str],
    connect: Connect,
    oidc_provider: OidcProvider,
) -> None:
    credential = await connect()
    assert await who(oidc_provider, credential.access_token) == 200
    details = await connections.details(*registered)
    assert details is not None
    assert set(details.scopes) == {"openid", "offline_access", "calendar"}
    assert details.expires_at is not None
    assert 3_500_000 < details.expires_at - now_ms() <= 3_600_000


@pytest.mark.parametrize("app", ["lasting"], indirect=True)
async def test_a_person_declines(
    connections: Connections,
    person: Person,
    registered: tuple[str, str, str],
    oidc_provider: OidcProvider,
) -> None:
    link = await person.begin(*registered)
    params = await walk(link, oidc_provider.redirect_uri, consent=False)
    with pytest.raises(AuthorizationFailed, match="declined"):
        await person.complete(params)
    assert await connections.statuses("u1", registered[0]) == {}


@pytest.mark.parametrize("app", ["lasting"], indirect=True)
async def test_a_code_of_another_authorization_is_refused(
    connections: Connections,
    person: Person,
    registered: tuple[str, str, str],
    oidc_provider: OidcProvider,
) -> None:
    """PKCE at work: the code is real, the verifier belongs to another link."""
    stolen = await walk(await person.begin(*registered), oidc_provider.redirect_uri)
    own = await person.begin(*registered)
    state = dict(parse_qsl(urlsplit(own).query))["state"]
    with pytest.raises(AuthorizationFailed, match="invalid_grant"):
        await person.complete({"state": state, "code": stolen["code"]})
    assert await connections.details(*registered) is None


@pytest.mark.parametrize("app", ["fleeting"], indirect=True)
async def test_a_token_that_ends_is_renewed_with_rotation_by_one_of_fifty(
    connections: Connections,
    registered: tuple[str, str, str],
    connect: Connect,
    oidc_provider: OidcProvider,
) -> None:
    """The provider revokes everything if a refresh token comes twice: then nothing would work."""
    previous = await connect()
    for _ in range(2):
        # The provider counts whole seconds.
        await asyncio.sleep((previous.expires_at - now_ms()) / 1000 + 1.1)
        assert await who(oidc_provider, previous.access_token) == 401
        got = await asyncio.gather(*(connections.credential(*registered) for _ in range(50)))
        assert len({credential.access_token for credential in got}) == 1
        assert got[0].refresh_token != previous.refresh_token
        assert await who(oidc_provider, got[0].access_token) == 200
        previous = got[0]


@pytest.mark.parametrize("app", ["lasting"], indirect=True)
async def test_a_family_that_the_provider_revoked_makes_the_connection_invalid(
    connections: Connections,
    registered: tuple[str, str, str],
    connect: Connect,
    oidc_provider: OidcProvider,
) -> None:
    first = await connect()
    second = await connections.renew(*registered, first)
    assert second.refresh_token != first.refresh_token
    async with httpx.AsyncClient() as thief:
        form = {"grant_type": "refresh_token", "refresh_token": first.refresh_token}
        auth = ("lasting", "secret-of-lasting")
        answer = await thief.post(f"{oidc_provider.url}/token", data=form, auth=auth)
    assert answer.json()["error"] == "invalid_grant"
    assert await who(oidc_provider, second.access_token) == 401
    with pytest.raises(ConnectionInvalid, match="invalid_grant"):
        await connections.renew(*registered, second)
    assert await connections.statuses(registered[0], "u1") == {"lasting": "invalid"}
