"""Brings a database to the schema of this version of Inlay.

Safe to call from many processes at once, and again and again: the first does the work, the others
wait and find nothing to do. All of it is one transaction, on SQLite too: it happens whole or not
at all. There is no way down: restore a backup instead.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

_ADVISORY_LOCK = 0x496E6C6179
"""PostgreSQL's number for "a process of Inlay migrates this database"."""


def migrate(url: str) -> None:
    """Brings the database at `url` to the newest schema; for callers outside an event loop."""
    asyncio.run(upgrade(url))


async def upgrade(url: str) -> None:
    """Brings the database at `url` to the newest schema.

    A SQLite file and its folder are made where missing; a PostgreSQL database must exist.
    """
    parsed = make_url(url)
    engine = create_async_engine(parsed, poolclass=NullPool)
    try:
        if parsed.get_backend_name() == "sqlite":
            if parsed.database:
                await asyncio.to_thread(
                    Path(parsed.database).parent.mkdir, parents=True, exist_ok=True
                )
            _lock_sqlite(engine)
        async with engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                await connection.execute(
                    text("SELECT pg_advisory_xact_lock(:number)"), {"number": _ADVISORY_LOCK}
                )
            await connection.run_sync(_upgrade)
    finally:
        await engine.dispose()


def configuration(connection: Connection) -> Config:
    """Alembic's configuration, which needs no file, to work over `connection`."""
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _upgrade(connection: Connection) -> None:
    command.upgrade(configuration(connection), "head")


def _lock_sqlite(engine: AsyncEngine) -> None:
    """Makes each transaction take SQLite's write lock at its start, and hold DDL too."""

    def connected(connection: Any, _record: Any) -> None:
        # The driver would commit before each CREATE TABLE; with None it leaves that to us.
        connection.isolation_level = None
        connection.execute("PRAGMA busy_timeout=60000")

    def begun(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    event.listen(engine.sync_engine, "connect", connected)
    event.listen(engine.sync_engine, "begin", begun)
