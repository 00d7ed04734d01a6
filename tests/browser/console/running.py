"""The console in front of the whole of Inlay: API, worker, Temporal server, an app, a webhook."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
import yaml
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from settings import Settings
from temporal.server import dev_server, free_port
from tests.api.beacon import listening
from tests.api.conftest import PASSWORD, Workshop, app_of, make_workshop
from tests.browser.conftest import serving
from tests.workflows.receiver import Receiver, receiving
from tests.working import start_worker

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from playwright.async_api import Browser, BrowserContext, Page
    from starlette.requests import Request

LAPTOP = {"width": 1280, "height": 860}
MANIFEST = {
    "key": "desk",
    "name": "Desk",
    "description": "Tickets of a help desk.",
    "categories": ["support"],
    "auth": {
        "type": "api_key",
        "fields": [{"name": "key", "type": "password", "label": "Key", "secret": True}],
        "apply": [{"in": "header", "name": "X-Key", "template": "{{ fields.key }}"}],
    },
    "error_message": "body.message",
}
OPEN_TICKET = {
    "name": "Open a ticket",
    "input_schema": {
        "type": "object",
        "properties": {"title": {"type": "string"}},
        "required": ["title"],
    },
    "request": {"method": "POST", "path": "/tickets", "json": {"title": "{{ inputs.title }}"}},
}
ROUTE_CASE = {
    "name": "Route a case",
    "description": "Hands a case to an agent of a queue.",
    "input_schema": {
        "type": "object",
        "properties": {
            "queue": {"type": "string", "title": "Queue"},
            "agent": {"type": "string", "title": "Agent"},
            "labels": {"type": "array", "title": "Labels", "items": {"type": "string"}},
        },
        "required": ["queue"],
    },
    "options": {"queue": "queues", "agent": "agents", "labels": "labels"},
    "request": {
        "method": "POST",
        "path": "/cases",
        "json": {
            "queue": "{{ inputs.queue }}",
            "agent": "{{ inputs.agent }}",
            "labels": "{{ inputs.labels }}",
        },
    },
}
OPTIONS = {
    "queues": {
        "name": "Queues",
        "request": {"path": "/queues"},
        "items": "body.queues",
        "value": "{{ item.id }}",
        "label": "{{ item.name }}",
        "description": "{{ item.note }}",
    },
    "agents": {
        "name": "Agents of a queue",
        "depends_on": ["queue"],
        "request": {
            "path": "/agents",
            "query": {"queue": "{{ inputs.queue }}", "name": "{{ search }}"},
        },
        "pagination": {"type": "page", "records": "body.agents", "param": "page", "page_size": 3},
        "value": "{{ item.id }}",
        "label": "{{ item.name }}",
    },
    "labels": {
        "name": "Labels",
        "request": {"path": "/labels"},
        "items": "body",
        "value": "{{ item }}",
        "label": "{{ item }}",
    },
}
QUEUES = [
    {"id": "q1", "name": "Billing", "note": "Invoices"},
    {"id": "q2", "name": "Returns", "note": None},
]
AGENTS = {"q1": ["Ada", "Alan", "Barbara", "Edsger", "Grace"], "q2": ["Linus"]}


@dataclass
class Desk:
    """A third-party app that can be made to refuse."""

    is_closed: bool = False
    titles: list[str] = field(default_factory=list)
    cases: list[dict[str, Any]] = field(default_factory=list)
    searches: list[str] = field(default_factory=list)
    """What was looked for among the agents."""

    async def tickets(self, request: Request) -> JSONResponse:
        if self.is_closed:
            return JSONResponse({"message": "the desk is closed"}, 422)
        self.titles.append((await request.json())["title"])
        return JSONResponse({"id": f"T-{len(self.titles)}"}, 201)

    async def open_case(self, request: Request) -> JSONResponse:
        if self.is_closed:
            return JSONResponse({"message": "the desk is closed"}, 422)
        self.cases.append(await request.json())
        history = [{"by": "Ada", "note": "opened"}, {"by": "Grace", "note": "routed"}]
        return JSONResponse({"id": f"C-{len(self.cases)}", "sent to": "Ada", "history": history})

    async def queues(self, request: Request) -> JSONResponse:
        if self.is_closed:
            return JSONResponse({"message": "the desk is closed"}, 422)
        return JSONResponse({"queues": QUEUES})

    async def agents(self, request: Request) -> JSONResponse:
        asked = request.query_params
        wanted = asked.get("name", "")
        if wanted:
            self.searches.append(wanted)
        names = [name for name in AGENTS[asked["queue"]] if wanted.lower() in name.lower()]
        begin = (int(asked.get("page", "1")) - 1) * 3
        page = [{"id": name.lower(), "name": name} for name in names[begin : begin + 3]]
        return JSONResponse({"agents": page})

    async def labels(self, request: Request) -> JSONResponse:
        return JSONResponse(["urgent", "vip", "late"])

    def routes(self) -> list[Route]:
        return [
            Route("/tickets", self.tickets, methods=["POST"]),
            Route("/cases", self.open_case, methods=["POST"]),
            Route("/queues", self.queues),
            Route("/agents", self.agents),
            Route("/labels", self.labels),
        ]

    def write_manifest(self, folder: Path, url: str) -> None:
        place = folder / "desk" / "actions"
        place.mkdir(parents=True)
        (place.parent / "app.yaml").write_text(yaml.safe_dump({**MANIFEST, "base_url": url}))
        (place / "open-ticket.yaml").write_text(yaml.safe_dump(OPEN_TICKET))
        (place / "route-case.yaml").write_text(yaml.safe_dump(ROUTE_CASE, sort_keys=False))
        (place.parent / "options").mkdir()
        for name, options in OPTIONS.items():
            file = place.parent / "options" / f"{name}.yaml"
            file.write_text(yaml.safe_dump(options))


@dataclass
class Running:
    """All that a walk through the console needs."""

    url: str
    http: httpx.AsyncClient
    desk: Desk
    endpoint: Receiver
    """Where the webhooks of projects lead."""
    signed_up: int = 0

    async def workshop(self) -> Workshop:
        """A developer with a project of their own, whose webhook is `endpoint`."""
        self.signed_up += 1
        made = await make_workshop(self.http, f"dev-{self.signed_up}@example.com")
        changes = {"webhookUrl": self.endpoint.url + "/inlay"}
        await made.developer.expect(200, "PATCH", made.path, changes)
        return made

    @asynccontextmanager
    async def browsing(
        self, chromium: Browser, workshop: Workshop, **options: Any
    ) -> AsyncIterator[Page]:
        """A page of the project, signed in; nothing may be refused by its own policy."""
        context = await chromium.new_context(
            **{"base_url": self.url, "viewport": LAPTOP, "locale": "en-GB", **options}
        )
        context.set_default_timeout(30_000)
        refused: list[str] = []
        context.on(
            "console",
            lambda said: (
                refused.append(said.text) if "Content Security Policy" in said.text else None
            ),
        )
        await sign_in(context, workshop.email)
        page = await context.new_page()
        try:
            yield page
            assert not refused
        finally:
            await context.close()


@asynccontextmanager
async def running(folder: Path, database: Path) -> AsyncIterator[Running]:
    """All of it for the time of a block; `database` is an empty one to copy."""
    shutil.copyfile(database, folder / "inlay.db")
    desk = Desk()
    web = Starlette(routes=desk.routes())
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    async with (
        dev_server(folder / "temporal.db", headless=True) as server,
        listening(web) as desk_url,
        receiving() as endpoint,
    ):
        desk.write_manifest(folder / "connectors", desk_url)
        settings = Settings(
            data_dir=folder,
            temporal_address=server.address,
            public_url=url,
            allowed_private_hosts="127.0.0.1",
            connector_dirs=str(folder / "connectors"),
        )
        working = await start_worker(settings)
        try:
            async with (
                serving(lambda: app_of(settings), port),
                httpx.AsyncClient(base_url=url, timeout=30) as http,
            ):
                yield Running(url, http, desk, endpoint)
        finally:
            working.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await working


async def sign_in(context: BrowserContext, email: str) -> None:
    """Signs a developer in, in a browser of its own."""
    me = {"email": email, "password": PASSWORD}
    assert (await context.request.post("/api/v1/sessions", data=me)).status == 201


async def connect(workshop: Workshop, user_id: str) -> None:
    """Connects this user to the desk."""
    path = f"/api/v1/ipaas/users/{user_id}/connections/desk"
    fields = {"connectionFields": {"key": "k-1"}}
    await workshop.application.expect(200, "POST", path, fields)


async def layout_shift(page: Page) -> float:
    """How much of what had been shown was pushed elsewhere since the page began to load (CLS)."""
    await page.wait_for_load_state("networkidle")
    shift: float = await page.evaluate(
        """() => new Promise((tell) => {
            let sum = 0;
            new PerformanceObserver((list) => {
                for (const one of list.getEntries()) if (!one.hadRecentInput) sum += one.value;
            }).observe({ type: "layout-shift", buffered: true });
            setTimeout(() => tell(sum), 100);
        })"""
    )
    return shift


async def no_wider_than_screen(page: Page) -> bool:
    """Whether nobody must scroll sideways."""
    fits: bool = await page.evaluate(
        "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    )
    return fits
