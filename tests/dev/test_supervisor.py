"""Processes are kept alive, given up clearly, and ended in order."""

import asyncio
import sys
from collections.abc import Awaitable, Callable

import pytest

from dev import supervisor as supervision
from dev.supervisor import ChildProcess, Running, Supervisor

HANDLES_TERM = (
    "import signal, sys, time\n"
    "def end(*_):\n"
    "    print('ended in order', flush=True)\n"
    "    sys.exit(0)\n"
    "signal.signal(signal.SIGTERM, end)\n"
    "print('ready', flush=True)\n"
    "time.sleep(60)\n"
)


class Lines:
    """A log that can be waited for."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []
        self._grown = asyncio.Event()

    def __call__(self, name: str, line: str) -> None:
        self.lines.append((name, line))
        self._grown.set()

    async def until(self, name: str, text: str, times: int = 1) -> None:
        async with asyncio.timeout(20):
            while sum(text in line for who, line in self.lines if who == name) < times:
                self._grown.clear()
                await self._grown.wait()


def python(name: str, code: str, log: Lines) -> Callable[[], Awaitable[Running]]:
    async def start() -> Running:
        return await ChildProcess.start(name, ["-c", code], {"GREETING": "hello"}, log)

    return start


async def test_it_forwards_lines_and_environment() -> None:
    log = Lines()
    supervisor = Supervisor(log)
    code = "import os, time; print(os.environ['GREETING']); time.sleep(60)"
    await supervisor.start("one", python("one", code, log))
    await log.until("one", "hello")
    await supervisor.stop()


async def test_the_last_started_is_ended_first_and_in_order() -> None:
    log = Lines()
    supervisor = Supervisor(log)
    for name in ("first", "second"):
        await supervisor.start(name, python(name, HANDLES_TERM, log))
        await log.until(name, "ready")
    await supervisor.stop()
    ends = [name for name, line in log.lines if line == "ended in order"]
    assert ends == ["second", "first"]


async def test_a_process_that_dies_is_started_again() -> None:
    log = Lines()
    supervisor = Supervisor(log)
    await supervisor.start(
        "fragile", python("fragile", "print('here'); import os; os.kill(os.getpid(), 9)", log)
    )
    await log.until("fragile", "here", times=2)
    await log.until("fragile", "was killed by SIGKILL; it is started again in 0.5 s")
    assert not supervisor.failed.is_set()
    await supervisor.stop()


async def test_a_process_that_never_lives_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervision, "GIVE_UP_AFTER", 2)
    log = Lines()
    supervisor = Supervisor(log)
    await supervisor.start("broken", python("broken", "import sys; sys.exit(3)", log))
    async with asyncio.timeout(20):
        await supervisor.failed.wait()
    assert ("broken", "ended with status 3 2 times in a row: giving up") in log.lines
    await supervisor.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="needs PR_SET_PDEATHSIG")
async def test_children_die_with_their_parent() -> None:
    code = (
        "import asyncio\n"
        "from dev.supervisor import ChildProcess\n"
        "async def main():\n"
        "    log = lambda name, line: print(line, flush=True)\n"
        "    child = await ChildProcess.start('c', ['-c',\n"
        "        'import os, time; print(os.getpid()); time.sleep(60)'], {}, log)\n"
        "    await child.wait()\n"
        "asyncio.run(main())\n"
    )
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    pid = int(await parent.stdout.readline())
    parent.kill()
    await parent.wait()
    async with asyncio.timeout(30):
        while _lives(pid):
            await asyncio.sleep(0.05)


def _lives(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            # A zombie that nobody has waited for is dead, too.
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
