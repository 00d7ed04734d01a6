"""Chromium, the API as it is served, and a product's web page on another site."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import tempfile
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import uvicorn
from playwright.async_api import Browser, Page, async_playwright
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, RedirectResponse
from starlette.routing import Route

from temporal.server import free_port
from tests.api.conftest import Workshop, _quick_hashes, app_of, make_workshop
from tests.api.connect.apps import write_apps
from tests.api.connect.conftest import Product, integrate
from tests.browser.chromium import axe_script, find_chromium
from tests.packages import CACHE, execute, installed, making, node_and_npm

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from starlette.requests import Request

    from settings import Settings
    from tests.provider.state import Provider

__all__ = ["_quick_hashes"]

PHONE = {"width": 390, "height": 844}
CONSOLE = Path(__file__).parents[2] / "console"
CONSOLE_LOCK = ["package.json", "package-lock.json", ".npmrc"]


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """The browser; each test has contexts of its own."""
    program = await asyncio.to_thread(find_chromium)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=program.path, args=program.arguments, env=dict(program.environment)
        )
        yield browser
        await browser.close()


@pytest.fixture
async def page(chromium: Browser) -> AsyncIterator[Page]:
    """A page on a phone."""
    async with opened(chromium) as page:
        yield page


@asynccontextmanager
async def opened(chromium: Browser, **options: Any) -> AsyncIterator[Page]:
    """A page in a context of its own, in which nothing may be refused by a page's own policy."""
    context = await chromium.new_context(**{"viewport": PHONE, "locale": "en-GB", **options})
    context.set_default_timeout(30_000)
    refused: list[str] = []
    context.on(
        "console",
        lambda said: refused.append(said.text) if "Content Security Policy" in said.text else None,
    )
    page = await context.new_page()
    try:
        yield page
        assert not refused
    finally:
        await context.close()


@dataclass
class Shop:
    """The developer's own site: a page with a button that connects, and where links lead back."""

    url: str
    inlay: str
    visits: list[str] = field(default_factory=list)

    def application(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/", self.page),
                Route("/back", self.back),
                Route("/done", self.done),
            ]
        )

    async def page(self, request: Request) -> HTMLResponse:
        return HTMLResponse(
            f"""<!doctype html><title>Shop</title>
            <script src="{self.inlay}/connect/inlay-connect.js"></script>
            <button>Connect</button><p></p>
            <script>
            document.querySelector("button").addEventListener("click", async () => {{
              const link = decodeURIComponent(location.hash.slice(1));
              const result = await Inlay.connect(link);
              document.querySelector("p").textContent = JSON.stringify(result);
            }});
            </script>"""
        )

    async def back(self, request: Request) -> RedirectResponse:
        self.visits.append(request.url.query)
        return RedirectResponse("/done")

    async def done(self, request: Request) -> HTMLResponse:
        return HTMLResponse("<title>Shop</title><h1>Welcome back</h1>")


@dataclass
class Served:
    """All that a walk needs."""

    url: str
    product: Product
    shop: Shop


@pytest.fixture
async def served(
    settings: Settings,
    sqlite_url: str,
    quirky: Provider,
    tmp_path: Path,
) -> AsyncIterator[Served]:
    """The API on a port, with a product that has integrated the apps."""
    async with serving_apps(settings, sqlite_url, quirky, tmp_path) as served:
        yield served


@asynccontextmanager
async def serving_apps(
    settings: Settings,
    sqlite_url: str,
    quirky: Provider,
    tmp_path: Path,
    certified: str = "",
    port: int | None = None,
) -> AsyncIterator[Served]:
    port, shop_port = port or free_port(), free_port()
    url = f"http://127.0.0.1:{port}"
    # Another site than the API's: cookies and policies treat them as strangers.
    shop = Shop(f"http://localhost:{shop_port}", url)
    changed = settings.model_copy(
        update={
            "database_url": sqlite_url,
            "temporal_address": "127.0.0.1:1",
            "public_url": url,
            "connector_dirs": str(write_apps(tmp_path / "apps", quirky.url, certified)),
        }
    )
    async with (
        serving(lambda: app_of(changed), port),
        serving(shop.application, shop_port),
        httpx.AsyncClient(base_url=url) as http,
    ):
        workshop: Workshop = await make_workshop(http)
        product = Product(workshop)
        await integrate(product)
        await product.rename(allowedOrigins=[shop.url])
        yield Served(url, product, shop)


@asynccontextmanager
async def serving(make: Callable[[], Any], port: int) -> AsyncIterator[None]:
    config = uvicorn.Config(
        make(), port=port, host="127.0.0.1", log_level="warning", timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        await task


@pytest.fixture(scope="session")
def console_dist() -> Iterator[Path]:
    """The console as it is built from what lies in console/; the API serves it meanwhile."""
    folder = built_console()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("api.console.DIST", folder)
        yield folder


def built_console() -> Path:
    """A folder with the built console, made once for each state of its sources."""
    digest = hashlib.sha256()
    for file in _console_files():
        digest.update(f"{file.relative_to(CONSOLE)}\0".encode() + file.read_bytes() + b"\0")
    built = CACHE / f"console-dist-{digest.hexdigest()[:16]}"
    with making(built) as is_missing:
        if is_missing:
            with console_copy() as copy:
                run_in_console(copy, "vite/bin/vite.js", "build")
                (copy / "dist").rename(built)
    return built


@contextmanager
def console_copy() -> Iterator[Path]:
    """A copy of console/ with the packages of its lock, for the time of a block."""
    packages = CONSOLE if _has_packages() else installed(CONSOLE, CONSOLE_LOCK)
    with tempfile.TemporaryDirectory(prefix="console-", dir=CACHE) as name:
        folder = Path(name)
        for file in _console_files():
            place = folder / file.relative_to(CONSOLE)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, place)
        (folder / "node_modules").symlink_to(packages / "node_modules")
        yield folder


def _has_packages() -> bool:
    """Whether make has installed the console's packages since they were last changed."""
    done = CONSOLE / "node_modules" / ".package-lock.json"
    changed = max((CONSOLE / name).stat().st_mtime for name in CONSOLE_LOCK)
    return done.is_file() and done.stat().st_mtime >= changed


def run_in_console(folder: Path, program: str, *arguments: str) -> None:
    """Runs a program of the console's packages; what it said is told when it fails."""
    execute([*node_and_npm()[0], f"node_modules/{program}", *arguments], folder)


def _console_files() -> list[Path]:
    names = [*CONSOLE_LOCK, "index.html", "tsconfig.json", "vite.config.ts", "src"]
    return [
        file
        for name in names
        for file in sorted([CONSOLE / name, *(CONSOLE / name).rglob("*")])
        if file.is_file()
    ]


@pytest.fixture(scope="session")
def axe() -> str:
    return axe_script()


async def grave_faults(page: Page, axe: str) -> list[str]:
    """What axe-core finds serious or critical on the page as it is."""
    found = await page.evaluate(f"{axe};\naxe.run()")
    return [
        f"{fault['id']}: {fault['help']}: {[node['target'] for node in fault['nodes']]}"
        for fault in found["violations"]
        if fault["impact"] in {"serious", "critical"}
    ]
