"""All tests of the console see it as it was just built."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from temporal.server import free_port
from tests.api.conftest import PASSWORD, Rest, app_of
from tests.browser.conftest import opened, serving
from tests.browser.console.running import LAPTOP, Running, running, sign_in

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from playwright.async_api import Browser, Page

    from settings import Settings
    from tests.api.conftest import Workshop

EMAIL = "ada@example.com"


@pytest.fixture(scope="session", autouse=True)
def _console(console_dist: Path) -> None:
    """The API serves the console."""


@pytest.fixture(scope="module")
async def inlay(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Running]:
    """The whole of Inlay, with an app and a webhook; a file of tests shares it."""
    async with running(tmp_path_factory.mktemp("inlay"), sqlite_template) as inlay:
        yield inlay


@pytest.fixture
async def workshop(inlay: Running) -> Workshop:
    """A developer with a project of their own."""
    return await inlay.workshop()


@pytest.fixture
async def page(inlay: Running, workshop: Workshop, chromium: Browser) -> AsyncIterator[Page]:
    """The developer's browser."""
    async with inlay.browsing(chromium, workshop, reduced_motion="reduce") as page:
        yield page


@pytest.fixture
async def url(settings: Settings, sqlite_url: str) -> AsyncIterator[str]:
    """The API on a port, with nothing in it and no engine behind it."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    changed = settings.model_copy(
        update={
            "database_url": sqlite_url,
            "public_url": url,
            "temporal_address": "127.0.0.1:1",
        }
    )
    async with serving(lambda: app_of(changed), port):
        yield url


@pytest.fixture
async def rest(url: str) -> AsyncIterator[Rest]:
    """A developer's account without developer mode, as scripts use it."""
    async with httpx.AsyncClient(base_url=url) as http:
        rest = Rest(http)
        me = {"email": EMAIL, "password": PASSWORD}
        await rest.expect(201, "POST", "/api/v1/accounts", {**me, "name": "Ada Lovelace"})
        rest.bearer = (await rest.expect(201, "POST", "/api/v1/sessions", me))["token"]
        yield rest


@pytest.fixture
async def stranger(url: str, chromium: Browser) -> AsyncIterator[Page]:
    """A browser in which nobody is signed in."""
    async with opened(chromium, base_url=url, viewport=LAPTOP) as page:
        yield page


@pytest.fixture
async def developer(rest: Rest, stranger: Page) -> Page:
    """The browser of the developer, signed in, with developer mode on."""
    await rest.expect(200, "PATCH", "/api/v1/account", {"developerMode": True})
    await sign_in(stranger.context, EMAIL)
    return stranger
