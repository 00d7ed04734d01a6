"""The processes of Inlay as an operator starts, watches and stops them."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from pathlib import Path

import httpx
import pytest

from temporal.server import free_port
from tests.test_cli_keys import ROOT, command, inlay

pytestmark = pytest.mark.both_databases

NOWHERE = {"temporal_address": "127.0.0.1:1"}


async def started(
    name: str, *arguments: str, **settings: str
) -> tuple[asyncio.subprocess.Process, asyncio.StreamReader]:
    line, environment = command(name, *arguments, **settings)
    process = await asyncio.create_subprocess_exec(
        *line,
        cwd=ROOT,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout is not None
    return process, process.stdout


async def until_said(output: asyncio.StreamReader, words: str) -> str:
    async with asyncio.timeout(60):
        while line := (await output.readline()).decode():
            if words in line:
                return line
    raise AssertionError(f"it ended without saying {words!r}")


async def handles(process: asyncio.subprocess.Process, number: int) -> None:
    """Returns when the process has a handler of its own for the signal."""
    async with asyncio.timeout(60):
        while True:
            status = Path(f"/proc/{process.pid}/status").read_text()
            caught = re.search(r"SigCgt:\s*([0-9a-f]+)", status)
            if caught and int(caught[1], 16) & 1 << (number - 1):
                return
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("moment", [0.0, 0.1, 0.2])
async def test_a_worker_that_waits_for_temporal_ends_when_it_is_told_to(
    tmp_path: Path, sqlite_url: str, moment: float
) -> None:
    process, output = await started(
        "worker", database_url=sqlite_url, data_dir=str(tmp_path), **NOWHERE
    )
    await handles(process, signal.SIGTERM)
    await asyncio.sleep(moment)
    process.terminate()
    async with asyncio.timeout(30):
        said = (await output.read()).decode()
        assert await process.wait() == 0
    assert "panicked" not in said


async def test_a_worker_waits_for_a_database_of_its_version_and_says_so(tmp_path: Path) -> None:
    process, output = await started("worker", data_dir=str(tmp_path), **NOWHERE)
    try:
        await until_said(output, "The database has no tables yet: run `inlay migrate`.")
    finally:
        process.kill()
        await process.wait()


async def test_an_api_without_tables_says_so_and_is_not_ready(tmp_path: Path) -> None:
    port = free_port()
    process, output = await started(
        "api", "--port", str(port), data_dir=str(tmp_path), databse_url="x", **NOWHERE
    )
    try:
        await until_said(output, "INLAY_DATABSE_URL is no setting")
        await until_said(output, "run `inlay migrate`")
        await until_said(output, "Uvicorn running")
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
            response = await http.get("/readyz", headers={"x-request-id": "probe-1"})
            assert response.status_code == 503
            assert response.json()["name"] == "UNAVAILABLE"
            assert response.headers["x-request-id"] == "probe-1"
            assert "[request probe-1]" in await until_said(output, "no tables yet")
    finally:
        process.terminate()
        await process.wait()


async def test_a_worker_and_an_api_say_that_the_database_refuses_them(
    tmp_path: Path, postgres_url: str
) -> None:
    url = postgres_url.replace("postgres@", "nobody@")
    for name in ("worker", "api"):
        process, output = await started(
            name, *(["--port", "0"] * (name == "api")), database_url=url, data_dir=str(tmp_path)
        )
        try:
            said = await until_said(output, "The database cannot be used: ")
            assert 'role "nobody" does not exist' in said
        finally:
            process.terminate()
            await process.wait()


async def test_migrating_without_temporal_is_told_in_one_line(tmp_path: Path) -> None:
    status, said = await inlay("migrate", data_dir=str(tmp_path), **NOWHERE)
    assert status == 1
    assert "The database is migrated. Temporal at 127.0.0.1:1 could not be told" in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgres://u:needle-pw@h/d", "Inlay cannot start: INLAY_DATABASE_URL: must be"),
        ("postgresql+asyncpg://u:needle-pw@127.0.0.1:1/d", "The database cannot be used"),
    ],
)
async def test_a_database_that_cannot_be_used_is_told_in_one_line(
    tmp_path: Path, url: str, words: str
) -> None:
    status, said = await inlay("migrate", data_dir=str(tmp_path), database_url=url, **NOWHERE)
    assert status == 1
    assert words in said
    assert "Traceback" not in said
    assert "needle-pw" not in said


async def test_no_worker_of_this_host_is_told_to_a_health_check(tmp_path: Path) -> None:
    status, said = await inlay("check-worker", data_dir=str(tmp_path), **NOWHERE)
    assert status == 1
    assert "Temporal at 127.0.0.1:1" in said
    assert "Traceback" not in said
    assert os.listdir(tmp_path)
