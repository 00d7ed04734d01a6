"""Processes that belong together: started in order, started again when they die, ended together."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

from temporal.server import die_with_parent

Log = Callable[[str, str], None]
"""Takes the name of a process and a line that it wrote, or that is said about it."""

STOP_TIMEOUT = 30.0
"""Seconds that a process has for its orderly end; longer than a worker's graceful stop."""
HEALTHY_AFTER = 30.0
"""A process that lived as long as this many seconds is said to have started well."""
GIVE_UP_AFTER = 5
"""So many ends in a row, none after a good start, and the rest is ended too."""


class Running(Protocol):
    """A process that was started."""

    @property
    def pid(self) -> int:
        """Its number."""

    async def wait(self) -> int:
        """Waits for its end; gives the exit status."""

    async def stop(self) -> None:
        """Ends it in order."""


class ChildProcess:
    """A child whose lines go to a log; it dies with this process where the system can do that."""

    def __init__(self, process: asyncio.subprocess.Process, reader: asyncio.Task[None]) -> None:
        self._process = process
        self._reader = reader

    @classmethod
    async def start(
        cls, name: str, arguments: list[str], environment: Mapping[str, str], log: Log
    ) -> ChildProcess:
        """Starts this Python with `arguments`."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *arguments,
            env={**os.environ, **environment, "PYTHONUNBUFFERED": "1"},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            # Ctrl-C reaches the whole group of the terminal; the children are ended in order.
            start_new_session=True,
            preexec_fn=die_with_parent(os.getpid()),
        )
        return cls(process, asyncio.create_task(_forward(process, name, log), name=f"{name}-log"))

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    async def wait(self) -> int:
        """Waits for its end and for the last line that it wrote; gives the exit status."""
        status = await self._process.wait()
        # Whoever waits may be cancelled; the reader goes on.
        await asyncio.shield(self._reader)
        return status

    async def stop(self) -> None:
        """Asks it to end; by force after `STOP_TIMEOUT`."""
        with suppress(ProcessLookupError):
            self._process.terminate()
        try:
            await asyncio.wait_for(self._process.wait(), STOP_TIMEOUT)
        except TimeoutError:
            with suppress(ProcessLookupError):
                self._process.kill()
        await self.wait()


async def _forward(process: asyncio.subprocess.Process, name: str, log: Log) -> None:
    assert process.stdout is not None  # noqa: S101 - opened as a pipe by `start`
    while True:
        try:
            line = await process.stdout.readline()
        except ValueError:  # a line beyond the reader's limit; what follows it is readable
            continue
        if not line:
            return
        log(name, line.decode(errors="replace").rstrip())


@dataclass
class _Member:
    name: str
    start: Callable[[], Awaitable[Running]]
    running: Running
    watcher: asyncio.Task[None] | None = None


@dataclass
class Supervisor:
    """Keeps processes alive until it is stopped."""

    log: Log
    failed: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a process would not stay alive; what is left should be stopped."""
    _members: list[_Member] = field(default_factory=list)

    async def start(self, name: str, start: Callable[[], Awaitable[Running]]) -> None:
        """Starts one more process and watches it. What `start` raises at first is raised."""
        member = _Member(name, start, await start())
        member.watcher = asyncio.create_task(self._watch(member), name=f"{name}-watcher")
        self._members.append(member)

    def pid(self, name: str) -> int:
        """The number of the process of that name that runs now, or ran last."""
        return next(member.running.pid for member in self._members if member.name == name)

    async def stop(self) -> None:
        """Ends all processes, the last started first."""
        # First of all nothing may be started again.
        for member in self._members:
            if member.watcher is not None:
                member.watcher.cancel()
                with suppress(asyncio.CancelledError):
                    await member.watcher
        for member in reversed(self._members):
            self.log(member.name, "stopping")
            await member.running.stop()

    async def _watch(self, member: _Member) -> None:
        ends = 0
        while True:
            started = time.monotonic()
            status = await member.running.wait()
            ends = 1 if time.monotonic() - started > HEALTHY_AFTER else ends + 1
            while True:
                if ends >= GIVE_UP_AFTER:
                    self.log(member.name, f"{_end(status)} {ends} times in a row: giving up")
                    self.failed.set()
                    return
                pause = min(0.5 * 2 ** (ends - 1), 10.0)
                self.log(member.name, f"{_end(status)}; it is started again in {pause:g} s")
                await asyncio.sleep(pause)
                try:
                    member.running = await member.start()
                    break
                except Exception as error:  # whatever it is: one more end
                    self.log(member.name, f"could not be started: {error}")
                    ends += 1


def _end(status: int) -> str:
    if status < 0:
        return f"was killed by {signal.Signals(-status).name}"
    return f"ended with status {status}"
