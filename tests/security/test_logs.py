"""What Inlay promises of its logs: also at DEBUG they hold nothing that a run or a form held."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = """
import asyncio, logging, sys
from sqlalchemy import text
from logs import configure
from store.database import open_database
from store.encryption import Keyring
from store.outages import StoreUnavailable
from connectors.addresses import AllowedHosts
from connectors.http import OutgoingHttp, OutgoingError
import httpx

async def main():
    database = open_database("sqlite+aiosqlite:///" + sys.argv[1], Keyring([bytes(32)]))
    async with database.begin() as session:
        await session.execute(text("SELECT :value"), {"value": "planted-value"})
    url = "http://127.0.0.1:9/planted-path?key=planted-query"
    async with OutgoingHttp(AllowedHosts.parse("127.0.0.1"), plain_http=True) as http:
        try:
            await http.request("POST", url, headers={"x": "planted-header"}, content="planted-body")
        except OutgoingError:
            pass
    async with httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(200))) as h:
        await h.get(url)

configure("DEBUG")
for name in ("aiosqlite", "asyncpg", "sqlalchemy.engine", "httpx", "httpcore", "authlib", "new"):
    logging.getLogger(name).info("planted-line")
logging.getLogger("connections.refresh").debug("a word of our own")
try:
    raise StoreUnavailable("ReadOnlyError: cannot write") from ValueError("the driver's own")
except StoreUnavailable:
    logging.getLogger("temporalio.activity").warning("It %s", "failed", exc_info=True)
asyncio.run(main())
"""


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What such a process writes."""
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path_factory.mktemp("log") / "x.db")],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout + ended.stderr


def test_no_library_writes_values_urls_headers_or_bodies_at_debug(output: str) -> None:
    assert "planted" not in output


def test_our_own_lines_are_there_at_debug(output: str) -> None:
    assert "DEBUG connections.refresh: a word of our own" in output


def test_a_database_that_is_away_is_one_line(output: str) -> None:
    assert "WARNING temporalio.activity: It failed: ReadOnlyError: cannot write\n" in output
    assert "Traceback" not in output
