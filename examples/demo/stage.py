"""What the demonstration stands on: all of Inlay, Tracker beside it, and the developer's server."""

from __future__ import annotations

import secrets
import shutil
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from dev.stack import DevError, running_stack, until_healthy
from dev.supervisor import ChildProcess, Log, Running, Supervisor
from examples.acme import WEBHOOK_PATH
from temporal.server import free_port, is_port_free

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from settings import Settings

TRACKER_PORT = 8400
CONNECTOR = Path(__file__).parents[1] / "tracker" / "connector" / "tracker"
CLIENT_ID = "inlay-demo"
APPLICATION = "acme"
"""The program that is the developer's own server."""
LATENCY = 0.25
"""Seconds that Tracker takes for a call, so that there is something to watch."""


@dataclass(frozen=True)
class Stage:
    """Where everything is."""

    base_url: str
    temporal_ui_url: str
    tracker_url: str
    client_secret: str
    """Tracker's secret of the client `CLIENT_ID`."""
    supervisor: Supervisor
    log: Log
    application_port: int

    @property
    def webhook_url(self) -> str:
        """Where the developer's server hears what Inlay tells."""
        return f"http://127.0.0.1:{self.application_port}{WEBHOOK_PATH}"

    async def start_application(self, webhook_secret: str) -> None:
        """Starts the developer's server, which knows the secret of its project's webhook."""
        environment = {"ACME_WEBHOOK_SECRET": webhook_secret}
        port = self.application_port
        await _serve(self.supervisor, self.log, APPLICATION, port, environment)


@asynccontextmanager
async def stage(settings: Settings, log: Log) -> AsyncIterator[Stage]:
    """Runs Inlay with a data folder of its own, and Tracker, for the time of a block."""
    tracker_port = _tracker_port(log)
    with TemporaryDirectory(prefix="inlay-demo-") as connectors:
        _write_connector(Path(connectors), tracker_port)
        async with _stage(settings, log, tracker_port, connectors) as ready:
            yield ready


@asynccontextmanager
async def _stage(
    settings: Settings, log: Log, tracker_port: int, connectors: str
) -> AsyncIterator[Stage]:
    settings = settings.model_copy(
        update={
            "environment": "development",
            "data_dir": settings.data_dir.absolute() / "demo",
            # Never the database of an installation.
            "database_url": "",
            "payload_dir": None,
            "connector_dirs": connectors,
            # Tracker is on this machine; calls to private addresses are refused otherwise.
            "allowed_private_hosts": "127.0.0.1",
        }
    )
    async with running_stack(settings, log) as stack:
        secret = secrets.token_urlsafe(24)
        environment = {
            "TRACKER_CLIENT_ID": CLIENT_ID,
            "TRACKER_CLIENT_SECRET": secret,
            "TRACKER_REDIRECT_URI": f"{stack.settings.public_url}/api/v1/oauth/callback",
            "TRACKER_LATENCY": str(LATENCY),
        }
        await _serve(stack.supervisor, log, "tracker", tracker_port, environment)
        yield Stage(
            stack.settings.public_url,
            stack.settings.temporal_ui_url,
            f"http://127.0.0.1:{tracker_port}",
            secret,
            stack.supervisor,
            log,
            free_port(),
        )


async def _serve(
    supervisor: Supervisor, log: Log, name: str, port: int, environment: dict[str, str]
) -> None:
    """Keeps a program of `examples` running on a port; it answers when this ends."""

    async def start() -> Running:
        arguments = ["-m", f"examples.{name}", str(port)]
        return await ChildProcess.start(name, arguments, environment, log)

    await supervisor.start(name, start)
    url = f"http://127.0.0.1:{port}/health"
    await until_healthy(name.capitalize(), url, supervisor.failed)


def _tracker_port(log: Log) -> int:
    for port in range(TRACKER_PORT, TRACKER_PORT + 100):
        if is_port_free(port):
            if port != TRACKER_PORT:
                log("inlay", f"port {TRACKER_PORT} is taken; Tracker uses {port} instead")
            return port
    raise DevError(f"no port from {TRACKER_PORT} to {TRACKER_PORT + 99} is free: Tracker")


def _write_connector(folder: Path, port: int) -> None:
    """Puts Tracker's connector into `folder`, for the port that Tracker listens on."""
    shutil.copytree(CONNECTOR, folder / CONNECTOR.name)
    manifest = folder / CONNECTOR.name / "app.yaml"
    text = (CONNECTOR / "app.yaml").read_text()
    manifest.write_text(text.replace(f":{TRACKER_PORT}/", f":{port}/"))
