"""Brings a database to the schema of this version of Inlay.

Safe to call from many processes at once, and again and again: the first does the work, the others
wait and find nothing to do. All of it is one transaction, on SQLite too: it happens whole or not
at all. There is no way down: restore a backup instead.
"""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from store.files import FILE_MODE, FOLDER_MODE
from store.outages import StoreUnavailable

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from store.encryption import Keyring

_ADVISORY_LOCK = 0x496E6C6179
"""PostgreSQL's number for "a process of Inlay migrates this database"."""


def migrate(url: str, keyring: Keyring) -> None:
    """Brings the database at `url` to the newest schema; for callers outside an event loop."""
    asyncio.run(upgrade(url, keyring))


async def upgrade(url: str, keyring: Keyring) -> None:
    """Brings the database at `url` to the newest schema; `keyring` seals what was in clear before.

    A SQLite file and its folder are made where missing; a PostgreSQL database must exist.
    """
    parsed = make_url(url)
    engine = create_async_engine(parsed, poolclass=NullPool)
    try:
        if parsed.get_backend_name() == "sqlite":
            if parsed.database:
                await asyncio.to_thread(_make_file, Path(parsed.database))
            _lock_sqlite(engine)
        async with engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                await connection.execute(
                    text("SELECT pg_advisory_xact_lock(:number)"), {"number": _ADVISORY_LOCK}
                )
            changed = await connection.run_sync(_upgrade, keyring)
    finally:
        await engine.dispose()
    if changed and parsed.get_backend_name() == "sqlite" and parsed.database:
        await asyncio.to_thread(_forget_old_rows, parsed.database)


async def problem_of(engine: AsyncEngine) -> str | None:
    """What keeps this version of Inlay from working with a database, in a sentence."""
    try:
        async with engine.connect() as connection:
            current = await connection.run_sync(_revision)
    except StoreUnavailable as error:
        return f"The database cannot be used: {error}."
    newest = ScriptDirectory(str(Path(__file__).parent)).get_current_head()
    if current == newest:
        return None
    if current is None:
        return "The database has no tables yet: run `inlay migrate`."
    return f"The database is of another version ({current}, not {newest}): run `inlay migrate`."


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def configuration(connection: Connection, keyring: Keyring) -> Config:
    """Alembic's configuration, which needs no file, to work over `connection`."""
    config = Config(attributes={"connection": connection, "keyring": keyring})
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _make_file(file: Path) -> None:
    """SQLite gives the files beside it the rights of this one."""
    file.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    file.touch(FILE_MODE)


def _upgrade(connection: Connection, keyring: Keyring) -> bool:
    """Whether there was something to do."""
    context = MigrationContext.configure(connection)
    before = context.get_current_revision()
    command.upgrade(configuration(connection, keyring), "head")
    return before not in (None, context.get_current_revision())


def _forget_old_rows(file: str) -> None:
    """Copies the database, so that what a migration has replaced lies no more in its pages."""
    with closing(sqlite3.connect(file, timeout=60, isolation_level=None)) as connection:
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


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
