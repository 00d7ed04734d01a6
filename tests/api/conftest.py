"""The API in this process over HTTP, and a developer who uses it."""

from __future__ import annotations

import shutil
import threading
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import uvicorn
from argon2 import PasswordHasher
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from api.app import create_app
from connectors.catalogue import BUILT_IN
from store.models import Run, RunStep, new_id, now_ms

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from contextlib import AbstractAsyncContextManager

    from fastapi import FastAPI
    from starlette.routing import BaseRoute

    from settings import Settings
    from store.database import Database

PASSWORD = "correct horse battery"
GREETING = {
    "trigger": {
        "type": "manual",
        "input": {
            "type": "object",
            "properties": {
                "name": {"type": "string", "maxLength": 50},
                "times": {"type": "integer", "default": 1},
            },
            "required": ["name"],
        },
    },
    "steps": [{"id": "greet", "type": "set", "values": {"text": "Hello {{ data.name }}"}}],
    "result": "{{ vars.text }}",
}


@dataclass
class Rest:
    """The API as one caller sees it."""

    http: httpx.AsyncClient
    bearer: str | None = None

    async def call(
        self, method: str, path: str, json: Any = None, /, **params: Any
    ) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.bearer}"} if self.bearer else {}
        arguments: dict[str, Any] = {"params": params} if params else {}
        if json is not None:
            arguments["json"] = json
        return await self.http.request(method, path, headers=headers, **arguments)

    async def expect(
        self, status: int, method: str, path: str, json: Any = None, /, **params: Any
    ) -> Any:
        answer = await self.call(method, path, json, **params)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    async def refused(
        self, code: int, method: str, path: str, json: Any = None, /, **params: Any
    ) -> dict[str, Any]:
        """The error, which must have this code and the one shape."""
        answer = await self.call(method, path, json, **params)
        body: dict[str, Any] = answer.json()
        assert body["code"] == code, answer.text
        assert answer.status_code >= 400
        assert body.keys() <= {"code", "name", "message", "details"}
        assert body["message"]
        return body


@dataclass
class Workshop:
    """A developer with a project, and its application with a token."""

    developer: Rest
    application: Rest
    project_id: str
    token_id: str
    email: str
    path: str = field(init=False)

    def __post_init__(self) -> None:
        self.path = f"/api/v1/projects/{self.project_id}"

    async def automation(self, definition: dict[str, Any], *, publish: bool = True) -> str:
        created = await self.developer.expect(
            201, "POST", f"{self.path}/automations", {"name": "A", "definition": definition}
        )
        automation_id: str = created["id"]
        if publish:
            await self.developer.expect(
                201, "POST", f"{self.path}/automations/{automation_id}/publish"
            )
        return automation_id

    async def integrate(self, app_key: str) -> None:
        body: dict[str, Any] = {"appKey": app_key}
        if app_key == "google-calendar":
            body |= {"clientId": "client", "clientSecret": "secret"}
        await self.developer.expect(201, "POST", f"{self.path}/integrations", body)

    async def connect(self, user_id: str | None, app_key: str = "cubicl") -> None:
        fields = {
            "cubicl": {"accessToken": "token-of-the-user"},
            "twilio": {"accountSid": "AC" + "0" * 32, "authToken": "t"},
        }[app_key]
        path = (
            f"{self.path}/developer/connections/{app_key}"
            if user_id is None
            else f"/api/v1/ipaas/users/{user_id}/connections/{app_key}"
        )
        await self.application.expect(200, "POST", path, {"connectionFields": fields})

    def run_path(self, automation_id: str) -> str:
        return f"/api/v1/ipaas/automations/{automation_id}/run"


_included: list[BaseRoute] = []


def app_of(settings: Settings) -> FastAPI:
    """The app of `create_app`, whose routes are those of the first app of this process.

    FastAPI prepares a hundred routes for each app anew, which takes longer than most tests. They
    know nothing of settings or state: what they need they get from the app of the request.
    """
    app = create_app(settings)
    places = [n for n, route in enumerate(app.router.routes) if hasattr(route, "original_router")]
    if not _included:
        _included.extend(app.router.routes[n] for n in places)
    for place, route in zip(places, _included, strict=True):
        app.router.routes[place] = route
    return app


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[tuple[FastAPI, httpx.AsyncClient]]:
    """The API with its lifespan, and a client of it."""
    app = app_of(settings)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as http:
            yield app, http


async def make_workshop(http: httpx.AsyncClient, email: str = "ada@example.com") -> Workshop:
    visitor = Rest(http)
    await visitor.expect(201, "POST", "/api/v1/accounts", {"email": email, "password": PASSWORD})
    session = await visitor.expect(
        201, "POST", "/api/v1/sessions", {"email": email, "password": PASSWORD}
    )
    http.cookies.clear()
    developer = Rest(http, session["token"])
    await developer.expect(200, "PATCH", "/api/v1/account", {"developerMode": True})
    project = await developer.expect(
        201,
        "POST",
        "/api/v1/projects",
        {"name": "Shop", "webhookUrl": "https://shop.example.com/inlay"},
    )
    token = await developer.expect(
        201, "POST", f"/api/v1/projects/{project['id']}/tokens", {"name": "production"}
    )
    return Workshop(developer, Rest(http, token["token"]), project["id"], token["id"], email)


@pytest.fixture(scope="session", autouse=True)
def _quick_hashes() -> Iterator[None]:
    """The same Argon2id, with parameters that cost a test next to nothing."""
    quick = partial(PasswordHasher, time_cost=1, memory_cost=64)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("api.passwords.PasswordHasher", quick)
        yield


async def answer_check(request: Request) -> Response:
    """An app that takes each credential but that of `refused`."""
    authorization = request.headers.get("authorization", "")
    if "refused" in authorization or "refused" in str(request.url):
        return JSONResponse({"message": "who are you?"}, 401)
    return JSONResponse({"sid": "AC1", "friendly_name": "Shop", "sub": "7", "email": "a@b.c"})


@pytest.fixture(scope="session")
def connectors_here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The built-in apps, at a server of this machine that answers their checks."""
    # In a thread of its own: some tests block the loop.
    methods = ["GET", "POST"]
    web = Starlette(routes=[Route("/{rest:path}", answer_check, methods=methods)])
    server = uvicorn.Server(uvicorn.Config(web, port=0, log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.005)
    url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    folder = tmp_path_factory.mktemp("connectors")
    for key, host in (
        ("cubicl", "https://cubicl.io"),
        ("twilio", "https://api.twilio.com"),
        ("google-calendar", "https://www.googleapis.com"),
    ):
        shutil.copytree(BUILT_IN / key, folder / key)
        manifest = folder / key / "app.yaml"
        manifest.write_text(manifest.read_text().replace(host, url))
    yield folder
    server.should_exit = True
    thread.join()


@pytest.fixture
def api_settings(settings: Settings, database_url: str, connectors_here: Path) -> Settings:
    # Nothing listens on port 1: what must not reach Temporal, does not.
    return settings.model_copy(
        update={
            "database_url": database_url,
            "temporal_address": "127.0.0.1:1",
            "connector_dirs": str(connectors_here),
        }
    )


@pytest.fixture
def serving_api(
    api_settings: Settings,
) -> AbstractAsyncContextManager[tuple[FastAPI, httpx.AsyncClient]]:
    return serving(api_settings)


@pytest.fixture
async def http(
    serving_api: AbstractAsyncContextManager[tuple[FastAPI, httpx.AsyncClient]],
) -> AsyncIterator[httpx.AsyncClient]:
    async with serving_api as (_, client):
        yield client


@pytest.fixture
def visitor(http: httpx.AsyncClient) -> Rest:
    return Rest(http)


@pytest.fixture
async def workshop(http: httpx.AsyncClient) -> Workshop:
    return await make_workshop(http)


@pytest.fixture
async def other_workshop(workshop: Workshop) -> Workshop:
    """Another developer with another project."""
    return await make_workshop(workshop.developer.http, "bob@example.com")


@pytest.fixture
async def run(workshop: Workshop, database: Database) -> str:
    """The id of a run that has failed at the second of its two steps."""
    run_id = new_id()
    async with database.begin() as session:
        session.add(
            Run(
                id=run_id,
                project_id=workshop.project_id,
                automation_id="automation",
                version=1,
                user_id="user-1",
                trigger="manual",
                status="error",
                message="The step “send” failed.",
                started_at=now_ms(),
                ended_at=now_ms(),
            )
        )
        for number, status in enumerate(("completed", "error")):
            session.add(
                RunStep(
                    run_id=run_id,
                    step_id=f"step_{number}",
                    project_id=workshop.project_id,
                    type="app",
                    name=f"Step {number}",
                    component="cubicl.list-tasks",
                    connection_user_id="user-1",
                    status=status,
                    inputs={"number": number},
                    output=[number],
                    started_at=now_ms(),
                    ended_at=now_ms(),
                )
            )
    return run_id
