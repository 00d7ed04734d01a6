"""What the measurements of triggers stand on: all of Inlay under its own supervisor, and an app."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from temporalio.client import Client

from dev.stack import Stack, running_stack
from dev.supervisor import ChildProcess, Running
from examples.demo.developer import Rest, make_project, publish, sign_up
from settings import Settings
from store.encryption import Keyring
from temporal.client import connect
from temporal.server import free_port

CONNECTORS = Path(__file__).parent / "connectors"
PROCESSES = ("temporal", "api", "worker")


@dataclass
class Product:
    """A developer's product on a running Inlay."""

    stack: Stack
    folder: Path
    project_id: str
    http: httpx.AsyncClient
    """Calls the API with the project's token."""
    temporal: Client

    async def automation(self, trigger: dict[str, Any]) -> str:
        """A published automation that gives back the event's id."""
        definition = {
            "trigger": {"type": "app", **trigger},
            "steps": [{"id": "note", "type": "set", "values": {"id": "{{ event.id }}"}}],
            "result": "{{ vars.id }}",
        }
        async with Rest(self.stack.settings.public_url) as api:
            await sign_up(api)
            project = await make_project(api)
            await publish(api, project, definition)
        self.project_id = project.id
        self.http.headers["authorization"] = f"Bearer {project.token}"
        return project.automation_id

    async def register(self, automation_id: str, user_id: str) -> None:
        """Registers a user; raises when the API refuses."""
        answer = await self.http.post(
            f"/api/v1/ipaas/automations/{automation_id}/register",
            json={"userId": user_id, "data": {}},
        )
        if not answer.is_success:
            raise RuntimeError(f"{answer.status_code}: {answer.text}")


@asynccontextmanager
async def product(folder: Path) -> AsyncIterator[Product]:
    """Starts everything for the time of a block; lines of the processes go to a file."""
    stub_port = free_port()
    connectors = folder / "connectors"
    shutil.copytree(CONNECTORS, connectors)
    manifest = connectors / "events" / "app.yaml"
    manifest.write_text(manifest.read_text().replace("8498", str(stub_port)))
    settings = Settings(
        data_dir=folder / "data",
        connector_dirs=str(connectors),
        allowed_private_hosts="127.0.0.1",
        daily_credits=100_000_000,
        log_level="WARNING",
    )
    with (folder / "processes.log").open("w", buffering=1) as file:

        def log(name: str, line: str) -> None:
            file.write(f"{name} | {line}\n")

        async with running_stack(settings, log) as stack:

            async def start_stub() -> Running:
                arguments = ["-m", "benchmarks.stub", str(stub_port)]
                return await ChildProcess.start("stub", arguments, {}, log)

            await stack.supervisor.start("stub", start_stub)
            client = await connect(stack.settings, Keyring.from_settings(stack.settings))
            limits = httpx.Limits(max_connections=200, max_keepalive_connections=200)
            async with httpx.AsyncClient(
                base_url=stack.settings.public_url, timeout=120, limits=limits
            ) as http:
                yield Product(stack, folder, "", http, client)


async def gather_bounded(calls: list[Any], at_a_time: int) -> None:
    """Awaits all, so many at a time; the first that fails is raised."""
    left = iter(calls)

    async def work() -> None:
        for call in left:
            await call()

    await asyncio.gather(*(work() for _ in range(at_a_time)))
