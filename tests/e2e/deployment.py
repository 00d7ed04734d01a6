"""Inlay as real processes that a test can kill and start again."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from temporalio.client import Client

from dev.stack import environment_of
from examples.demo.developer import Rest, make_project, publish, sign_up
from settings import Settings
from store.encryption import Keyring
from store.migrations import upgrade
from temporal.client import connect, register_search_attributes
from temporal.server import DevServer, free_port, start_dev_server

ROOT = Path(__file__).parents[2]
CONNECTORS = Path(__file__).parent / "connectors"
SHOWN = 10_000
"""Characters of a process's output that a failed test shows."""


class Deployment:
    """A Temporal server on a file, an API and a worker, each killable.

    `more_connectors` are folders of apps beside that of the vendor; `settings` are further ones.
    What the processes write to stdout and stderr is in `folder`/output, one file each.
    """

    def __init__(
        self, folder: Path, vendor_url: str, more_connectors: Sequence[Path] = (), **settings: Any
    ) -> None:
        self.temporal_port, self.api_port = free_port(), free_port()
        self._folder = folder
        self.outputs = folder / "output"
        self.outputs.mkdir()
        self.temporal_file = folder / "temporal.db"
        connectors = folder / "connectors"
        shutil.copytree(CONNECTORS, connectors)
        manifest = connectors / "vendor" / "app.yaml"
        manifest.write_text(manifest.read_text().replace("http://127.0.0.1:8499", vendor_url))
        chosen: dict[str, Any] = {
            "data_dir": folder / "data",
            "temporal_address": f"127.0.0.1:{self.temporal_port}",
            "public_url": f"http://127.0.0.1:{self.api_port}",
            "allowed_private_hosts": "127.0.0.1",
            "connector_dirs": os.pathsep.join(map(str, [connectors, *more_connectors])),
            "log_level": "WARNING",
        }
        self.settings = Settings(**chosen | settings)
        self.temporal: DevServer | None = None
        self._processes: dict[str, asyncio.subprocess.Process] = {}
        self.http = httpx.AsyncClient(base_url=self.settings.public_url, timeout=90)

    async def start_temporal(self) -> None:
        self.temporal = await start_dev_server(
            self.temporal_file,
            self.temporal_port,
            headless=True,
            on_output=lambda line: self._keep("temporal", line),
        )

    async def kill_temporal(self) -> None:
        assert self.temporal is not None
        await self.temporal.kill()

    async def start_api(self) -> None:
        await self._start("api", "api", "--port", str(self.api_port))
        async with asyncio.timeout(120):
            while True:
                try:
                    await self.http.get("/healthz")
                except httpx.TransportError:
                    await asyncio.sleep(0.05)
                else:
                    return

    async def start_worker(self) -> None:
        await self._start("worker", "worker")

    async def kill(self, name: str) -> None:
        process = self._processes.pop(name)
        process.kill()
        await process.wait()

    async def stop(self) -> None:
        for name in list(self._processes):
            await self.kill(name)
        if self.temporal is not None:
            await self.temporal.stop()
        await self.http.aclose()
        for file in sorted(self.outputs.iterdir()):
            # pytest shows it where a test has failed.
            sys.stderr.write(f"--- {file.stem}\n{file.read_text(errors='replace')[-SHOWN:]}\n")

    async def client(self) -> Client:
        return await connect(self.settings, Keyring.from_settings(self.settings))

    async def publish(self, definition: dict[str, Any]) -> str:
        """A project with this automation, published; its token is put into `http`."""
        async with Rest(self.settings.public_url) as api:
            await sign_up(api)
            project = await make_project(api)
            await publish(api, project, definition)
        self.project_id = project.id
        self.http.headers["authorization"] = f"Bearer {project.token}"
        return project.automation_id

    async def run(self, automation_id: str, **data: Any) -> httpx.Response:
        return await self.http.post(
            f"/api/v1/ipaas/automations/{automation_id}/run",
            json={"userId": "user-1", "data": data},
        )

    async def runs(self) -> list[dict[str, Any]]:
        response = await self.http.get(f"/api/v1/projects/{self.project_id}/runs")
        assert response.status_code == 200, response.text
        items: list[dict[str, Any]] = response.json()["items"]
        return items

    async def until_ended(self, *, seconds: float = 60) -> list[dict[str, Any]]:
        """The runs, once each of them has ended in the books."""
        async with asyncio.timeout(seconds):
            while True:
                runs = await self.runs()
                if runs and all(run["status"] not in {"running", "paused"} for run in runs):
                    return runs
                await asyncio.sleep(0.2)

    async def _start(self, name: str, *arguments: str) -> None:
        with (self.outputs / f"{name}.log").open("ab") as output:
            self._processes[name] = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "cli",
                *arguments,
                cwd=ROOT,
                env=os.environ | environment_of(self.settings),
                stdout=output,
                stderr=output,
            )

    def _keep(self, name: str, line: str) -> None:
        with (self.outputs / f"{name}.log").open("a") as output:
            output.write(f"{line}\n")


@asynccontextmanager
async def deployed(
    folder: Path, vendor_url: str, more_connectors: Sequence[Path] = (), **settings: Any
) -> AsyncIterator[Deployment]:
    deployment = Deployment(folder, vendor_url, more_connectors, **settings)
    deployment.settings.data_dir.mkdir(parents=True)
    keyring = Keyring.from_settings(deployment.settings)
    await upgrade(deployment.settings.effective_database_url, keyring)
    try:
        await deployment.start_temporal()
        await register_search_attributes(await deployment.client())
        await deployment.start_api()
        await deployment.start_worker()
        yield deployment
    finally:
        await deployment.stop()
