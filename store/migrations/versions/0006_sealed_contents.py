"""What people, apps and runs say is sealed: columns become envelopes, and their rows are encrypted.

The rows are encrypted in place, in the transaction of the migration. PostgreSQL keeps the old ones
in its files until `VACUUM FULL`; of a SQLite file `store.migrations.upgrade` makes a clean copy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from alembic import context, op

if TYPE_CHECKING:
    from collections.abc import Mapping

    from store.encryption import Keyring

revision = "0006"
down_revision = "0005"

BATCH = 500
"""Rows that are read and written at once."""

_BY_ID = ("id",)
_CHANGED: dict[str, tuple[tuple[str, ...], dict[str, bool]]] = {
    "automations": (_BY_ID, {"draft": False}),
    "automation_versions": (("automation_id", "number"), {"definition": False}),
    "connections": (_BY_ID, {"account": True, "invalid_reason": True}),
    "notifications": (_BY_ID, {"data": False, "last_error": True}),
    "registration_events": (_BY_ID, {"message": True}),
    "registrations": (
        _BY_ID,
        {"data": False, "inputs": True, "cursor": True, "message": True},
    ),
    "run_pauses": (("run_id", "step_id", "iteration"), {"message": False, "answer": True}),
    "run_steps": (
        ("run_id", "step_id", "iteration"),
        {"inputs": True, "output": True, "error": True},
    ),
    "runs": (_BY_ID, {"message": True, "result": True}),
    "webhook_endpoints": (("project_id",), {"last_error": True}),
}
"""Of each table the primary key, and which columns are sealed: whether each may be null."""


def upgrade() -> None:
    for table, (key, columns) in _CHANGED.items():
        _become_bytes(table, columns)
        _seal_rows(table, key, list(columns))


def _become_bytes(table: str, columns: Mapping[str, bool]) -> None:
    """JSON and text become their UTF-8, which is what an envelope holds."""
    if op.get_bind().dialect.name == "postgresql":
        changes = ", ".join(
            f"ALTER COLUMN {name} TYPE bytea USING convert_to({name}::text, 'UTF8')"
            for name in columns
        )
        op.execute(f"ALTER TABLE {table} {changes}")
        return
    with op.batch_alter_table(table) as batch:
        for name, nullable in columns.items():
            batch.alter_column(
                name,
                type_=sa.LargeBinary(),
                existing_type=sa.Text(),
                existing_nullable=nullable,
            )


def _seal_rows(table: str, key: tuple[str, ...], names: list[str]) -> None:
    keyring: Keyring = context.config.attributes["keyring"]
    keys: list[sa.ColumnClause[Any]] = [sa.column(name) for name in key]
    columns = [sa.column(name, sa.LargeBinary()) for name in names]
    rows_of = sa.table(table, *keys, *columns)
    query = sa.select(*keys, *columns).select_from(rows_of).order_by(*keys).limit(BATCH)
    change = (
        sa.update(rows_of)
        .where(*(column == sa.bindparam(f"key_{column.name}") for column in keys))
        .values({column: sa.bindparam(f"new_{column.name}") for column in columns})
    )
    connection = op.get_bind()
    last = None
    while True:
        page = query if last is None else query.where(sa.tuple_(*keys) > sa.tuple_(*last))
        rows = connection.execute(page).all()
        if not rows:
            return
        last = rows[-1][: len(key)]
        connection.execute(
            change,
            [
                {f"key_{name}": row[place] for place, name in enumerate(key)}
                | {
                    f"new_{name}": None
                    if plain is None
                    else keyring.encrypt(bytes(plain), f"{table}.{name}".encode())
                    for name, plain in zip(names, row[len(key) :], strict=True)
                }
                for row in rows
            ],
        )
