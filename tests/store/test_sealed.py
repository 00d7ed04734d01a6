"""What people, apps and runs say lies sealed in the database, whoever looks at its files."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import LargeBinary, literal, select, text, type_coerce, update

from store.database import close_database, open_database
from store.encryption import KEY_BYTES, DecryptionError, Keyring, label_of
from store.models import Automation, Base, Notification, Run, RunStep
from store.rotation import encrypted_columns, rotate
from store.sealed import Sealed

if TYPE_CHECKING:
    from store.database import Database

VALUES = [
    {"planted": [1, 2.5, None, True, "ş"]},
    12345678901234567890123,
    "a\x00b\ud800",
    [],
    "",
    False,
]


async def add_run(database: Database, project_id: str, id_: str, **values: Any) -> None:
    row = {
        "id": id_,
        "project_id": project_id,
        "automation_id": "a",
        "version": 1,
        "user_id": "",
        "trigger": "manual",
        "started_at": 1,
    }
    async with database.begin() as session:
        session.add(Run(**row, **values))


@pytest.mark.parametrize("value", VALUES, ids=repr)
async def test_contents_come_back_as_they_were_and_the_database_sees_none(
    database: Database, project_id: str, value: Any
) -> None:
    await add_run(database, project_id, "run", result=value, message="planted")
    async with database() as session:
        run = await session.get_one(Run, "run")
        assert (run.result, run.message) == (value, "planted")
        raw = (await session.execute(text("SELECT result, message FROM runs"))).one()
    assert all(label_of(bytes(part)) for part in raw)
    assert b"planted" not in b"".join(map(bytes, raw))


async def test_what_is_not_there_is_null(database: Database, project_id: str) -> None:
    await add_run(database, project_id, "run", result=None)
    async with database() as session:
        assert await session.scalar(select(Run.id).where(Run.result.is_(None))) == "run"


async def test_what_was_written_under_an_older_key_is_read_and_moved(
    database_url: str, project_id: str, database: Database, keyring: Keyring
) -> None:
    await add_run(database, project_id, "run", result=["planted"])
    new = secrets.token_bytes(KEY_BYTES)

    class Both(Keyring):
        """The new key in front of the fixture's."""

        def __init__(self) -> None:
            super().__init__([new])
            self._ciphers |= keyring._ciphers

    rotated = open_database(database_url, Both())
    assert (await rotate(rotated, Both())).left == []
    await close_database(rotated)
    alone = open_database(database_url, Keyring([new]))
    async with alone() as session:
        assert await session.scalar(select(Run.result)) == ["planted"]
    await close_database(alone)


async def test_without_its_key_nothing_is_read(
    database_url: str, project_id: str, database: Database
) -> None:
    await add_run(database, project_id, "run", result=["planted"])
    stranger = open_database(database_url, Keyring([secrets.token_bytes(KEY_BYTES)]))
    async with stranger() as session:
        with pytest.raises(DecryptionError, match="not among INLAY_ENCRYPTION_KEYS"):
            await session.scalar(select(Run.result))
    await close_database(stranger)


@pytest.mark.parametrize("planted", [b'"in clear"', b"", b"\x02" + bytes(100)])
async def test_what_was_not_sealed_here_is_refused(
    database: Database, project_id: str, planted: bytes
) -> None:
    await add_run(database, project_id, "run", result=1)
    async with database.begin() as session:
        await session.execute(update(Run).values(result=literal(planted, LargeBinary)))
    async with database() as session:
        with pytest.raises(DecryptionError):
            await session.scalar(select(Run.result))


async def test_an_envelope_does_not_fit_another_column(database: Database, project_id: str) -> None:
    await add_run(database, project_id, "run", result="approved", message="no")
    async with database.begin() as session:
        await session.execute(update(Run).values(message=type_coerce(Run.result, LargeBinary)))
    async with database() as session:
        with pytest.raises(DecryptionError, match="belongs to something else"):
            await session.scalar(select(Run.message))


def test_all_that_holds_contents_is_sealed() -> None:
    sealed = {str(column) for column in encrypted_columns() if isinstance(column.type, Sealed)}
    assert {
        *(f"{RunStep.__tablename__}.{name}" for name in ("inputs", "output", "error")),
        *(f"{Run.__tablename__}.{name}" for name in ("result", "message")),
        *(f"registrations.{name}" for name in ("data", "inputs", "cursor", "message")),
        *(f"run_pauses.{name}" for name in ("answer", "message")),
        f"{Automation.__tablename__}.draft",
        "automation_versions.definition",
        f"{Notification.__tablename__}.data",
    } <= sealed
    # What lies in clear as JSON is no content.
    plain = {
        str(column)
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if type(column.type).__name__ == "JSON"
    }
    assert plain == {"projects.allowed_origins", "integrations.scopes", "connections.scopes"}
