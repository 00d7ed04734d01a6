"""Inlay as real processes that a test can kill and start again."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator
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


class Deployment:
    """A Temporal server on a file, an API and a worker, each killable."""

    def __init__(self, folder: Path, vendor_url: str) -> None:
        self.temporal_port, self.api_port = free_port(), free_port()
        self._folder = folder
        connectors = folder / "connectors"
        shutil.copytree(CONNECTORS, connectors)
        manifest = connectors / "vendor" / "app.yaml"
        manifest.write_text(manifest.read_text().replace("http://127.0.0.1:8499", vendor_url))
        self.settings = Settings(
            data_dir=folder / "data",
            temporal_address=f"127.0.0.1:{self.temporal_port}",
            public_url=f"http://127.0.0.1:{self.api_port}",
            allowed_private_hosts="127.0.0.1",
            connector_dirs=str(connectors),
            log_level="WARNING",
        )
        self.temporal: DevServer | None = None
        self._processes: dict[str, asyncio.subprocess.Process] = {}
        self.http = httpx.AsyncClient(base_url=self.settings.public_url, timeout=90)

    async def start_temporal(self) -> None:
        self.temporal = await start_dev_server(
            self._folder / "temporal.db", self.temporal_port, headless=True
        )

    async def kill_temporal(self) -> None:
        assert self.temporal is not None
        await self.temporal.kill()

    async def start_api(self) -> None:
        await self._start("api", "api", "--port", str(self.api_port))
        async with asyncio.timeout(30):
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
        self._processes[name] = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "cli",
            *arguments,
            cwd=ROOT,
            env=os.environ | environment_of(self.settings),
        )


@asynccontextmanager
async def deployed(folder: Path, vendor_url: str) -> AsyncIterator[Deployment]:
    deployment = Deployment(folder, vendor_url)
    deployment.settings.data_dir.mkdir(parents=True)
    Keyring.from_settings(deployment.settings)
    await upgrade(deployment.settings.effective_database_url)
    try:
        await deployment.start_temporal()
        await register_search_attributes(await deployment.client())
        await deployment.start_api()
        await deployment.start_worker()
        yield deployment
    finally:
        await deployment.stop()
