from __future__ import annotations

import asyncio
import secrets
import sys
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, inspect, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import create_async_engine

from store.database import Database, close_database, open_database
from store.encryption import KEY_BYTES, Keyring
from store.migrations import configuration, upgrade
from store.models import Account, Automation, Base, Project, Run, RunStep
from store.rotation import count_secrets

BEFORE_SEALING = [
    "INSERT INTO accounts VALUES ('a', 'ada@example.com', '', 'x', true, 'free', 5, 1)",
    "INSERT INTO projects (id, account_id, name, webhook_url, created_at)"
    " VALUES ('p', 'a', 'Shop', '', 1)",
    "INSERT INTO automations (id, project_id, name, draft, draft_revision, created_at, updated_at)"
    """ VALUES ('m', 'p', 'Copy', '{"steps": ["pl\\u00e4nted-draft"]}', 1, 1, 1)""",
    "INSERT INTO runs (id, project_id, automation_id, version, user_id, trigger, status, message,"
    " result, started_at) VALUES ('r', 'p', 'm', 1, '', 'manual', 'completed', '',"
    """ '{"s": "planted-result"}', 1)""",
    "INSERT INTO run_steps (run_id, step_id, iteration, project_id, type, name, status, inputs,"
    " output, error, attempts, started_at) VALUES"
    """ ('r', 'one', '', 'p', 'app', '', 'completed', '{"n": 1.5}', '[null, "planted-output"]',"""
    " NULL, 1, 1), ('r', 'two', '', 'p', 'app', '', 'error', NULL, NULL, 'planted-error', 1, 1)",
]
"""A database as it was: rows with contents in clear."""
ROOT = Path(__file__).parents[2]
KEYRING = Keyring([secrets.token_bytes(KEY_BYTES)])


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path}/made/on/the/way/inlay.db"
    url: str = request.getfixturevalue("empty_postgres_url")
    return url


async def read(url: str, what: Any) -> Any:
    database = open_database(url, KEYRING)
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
    await upgrade(empty_url, KEYRING)
    assert await read(empty_url, tables) == set(Base.metadata.tables) | {"alembic_version"}
    assert await read(empty_url, differences) == []


async def test_migrating_again_changes_nothing(empty_url: str) -> None:
    await upgrade(empty_url, KEYRING)
    database = open_database(empty_url, KEYRING)
    async with database.begin() as session:
        session.add(Account(email="ada@example.com", password_hash="x", daily_credits=1))
    await close_database(database)
    await upgrade(empty_url, KEYRING)
    emails = await read(
        empty_url, lambda connection: connection.scalars(text("SELECT email FROM accounts")).all()
    )
    assert emails == ["ada@example.com"]


async def test_processes_that_migrate_at_once_do_not_disturb_each_other(empty_url: str) -> None:
    program = (
        "import sys; from store.encryption import Keyring; from store.migrations import migrate;"
        " sys.stdin.read(); migrate(sys.argv[1], Keyring([bytes(32)]))"
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
        await upgrade(empty_url, KEYRING)
    assert await read(empty_url, tables) == set()
    monkeypatch.undo()
    await upgrade(empty_url, KEYRING)
    assert await read(empty_url, differences) == []


async def test_what_lay_in_clear_before_contents_were_sealed_is_sealed_and_kept(
    empty_url: str,
) -> None:
    def fill(connection: Connection) -> None:
        command.upgrade(configuration(connection, KEYRING), "0005")
        for statement in BEFORE_SEALING:
            connection.execute(text(statement))

    engine = create_async_engine(empty_url.replace("/made/on/the/way", ""))
    async with engine.begin() as connection:
        await connection.run_sync(fill)
    await engine.dispose()
    url = str(engine.url.render_as_string(hide_password=False))

    await upgrade(url, KEYRING)

    assert await read(url, differences) == []
    database = open_database(url, KEYRING)
    async with database() as session:
        automation = (await session.scalars(select(Automation))).one()
        steps = (await session.scalars(select(RunStep).order_by(RunStep.step_id))).all()
        run = (await session.scalars(select(Run))).one()
    counts = await count_secrets(database)
    await close_database(database)
    assert automation.draft == {"steps": ["plänted-draft"]}
    assert [(step.inputs, step.output, step.error) for step in steps] == [
        ({"n": 1.5}, [None, "planted-output"], None),
        (None, None, "planted-error"),
    ]
    assert (run.message, run.result) == ("", {"s": "planted-result"})
    assert sum(count.secrets for count in counts) == 6
    assert {count.label and count.label.key_id for count in counts} == set(KEYRING.key_ids)
    if engine.dialect.name == "sqlite":
        # Neither in the rows nor in the pages that they have left.
        folder = Path(str(engine.url.database)).parent
        assert not [file for file in folder.iterdir() if b"planted" in file.read_bytes()]


async def test_what_belongs_to_nothing_is_refused(database: Database) -> None:
    with pytest.raises(IntegrityError):
        async with database.begin() as session:
            session.add(Project(account_id="nobody", name="Orphan", webhook_url=""))
