"""Registrations that are polled: a real server, database and worker, and an app on loopback."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from sqlalchemy import select, update
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from temporalio.client import Client, WorkflowHandle

from activities.bookkeeping import Bookkeeping
from activities.polling import Polling
from activities.registrations import Registrations
from connections.accounts import Connections
from connectors.catalogue import Catalogue, load_catalogue
from connectors.http import OutgoingHttp, open_http
from connectors.manifest import App
from connectors.secret_inputs import SecretInputs
from settings import Settings
from store.database import Database
from store.encryption import Keyring
from store.ledger import Ledger
from store.models import (
    Account,
    Automation,
    AutomationVersion,
    Integration,
    Project,
    Registration,
    RegistrationEvent,
    new_id,
)
from store.registrations import event_payload
from temporal.callback_urls import CallbackUrls
from temporal.client import connect, register_search_attributes
from temporal.event_runs import EventRuns
from temporal.registration_keeper import RegistrationKeeper, Wanted, wake
from temporal.server import DevServer
from temporal.worker import build_worker, sandbox
from workflows.registration import registration_workflow_id

PASSWORD = "planted-feed-password"


@dataclass
class Feed:
    """An app with one list of items, behind HTTP Basic."""

    items: list[dict[str, Any]] = field(default_factory=list)
    password: str = PASSWORD
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[float] = field(default_factory=list)
    """When requests came."""
    url: str = ""

    async def answer(self, request: Request) -> Response:
        self.asked.append(time.monotonic())
        expected = base64.b64encode(f"ada:{self.password}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {expected}":
            return JSONResponse({"message": "who are you?"}, 401)
        if self.status != 200:
            return JSONResponse({"message": "not now"}, self.status, self.headers)
        since = int(request.query_params.get("since", "0"))
        items = [item for item in self.items if item["at"] is None or item["at"] >= since]
        return JSONResponse({"items": items})

    def add(self, *numbers: int) -> None:
        """Items that all changed at the same moment: that of their first number."""
        self.items += [{"id": number, "at": numbers[0]} for number in numbers]

    async def until_asked(self, times: int) -> None:
        """So often from now on."""
        wanted = len(self.asked) + times
        await until(lambda: len(self.asked) >= wanted)


@asynccontextmanager
async def serve(feed: Feed) -> AsyncIterator[Feed]:
    web = Starlette(routes=[Route("/items", feed.answer)])
    server = uvicorn.Server(uvicorn.Config(web, port=0, log_level="warning", lifespan="off"))
    serving = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    feed.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    yield feed
    server.should_exit = True
    await serving


FORM = [
    {"name": "user", "type": "text", "label": "User"},
    {"name": "password", "type": "password", "label": "Password", "secret": True},
]
BASIC = {
    "type": "basic",
    "fields": FORM,
    "username": "{{ fields.user }}",
    "password": "{{ fields.password }}",
}


def feed_app(url: str, poll: dict[str, Any] | None = None, **more: Any) -> App:
    """The manifest of such an app. It is asked each second: no manifest may ask so often."""
    poll = poll or {
        "request": {"path": "/items", "query": {"since": "{{ cursor.value }}"}},
        "items": "body.items",
        "id": "item.id",
        "value": "item.at",
    }
    trigger = {
        "key": "feed.new",
        "name": "New item",
        "input_schema": {"type": "object", "properties": {"folder": {"type": "string"}}},
        "source": {"type": "poll", "poll": poll},
    }
    manifest = {"key": "feed", "name": "Feed", "base_url": url, "auth": BASIC}
    app = App.model_validate({**manifest, "triggers": [trigger], **more})
    source: Any = app.triggers[0].source
    quick = source.poll.model_copy(update={"interval": 1})
    vars(app.triggers[0])["source"] = source.model_copy(update={"poll": quick})
    return app


async def until(condition: Callable[[], bool | Awaitable[bool]], seconds: float = 30.0) -> None:
    async with asyncio.timeout(seconds):
        while True:
            found = condition()
            if found if isinstance(found, bool) else await found:
                return
            await asyncio.sleep(0.02)


class Station:
    """Everything that a registration needs, and a worker that can be stopped and started."""

    def __init__(
        self, settings: Settings, keyring: Keyring, database: Database, http: OutgoingHttp, app: App
    ) -> None:
        self.settings, self.keyring, self.database, self.http = settings, keyring, database, http
        self.catalogue = Catalogue([*load_catalogue().apps.values(), app])
        self.connections = Connections(database, keyring, self.catalogue, http, settings)
        self.project_id = ""
        self.client: Client

    async def prepare(self, server: DevServer) -> None:
        """A project with a connection of the user `ada` and of the developer."""
        await self.connect(server)
        account = Account(email="dev@example.com", password_hash="x", daily_credits=10_000)
        async with self.database.begin() as session:
            session.add(account)
            await session.flush()
            project = Project(account_id=account.id, name="Shop", webhook_url="https://example.com")
            session.add(project)
            await session.flush()
            session.add(Integration(project_id=project.id, app_key="feed", scopes=[]))
        self.project_id = project.id
        for user_id in ("ada", ""):
            await self.enter(user_id, PASSWORD)

    async def connect(self, server: DevServer) -> None:
        settings = self.settings.model_copy(update={"temporal_address": server.address})
        self.client = await connect(settings, self.keyring)
        await register_search_attributes(self.client)

    async def enter(self, user_id: str, password: str) -> None:
        """Connects an account by its password."""
        await self.connections.connect_with_fields(
            self.project_id, user_id, "feed", {"user": "ada", "password": password}
        )

    @property
    def polling(self) -> Polling:
        ledger = Ledger(self.database)
        urls = CallbackUrls(self.keyring, self.settings.public_url)
        secret_inputs = SecretInputs(self.catalogue, self.keyring)
        runs = EventRuns(self.client, self.database, ledger, urls, secret_inputs)
        return Polling(
            self.database, self.keyring, self.catalogue, self.connections, self.http, runs
        )

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """A worker for the time of a block."""
        registrations = Registrations(
            self.database,
            self.keyring,
            self.catalogue,
            self.connections,
            self.http,
            self.settings.public_url,
        )
        book = Bookkeeping(self.database, Ledger(self.database))
        activities: Sequence[Callable[..., Any]] = [
            registrations.reconcile,
            self.polling.poll,
            book.record_run,
            book.record_traces,
            book.record_pause,
            book.record_resume,
        ]
        async with build_worker(self.client, activities, runner=sandbox()):
            yield

    async def register(
        self,
        component: str = "feed.new",
        inputs: dict[str, Any] | None = None,
        *,
        user_id: str = "ada",
        by_developer: bool = False,
    ) -> str:
        """Publishes an automation with this trigger and registers a user to it."""
        trigger = {
            "type": "app",
            "component": component,
            "inputs": inputs or {},
            "replaceEndUserConnection": not by_developer,
        }
        definition = {"trigger": trigger, "steps": [], "result": "{{ event }}"}
        automation = Automation(
            id=new_id(), project_id=self.project_id, name="Watch", draft=definition
        )
        automation.published_version = 1
        async with self.database.begin() as session:
            session.add(automation)
            await session.flush()
            session.add(
                AutomationVersion(automation_id=automation.id, number=1, definition=definition)
            )
            row = Registration(
                project_id=self.project_id, automation_id=automation.id, user_id=user_id, data={}
            )
            session.add(row)
        await wake(self.client, Wanted.of(row))
        return row.id

    async def publish(self, registration_id: str, inputs: dict[str, Any]) -> None:
        """Publishes a second version, whose trigger has these inputs."""
        row = await self.row(registration_id)
        async with self.database.begin() as session:
            automation = await session.get_one(Automation, row.automation_id)
            draft: Any = automation.draft
            definition = {**draft, "trigger": {**draft["trigger"], "inputs": inputs}}
            automation.published_version = 2
            session.add(
                AutomationVersion(automation_id=automation.id, number=2, definition=definition)
            )
        await self.change(registration_id, revision=Registration.revision + 1)
        await wake(self.client, Wanted.of(await self.row(registration_id)))

    async def row(self, registration_id: str) -> Registration:
        async with self.database() as session:
            row = await session.get(Registration, registration_id)
        assert row is not None
        return row

    async def cursor(self, registration_id: str) -> Any:
        """How far its polling has come; None before the first."""
        return (await self.row(registration_id)).cursor

    async def change(self, registration_id: str, **values: Any) -> None:
        async with self.database.begin() as session:
            await session.execute(
                update(Registration).where(Registration.id == registration_id).values(values)
            )

    async def events(self, registration_id: str) -> list[Any]:
        """What the runs of the registration got, in the order in which they were booked."""
        query = (
            select(RegistrationEvent)
            .where(RegistrationEvent.registration_id == registration_id)
            .order_by(RegistrationEvent.id)
        )
        async with self.database() as session:
            return [event_payload(self.keyring, row) for row in await session.scalars(query)]

    async def ids(self, registration_id: str) -> list[int]:
        return [event["id"] for event in await self.events(registration_id)]

    async def until_begun(self, registration_id: str) -> None:
        """Until the first poll has found its place."""

        async def has_cursor() -> bool:
            return (await self.row(registration_id)).cursor is not None

        await until(has_cursor)

    async def until_events(self, registration_id: str, count: int) -> None:
        async def are_there() -> bool:
            return len(await self.events(registration_id)) >= count

        await until(are_there)

    async def until_state(self, registration_id: str, state: str) -> Registration:
        async def is_so() -> bool:
            return (await self.row(registration_id)).state == state

        await until(is_so)
        return await self.row(registration_id)

    def workflow(self, registration_id: str) -> WorkflowHandle[Any, Any]:
        return self.client.get_workflow_handle(registration_workflow_id(registration_id))

    async def history_length(self, registration_id: str) -> int:
        return (await self.workflow(registration_id).describe()).history_length

    async def until_quiet(self, registration_id: str) -> int:
        """The length of a history that has stopped growing."""
        async with asyncio.timeout(30):
            while True:
                length = await self.history_length(registration_id)
                await asyncio.sleep(1.0)
                if await self.history_length(registration_id) == length:
                    return length

    async def results(self, registration_id: str) -> list[Any]:
        """What the runs that Temporal knows gave, in no order."""
        prefix = f"event-{registration_id}-"
        found = []
        async for run in self.client.list_workflows("WorkflowType = 'AutomationRun'"):
            if run.id.startswith(prefix):
                outcome = await self.client.get_workflow_handle(run.id).result()
                found.append(outcome["result"])
        return found

    async def keep(self) -> None:
        """One turn of the loop that tells registrations of mended connections."""
        await RegistrationKeeper(self.client, self.database, self.settings.public_url).repair()


@asynccontextmanager
async def station(
    settings: Settings, keyring: Keyring, database: Database, app: App, server: DevServer
) -> AsyncIterator[Station]:
    async with open_http(settings) as http:
        station = Station(settings, keyring, database, http, app)
        await station.prepare(server)
        yield station
        await station.connections.aclose()
