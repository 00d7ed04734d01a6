"""Deliveries of apps through the API, on a real Temporal server with a real worker."""

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
from urllib.parse import urlencode

import httpx
import pytest
import uvicorn
import yaml
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update
from temporalio.client import Client

from settings import Settings
from store.database import close_database, open_database
from store.encryption import Keyring
from store.models import Registration, RegistrationEvent, Run, new_id
from store.registrations import HookSecret, event_payload, hook_id_of, seal_hook, unseal_hook
from temporal.client import connect
from temporal.server import dev_server
from tests.api.conftest import Workshop, make_workshop, serving
from worker import run_worker
from workflows.payloads import RegistrationStart
from workflows.registration import registration_workflow_id

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from fastapi import FastAPI

    from store.database import Database

PUBLIC_URL = "https://inlay.example.com/base"
SIGNING = "5" * 64
TOO_MUCH = 1_048_577


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
        return [run.result["event"] for run in found]

    async def refused(self, registered: Registered, count: int) -> list[str | None]:
        """The reasons of refused deliveries, once so many are counted."""

        async def counted() -> bool:
            return (await self.row(registered)).rejected == count

        await eventually(counted)
        return [event.message for event in await self.events(registered)]


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
        )
        database = open_database(settings.effective_database_url)
        working = asyncio.create_task(run_worker(settings))
        try:
            async with serving(settings) as (app, http):
                shop = await make_workshop(http)
                keyring = Keyring.from_settings(settings)
                yield Bench(settings, app, http, shop, database, keyring, vendor)
        finally:
            working.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await working
            await close_database(database)


@pytest.fixture(scope="module")
async def address(bench: Bench) -> AsyncIterator[tuple[str, int]]:
    """Where the same API listens to real connections."""
    config = uvicorn.Config(bench.app, port=0, log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    serving_it = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    host, port = server.servers[0].sockets[0].getsockname()
    yield host, port
    server.should_exit = True
    await serving_it


async def test_an_event_becomes_a_run(bench: Bench) -> None:
    hook = await bench.register("acme.signed", inputs={"board": "b1"}, data={"list": "inbox"})
    body, headers = signed([event(1)])
    answer = await bench.http.post(hook.path, content=body, headers=headers)
    assert (answer.status_code, answer.content) == (200, b"")
    assert await bench.results(hook, 1) == [{"id": "e1", "text": "Text 1", "of": "b1"}]
    [run] = await bench.runs(hook)
    assert run.trigger == "acme.signed"
    assert run.user_id == "user-1"
    assert run.result["data"] == {"list": "inbox"}

    async def noted() -> bool:
        return (await bench.row(hook)).events == 1

    await eventually(noted)
    assert (await bench.row(hook)).last_event_at is not None
    [kept] = await bench.events(hook)
    assert (kept.status, kept.run_id) == ("run", run.id)
    assert event_payload(bench.keyring, kept) == {"id": "e1", "text": "Text 1", "of": "b1"}


async def test_one_event_is_one_run_however_often_it_is_told_at_once(bench: Bench) -> None:
    hook = await bench.register("acme.signed")
    body, headers = signed([event(1)])

    async def deliver() -> int:
        return (await bench.http.post(hook.path, content=body, headers=headers)).status_code

    assert await asyncio.gather(*(deliver() for _ in range(50))) == [200] * 50
    assert len(await bench.results(hook, 1)) == 1
    # Another API process does not remember what this one has started.
    async with serving(bench.settings) as (_, other):
        answer = await other.post(hook.path, content=body, headers=headers)
        assert answer.status_code == 200
    assert len(await bench.runs(hook)) == 1


async def test_several_processes_at_once_start_one_run(bench: Bench) -> None:
    hook = await bench.register("acme.signed")
    body, headers = signed([event(number) for number in range(5)])
    async with (
        serving(bench.settings) as (_, second),
        serving(bench.settings) as (_, third),
    ):
        clients = [bench.http, second, third] * 5
        answers = await asyncio.gather(
            *(client.post(hook.path, content=body, headers=headers) for client in clients)
        )
    assert {answer.status_code for answer in answers} == {200}
    assert {found["id"] for found in await bench.results(hook, 5)} == {f"e{n}" for n in range(5)}


async def test_a_batch_is_split_and_what_is_ignored_is_none(bench: Bench) -> None:
    hook = await bench.register("acme.signed")
    events = [event(number) for number in range(20)]
    body, headers = signed([*events, event(99, type="ping"), events[0]])
    assert (await bench.http.post(hook.path, content=body, headers=headers)).status_code == 200
    found = await bench.results(hook, 20)
    assert sorted(item["id"] for item in found) == sorted(item["id"] for item in events)


async def test_without_a_key_the_event_itself_tells(bench: Bench) -> None:
    hook = await bench.register("acme.plain")
    for body in ('{"a": 1, "b": [2]}', '{"b":[2],"a":1}', '{"a": 1, "b": [3]}', "just text"):
        assert (await bench.http.post(hook.path, content=body)).status_code == 200
    found = await bench.results(hook, 3)
    assert {json.dumps(item) for item in found} == {
        '{"a": 1, "b": [2]}',
        '{"a": 1, "b": [3]}',
        '"just text"',
    }


async def test_it_is_acknowledged_only_when_its_run_is_durable(bench: Bench) -> None:
    hook = await bench.register("acme.signed")
    body, headers = signed([event(1), event(2)])
    # Nothing listens on port 1: this API knows the database and no Temporal.
    away = bench.settings.model_copy(update={"temporal_address": "127.0.0.1:1"})
    async with serving(away) as (_, http):
        for _ in range(2):
            answer = await http.post(hook.path, content=body, headers=headers)
            assert answer.status_code == 503
            assert int(answer.headers["retry-after"]) > 0
            assert answer.json()["code"] == 503
    assert (await bench.row(hook)).rejected == 0
    for _ in range(2):
        again = await bench.http.post(hook.path, content=body, headers=headers)
        assert again.status_code == 200
    assert len(await bench.results(hook, 2)) == 2


async def test_without_a_database_the_app_is_asked_to_come_again(bench: Bench) -> None:
    away = bench.settings.model_copy(
        update={"database_url": "postgresql+asyncpg://nobody@127.0.0.1:1/none"}
    )
    async with serving(away) as (_, http):
        answer = await http.post("/api/v1/hooks/anything", json={})
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0


class TestHandshakes:
    async def test_a_header_is_echoed_and_kept_as_the_secret(self, bench: Bench) -> None:
        hook = await bench.register("acme.asked")
        body = b'{"id": "x1"}'
        unknown = await bench.http.post(hook.path, content=body, headers={"x-signature": "0" * 64})
        assert unknown.status_code == 401
        answer = await bench.http.post(hook.path, headers={"x-hook-secret": "of-the-app"})
        assert answer.status_code == 200
        assert answer.headers["x-hook-secret"] == "of-the-app"
        signature = hmac.new(b"of-the-app", body, hashlib.sha256).hexdigest()
        taken = await bench.http.post(hook.path, content=body, headers={"x-signature": signature})
        assert (taken.status_code, taken.text) == (202, "thanks for x1")
        assert len(await bench.results(hook, 1)) == 1

    async def test_a_secret_that_is_known_is_not_replaced(self, bench: Bench) -> None:
        hook = await bench.register("acme.asked", subscription={"secret": "first", "id": "7"})
        await bench.http.post(hook.path, headers={"x-hook-secret": "of-somebody-else"})
        secret = unseal_hook(bench.keyring, await bench.row(hook))
        assert secret is not None
        assert secret.subscription == {"secret": "first", "id": "7"}

    async def test_a_challenge_comes_back(self, bench: Bench) -> None:
        hook = await bench.register("acme.asked")
        head = await bench.http.head(hook.path)
        assert (head.status_code, head.content) == (200, b"")
        token = await bench.http.post(hook.path, params={"validationToken": "a <b>&ü"})
        assert token.text == "a <b>&ü"
        assert token.headers["content-type"] == "text/plain; charset=utf-8"
        assert token.headers["x-content-type-options"] == "nosniff"
        asked = {"type": "url_verification", "challenge": "c-1"}
        assert (await bench.http.post(hook.path, json=asked)).json() == {"challenge": "c-1"}
        assert await bench.runs(hook) == []

    async def test_one_that_is_signed_is_checked(self, bench: Bench) -> None:
        hook = await bench.register("acme.asked", subscription={"secret": "k"})
        path = f"{hook.path}?signed_challenge=1"
        assert (await bench.http.post(path, content=b"x")).status_code == 401
        signature = hmac.new(b"k", b"x", hashlib.sha256).hexdigest()
        answer = await bench.http.post(path, content=b"x", headers={"x-signature": signature})
        assert (answer.status_code, answer.content) == (204, b"")

    @pytest.mark.parametrize("value", ["a\tb", "a\x7fb", "é"])
    async def test_what_no_header_can_carry_is_not_echoed(self, bench: Bench, value: str) -> None:
        hook = await bench.register("acme.asked")
        answer = await bench.http.post(hook.path, headers={"x-hook-secret": value.encode()})
        assert answer.status_code == 400


async def test_the_url_is_as_the_app_called_it(bench: Bench) -> None:
    hook = await bench.register("acme.by-address")
    form = {"MessageSid": "SM1", "Body": "çay & kahve", "From": "+49 30", "Empty": ""}
    query = "region=eu%2F1&x=%20"
    message = f"{PUBLIC_URL}{hook.path}?{query}" + "".join(k + form[k] for k in sorted(form))
    signature = hmac.new(SIGNING.encode(), message.encode(), "sha1").hexdigest()
    answer = await bench.http.post(
        f"{hook.path}?{query}",
        content=urlencode(form),
        headers={
            "content-type": "application/x-www-form-urlencoded",
            "x-signature": signature,
            # As a proxy in front of us sets them, or as anybody may.
            "host": "10.0.0.7:8000",
            "x-forwarded-proto": "http",
        },
    )
    assert (answer.status_code, answer.text) == (200, "<Response/>")
    assert answer.headers["content-type"] == "text/xml"
    assert await bench.results(hook, 1) == [form]


class TestBadInput:
    """Refused at once, counted, and told to the developer; never an error of ours."""

    async def test_each_kind_has_its_status_and_reason(self, bench: Bench) -> None:
        hook = await bench.register("acme.signed")
        body, headers = signed([event(1)])
        wrong = {**headers, "x-signature": "0" * 64}
        old = signed([event(1)], at=time.time() - 3600)
        ahead = signed([event(1)], at=time.time() + 3600)
        scalar = json.dumps({"events": 5}).encode()
        stamp = headers["x-time"]
        scalar_signed = {
            **headers,
            "x-signature": hmac.new(
                SIGNING.encode(), f"{stamp}.".encode() + scalar, "sha256"
            ).hexdigest(),
        }
        cases: list[tuple[int, str, bytes, dict[str, str]]] = [
            (401, "POST", body, wrong),
            (401, "POST", body, {"content-type": "application/json"}),
            (401, "POST", old[0], old[1]),
            (401, "POST", ahead[0], ahead[1]),
            (401, "POST", body + b" ", headers),
            (400, "POST", b'{"events": ', headers),
            (400, "POST", b"[" * 100_000, headers),
            (400, "POST", b'{"events": ["\\u0000"]}', headers),
            (400, "POST", scalar, scalar_signed),
            (405, "GET", b"", headers),
            (405, "PUT", body, headers),
            (413, "POST", b"x" * TOO_MUCH, headers),
            (431, "POST", body, {f"x-{number}": "1" for number in range(101)}),
            (431, "POST", body, {"x-long": "1" * 33_000}),
        ]
        for status, method, content, given_headers in cases:
            answer = await bench.http.request(
                method, hook.path, content=content, headers=given_headers
            )
            assert answer.status_code == status, (status, content[:20], answer.text)
            told = answer.json()
            assert told.keys() == {"code", "name", "message"}
            assert SIGNING not in answer.text
            if status == 405:
                assert answer.headers["allow"] == "POST"
        assert await bench.runs(hook) == []
        # One is refused before a route is found: by its declared length.
        reasons = await bench.refused(hook, len(cases))
        assert [str(reason)[:3] for reason in reasons] == [str(case[0]) for case in cases]
        assert (await bench.http.post(hook.path, content=body, headers=headers)).status_code == 200

    async def test_what_is_no_text_is_refused(self, bench: Bench) -> None:
        hook = await bench.register("acme.plain")
        for status, kind, content in (
            (415, "multipart/form-data; boundary=x", b"--x--"),
            (415, "application/octet-stream", b"abc"),
            (415, "image/png", b"\x89PNG"),
            (400, "text/plain", b"\xff\xfe"),
            (400, "text/plain", b"a\x00b"),
            (400, "application/x-www-form-urlencoded", b"a=%00"),
            (400, "application/x-www-form-urlencoded", b"a=\xff"),
            (400, "application/x-www-form-urlencoded", b"&".join([b"a=1"] * 3_000)),
            (400, "application/json", b"\xff"),
        ):
            answer = await bench.http.post(
                hook.path, content=content, headers={"content-type": kind}
            )
            assert answer.status_code == status, (kind, answer.text)
        assert await bench.runs(hook) == []

    async def test_an_unknown_hook_is_not_found(self, bench: Bench) -> None:
        for path in ("/api/v1/hooks/unknown", "/api/v1/hooks/ü%20x"):
            answer = await bench.http.post(path, json={})
            assert (answer.status_code, answer.json()["code"]) == (404, 404)
        assert (await bench.http.post("/api/v1/hooks/" + "x" * 300)).status_code == 400
        hook = await bench.register("acme.plain")
        assert (await bench.http.post(f"{hook.path}/more")).status_code == 404
        assert (await bench.http.request("OPTIONS", hook.path)).status_code == 405

    async def test_many_are_counted_and_some_are_kept(self, bench: Bench) -> None:
        hook = await bench.register("acme.signed")
        for _ in range(30):
            await bench.http.post(hook.path, content=b"{}")
        assert len(await bench.refused(hook, 30)) == 20

    async def test_a_slow_client_is_let_go(
        self, bench: Bench, address: tuple[str, int], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("api.hooks.READ_SECONDS", 0.3)
        hook = await bench.register("acme.plain")
        reader, writer = await asyncio.open_connection(*address)
        writer.write(
            f"POST {hook.path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
            'content-length: 100\r\n\r\n{"a":'.encode()
        )
        async with asyncio.timeout(5):
            line = await reader.readline()
        assert line.split()[1] == b"408"
        writer.close()
        assert (await bench.refused(hook, 1)) == ["408: the body did not come within 0.3 s"]

    async def test_one_that_hangs_up_is_no_error(
        self, bench: Bench, address: tuple[str, int], caplog: pytest.LogCaptureFixture
    ) -> None:
        hook = await bench.register("acme.plain")
        _, writer = await asyncio.open_connection(*address)
        writer.write(
            f"POST {hook.path} HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n{{".encode()
        )
        await writer.drain()
        writer.close()
        [reason] = await bench.refused(hook, 1)
        assert reason == "400: the connection was closed before the body had come"
        assert hook.secret.hook not in caplog.text

    async def test_a_body_without_a_length_is_bounded(
        self, bench: Bench, address: tuple[str, int]
    ) -> None:
        hook = await bench.register("acme.plain")

        async def chunks() -> AsyncIterator[bytes]:
            for _ in range(40):
                yield b"x" * 65_536

        async with httpx.AsyncClient(base_url="http://{}:{}".format(*address)) as http:
            try:
                answer = await http.post(hook.path, content=chunks())
            except httpx.WriteError:
                pass
            else:
                assert answer.status_code == 413
        await bench.refused(hook, 1)

    @hypothesis_settings(
        max_examples=150,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(
        body=st.one_of(
            st.binary(max_size=300),
            st.text(max_size=100).map(str.encode),
            st.recursive(
                st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=9),
                lambda inner: (
                    st.lists(inner, max_size=3)
                    | st.dictionaries(st.text(max_size=9), inner, max_size=3)
                ),
            ).map(lambda value: json.dumps(value).encode()),
        ),
        headers=st.dictionaries(
            st.sampled_from(
                ["content-type", "x-signature", "x-time", "x-hook-secret", "x-state", "cookie"]
            ),
            st.sampled_from(
                [b"application/json", b"application/x-www-form-urlencoded", b"text/plain", b""]
            )
            | st.binary(max_size=40).filter(lambda value: not set(value) & set(b"\r\n\0")),
        ),
        method=st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"]),
        query=st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=30),
        trigger=st.sampled_from(["signed", "asked", "by-address", "poked"]),
    )
    async def test_nothing_that_is_sent_is_an_error_of_ours(
        self,
        bench: Bench,
        fuzzed: dict[str, Registered],
        body: bytes,
        headers: dict[str, bytes],
        method: str,
        query: str,
        trigger: str,
    ) -> None:
        url = httpx.URL(fuzzed[trigger].path, query=query.replace("#", "").encode())
        answer = await bench.http.request(method, url, content=body, headers=headers)
        assert answer.status_code < 500, answer.text

    @pytest.fixture(scope="class")
    async def fuzzed(self, bench: Bench) -> dict[str, Registered]:
        names = ("signed", "asked", "by-address", "poked")
        return {name: await bench.register(f"acme.{name}") for name in names}


async def test_a_paused_registration_takes_and_skips(bench: Bench) -> None:
    hook = await bench.register("acme.signed", wanted="paused", state="paused")
    body, headers = signed([event(1)])
    assert (await bench.http.post(hook.path, content=body, headers=headers)).status_code == 200
    assert (await bench.http.post(hook.path, content=b"{}")).status_code == 401

    async def noted() -> bool:
        return len(await bench.events(hook)) == 2

    await eventually(noted)
    skipped = (await bench.events(hook))[0]
    assert (skipped.status, skipped.message) == ("skipped", "the registration is paused")
    assert event_payload(bench.keyring, skipped)["id"] == "e1"
    assert await bench.runs(hook) == []


async def test_an_ended_registration_is_gone(bench: Bench) -> None:
    hook = await bench.register("acme.signed")
    body, headers = signed([event(1)])
    await bench.change(hook, wanted="ended")
    answer = await bench.http.post(hook.path, content=body, headers=headers)
    assert (answer.status_code, answer.json()["name"]) == (410, "GONE")
    assert await bench.runs(hook) == []


async def test_one_that_is_only_being_made_asks_to_come_again(bench: Bench) -> None:
    hook = await bench.register("acme.signed")
    await bench.change(hook, trigger="")
    body, headers = signed([event(1)])
    answer = await bench.http.post(hook.path, content=body, headers=headers)
    assert answer.status_code == 503
    await bench.change(hook, trigger="acme.signed")
    assert (await bench.http.post(hook.path, content=body, headers=headers)).status_code == 200


async def test_without_a_published_version_events_are_kept(bench: Bench) -> None:
    hook = await bench.register("acme.plain", publish=False)
    assert (await bench.http.post(hook.path, json={"a": 1})).status_code == 200

    async def noted() -> bool:
        return len(await bench.events(hook)) == 1

    await eventually(noted)
    [skipped] = await bench.events(hook)
    assert skipped.message == "the automation has no published version"
    assert event_payload(bench.keyring, skipped) == {"a": 1}


async def test_the_published_version_of_the_moment_runs(bench: Bench) -> None:
    hook = await bench.register("acme.plain")
    row = await bench.row(hook)
    assert (await bench.http.post(hook.path, json={"n": 1})).status_code == 200
    await bench.results(hook, 1)
    path = f"{bench.shop.path}/automations/{row.automation_id}"
    second = {
        "trigger": {"type": "app", "component": "acme.plain"},
        "steps": [],
        "result": {"event": "{{ event.n + 1 }}"},
    }
    await bench.shop.developer.expect(200, "PATCH", path, {"definition": second, "revision": 1})
    await bench.shop.developer.expect(201, "POST", f"{path}/publish")
    assert (await bench.http.post(hook.path, json={"n": 2})).status_code == 200
    assert await bench.results(hook, 2) == [{"n": 1}, 3]


@pytest.fixture
async def temporal(bench: Bench) -> Client:
    return await connect(bench.settings, bench.keyring)


async def test_a_poke_wakes_the_workflow(bench: Bench, temporal: Client) -> None:
    hook = await bench.register("acme.poked")
    # Nobody takes this queue's tasks: the signal can be seen and does nothing.
    handle = await temporal.start_workflow(
        "Registration",
        RegistrationStart(registration_id=hook.id),
        id=registration_workflow_id(hook.id),
        task_queue="nobody",
    )
    answer = await bench.http.post(hook.path, headers={"x-state": "sync"})
    assert answer.status_code == 200
    assert (await bench.http.post(hook.path, headers={"x-state": "exists"})).status_code == 200
    names = [
        event.workflow_execution_signaled_event_attributes.signal_name
        async for event in handle.fetch_history_events()
        if event.HasField("workflow_execution_signaled_event_attributes")
    ]
    assert names == ["wake"]
    await handle.terminate()
    assert (await bench.http.post(hook.path, headers={"x-state": "exists"})).status_code == 200


class TestAppWebhook:
    secret = "the app's own secret"

    async def url(self, bench: Bench, shop: Workshop) -> str:
        listed = await shop.developer.expect(200, "GET", f"{shop.path}/integrations")
        [found] = [item for item in listed["items"] if item["appKey"] == "huddle"]
        assert found["hookUrl"].startswith(f"{PUBLIC_URL}/api/v1/hooks/")
        path: str = found["hookUrl"].removeprefix(PUBLIC_URL)
        return path

    async def integrate(self, bench: Bench, shop: Workshop) -> str:
        await shop.developer.expect(
            201,
            "POST",
            f"{shop.path}/integrations",
            {"appKey": "huddle", "settings": {"signingSecret": self.secret}},
        )
        return await self.url(bench, shop)

    def delivery(self, key: str | None = None, **content: Any) -> dict[str, Any]:
        body = json.dumps(content).encode()
        signature = hmac.new((key or self.secret).encode(), body, hashlib.sha256).hexdigest()
        headers = {"x-signature": signature, "content-type": "application/json"}
        return {"content": body, "headers": headers}

    async def test_events_find_their_registrations(self, bench: Bench) -> None:
        shop = await make_workshop(bench.http, "huddle@example.com")
        other = await make_workshop(bench.http, "foreign@example.com")
        path = await self.integrate(bench, shop)
        foreign_path = await self.integrate(bench, other)
        assert path != foreign_path
        assert await self.url(bench, shop) == path

        one = await bench.register("huddle.message", shop=shop, route="T1", user_id="u1")
        narrow = await bench.register(
            "huddle.message", shop=shop, route="T1", user_id="u2", inputs={"channel": "C9"}
        )
        of_all = await bench.register("huddle.message", shop=shop, route="E1", user_id="u3")
        reaction = await bench.register("huddle.reaction", shop=shop, route="T1", user_id="u4")
        elsewhere = await bench.register("huddle.message", shop=shop, route="T2", user_id="u5")
        paused = await bench.register(
            "huddle.message", shop=shop, route="T1", user_id="u6", wanted="paused"
        )
        foreign = await bench.register("huddle.message", shop=other, route="T1", user_id="u1")

        said = {"type": "message", "channel": "C1", "text": "hi"}
        content = self.delivery(event_id="Ev1", team_id="T1", enterprise_id="E1", event=said)
        for _ in range(3):
            assert (await bench.http.post(path, **content)).status_code == 200
        assert await bench.results(one, 1) == [said]
        assert await bench.results(of_all, 1) == [said]
        for nobody in (narrow, reaction, elsewhere, foreign, paused):
            assert await bench.runs(nobody) == []

        async def skipped() -> bool:
            return [event.status for event in await bench.events(paused)] == ["skipped"] * 3

        await eventually(skipped)
        here = {"type": "message", "channel": "C9"}
        content = self.delivery(event_id="Ev2", team_id="T1", event=here)
        assert (await bench.http.post(path, **content)).status_code == 200
        assert await bench.results(narrow, 1) == [here]
        assert await bench.runs(foreign) == []

    async def test_what_is_nobodys_or_not_signed_starts_nothing(self, bench: Bench) -> None:
        shop = await make_workshop(bench.http, "nobody@example.com")
        path = await self.integrate(bench, shop)
        hook = await bench.register("huddle.message", shop=shop, route="T1")
        said = {"type": "message", "channel": "C1"}
        stranger = self.delivery(event_id="Ev1", team_id="T77", event=said)
        assert (await bench.http.post(path, **stranger)).status_code == 200
        nameless = self.delivery(event_id="Ev1", event=said)
        assert (await bench.http.post(path, **nameless)).status_code == 200
        forged = self.delivery("another secret", event_id="Ev1", team_id="T1", event=said)
        assert (await bench.http.post(path, **forged)).status_code == 401
        assert (await bench.http.get(path)).status_code == 405
        assert (await bench.http.post(path, content=b"{")).status_code in {400, 401}
        assert await bench.runs(hook) == []

    async def test_a_handshake_is_answered_and_its_token_shown(self, bench: Bench) -> None:
        shop = await make_workshop(bench.http, "handshake@example.com")
        path = await self.integrate(bench, shop)
        for challenge in ("first", "second"):
            asked = {"type": "url_verification", "challenge": challenge}
            answer = await bench.http.post(path, json=asked)
            assert (answer.status_code, answer.text) == (200, challenge)
        listed = await shop.developer.expect(200, "GET", f"{shop.path}/integrations")
        assert listed["items"][0]["settings"] == {
            "signingSecret": None,
            "verificationToken": "first",
        }

    async def test_other_apps_have_no_such_url(self, bench: Bench) -> None:
        shop = await make_workshop(bench.http, "plain@example.com")
        await shop.integrate("cubicl")
        listed = await shop.developer.expect(200, "GET", f"{shop.path}/integrations")
        assert listed["items"][0]["hookUrl"] is None

    async def test_removing_the_integration_ends_its_url(self, bench: Bench) -> None:
        shop = await make_workshop(bench.http, "removed@example.com")
        path = await self.integrate(bench, shop)
        await shop.developer.expect(204, "DELETE", f"{shop.path}/integrations/huddle")
        answer = await bench.http.post(path, json={})
        assert answer.status_code == 404
        assert await self.integrate(bench, shop) != path


class TestFetching:
    async def connected(self, bench: Bench, email: str) -> Workshop:
        shop = await make_workshop(bench.http, email)
        await shop.developer.expect(201, "POST", f"{shop.path}/integrations", {"appKey": "acme"})
        await self.connect(bench, shop)
        return shop

    async def connect(self, bench: Bench, shop: Workshop) -> None:
        fields = {"connectionFields": {"token": bench.vendor.token}}
        path = "/api/v1/ipaas/users/user-1/connections/acme"
        await shop.application.expect(200, "POST", path, fields)

    async def test_a_thin_event_is_made_whole(self, bench: Bench) -> None:
        shop = await self.connected(bench, "thin@example.com")
        hook = await bench.register("acme.thin", shop=shop)
        bench.vendor.down = 1
        delivered = {"delivery": "d1", "item": "a/b"}
        assert (await bench.http.post(hook.path, json=delivered)).status_code == 200
        assert await bench.results(hook, 1) == [{"title": "Title of /items/a%2Fb", "item": "a/b"}]

    async def test_a_broken_connection_pauses_the_run_until_it_is_mended(
        self, bench: Bench
    ) -> None:
        shop = await self.connected(bench, "broken@example.com")
        hook = await bench.register("acme.thin", shop=shop)
        bench.vendor.token = "another-token"
        try:
            delivered = {"delivery": "d1", "item": "7"}
            assert (await bench.http.post(hook.path, json=delivered)).status_code == 200

            async def paused() -> bool:
                return [run.status for run in await bench.runs(hook)] == ["paused"]

            await eventually(paused)
            [run] = await bench.runs(hook)
            assert "user user-1 connects acme again" in str(run.message)
            status = await shop.application.expect(
                200, "GET", "/api/v1/ipaas/users/user-1/connections/status", appKeys="acme"
            )
            assert "invalid" in json.dumps(status)
            await self.connect(bench, shop)
            assert await bench.results(hook, 1) == [{"title": "Title of /items/7", "item": "7"}]
        finally:
            bench.vendor.token = "good-token"


class TestOwnWebhook:
    async def test_any_program_may_call_it(self, bench: Bench) -> None:
        hook = await bench.register(
            "webhook.received", inputs={"methods": ["POST", "GET"], "responseBody": {"ok": True}}
        )
        answer = await bench.http.post(
            f"{hook.path}?a=1&a=2&b=x",
            json={"order": 1},
            headers={"authorization": "Bearer secret", "cookie": "c=1", "x-mine": "yes"},
        )
        assert (answer.status_code, answer.json()) == (200, {"ok": True})
        assert (await bench.http.get(f"{hook.path}?a=1")).status_code == 200
        assert (await bench.http.put(hook.path)).status_code == 405
        first, second = await bench.results(hook, 2)
        assert (first["method"], first["body"]) == ("POST", {"order": 1})
        assert first["query"] == {"a": ["1", "2"], "b": "x"}
        assert first["headers"]["x-mine"] == "yes"
        assert not {"authorization", "cookie"} & first["headers"].keys()
        assert (second["method"], second["body"]) == ("GET", None)

    async def test_the_same_request_is_another_event_unless_it_says_so(self, bench: Bench) -> None:
        hook = await bench.register("webhook.received")
        for _ in range(2):
            await bench.http.post(hook.path, json={"n": 1})
            for name in ("idempotency-key", "webhook-id"):
                await bench.http.post(hook.path, json={"n": 1}, headers={name: f"{name}-1"})
        assert len(await bench.results(hook, 4)) == 4

    async def test_a_secret_is_asked_for(self, bench: Bench) -> None:
        plain = await bench.register("webhook.received", inputs={"secret": "open sesame"})
        assert (await bench.http.post(plain.path, json={})).status_code == 401
        known = {"x-webhook-secret": "open sesame"}
        assert (await bench.http.post(plain.path, json={}, headers=known)).status_code == 200
        [got] = await bench.results(plain, 1)
        assert "open sesame" not in json.dumps(got)

        inputs = {"secret": "open sesame", "signatureHeader": "X-Hub-Signature-256"}
        inputs |= {"responseStatus": 204, "responseBody": "not sent"}
        signing = await bench.register("webhook.received", inputs=inputs)
        assert (await bench.http.post(signing.path, headers=known)).status_code == 401
        body = b'{"n": 1}'
        digest = hmac.new(b"open sesame", body, hashlib.sha256).hexdigest()
        for written in (digest, f"sha256={digest}"):
            answer = await bench.http.post(
                signing.path, content=body, headers={"x-hub-signature-256": written}
            )
            assert (answer.status_code, answer.content) == (204, b"")


async def test_a_registration_that_goes_takes_no_other_with_it(bench: Bench) -> None:
    """What came of deliveries is written many at a time."""
    going = await bench.register("acme.signed")
    staying = await bench.register("acme.signed")
    body, headers = signed([event(1)])
    for hook in (going, staying):
        assert (await bench.http.post(hook.path, content=body, headers=headers)).status_code == 200
    async with bench.database.begin() as session:
        row = await session.get(Registration, going.id)
        await session.delete(row)

    async def noted() -> bool:
        return (await bench.row(staying)).events == 1

    await eventually(noted)


async def test_the_last_events_are_kept(bench: Bench) -> None:
    hook = await bench.register("acme.signed")
    for first in range(0, 140, 70):
        body, headers = signed([event(number) for number in range(first, first + 70)])
        answer = await bench.http.post(hook.path, content=body, headers=headers)
        assert answer.status_code == 200

        async def counted(count: int = first + 70) -> bool:
            return (await bench.row(hook)).events == count

        await eventually(counted)
    async with bench.database() as session:
        count = await session.scalar(
            select(func.count())
            .select_from(RegistrationEvent)
            .where(RegistrationEvent.registration_id == hook.id)
        )
    assert count == 100
