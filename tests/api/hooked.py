"""The API, a Temporal server and a worker behind it, and apps that deliver events."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
import secrets
import shutil
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import yaml
from sqlalchemy import select, update

from settings import Settings
from store.database import close_database, database_of
from store.encryption import Keyring
from store.models import Registration, RegistrationEvent, Run, new_id
from store.registrations import HookSecret, hook_id_of, seal_hook
from temporal.server import dev_server
from tests.api.conftest import Workshop, make_workshop, serving
from tests.working import start_worker

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from fastapi import FastAPI

    from store.database import Database

PUBLIC_URL = "https://inlay.example.com"
SIGNING = "5" * 64
MOST_BYTES = 4 * 1_048_576


def acme(url: str) -> dict[str, Any]:
    """An app that delivers to a URL for each registration."""
    return {
        "key": "acme",
        "name": "Acme",
        "base_url": url,
        "auth": {
            "type": "api_key",
            "fields": [{"name": "token", "type": "password", "label": "Token", "secret": True}],
            "apply": [
                {"in": "header", "name": "authorization", "template": "Bearer {{ fields.token }}"}
            ],
        },
    }


SIGNED = {"type": "hmac", "key": "{{ hook.secret }}", "signature": 'request.headers["x-signature"]'}
TRIGGERS: dict[str, dict[str, Any]] = {
    "signed": {
        "verify": {**SIGNED, "timestamp": 'request.headers["x-time"]'}
        | {"message": '{{ request.headers["x-time"] }}.{{ request.body }}'},
        "events": "request.json.events",
        "ignore": 'event.type == "ping"',
        "dedupe": "{{ event.id }}",
        "emit": {"id": "{{ event.id }}", "text": "{{ event.text }}", "of": "{{ inputs.board }}"},
    },
    "plain": {},
    "asked": {
        "methods": ["POST", "PUT"],
        "handshakes": [
            {
                "when": '"x-hook-secret" in request.headers',
                "respond": {"headers": {"x-hook-secret": '{{ request.headers["x-hook-secret"] }}'}},
                "keep": {"secret": 'request.headers["x-hook-secret"]'},
            },
            {"when": 'request.method == "HEAD"'},
            {
                "when": '"validationToken" in request.query',
                "respond": {"body": "{{ request.query.validationToken }}"},
            },
            {
                "when": 'request.json.type == "url_verification"',
                "respond": {"body": {"challenge": "{{ request.json.challenge }}"}},
            },
            {
                "when": '"signed_challenge" in request.query',
                "is_signed": True,
                "respond": {"status": 204},
            },
        ],
        "verify": {**SIGNED, "key": "{{ subscription.secret }}"},
        "respond": {"status": 202, "body": "thanks for {{ request.json.id }}"},
    },
    "by-address": {
        "verify": {
            **SIGNED,
            "algorithm": "sha1",
            "message": "{{ request.url }}"
            "{{ request.form.entries().map(e, e.key + e.value).join() }}",
        },
        "dedupe": "{{ event.MessageSid }}",
        "respond": {
            "headers": {"content-type": "text/xml"},
            "body": "<Response/>",
        },
    },
    "thin": {
        "fetch": {"path": "/items/{item}", "path_values": {"item": "{{ event.item }}"}},
        "dedupe": "{{ event.delivery }}",
        "emit": {"title": "{{ fetched.body.title }}", "item": "{{ event.item }}"},
    },
    "poked": {"then_poll": True, "ignore": 'request.headers["x-state"] == "sync"'},
}
POLL = {"request": {"path": "/items"}, "items": "body", "id": "item.id"}
HUDDLE = {
    "key": "huddle",
    "name": "Huddle",
    "auth": {
        "type": "api_key",
        "integration_fields": [
            {"name": "signingSecret", "type": "password", "label": "Secret", "secret": True},
            {"name": "verificationToken", "label": "Token", "is_optional": True},
        ],
        "fields": [{"name": "team", "label": "Team"}],
    },
}
HUDDLE_INCOMING = {
    "handshakes": [
        {
            "when": 'request.json.type == "url_verification"',
            "respond": {"body": "{{ request.json.challenge }}"},
            "keep": {"verificationToken": "request.json.challenge"},
        }
    ],
    "verify": {**SIGNED, "key": "{{ integration.signingSecret }}"},
    "dedupe": "{{ event.event_id }}",
    "emit": "{{ event.event }}",
}
HUDDLE_TRIGGERS = {
    "message": 'event.event.type != "message" || '
    "(inputs.channel != null && event.event.channel != inputs.channel)",
    "reaction": 'event.event.type != "reaction"',
}


@dataclass
class Vendor:
    """An app that knows one token and some items."""

    url: str = ""
    token: str = "good-token"
    down: int = 0
    asked: list[str] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.asked.append(head.partition("\r\n")[0])
        status, body = 200, json.dumps({"title": f"Title of {head.split()[1]}"})
        if self.down:
            self.down -= 1
            status = 503
        elif f"bearer {self.token}" not in head.lower():
            status, body = 401, '{"message": "who are you?"}'
        writer.write(
            f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n{body}".encode()
        )
        await writer.drain()
        writer.close()


@dataclass
class Registered:
    """A registration that the test has made, and its URL's path."""

    id: str
    path: str
    secret: HookSecret


@dataclass
class Bench:
    """The API, what lies behind it, and a developer."""

    settings: Settings
    app: FastAPI
    http: httpx.AsyncClient
    shop: Workshop
    database: Database
    keyring: Keyring
    vendor: Vendor

    async def register(
        self,
        trigger: str,
        *,
        inputs: dict[str, Any] | None = None,
        data: dict[str, Any] | None = None,
        shop: Workshop | None = None,
        publish: bool = True,
        **columns: Any,
    ) -> Registered:
        shop = shop or self.shop
        definition = {
            "trigger": {"type": "app", "component": trigger},
            "steps": [],
            "result": {"event": "{{ event }}", "data": "{{ data }}"},
        }
        automation = await shop.automation(definition, publish=publish)
        subscription = columns.pop("subscription", {})
        secret = HookSecret(secrets.token_urlsafe(32), SIGNING, subscription)
        registration_id = new_id()
        has_url = not trigger.startswith("huddle.")
        async with self.database.begin() as session:
            session.add(
                Registration(
                    id=registration_id,
                    project_id=shop.project_id,
                    automation_id=automation,
                    data=data or {},
                    trigger=trigger,
                    app_key=trigger.partition(".")[0],
                    trigger_version=1,
                    inputs=inputs or {},
                    applied=1,
                    hook_id=hook_id_of(secret.hook) if has_url else None,
                    secret=seal_hook(self.keyring, registration_id, secret),
                    **{"state": "active", "user_id": "user-1", **columns},
                )
            )
        return Registered(registration_id, f"/api/v1/hooks/{secret.hook}", secret)

    async def runs(self, registered: Registered) -> list[Run]:
        async with self.database() as session:
            query = select(Run).where(Run.id.startswith(f"event-{registered.id}-"))
            return list(await session.scalars(query.order_by(Run.started_at)))

    async def events(self, registered: Registered) -> list[RegistrationEvent]:
        query = select(RegistrationEvent).where(RegistrationEvent.registration_id == registered.id)
        async with self.database() as session:
            return list(await session.scalars(query.order_by(RegistrationEvent.id)))

    async def row(self, registered: Registered) -> Registration:
        async with self.database() as session:
            row = await session.get(Registration, registered.id)
        assert row is not None
        return row

    async def change(self, registered: Registered, **values: Any) -> None:
        async with self.database.begin() as session:
            await session.execute(
                update(Registration).where(Registration.id == registered.id).values(values)
            )

    async def results(self, registered: Registered, count: int) -> list[Any]:
        """The events that the runs got, once so many have ended."""
        found: list[Run] = []

        async def ended() -> bool:
            nonlocal found
            found = await self.runs(registered)
            return len(found) == count and all(run.status == "completed" for run in found)

        await eventually(ended)
        return [result_of(run)["event"] for run in found]

    async def refused(self, registered: Registered, count: int) -> list[str | None]:
        """The reasons of refused deliveries, once so many are counted."""

        async def counted() -> bool:
            return (await self.row(registered)).rejected == count

        await eventually(counted)
        return [event.message for event in await self.events(registered)]


def result_of(run: Run) -> dict[str, Any]:
    assert isinstance(run.result, dict)
    return run.result


async def eventually(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(30):
        while not await condition():
            await asyncio.sleep(0.05)


def signed(
    events: list[Any], key: str = SIGNING, at: float | None = None
) -> tuple[bytes, dict[str, str]]:
    """A delivery to `acme.signed`, and its headers."""
    body = json.dumps({"events": events}).encode()
    stamp = str(int(time.time() if at is None else at))
    signature = hmac.new(key.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return body, {"x-time": stamp, "x-signature": signature, "content-type": "application/json"}


def event(number: int, **more: Any) -> dict[str, Any]:
    return {"id": f"e{number}", "type": "made", "text": f"Text {number}", **more}


def write_apps(folder: Path, url: str) -> None:
    for name in ("acme", "huddle"):
        (folder / name / "triggers").mkdir(parents=True)
    (folder / "acme" / "app.yaml").write_text(yaml.safe_dump(acme(url)))
    (folder / "huddle" / "app.yaml").write_text(yaml.safe_dump(HUDDLE))
    boards = {"type": "object", "properties": {"board": {"type": "string"}}}
    channels = {"type": "object", "properties": {"channel": {"type": "string"}}}
    for name, incoming in TRIGGERS.items():
        source: dict[str, Any] = {"type": "webhook", "incoming": incoming}
        if incoming.get("then_poll"):
            source["poll"] = POLL
        trigger = {"name": name, "input_schema": boards, "source": source}
        (folder / "acme" / "triggers" / f"{name}.yaml").write_text(yaml.safe_dump(trigger))
    for name, ignore in HUDDLE_TRIGGERS.items():
        source = {
            "type": "app_webhook",
            "incoming": {**HUDDLE_INCOMING, "ignore": ignore},
            "route": "[event.team_id, event.?enterprise_id.orValue(null)]",
            "belongs_to": "{{ fields.team }}",
        }
        trigger = {"name": name, "input_schema": channels, "source": source}
        (folder / "huddle" / "triggers" / f"{name}.yaml").write_text(yaml.safe_dump(trigger))


@pytest.fixture(scope="module")
async def vendor() -> AsyncIterator[Vendor]:
    vendor = Vendor()
    server = await asyncio.start_server(vendor.serve, "127.0.0.1", 0)
    vendor.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield vendor
    server.close()


@pytest.fixture(scope="module")
async def bench(
    sqlite_template: Path, vendor: Vendor, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Bench]:
    folder = tmp_path_factory.mktemp("hooks")
    shutil.copyfile(sqlite_template, folder / "inlay.db")
    write_apps(folder / "apps", vendor.url)
    async with dev_server(folder / "temporal.db", headless=True) as server:
        settings = Settings(
            data_dir=folder,
            temporal_address=server.address,
            public_url=PUBLIC_URL,
            allowed_private_hosts="127.0.0.1",
            connector_dirs=str(folder / "apps"),
            max_delivery_bytes=MOST_BYTES,
        )
        keyring = Keyring.from_settings(settings)
        database = database_of(settings, keyring)
        working = await start_worker(settings)
        try:
            async with serving(settings) as (app, http):
                shop = await make_workshop(http)
                yield Bench(settings, app, http, shop, database, keyring, vendor)
        finally:
            working.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await working
            await close_database(database)
