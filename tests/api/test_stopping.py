"""A server that is told to stop: nobody is dropped, and nobody is told less than is known."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import uvicorn
from fastapi import FastAPI, Request

from api.guard import Guard
from api.server import DrainingServer
from temporal.server import free_port


@asynccontextmanager
async def serving(
    *, drain: float
) -> AsyncIterator[tuple[DrainingServer, FastAPI, httpx.AsyncClient]]:
    app = FastAPI()
    app.state.arrived = 0
    app.add_middleware(Guard)

    @app.get("/run")
    async def run(request: Request) -> None:
        request.state.run_id = "run-1"
        app.state.arrived += 1
        await asyncio.sleep(60)

    @app.get("/other")
    async def other() -> None:
        app.state.arrived += 1
        await asyncio.sleep(60)

    @app.get("/quick")
    async def quick() -> str:
        return "done"

    port = free_port()
    config = uvicorn.Config(app, port=port, log_config=None, timeout_graceful_shutdown=1)
    server = DrainingServer(config, app, drain)
    task = asyncio.create_task(server._serve())
    while not server.started:
        await asyncio.sleep(0.01)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as http:
        yield server, app, http
    server.should_exit = True
    await task


async def test_a_caller_who_waits_for_a_run_is_told_its_id() -> None:
    async with serving(drain=0) as (server, app, http):
        waiting = [asyncio.create_task(http.get(path)) for path in ("/run", "/other")]
        async with asyncio.timeout(30):
            while app.state.arrived < 2:
                await asyncio.sleep(0.01)
        server.handle_exit(signal.SIGTERM, None)
        run, other = await asyncio.gather(*waiting)
    assert (run.status_code, other.status_code) == (503, 503)
    assert run.json()["details"] == {"runId": "run-1"}
    assert "The run goes on" in run.json()["message"]
    assert "Look whether what you asked for was done" in other.json()["message"]
    assert run.headers["retry-after"] == "2"


async def test_a_server_that_drains_still_answers_and_closes_connections() -> None:
    async with serving(drain=60) as (server, _, http):
        assert "close" not in (await http.get("/quick")).headers.get("connection", "")
        server.handle_exit(signal.SIGTERM, None)
        answer = await http.get("/quick")
        assert answer.json() == "done"
        assert answer.headers["connection"] == "close"
        # Whoever does not want to wait says it twice.
        server.handle_exit(signal.SIGTERM, None)
        assert server.should_exit
