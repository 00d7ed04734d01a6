"""A product with the three apps, whose end users open connect links."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.api.conftest import Rest, Workshop, serving
from tests.api.connect.apps import write_apps
from tests.provider.switches import Switches

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from fastapi import FastAPI

    from api.state import State
    from settings import Settings
    from tests.provider.state import Provider

SHOP = "https://shop.example.com"
KEY = Switches().key
"""What the provider takes as Ledgerly's key."""


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """What the pages look like does not hang on the database; test_walk.py has both kinds."""
    return sqlite_url


@pytest.fixture
def api_settings(api_settings: Settings, quirky: Provider, tmp_path: Path) -> Settings:
    folder = write_apps(tmp_path / "apps", quirky.url)
    return api_settings.model_copy(update={"connector_dirs": str(folder)})


@pytest.fixture
async def app(api_settings: Settings) -> AsyncIterator[FastAPI]:
    async with serving(api_settings) as (app, _):
        yield app


@pytest.fixture
def state(app: FastAPI) -> State:
    state: State = app.state.inlay
    return state


@pytest.fixture
async def http(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with client(app) as http:
        yield http


def client(app: FastAPI) -> httpx.AsyncClient:
    """A browser of one's own: it keeps cookies, and follows no redirect by itself."""
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://127.0.0.1:8000"
    )


async def at_provider(answer: httpx.Response) -> str:
    """Where the provider sends a browser back to that our answer sent there."""
    assert answer.status_code == 303, answer.text
    async with httpx.AsyncClient() as elsewhere:
        back = await elsewhere.get(answer.headers["location"])
    assert back.status_code == 303, back.text
    return back.headers["location"]


@dataclass
class Product:
    """The developer's product, which gives links to its users."""

    workshop: Workshop

    async def link(self, app_key: str, user: str = "user-1", **body: Any) -> str:
        """The path of a new link."""
        path = f"/api/v1/ipaas/users/{user}/connections/{app_key}/link"
        made = await self.workshop.application.expect(200, "POST", path, body)
        return str(made["url"]).removeprefix("http://127.0.0.1:8000")

    async def rename(self, **changes: Any) -> None:
        await self.workshop.developer.expect(200, "PATCH", self.workshop.path, changes)

    async def status(self, app_key: str, user: str = "user-1") -> str:
        path = f"/api/v1/ipaas/users/{user}/connections/status"
        rest: Rest = self.workshop.application
        answer = await rest.call("GET", path, appKeys=app_key)
        return str(answer.json().get(app_key, "unknown user"))


async def integrate(product: Product) -> None:
    """Names the product, and adds the apps to it."""
    workshop = product.workshop
    await product.rename(name="Acme Shop", allowedOrigins=[SHOP])
    integrations = f"{workshop.path}/integrations"
    await workshop.developer.expect(201, "POST", integrations, {"appKey": "ledgerly"})
    oauth_client = {"clientId": Switches().client_id, "clientSecret": Switches().client_secret}
    for app_key in ("acme-calendar", "helpdesk", "notebook"):
        await workshop.developer.expect(
            201, "POST", integrations, {"appKey": app_key, **oauth_client}
        )


@pytest.fixture
async def product(workshop: Workshop) -> Product:
    product = Product(workshop)
    await integrate(product)
    return product


@pytest.fixture
async def browser(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """The end user's browser."""
    async with client(app) as browser:
        yield browser
