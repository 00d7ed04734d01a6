"""Opening the database: SQLite on one machine, PostgreSQL in production."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)

from settings import Settings
from store.outages import OutageAwarePool, OutageAwareThreadPool, note_commit, tell_outages
from store.sealed import keyring_of, lend_keyring
from store.texts import to_json

if TYPE_CHECKING:
    from store.encryption import Keyring

_UNNAMED_STATEMENTS = {
    "statement_cache_size": 0,
    "prepared_statement_cache_size": 0,
    "prepared_statement_name_func": lambda: "",
}
"""For asyncpg and SQLAlchemy, each of which keeps prepared statements."""

Database = async_sessionmaker[AsyncSession]
"""Makes sessions: `async with database() as session` or, committing, `database.begin()`."""


def open_database(
    url: str, keyring: Keyring, connections: int = 20, *, pooler: bool = False
) -> Database:
    """Sessions on the database at `url` (`sqlite+aiosqlite:///…` or `postgresql+asyncpg://…`).

    `keyring` seals and opens what lies in sealed columns (`store.sealed`). At most so many
    `connections` to PostgreSQL are open at once. `pooler`: one in transaction mode stands before
    it, which gives each transaction another connection, so that statements prepared by name would
    be missing or there twice. Whatever sessions do raises `StoreUnavailable` while the database
    cannot do its work.
    """
    common: dict[str, Any] = {
        "hide_parameters": True,
        "json_serializer": to_json,
        "poolclass": OutageAwarePool,
    }
    if url.startswith("sqlite"):
        engine = create_async_engine(url, connect_args={"timeout": 30}, **common)
        event.listen(engine.sync_engine, "connect", _configure_sqlite)
    else:
        kept = min(10, connections)
        engine = create_async_engine(
            url,
            pool_size=kept,
            max_overflow=connections - kept,
            pool_pre_ping=True,
            **common,
            connect_args=_UNNAMED_STATEMENTS if pooler else {},
        )
    event.listen(engine.sync_engine, "handle_error", tell_outages)
    event.listen(engine.sync_engine, "commit", note_commit)
    lend_keyring(engine.sync_engine, keyring)
    return async_sessionmaker(engine, expire_on_commit=False)


def open_sync_sqlite(beside: AsyncEngine) -> Engine:
    """A second way to the file of an asynchronous engine, for threads."""
    url = beside.url.set(drivername="sqlite")
    engine = create_engine(
        url,
        connect_args={"timeout": 30},
        hide_parameters=True,
        json_serializer=to_json,
        poolclass=OutageAwareThreadPool,
    )
    lend_keyring(engine, keyring_of(beside.dialect))
    event.listen(engine, "connect", _configure_sqlite)
    event.listen(engine, "handle_error", tell_outages)
    return engine


def database_of(settings: Settings, keyring: Keyring) -> Database:
    """Sessions on the database that the settings name."""
    return open_database(
        settings.effective_database_url,
        keyring,
        settings.database_connections,
        pooler=settings.database_pooler,
    )


async def close_database(database: Database) -> None:
    """Closes all connections of the engine behind `database`."""
    engine: AsyncEngine = database.kw["bind"]
    await engine.dispose()


def insert_for(session: AsyncSession) -> Any:
    """The dialect's own `insert`, which knows `on_conflict_do_update` and `…_do_nothing`."""
    dialect = session.get_bind().dialect.name
    return postgresql.insert if dialect == "postgresql" else sqlite.insert


def _configure_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    # WAL lets readers and the one writer work side by side; NORMAL is durable against a crash of
    # the process, and against one of the machine up to the last checkpoint.
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA busy_timeout=30000")
    cursor.close()
