from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import IntegrityError

from store.database import Database, close_database, open_database
from store.migrations import upgrade
from store.models import Account, Base, Project

ROOT = Path(__file__).parents[2]


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path}/made/on/the/way/inlay.db"
    url: str = request.getfixturevalue("empty_postgres_url")
    return url


async def read(url: str, what: Any) -> Any:
    database = open_database(url)
    try:
        async with database() as session:
            return await (await session.connection()).run_sync(what)
    finally:
        await close_database(database)


def tables(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names())


def differences(connection: Connection) -> list[Any]:
    context = MigrationContext.configure(
        connection, opts={"compare_type": True, "compare_server_default": True}
    )
    return list(compare_metadata(context, Base.metadata))


async def test_the_migrated_schema_is_that_of_the_models(empty_url: str) -> None:
    await upgrade(empty_url)
    assert await read(empty_url, tables) == set(Base.metadata.tables) | {"alembic_version"}
    assert await read(empty_url, differences) == []


async def test_migrating_again_changes_nothing(empty_url: str) -> None:
    await upgrade(empty_url)
    database = open_database(empty_url)
    async with database.begin() as session:
        session.add(Account(email="ada@example.com", password_hash="x", daily_credits=1))
    await close_database(database)
    await upgrade(empty_url)
    emails = await read(
        empty_url, lambda connection: connection.scalars(text("SELECT email FROM accounts")).all()
    )
    assert emails == ["ada@example.com"]


async def test_processes_that_migrate_at_once_do_not_disturb_each_other(empty_url: str) -> None:
    program = (
        "import sys; from store.migrations import migrate; sys.stdin.read(); migrate(sys.argv[1])"
    )
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            program,
            empty_url,
            stdin=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={"PYTHONPATH": str(ROOT)},
        )
        for _ in range(4)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.close()
    for process in processes:
        assert process.stderr is not None
        told = await process.stderr.read()
        assert await process.wait() == 0, told.decode()
    assert await read(empty_url, differences) == []


async def test_a_migration_that_fails_leaves_nothing_behind(
    empty_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from alembic import op

    def fail(*_arguments: object, **_options: object) -> None:
        raise RuntimeError("the machine went away")

    monkeypatch.setattr(op, "create_index", fail)
    with pytest.raises(RuntimeError, match="went away"):
        await upgrade(empty_url)
    assert await read(empty_url, tables) == set()
    monkeypatch.undo()
    await upgrade(empty_url)
    assert await read(empty_url, differences) == []


async def test_what_belongs_to_nothing_is_refused(database: Database) -> None:
    with pytest.raises(IntegrityError):
        async with database.begin() as session:
            session.add(Project(account_id="nobody", name="Orphan", webhook_url=""))
