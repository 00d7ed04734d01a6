"""An app to connect to, a project that has registered it, and a provider that can misbehave."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connections.accounts import Connections
from connections.integrations import seal_client_secret
from connectors.catalogue import Catalogue
from connectors.http import OutgoingHttp, open_http
from connectors.manifest import App
from store.models import Account, Integration, Project
from tests.connections.person import Person

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from settings import Settings
    from store.database import Database
    from store.encryption import Keyring

CLIENT_SECRET = "planted-client-secret-5Jq"


@dataclass
class Provider:
    """A token endpoint with rotation: a second use of a refresh token revokes its family.

    `mode` is what it does to refreshes: `rotate`, `keep` (no new refresh token), `fail` (503),
    `html` (400 with a page), `refuse` (invalid_grant), `refuse client`, or `odd`.
    """

    url: str = ""
    mode: str = "rotate"
    delay: float = 0.05
    expires_in: Any = 3600
    scope: str | None = None
    refreshes: int = 0
    access_tokens: list[str] = field(default_factory=list)
    current: str = ""
    used: set[str] = field(default_factory=set)
    forms: list[dict[str, str]] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    held: asyncio.Event | None = None
    """Refreshes are answered when it is set; None: at once."""

    async def answer(self, request: Request) -> Response:
        form = {name: str(value) for name, value in (await request.form()).items()}
        self.forms.append(form)
        self.arrived.set()
        await asyncio.sleep(self.delay)
        if form["grant_type"] == "refresh_token":
            if self.held:
                await self.held.wait()
            self.refreshes += 1
            if refusal := self._refusal(form["refresh_token"]):
                return refusal
        if self.mode == "refuse code":
            return JSONResponse({"error": "invalid_grant"}, 400)
        return JSONResponse(self.issue(keep=self.mode == "keep"))

    def issue(self, *, keep: bool = False) -> dict[str, Any]:
        self.access_tokens.append(f"planted-access-{secrets.token_hex(8)}")
        answer: dict[str, Any] = {"access_token": self.access_tokens[-1], "token_type": "bearer"}
        if self.expires_in is not None:
            answer["expires_in"] = self.expires_in
        if self.scope is not None:
            answer["scope"] = self.scope
        if not keep:
            if self.current:
                self.used.add(self.current)
            self.current = f"planted-refresh-{secrets.token_hex(8)}"
            answer["refresh_token"] = self.current
        return answer

    def _refusal(self, token: str) -> Response | None:
        echo = {"error_description": f"what is {token}?"}
        match self.mode:
            case "fail":
                return Response(f"<h1>{token}</h1>", 503)
            case "html":
                return Response(f"<h1>{token}</h1>", 400, media_type="text/html")
            case "odd":
                return JSONResponse(["no", "object", token])
            case "refuse client":
                return JSONResponse({"error": "invalid_client", **echo}, 401)
            case "refuse":
                return JSONResponse({"error": "invalid_grant", **echo}, 400)
        if token in self.used:
            self.current = ""
        if token != self.current:
            return JSONResponse({"error": "invalid_grant", **echo}, 400)
        return None


@dataclass
class Place:
    """Where the provider of the running test is served."""

    url: str
    provider: Provider

    async def answer(self, request: Request) -> Response:
        return await self.provider.answer(request)


@pytest.fixture(scope="session")
async def provider_place() -> AsyncIterator[Place]:
    place = Place("", Provider())
    web = Starlette(routes=[Route("/token", place.answer, methods=["POST"])])
    server = uvicorn.Server(uvicorn.Config(web, port=0, log_level="warning", lifespan="off"))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.005)
    place.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    yield place
    server.should_exit = True
    await serving


@pytest.fixture
def provider(provider_place: Place) -> Provider:
    provider_place.provider = Provider(provider_place.url)
    return provider_place.provider


@pytest.fixture
def make_app() -> Callable[..., App]:
    def make(key: str, base: str, **changes: Any) -> App:
        auth: dict[str, Any] = {
            "type": "oauth2",
            "authorize": {"url": f"{base}/auth"},
            "token": {"url": f"{base}/token"},
        }
        return App.model_validate({"key": key, "name": key.title(), "auth": {**auth, **changes}})

    return make


@pytest.fixture
def app(provider: Provider, make_app: Callable[..., App]) -> App:
    """An OAuth app at `provider`."""
    return make_app("calendar", provider.url)


@pytest.fixture
async def http(settings: Settings) -> AsyncIterator[OutgoingHttp]:
    async with open_http(settings) as http:
        yield http


@pytest.fixture
async def project_id(database: Database, keyring: Keyring) -> str:
    """A project that has registered the app `calendar`."""
    account = Account(email="ada@example.com", password_hash="x", daily_credits=1)
    async with database.begin() as session:
        session.add(account)
        await session.flush()
        project = Project(account_id=account.id, name="Shop", webhook_url="https://example.com")
        session.add(project)
        await session.flush()
        secret = seal_client_secret(keyring, project.id, "calendar", CLIENT_SECRET)
        session.add(
            Integration(
                project_id=project.id,
                app_key="calendar",
                client_id="shop",
                secret=secret,
                scopes=["events"],
            )
        )
    return project.id


@pytest.fixture
async def connections(
    database: Database, keyring: Keyring, app: App, http: OutgoingHttp, settings: Settings
) -> AsyncIterator[Connections]:
    connections = Connections(database, keyring, Catalogue([app]), http, settings)
    yield connections
    await connections.aclose()


@pytest.fixture
def person(connections: Connections) -> Person:
    return Person.of(connections)
