"""`inlay dev` is all of Inlay in one terminal, and what the README shows works on it."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from temporal.server import is_port_free

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ROOT = Path(__file__).parents[2]
READY = "Ctrl-C stops it"


class Dev:
    """A running `inlay dev`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.lines: list[str] = []

    async def until(self, text: str) -> None:
        """Reads until a line holds the text."""
        async with asyncio.timeout(90):
            while not any(text in line for line in self.lines):
                await self._read_line()

    async def ended(self) -> int:
        """Reads to the end; gives the exit status."""
        async with asyncio.timeout(90):
            while await self._read_line(allow_end=True):
                pass
            return await self.process.wait()

    @property
    def urls(self) -> tuple[str, str]:
        """Of the API and of the Temporal UI."""
        text = "\n".join(self.lines)
        api = re.search(r"API +(http://\S+?)/docs", text)
        ui = re.search(r"Temporal UI +(http://\S+)$", text, re.MULTILINE)
        assert api
        assert ui
        return api[1], ui[1]

    async def _read_line(self, *, allow_end: bool = False) -> bool:
        assert self.process.stdout is not None
        line = await self.process.stdout.readline()
        assert line or allow_end, "\n".join(self.lines)
        self.lines.append(line.decode().rstrip())
        return bool(line)


@asynccontextmanager
async def dev(data_dir: Path) -> AsyncIterator[Dev]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "cli",
        "dev",
        cwd=ROOT,
        env={**os.environ, "INLAY_DATA_DIR": str(data_dir)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    running = Dev(process)
    try:
        yield running
    finally:
        if process.returncode is None:
            process.terminate()
            await running.ended()


async def run_readme_walk(api_url: str) -> str:
    """Runs the README's block of shell commands; gives what it prints."""
    block = re.search(r"## The REST API.*?```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.S)
    assert block
    shell = await asyncio.create_subprocess_exec(
        "sh",
        "-e",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    script = block[1].replace("http://127.0.0.1:8000", api_url)
    output, _ = await shell.communicate(script.encode())
    assert shell.returncode == 0, output.decode()
    return output.decode()


@pytest.mark.skipif(shutil.which("curl") is None, reason="the README's walk uses curl")
async def test_the_walk_of_the_readme_works_and_survives_a_restart(tmp_path: Path) -> None:
    async with dev(tmp_path) as first:
        await first.until(READY)
        api_url, _ = first.urls
        assert '"result":["Hello Ada","Hello Grace"]' in await run_readme_walk(api_url)
        first.process.send_signal(signal.SIGINT)
        assert await first.ended() == 0
        stops = [line.split("|")[0].strip() for line in first.lines if line.endswith("| stopping")]
        assert stops == ["worker", "api", "temporal"]
    async with dev(tmp_path) as again:
        await again.until(READY)
        # The account is still there: signing up once more is refused.
        with pytest.raises(AssertionError, match="There is an account with this email"):
            await run_readme_walk(again.urls[0])


async def test_a_second_one_needs_its_own_folder_and_takes_other_ports(tmp_path: Path) -> None:
    async with dev(tmp_path / "one") as first:
        await first.until(READY)
        async with dev(tmp_path / "one") as second:
            assert await second.ended() == 1
            assert f"(process {first.process.pid})" in second.lines[-2]
            assert "INLAY_DATA_DIR" in second.lines[-2]
        async with dev(tmp_path / "two") as third:
            await third.until(READY)
            await third.until("is taken; the API uses")
            assert not set(first.urls) & set(third.urls)


@pytest.mark.skipif(sys.platform != "linux", reason="needs PR_SET_PDEATHSIG")
async def test_no_process_outlives_it(tmp_path: Path) -> None:
    async with dev(tmp_path) as running:
        await running.until(READY)
        ports = [int(url.rpartition(":")[2]) for url in running.urls]
        running.process.kill()
        await running.process.wait()
        async with asyncio.timeout(30):
            while not all(map(is_port_free, ports)):
                await asyncio.sleep(0.05)
