from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from sqlalchemy import select, update

from connections.accounts import Connections
from connections.errors import AuthorizationFailed, FieldErrors
from connections.links import Connected
from connectors.catalogue import Catalogue
from connectors.manifest import App
from store.models import DEVELOPER, Authorization, now_ms
from tests.connections.person import Person, query_of

if TYPE_CHECKING:
    from connectors.http import OutgoingHttp
    from settings import Settings
    from store.database import Database
    from store.encryption import Keyring

Make = Callable[[App], Connections]


@pytest.fixture
def with_app(database: Database, keyring: Keyring, http: OutgoingHttp, settings: Settings) -> Make:
    return lambda app: Connections(database, keyring, Catalogue([app]), http, settings)


async def begin(connections: Connections, project_id: str, user: str = "u1") -> dict[str, str]:
    """The query of the link that the user opens."""
    return query_of(await Person.of(connections).begin(project_id, user, "calendar"))


async def complete(connections: Connections, params: dict[str, str]) -> Connected:
    return await Person.of(connections).complete(params)


async def test_the_link_asks_for_a_code_with_pkce(
    connections: Connections, project_id: str, provider: Any
) -> None:
    query = await begin(connections, project_id)
    assert query.pop("state")
    assert len(query.pop("code_challenge")) == 43
    assert query == {
        "response_type": "code",
        "client_id": "shop",
        "redirect_uri": "http://127.0.0.1:8000/api/v1/oauth/callback",
        "scope": "events",
        "code_challenge_method": "S256",
    }


async def test_a_manifest_changes_what_is_asked(
    with_app: Make, make_app: Callable[..., App], project_id: str
) -> None:
    authorize = {
        "url": "https://calendar.example/auth?v=2",
        "params": {"access_type": "offline"},
        "default_scopes": ["profile", "events"],
        "scope_separator": ",",
        "pkce": "plain",
    }
    query = await begin(
        with_app(make_app("calendar", "https://a.example", authorize=authorize)), project_id
    )
    assert query["scope"] == "profile,events"
    assert (query["v"], query["access_type"]) == ("2", "offline")
    assert query["code_challenge_method"] == "plain"
    authorize["pkce"] = "off"
    query = await begin(
        with_app(make_app("calendar", "https://a.example", authorize=authorize)), project_id
    )
    assert not {"code_challenge", "code_challenge_method"} & query.keys()


async def test_a_granted_authorization_becomes_a_connection(
    connections: Connections, project_id: str, provider: Any, database: Database
) -> None:
    query = await begin(connections, project_id)
    assert not await connections.knows_user(project_id, "u1")
    provider.scope = "events profile"
    completed = await complete(connections, {"state": query["state"], "code": "c1"})
    assert (completed.project_id, completed.user_id) == (project_id, "u1")
    assert (completed.app_key, completed.project_name) == ("calendar", "Shop")
    (form,) = provider.forms
    verifier = form.pop("code_verifier")
    assert create_s256_code_challenge(verifier) == query["code_challenge"]
    assert form == {
        "grant_type": "authorization_code",
        "code": "c1",
        "redirect_uri": query["redirect_uri"],
        "client_id": "shop",
        "client_secret": "planted-client-secret-5Jq",
    }
    credential = await connections.credential(project_id, "u1", "calendar")
    assert credential.access_token == provider.access_tokens[-1]
    details = await connections.details(project_id, "u1", "calendar")
    assert details is not None
    assert details.scopes == ["events", "profile"]
    assert details.expires_at is not None
    assert abs(details.expires_at - now_ms() - 3_600_000) < 30_000
    assert "accessToken" not in details.model_dump_json(by_alias=True)
    assert await connections.knows_user(project_id, "u1")
    assert await connections.statuses(project_id, "u1", ["calendar", "crm"]) == {
        "calendar": "connected",
        "crm": "not-connected",
    }


async def test_the_developer_connects_without_becoming_an_end_user(
    connections: Connections, project_id: str, provider: Any
) -> None:
    query = await begin(connections, project_id, DEVELOPER)
    await complete(connections, {"state": query["state"], "code": "c1"})
    assert await connections.statuses(project_id, DEVELOPER) == {"calendar": "connected"}
    assert not await connections.knows_user(project_id, DEVELOPER)


async def test_connecting_again_replaces_the_credential_and_mends_the_connection(
    connections: Connections, project_id: str, provider: Any
) -> None:
    revisions = []
    for code in ("c1", "c2"):
        query = await begin(connections, project_id)
        await complete(connections, {"state": query["state"], "code": code})
        credential = await connections.credential(project_id, "u1", "calendar")
        assert credential.access_token == provider.access_tokens[-1]
        revisions.append(credential.revision)
        assert await connections.mark_invalid(project_id, "u1", "calendar", "The app says no.")
        assert not await connections.mark_invalid(project_id, "u1", "calendar", "Again.")
        details = await connections.details(project_id, "u1", "calendar")
        assert details is not None
        assert (details.status, details.invalid_reason) == ("invalid", "The app says no.")
    assert revisions[0] < revisions[1]
    assert await connections.delete(project_id, "u1", "calendar")
    assert not await connections.delete(project_id, "u1", "calendar")
    assert await connections.details(project_id, "u1", "calendar") is None


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"error": "access_denied"}, "declined"),
        ({"error": "invalid_scope"}, "scopes of the integration"),
        ({"error": "temporarily_unavailable"}, "Try again later"),
        ({"error": "some_own_error"}, "some_own_error"),
        ({"error": "<script>alert(1)</script>"}, "answered with an error. Start"),
        ({}, "no authorization code"),
    ],
)
async def test_each_refusal_has_its_own_words(
    connections: Connections, project_id: str, answer: dict[str, str], words: str, provider: Any
) -> None:
    query = await begin(connections, project_id)
    with pytest.raises(AuthorizationFailed, match=words):
        await complete(connections, {"state": query["state"], **answer})
    assert await connections.statuses(project_id, "u1") == {}
    assert not provider.forms


async def test_a_state_is_good_once(
    connections: Connections, project_id: str, provider: Any
) -> None:
    query = await begin(connections, project_id)
    params = {"state": query["state"], "code": "c1"}
    await complete(connections, params)
    with pytest.raises(AuthorizationFailed, match="used already"):
        await complete(connections, params)
    assert len(provider.forms) == 1


@pytest.mark.parametrize(
    ("state", "words"), [("forged", "not known"), ("", "no state"), ("ü\x00" * 99, "not known")]
)
async def test_a_forged_state_leads_nowhere(
    connections: Connections, project_id: str, state: str, words: str, provider: Any
) -> None:
    await begin(connections, project_id)
    with pytest.raises(AuthorizationFailed, match=words):
        await complete(connections, {"state": state, "code": "c1"})
    assert not provider.forms


async def test_an_authorization_expires_and_is_forgotten_a_day_later(
    connections: Connections, project_id: str, database: Database, provider: Any
) -> None:
    query = await begin(connections, project_id)
    async with database.begin() as session:
        await session.execute(update(Authorization).values(expires_at=now_ms() - 1))
    with pytest.raises(AuthorizationFailed, match="longer than ten minutes"):
        await complete(connections, {"state": query["state"], "code": "c1"})
    async with database.begin() as session:
        await session.execute(update(Authorization).values(expires_at=now_ms() - 86_400_001))
    await begin(connections, project_id)
    async with database() as session:
        assert len((await session.scalars(select(Authorization))).all()) == 1
    assert not provider.forms


async def test_the_database_holds_neither_state_nor_verifier(
    connections: Connections, project_id: str, database: Database, provider: Any
) -> None:
    query = await begin(connections, project_id)
    async with database() as session:
        row = (await session.scalars(select(Authorization))).one()
    assert query["state"] not in repr(vars(row))
    await complete(connections, {"state": query["state"], "code": "c1"})
    assert provider.forms[0]["code_verifier"].encode() not in row.secret


async def test_a_code_that_the_app_refuses_stores_nothing(
    connections: Connections, project_id: str, provider: Any
) -> None:
    provider.mode = "refuse code"
    query = await begin(connections, project_id)
    with pytest.raises(AuthorizationFailed, match="was not accepted"):
        await complete(connections, {"state": query["state"], "code": "c1"})
    assert await connections.statuses(project_id, "u1") == {}


async def test_an_app_that_is_down_or_forbidden_is_told(
    with_app: Make, make_app: Callable[..., App], project_id: str
) -> None:
    for url in ("http://127.0.0.1:9", "http://169.254.169.254"):
        connections = with_app(make_app("calendar", url))
        query = await begin(connections, project_id)
        with pytest.raises(AuthorizationFailed, match="could not be connected"):
            await complete(connections, {"state": query["state"], "code": "c1"})


async def test_without_a_client_there_is_no_way_to_the_app(
    with_app: Make, make_app: Callable[..., App], project_id: str
) -> None:
    connections = with_app(make_app("crm", "https://crm.example"))
    with pytest.raises(AuthorizationFailed, match="no integration") as caught:
        await Person.of(connections).begin(project_id, "u1", "crm")
    assert caught.value.kind == "misconfigured"


async def test_an_app_that_asks_before_the_redirect_says_which_fields(
    with_app: Make, make_app: Callable[..., App], project_id: str
) -> None:
    connections = with_app(make_app("calendar", "https://x.example", fields=[{"name": "site"}]))
    with pytest.raises(FieldErrors) as caught:
        await begin(connections, project_id)
    assert list(caught.value.errors) == ["site"]


async def test_a_form_becomes_a_connection(with_app: Make, project_id: str) -> None:
    connections = with_app(
        App.model_validate(
            {
                "key": "sms",
                "name": "SMS",
                "auth": {
                    "type": "basic",
                    "fields": [{"name": "sid"}, {"name": "token", "type": "password"}],
                    "username": "{{ fields.sid }}",
                    "password": "{{ fields.token }}",
                },
            }
        )
    )
    with pytest.raises(FieldErrors):
        await connections.connect_with_fields(project_id, "u1", "sms", {"sid": "AC1"})
    assert await connections.statuses(project_id, "u1") == {}
    fields = {"sid": "AC1", "token": "planted-password"}
    await connections.connect_with_fields(project_id, "u1", "sms", fields)
    credential = await connections.credential(project_id, "u1", "sms")
    assert (credential.auth_type, credential.fields) == ("basic", fields)
    assert "planted" not in repr(credential)


async def test_answers_that_are_no_json_object_are_an_error_not_a_crash(
    with_app: Make, make_app: Callable[..., App], project_id: str, provider: Any
) -> None:
    """The provider has only /token: everything else is a 404 page."""
    connections = with_app(make_app("calendar", provider.url, token={"url": f"{provider.url}/x"}))
    query = await begin(connections, project_id)
    with pytest.raises(AuthorizationFailed, match="answered 404, and no JSON object"):
        await complete(connections, {"state": query["state"], "code": "c1"})
