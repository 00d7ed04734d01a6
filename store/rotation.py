"""Moves all secrets of the database under the first key, while services read and write them.

The columns are those whose `info` marks them as encrypted (`store.models.ENCRYPTED`) and the sealed
ones (`store.sealed`). A secret is replaced only where it is still what was read (compare and swap),
and each is committed on its own: nothing that a service writes meanwhile is overwritten, no lock
outlives one statement, and whoever is interrupted starts again and finds less to do.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import LargeBinary, and_, func, literal, select, tuple_, type_coerce, update

from store.encryption import (
    LABEL_BYTES,
    ContextNeeded,
    DecryptionError,
    Keyring,
    Label,
    label_of,
)
from store.models import Base
from store.sealed import Sealed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Column, ColumnElement, MetaData
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from store.database import Database

BATCH = 500
"""Rows that are read at once."""
MAX_NAMED = 20
"""Secrets that stay where they are and are named one by one; the others are counted."""


class Count(NamedTuple):
    """How many secrets of a column lie under one key."""

    table: str
    column: str
    label: Label | None
    """None: what lies there is no ciphertext."""
    secrets: int


class Left(NamedTuple):
    """A secret that could not be moved, and why."""

    table: str
    column: str
    primary_key: tuple[Any, ...]
    reason: str


@dataclass
class Progress:
    """What a rotation has done so far."""

    moved: int = 0
    old_format: int = 0
    """Secrets of version 1, which stay until they are written anew."""
    unreadable: int = 0
    """Secrets whose key is missing, or that were damaged."""
    left: list[Left] = field(default_factory=list)
    """The first MAX_NAMED of the last two kinds."""


def encrypted_columns(metadata: MetaData = Base.metadata) -> list[Column[Any]]:
    """The columns that hold ciphertexts."""
    return [
        column
        for table in metadata.sorted_tables
        for column in table.columns
        if column.info.get("encrypted") or isinstance(column.type, Sealed)
    ]


async def count_secrets(database: Database, metadata: MetaData = Base.metadata) -> list[Count]:
    """How many secrets lie under which key, by column; columns without secrets are left out."""
    counts = []
    async with _engine(database).connect() as connection:
        for column in encrypted_columns(metadata):
            label = _label(column).label("label")
            rows = await connection.execute(
                select(label, func.count()).where(column.is_not(None)).group_by(label)
            )
            # Texts of several kinds may be no ciphertext: they are one entry.
            secrets: dict[Label | None, int] = {}
            for beginning, number in rows:
                key = label_of(bytes(beginning))
                secrets[key] = secrets.get(key, 0) + number
            counts += [
                Count(column.table.name, column.name, key, number)
                for key, number in secrets.items()
            ]
    return counts


async def rotate(
    database: Database,
    keyring: Keyring,
    report: Callable[[Column[Any], Progress], None] = lambda _column, _progress: None,
    metadata: MetaData = Base.metadata,
) -> Progress:
    """Moves every secret under the first key of `keyring`; `report` hears of it batch by batch.

    Secrets that cannot be moved stay as they are and are told in the result. May be repeated,
    interrupted, and run more than once at the same time.
    """
    progress = Progress()
    # Each statement commits by itself: a lock that is held for a batch would make services wait.
    engine = _engine(database).execution_options(isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        for column in encrypted_columns(metadata):
            last: Sequence[Any] | None = None
            while rows := await _older(connection, column, keyring, last):
                for *key, secret in rows:
                    await _move(connection, column, tuple(key), secret, keyring, progress)
                last = rows[-1][:-1]
                report(column, progress)
    return progress


async def _older(
    connection: AsyncConnection,
    column: Column[Any],
    keyring: Keyring,
    after: Sequence[Any] | None,
) -> Sequence[Any]:
    """The next rows, `(*primary key, secret)`, whose secret does not lie under the first key."""
    keys = list(column.table.primary_key.columns)
    query = (
        select(*keys, _ciphertext(column))
        .where(column.is_not(None), _label(column).not_in(keyring.current_labels))
        .order_by(*keys)
        .limit(BATCH)
    )
    if after is not None:
        query = query.where(tuple_(*keys) > tuple(after))
    return (await connection.execute(query)).all()


async def _move(
    connection: AsyncConnection,
    column: Column[Any],
    primary_key: tuple[Any, ...],
    secret: bytes | None,
    keyring: Keyring,
    progress: Progress,
) -> None:
    where = _is_row(column, primary_key)
    # Another turn only when somebody else wrote the secret in between; they may still have the
    # older key in front.
    while secret is not None:
        try:
            moved = keyring.rewrap(secret)
        except DecryptionError as error:
            if isinstance(error, ContextNeeded):
                progress.old_format += 1
            else:
                progress.unreadable += 1
            if len(progress.left) < MAX_NAMED:
                name = column.table.name, column.name
                progress.left.append(Left(*name, primary_key, str(error)))
            return
        if moved is None:
            return
        done = await connection.execute(
            update(column.table)
            .where(where, _ciphertext(column) == secret)
            .values({column: literal(moved, LargeBinary)})
        )
        if done.rowcount:
            progress.moved += 1
            return
        secret = await connection.scalar(select(_ciphertext(column)).where(where))


def _is_row(column: Column[Any], primary_key: tuple[Any, ...]) -> ColumnElement[bool]:
    keys = column.table.primary_key.columns
    return and_(*(key == value for key, value in zip(keys, primary_key, strict=True)))


def _ciphertext(column: Column[Any]) -> ColumnElement[bytes]:
    """The column as it lies in the database, also where sessions see what is in it."""
    return type_coerce(column, LargeBinary)


def _label(column: Column[Any]) -> ColumnElement[bytes]:
    # SQLite finds null at the beginning of what is empty.
    return func.coalesce(func.substr(_ciphertext(column), 1, LABEL_BYTES, type_=LargeBinary), b"")


def _engine(database: Database) -> AsyncEngine:
    engine: AsyncEngine = database.kw["bind"]
    return engine
