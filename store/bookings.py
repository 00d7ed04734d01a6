"""Entries of the ledger, and the one transaction that writes many of them.

Plain SQL on a connection, since it is on the path of every step of every run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Table, bindparam, delete, update
from sqlalchemy.dialects import postgresql, sqlite

from store.models import CreditUsage, Run, now_ms

EXECUTIONS_PER_FREE_CREDIT = 100
"""So many executions of free components cost one credit."""

Row = dict[str, Any]


@dataclass(frozen=True)
class StepWrite:
    """Steps of one run that have been executed; rows as in `run_steps`."""

    account_id: str
    app_steps: Sequence[Row] = ()
    free_steps: Sequence[Row] = ()


@dataclass(frozen=True)
class RunOpened:
    """A run that starts; a row as in `runs`."""

    row: Row


@dataclass(frozen=True)
class RunClosed:
    """A run that ended."""

    run_id: str
    status: str
    message: str | None
    result: Any
    steps: StepWrite | None = None


Entry = StepWrite | RunOpened | RunClosed

_RUNS: Table = Run.metadata.tables["runs"]
_STEPS: Table = Run.metadata.tables["run_steps"]
_PAUSES: Table = Run.metadata.tables["run_pauses"]
_USAGE: Table = Run.metadata.tables["credit_usage"]
_STEP_KEY = (_STEPS.c.run_id, _STEPS.c.step_id, _STEPS.c.iteration)

_REWRITE = (
    update(_STEPS)
    .where(
        _STEPS.c.run_id == bindparam("key_run"),
        _STEPS.c.step_id == bindparam("key_step"),
        _STEPS.c.iteration == bindparam("key_iteration"),
        _STEPS.c.status != "completed",
    )
    .values(
        {name: bindparam(name) for name in ("status", "output", "error", "attempts", "ended_at")}
    )
)
_CLOSE = (
    update(_RUNS)
    .where(_RUNS.c.id == bindparam("key_run"), _RUNS.c.ended_at.is_(None))
    .values({name: bindparam(name) for name in ("status", "message", "result", "ended_at")})
)
_END_PAUSES = delete(_PAUSES).where(_PAUSES.c.run_id == bindparam("key_run"))


def write_entries(connection: Connection, entries: Sequence[Entry]) -> None:
    """Writes entries in a transaction that is open; what is there already stays as it is."""
    insert: Any = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    opened = [entry.row for entry in entries if isinstance(entry, RunOpened)]
    if opened:
        connection.execute(insert(_RUNS).on_conflict_do_nothing(), opened)
    closed = [entry for entry in entries if isinstance(entry, RunClosed)]
    steps = [entry for entry in entries if isinstance(entry, StepWrite)]
    steps += [entry.steps for entry in closed if entry.steps is not None]
    _write_steps(connection, insert, steps)
    for entry in closed:
        values = {
            "key_run": entry.run_id,
            "status": entry.status,
            "message": entry.message,
            "result": entry.result,
            "ended_at": now_ms(),
        }
        if connection.execute(_CLOSE, values).rowcount:
            connection.execute(_END_PAUSES, {"key_run": entry.run_id})


def credits_of(app_executions: int, free_executions: int) -> int:
    """What executions cost: an app component 1 each, a hundred free ones 1."""
    return app_executions + free_executions // EXECUTIONS_PER_FREE_CREDIT


def today() -> str:
    """The UTC day, YYYY-MM-DD, on which usage is counted now."""
    return datetime.now(UTC).date().isoformat()


def _write_steps(connection: Connection, insert: Any, writes: Sequence[StepWrite]) -> None:
    used: Counter[tuple[str, str]] = Counter()
    statement = insert(_STEPS).on_conflict_do_nothing().returning(*_STEP_KEY)
    for kind in ("app_steps", "free_steps"):
        rows: dict[tuple[str, ...], tuple[Row, str]] = {
            (row["run_id"], row["step_id"], row["iteration"]): (row, write.account_id)
            for write in writes
            for row in getattr(write, kind)
        }
        if not rows:
            continue
        new = {
            tuple(key) for key in connection.execute(statement, [row for row, _ in rows.values()])
        }
        for key, (row, account_id) in rows.items():
            if key in new:
                used[account_id, kind] += 1
            else:
                _rewrite(connection, row)
    for account_id in {account_id for account_id, _ in used}:
        usage = {
            "app_executions": used[account_id, "app_steps"],
            "free_executions": used[account_id, "free_steps"],
        }
        count = insert(_USAGE)
        connection.execute(
            count.on_conflict_do_update(
                index_elements=[CreditUsage.account_id, CreditUsage.day],
                set_={name: _USAGE.c[name] + count.excluded[name] for name in usage},
            ),
            {"account_id": account_id, "day": today(), **usage},
        )


def _rewrite(connection: Connection, row: Row) -> None:
    """A step that failed before and was tried again; a success is never overwritten."""
    key = {"key_run": row["run_id"], "key_step": row["step_id"], "key_iteration": row["iteration"]}
    changed = ("status", "output", "error", "attempts", "ended_at")
    connection.execute(_REWRITE, key | {name: row[name] for name in changed})
