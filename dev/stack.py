"""The Temporal server, the API and a worker, side by side on one machine."""

from __future__ import annotations

import asyncio
import fcntl
import os
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

import httpx
from pydantic import SecretStr

from api.codec import operators_token
from dev.supervisor import ChildProcess, Log, Running, Supervisor
from store.encryption import Keyring
from store.files import make_private, private_umask
from store.migrations import upgrade
from temporal.client import connect, register_search_attributes
from temporal.server import DevServer, is_port_free, start_dev_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from settings import Settings

API_PORT = 8000
TEMPORAL_PORT = 7233
TEMPORAL_UI_PORT = 8233
CODEC_PATH = "/api/v1/temporal"
"""Where the API decodes payloads for the Temporal UI."""
HEALTH_PATH = "/readyz"
START_TIMEOUT = 60.0


class DevError(Exception):
    """Inlay cannot run here; the message says why and what to do."""


@dataclass(frozen=True)
class Stack:
    """What runs, and where."""

    settings: Settings
    """The settings of all its processes, with the addresses that were chosen."""
    supervisor: Supervisor
    """Keeps its processes alive, and any that is added."""


@asynccontextmanager
async def running_stack(settings: Settings, log: Log) -> AsyncIterator[Stack]:
    """All of Inlay for the time of a block.

    What it knows lies in `settings.data_dir` and is there again the next time. Ports that are
    taken are named in the log and replaced. Raises `DevError` and `DevServerError`.
    """
    private_umask()
    make_private(settings.data_dir)
    with _only_one(settings):
        supervisor = Supervisor(log)
        try:
            yield Stack(await _start(settings, supervisor, log), supervisor)
        finally:
            await supervisor.stop()


async def _start(settings: Settings, supervisor: Supervisor, log: Log) -> Settings:
    ports = _choose_ports(log)
    api_port, temporal_port, ui_port = ports
    api_url = f"http://127.0.0.1:{api_port}"
    settings = settings.model_copy(
        update={
            "data_dir": settings.data_dir.absolute(),
            "temporal_address": f"127.0.0.1:{temporal_port}",
            "temporal_ui_url": f"http://127.0.0.1:{ui_port}",
            # A tunnel or a proxy in front of this machine is named by the setting.
            "public_url": settings.public_url
            if "public_url" in settings.model_fields_set
            else api_url,
        }
    )
    environment = environment_of(settings)
    # The key is made here, once, before two processes could make one each.
    keyring = Keyring.from_settings(settings)
    await upgrade(settings.effective_database_url, keyring)

    # The UI of the dev server can show the token in no other way.
    token = quote(operators_token(settings) or "", safe="")

    async def start_temporal() -> DevServer:
        return await start_dev_server(
            settings.data_dir / "temporal.db",
            temporal_port,
            ui_port,
            codec_endpoint=f"{api_url}{CODEC_PATH}/{token}",
            on_output=lambda line: log("temporal", line),
        )

    async def start_api() -> Running:
        arguments = ["-m", "cli", "api", "--port", str(api_port)]
        return await ChildProcess.start("api", arguments, environment, log)

    async def start_worker() -> Running:
        return await ChildProcess.start("worker", ["-m", "cli", "worker"], environment, log)

    await supervisor.start("temporal", start_temporal)
    await register_search_attributes(await connect(settings, keyring))
    await supervisor.start("api", start_api)
    await supervisor.start("worker", start_worker)
    await until_healthy("the API", api_url + HEALTH_PATH, supervisor.failed)
    return settings


def environment_of(settings: Settings) -> dict[str, str]:
    """The environment that gives a child process the same settings."""
    environment = {}
    for name in settings.model_fields_set:
        value = getattr(settings, name)
        if isinstance(value, SecretStr):
            value = value.get_secret_value()
        if value is not None:
            environment[f"INLAY_{name.upper()}"] = str(value)
    return environment


def _choose_ports(log: Log) -> tuple[int, int, int]:
    chosen: list[int] = []
    for purpose, preferred in (
        ("API", API_PORT),
        ("Temporal server", TEMPORAL_PORT),
        ("Temporal UI", TEMPORAL_UI_PORT),
    ):
        for port in range(preferred, preferred + 100):
            if port not in chosen and is_port_free(port):
                break
        else:
            raise DevError(f"no port from {preferred} to {preferred + 99} is free: {purpose}")
        if port != preferred:
            log("inlay", f"port {preferred} is taken; the {purpose} uses {port} instead")
        chosen.append(port)
    return chosen[0], chosen[1], chosen[2]


@contextmanager
def _only_one(settings: Settings) -> Iterator[None]:
    """Holds the data folder: two servers on one Temporal file would destroy it."""
    with (settings.data_dir / "dev.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            raise DevError(
                f"{settings.data_dir} is in use by another `inlay dev` (process {holder}); "
                "stop that one, or give this one its own folder with INLAY_DATA_DIR"
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


async def until_healthy(what: str, url: str, failed: asyncio.Event) -> None:
    """Waits until GET `url` succeeds; raises `DevError` when `failed` is set or in vain."""
    try:
        async with httpx.AsyncClient() as client, asyncio.timeout(START_TIMEOUT):
            while not failed.is_set():
                with suppress(httpx.TransportError):
                    if (await client.get(url)).is_success:
                        return
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise DevError(f"{what} did not answer within {START_TIMEOUT:g} seconds") from None
    raise DevError(f"{what} would not start; its last messages say why")
