"""One end user on the way to the provider with switches (tests/provider), through the real code.

`URL` in a manifest, in switches and in fields stands for the address of the provider.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from connections.accounts import Connections
from connections.integrations import seal_client_secret, seal_settings
from connections.links import Links
from connectors.catalogue import Catalogue
from connectors.executor import execute
from connectors.manifest import App
from store.database import close_database, open_database
from store.models import Account, Integration, Project

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from connectors.credential import Credential
    from connectors.http import OutgoingHttp
    from settings import Settings
    from store.database import Database
    from store.encryption import Keyring
    from tests.provider.state import Provider

BROWSER = "the-browser-of-the-user"
USER = "u1"
OAUTH2: dict[str, Any] = {
    "type": "oauth2",
    "authorize": {"url": "URL/oauth2/authorize"},
    "token": {"url": "URL/oauth2/token"},
}
"""An app that does all as the standards say."""
ME = {"path": "/api/me"}


class TurnedAway(Exception):
    """The provider showed the user a page instead of sending them back."""


class Walk:
    """A project with one app, `vendor`, and one end user who connects it."""

    app: App
    connections: Connections
    links: Links

    def __init__(
        self,
        provider: Provider,
        database: Database,
        keyring: Keyring,
        http: OutgoingHttp,
        settings: Settings,
    ) -> None:
        self.provider = provider
        self.database = database
        self.keyring = keyring
        self.http = http
        self.settings = settings
        self.project_id = ""

    async def use(
        self,
        auth: dict[str, Any],
        *,
        switches: dict[str, Any] | None = None,
        request: dict[str, Any] | None = None,
        client: tuple[str | None, str | None] = ("shop", "planted-client-secret-5Jq"),
        settings: dict[str, str] | None = None,
        **app: Any,
    ) -> None:
        """Switches the provider, and has the project add the app of this manifest."""
        changes = self.filled(switches or {})
        self.provider.switches = self.provider.switches.changed(changes)
        manifest = {
            "key": "vendor",
            "name": "Vendor",
            "base_url": "URL",
            "auth": auth,
            "components": [{"key": "vendor.act", "name": "Act", "request": request or ME}],
            **app,
        }
        self.app = App.model_validate(self.filled(manifest))
        catalogue = Catalogue([self.app])
        self.connections = Connections(
            self.database, self.keyring, catalogue, self.http, self.settings
        )
        self.links = Links(self.connections)
        self.project_id = await self._add(client, settings or {})

    def filled(self, value: Any) -> Any:
        """The same with the provider's address for `URL`."""
        return json.loads(json.dumps(value).replace("URL", self.provider.url))

    async def connect(self, fields: dict[str, Any] | None = None, **submit: Any) -> None:
        """Opens a link, fills the form, goes to the provider and comes back, as the app needs."""
        await self.come_back(await self.go(fields, **submit))

    async def go(self, fields: dict[str, Any] | None = None, **submit: Any) -> str | None:
        """The URL at the provider; None where the form connects at once."""
        link = await self.links.create(self.project_id, USER, "vendor")
        secret = link.url.rpartition("/")[2]
        there = await self.links.submit(secret, self.filled(fields or {}), BROWSER, **submit)
        return there if isinstance(there, str) else None

    async def come_back(self, there: str | None) -> None:
        """Visits the provider and brings its answer to the callback."""
        if there is not None:
            await self.links.complete(await self.visit(there), BROWSER)

    async def visit(self, there: str) -> dict[str, str]:
        """The query with which the provider sends the browser back."""
        async with httpx.AsyncClient() as browser:
            answer = await browser.get(there)
        if not answer.is_redirect:
            raise TurnedAway(answer.text)
        location = urlsplit(answer.headers["location"])
        assert location.path == "/api/v1/oauth/callback"
        return {name: values[0] for name, values in parse_qs(location.query).items()}

    async def credential(self) -> Credential:
        return await self.connections.credential(self.project_id, USER, "vendor")

    async def call(self, inputs: dict[str, Any] | None = None) -> Any:
        """The output of the app's one component, with the connection's credential."""
        component = self.app.components[0]
        credential = await self.credential()
        return await execute(
            component, inputs or {}, credential, self.http, idempotency_key="run/step/0"
        )

    async def renew(self) -> Credential:
        """Another credential, as if the app had rejected this one."""
        rejected = await self.credential()
        return await self.connections.renew(self.project_id, USER, "vendor", rejected)

    async def status(self) -> str:
        found = await self.connections.statuses(self.project_id, USER, ["vendor"])
        return found["vendor"]

    async def expires_at(self) -> int | None:
        details = await self.connections.details(self.project_id, USER, "vendor")
        assert details is not None
        return details.expires_at

    async def _add(self, client: tuple[str | None, str | None], settings: dict[str, str]) -> str:
        account = Account(email="ada@example.com", password_hash="x", daily_credits=1)
        async with self.database.begin() as session:
            session.add(account)
            await session.flush()
            project = Project(account_id=account.id, name="Shop", webhook_url="https://example.com")
            session.add(project)
            await session.flush()
            client_id, secret = client
            row = Integration(
                project_id=project.id,
                app_key="vendor",
                client_id=client_id,
                scopes=["read", "write"],
            )
            if secret is not None:
                row.secret = seal_client_secret(self.keyring, project.id, "vendor", secret)
            if settings:
                row.settings = seal_settings(self.keyring, project.id, "vendor", settings)
            session.add(row)
        return project.id


@pytest.fixture(name="walk")
async def walk_of_test(
    quirky: Provider, database: Database, keyring: Keyring, http: OutgoingHttp, settings: Settings
) -> AsyncIterator[Walk]:
    """On each kind of database."""
    walk = Walk(quirky, database, keyring, http, settings)
    yield walk
    await walk.connections.aclose()


@pytest.fixture(name="light_walk")
async def light_walk_of_test(
    quirky: Provider, sqlite_url: str, keyring: Keyring, http: OutgoingHttp, settings: Settings
) -> AsyncIterator[Walk]:
    """On SQLite alone, for long tables of what is said to the provider, not of what is kept."""
    database = open_database(sqlite_url, keyring)
    walk = Walk(quirky, database, keyring, http, settings)
    yield walk
    await walk.connections.aclose()
    await close_database(database)


def merged(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """`one` with the values of `other`, maps inside maps alike."""
    result = {**one}
    for name, value in other.items():
        inner = result.get(name)
        both = isinstance(inner, dict) and isinstance(value, dict)
        result[name] = merged(inner, value) if both and isinstance(inner, dict) else value
    return result
