"""What takes as long as a caller's data are large is never done on the API's event loop."""

from __future__ import annotations

import asyncio
import gc
import gzip
import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn
from fastapi import FastAPI, Request
from temporalio.api.common.v1 import Payload

from api import faults, hooks, published, strict_json, testing
from api.hook_targets import AppTarget
from api.input_schema import InputSchema
from api.server import DrainingServer
from store.encryption import Keyring
from temporal.codec import EncryptionCodec
from tests.api.conftest import GREETING

if TYPE_CHECKING:
    from tests.api.conftest import Workshop


ON_IT, BESIDE = "on the loop", "beside the loop"


class Watch:
    """Where functions are called: on an event loop, or beside it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch
        self.watched: set[str] = set()
        self.seen: dict[str, set[str]] = {}

    def on(self, owner: Any, name: str) -> None:
        whole = getattr(owner, name)
        self.watched.add(name)

        def watched(*args: Any, **kwargs: Any) -> Any:
            try:
                asyncio.get_running_loop()
            except RuntimeError:
                self.seen.setdefault(name, set()).add(BESIDE)
            else:
                self.seen.setdefault(name, set()).add(ON_IT)
            return whole(*args, **kwargs)

        self._monkeypatch.setattr(owner, name, watched)


async def test_requests_are_read_checked_and_computed_beside_the_loop(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = Watch(monkeypatch)
    watch.on(strict_json, "parse")
    watch.on(InputSchema, "__init__")
    watch.on(InputSchema, "faults_of")
    watch.on(faults, "review")
    watch.on(faults, "validate_excerpt")
    watch.on(published, "with_defaults")
    watch.on(published, "compile_definition")
    watch.on(testing, "with_items")
    watch.on(testing, "missing")
    padding = " " * strict_json.SMALL_BYTES
    steps = [{"id": "greet", "type": "set", "values": {"text": "{{ data.name }}" + padding}}]
    automation = await workshop.automation({**GREETING, "steps": steps})
    run = {"data": {"name": padding}}
    await workshop.application.refused(1, "POST", workshop.run_path(automation), run)
    path = f"{workshop.path}/automations"
    await workshop.developer.expect(200, "POST", f"{path}/{automation}/validate")
    await workshop.developer.refused(
        503, "POST", f"{path}/{automation}/steps/greet/test", {"data": {"name": padding}}
    )
    await workshop.developer.expect(200, "GET", path)
    assert watch.seen.keys() == watch.watched
    assert all(places == {BESIDE} for places in watch.seen.values())


@pytest.mark.parametrize("is_packed", [True, False])
async def test_a_large_delivery_is_unpacked_and_read_beside_the_loop(
    is_packed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = Watch(monkeypatch)
    watch.on(hooks, "request_scope")
    watch.on(hooks, "unpack")
    # Many packed parts of nothing take long, and make nothing that a bound could stop.
    body = gzip.compress(b"") * 4_000 if is_packed else b"a=%FF%81&" * 10_000

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body}

    headers = [(b"content-encoding", b"gzip")] if is_packed else []
    request = Request(
        {"type": "http", "method": "POST", "path": "/", "query_string": b"", "headers": headers},
        receive,
    )
    target = AppTarget("integration", "project", "acme", [], {})
    refused: list[str] = []

    async def find(_secret: str) -> tuple[AppTarget, bool]:
        return target, True

    state: Any = SimpleNamespace(
        hook_targets=SimpleNamespace(find=find),
        event_log=SimpleNamespace(refuse_app=lambda _, reason: refused.append(reason)),
        settings=SimpleNamespace(max_delivery_bytes=25 << 20, public_url="https://inlay.example"),
    )
    answer = await hooks._deliver("secret", request, state)
    assert answer.status_code == 404
    assert len(refused) == 1
    assert (
        watch.seen
        == {
            "unpack": {BESIDE},
            "request_scope": {ON_IT},  # There is nothing in it.
        }
        if is_packed
        else {"request_scope": {BESIDE}}
    )


async def test_large_payloads_are_encrypted_beside_the_loop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    watch = Watch(monkeypatch)
    watch.on(Keyring, "encrypt")
    watch.on(Keyring, "decrypt")
    codec = EncryptionCodec(Keyring([b"k" * 32]))
    large = [Payload(data=b"x" * 2_000_000)]
    assert await codec.decode(await codec.encode(large)) == large
    assert watch.seen == {"encrypt": {BESIDE}, "decrypt": {BESIDE}}


async def test_a_body_has_no_more_faults_than_can_be_told(workshop: Workshop) -> None:
    path = f"{workshop.path}/automations"
    many = {f"k{number}": 1 for number in range(60_000)}
    error = await workshop.developer.refused(1, "POST", path, many)
    assert "more than 200 names" in error["message"]
    some = {f"k{number}": 1 for number in range(150)}
    error = await workshop.developer.refused(1, "POST", path, some)
    assert len(error["details"]) == 100
    # What a developer's own data are called is no matter.
    automation = await workshop.automation({"trigger": {"type": "manual"}, "steps": []})
    await workshop.application.refused(503, "POST", workshop.run_path(automation), {"data": many})


async def test_a_draft_has_no_more_values_than_are_looked_at_soon(workshop: Workshop) -> None:
    path = f"{workshop.path}/automations"
    body = {"name": "A", "definition": {"steps": [[]] * 60_000}}
    error = await workshop.developer.refused(1, "POST", path, body)
    assert "more than 50,000 values" in error["message"]


async def test_the_server_makes_at_its_start_what_it_makes_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    frozen: list[bool] = []
    monkeypatch.setattr(gc, "freeze", lambda: frozen.append(True))
    app = FastAPI()
    config = uvicorn.Config(app, port=0, log_config=None, lifespan="off")
    server = DrainingServer(config, app, 0)
    config.load()
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    await server.shutdown()
    assert json.dumps(app.openapi_schema)
    assert frozen
