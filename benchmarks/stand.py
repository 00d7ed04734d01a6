"""What both sides of the benchmark stand on: one Temporal server, one stub, a worker each."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from temporalio.client import Client

from benchmarks.handwritten import TASK_QUEUE, ThreeCalls
from dev.stack import environment_of
from examples.demo.developer import Rest, make_project, publish, sign_up
from settings import Settings
from store.encryption import Keyring
from store.migrations import upgrade
from temporal.client import register_search_attributes
from temporal.server import dev_server, free_port

ROOT = Path(__file__).parents[1]
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Stand:
    """Both sides, ready to be called."""

    temporal: Client
    http: httpx.AsyncClient
    run_url: str
    stub_url: str
    processes: dict[str, int]
    _count: int = 0

    async def inlay(self) -> None:
        """One run of the automation through the API."""
        response = await self.http.post(
            self.run_url, json={"userId": "bench", "data": {"text": "hello"}}
        )
        answer = response.json()
        if response.status_code != 200 or answer["status"] != "completed":
            raise RuntimeError(f"{response.status_code}: {answer}")

    async def handwritten(self) -> None:
        """One run of the workflow written by hand."""
        await self.temporal.execute_workflow(
            ThreeCalls.run, self.stub_url, id=self._next_id(), task_queue=TASK_QUEUE
        )

    async def inlay_events(self) -> int:
        """History events of one run of the automation."""
        answer = (
            await self.http.post(self.run_url, json={"userId": "bench", "data": {"text": "x"}})
        ).json()
        return await self._events(answer["runId"])

    async def hand_events(self) -> int:
        """History events of one run of the workflow written by hand."""
        workflow_id = self._next_id()
        await self.temporal.execute_workflow(
            ThreeCalls.run, self.stub_url, id=workflow_id, task_queue=TASK_QUEUE
        )
        return await self._events(workflow_id)

    def cpu_seconds(self) -> dict[str, float]:
        """User and system time of each process since its start."""
        seconds = {}
        for name, pid in self.processes.items():
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            seconds[name] = round((int(fields[11]) + int(fields[12])) / TICKS, 1)
        return seconds

    async def _events(self, workflow_id: str) -> int:
        history = await self.temporal.get_workflow_handle(workflow_id).fetch_history()
        return len(history.events)

    def _next_id(self) -> str:
        self._count += 1
        return f"by-hand-{self._count}"


@asynccontextmanager
async def stand(folder: Path) -> AsyncIterator[Stand]:
    """Starts all processes for the time of a block."""
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(dev_server(folder / "temporal.db", headless=True))
        stub_port, api_port = free_port(), free_port()
        settings = Settings(
            data_dir=folder,
            temporal_address=server.address,
            public_url=f"http://127.0.0.1:{api_port}",
            allowed_private_hosts="127.0.0.1",
            daily_credits=10_000_000,
            log_level="WARNING",
        )
        # The key is made once, before two processes could make one each.
        keyring = Keyring.from_settings(settings)
        temporal = await Client.connect(server.address)
        await register_search_attributes(temporal)
        await upgrade(settings.effective_database_url, keyring)
        stub_url = f"http://127.0.0.1:{stub_port}/call"
        environment = os.environ | environment_of(settings)
        processes = {"temporal": server.process.pid}
        for name, arguments in {
            "stub": ["-m", "benchmarks.stub", str(stub_port)],
            "api": ["-m", "cli", "api", "--port", str(api_port)],
            "worker": ["-m", "cli", "worker"],
            "worker by hand": ["-m", "benchmarks.handwritten", server.address],
        }.items():
            processes[name] = await _start(stack, arguments, environment)
        http = await stack.enter_async_context(
            httpx.AsyncClient(
                timeout=120,
                limits=httpx.Limits(max_connections=100, max_keepalive_connections=100),
            )
        )
        await _until_ready(http, settings.public_url)
        automation_id, token = await _publish(settings.public_url, stub_url)
        http.headers["authorization"] = f"Bearer {token}"
        run_url = f"{settings.public_url}/api/v1/ipaas/automations/{automation_id}/run"
        yield Stand(temporal, http, run_url, stub_url, processes)


async def _start(stack: AsyncExitStack, arguments: list[str], environment: dict[str, str]) -> int:
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, cwd=ROOT, env=environment
    )

    async def stop() -> None:
        if process.returncode is None:
            process.kill()
        await process.wait()

    stack.push_async_callback(stop)
    return process.pid


async def _until_ready(http: httpx.AsyncClient, url: str) -> None:
    for _ in range(300):
        try:
            if (await http.get(f"{url}/readyz")).status_code == 200:
                return
        except httpx.TransportError:
            pass
        await asyncio.sleep(0.1)
    raise RuntimeError(f"the API at {url} does not get ready")


async def _publish(base_url: str, stub_url: str) -> tuple[str, str]:
    """A project with a published automation of three actions; gives its id and a token."""
    call = {"method": "POST", "url": stub_url, "body": {"text": "{{ data.text }}"}}
    definition = {
        "trigger": {"type": "manual", "input": {"type": "object"}},
        "steps": [
            {
                "id": f"call_{number}",
                "name": f"Call {number}",
                "type": "app",
                "component": "http.request",
                "inputs": call,
            }
            for number in (1, 2, 3)
        ],
        "result": "{{ steps.call_3.output }}",
    }
    async with Rest(base_url) as api:
        await sign_up(api)
        project = await make_project(api)
        await publish(api, project, definition)
    return project.automation_id, project.token
