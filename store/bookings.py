"""Entries of the ledger, and the one transaction that writes many of them.

Plain SQL on a connection, since it is on the path of every step of every run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    BindParameter,
    Connection,
    Table,
    bindparam,
    case,
    delete,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from store.lineage import lineage, settle
from store.models import Account, CreditUsage, Run, now_ms
from store.notifications import NotificationType, notification_row
from store.waits import end_wait

EXECUTIONS_PER_FREE_CREDIT = 100
"""So many executions of free components cost one credit."""
CREDIT_MARKS: tuple[tuple[int, NotificationType], ...] = (
    (80, "credits.nearly-used"),
    (100, "credits.used"),
)
"""Per cent of the day's credits that the developer is told of."""

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
    ended_at: int | None = None
    """When it ended (ms); None: now."""


Entry = StepWrite | RunOpened | RunClosed

UNSTORABLE = "The database could not keep what was here; the run itself has it."
"""Stands in the book in place of a value that the database refuses for good."""

_RUNS: Table = Run.metadata.tables["runs"]
_STEPS: Table = Run.metadata.tables["run_steps"]
_PAUSES: Table = Run.metadata.tables["run_pauses"]
_USAGE: Table = Run.metadata.tables["credit_usage"]
_NOTIFICATIONS: Table = Run.metadata.tables["notifications"]
_STEP_KEY = (_STEPS.c.run_id, _STEPS.c.step_id, _STEPS.c.iteration)
_REWRITTEN = (
    "status",
    "output",
    "true_output",
    "error",
    "attempts",
    "started_at",
    "ended_at",
)
_AT_KEY = (
    (_STEPS.c.run_id == bindparam("key_run"))
    & (_STEPS.c.step_id == bindparam("key_step"))
    & (_STEPS.c.iteration == bindparam("key_iteration"))
)
_REWRITE = update(_STEPS).where(_AT_KEY, _STEPS.c.status != "completed")
# A row of a call of which nothing is known makes place for what became of it.
_DROP = delete(_STEPS).where(_AT_KEY, _STEPS.c.attempts == 0)
_END: BindParameter[int] = bindparam("end", type_=BigInteger)
# The clocks of Temporal and of who booked the start may differ a little.
_NOT_BEFORE_THE_START = case((_RUNS.c.started_at > _END, _RUNS.c.started_at), else_=_END)
_CLOSE = (
    update(_RUNS)
    .where(_RUNS.c.id == bindparam("key_run"), _RUNS.c.ended_at.is_(None))
    .values(
        {name: bindparam(name) for name in ("status", "message", "result")}
        | {"ended_at": _NOT_BEFORE_THE_START}
    )
    .returning(
        _RUNS.c.project_id,
        _RUNS.c.automation_id,
        _RUNS.c.user_id,
        _RUNS.c.parent_run_id,
        _RUNS.c.version,
    )
)
# Nobody tries again what the run waited to try again.
_END_TRIES = (
    update(_STEPS)
    .where(_STEPS.c.run_id == bindparam("key_run"), _STEPS.c.status == "waiting")
    .values(status="error")
)
_END_PAUSES = delete(_PAUSES).where(_PAUSES.c.run_id == bindparam("key_run"))
_DAILY_CREDITS = (
    select(Account.daily_credits).where(Account.id == bindparam("key_account")).scalar_subquery()
)
_CLOSED_AS: dict[str, NotificationType] = {
    "completed": "run.completed",
    "error": "run.failed",
    "canceled": "run.canceled",
}


def write_entries(connection: Connection, entries: Sequence[Entry]) -> None:
    """Writes entries in a transaction that is open; what is known already stays as it is.

    The developer is told, in the same transaction, of runs that ended and credits that ran low.
    """
    insert: Any = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    opened = [
        {"restored_at": None, **entry.row} for entry in entries if isinstance(entry, RunOpened)
    ]
    if opened:
        connection.execute(_opening(insert(_RUNS)), opened)
    closed = [entry for entry in entries if isinstance(entry, RunClosed)]
    steps = [entry for entry in entries if isinstance(entry, StepWrite)]
    steps += [entry.steps for entry in closed if entry.steps is not None]
    notifications = _write_steps(connection, insert, steps)
    for entry in closed:
        values = {
            "key_run": entry.run_id,
            "status": entry.status,
            "message": entry.message,
            "result": entry.result,
            "end": entry.ended_at or now_ms(),
        }
        run = connection.execute(_CLOSE, values).one_or_none()
        if run is None:
            continue
        connection.execute(_END_PAUSES, {"key_run": entry.run_id})
        end_wait(connection, entry.run_id, values["end"])
        if entry.status != "completed":
            connection.execute(_END_TRIES, {"key_run": entry.run_id})
        if run.parent_run_id is not None:
            # It may have waited, and its callers with it.
            settle(connection, [row.id for row in lineage(connection, run.parent_run_id)])
        # The end of a called automation is a step of the run that called it, and of a draft
        # nobody is told: who tests it sees it.
        elif run.version:
            data = run_data(entry.run_id, run.automation_id, run.user_id, entry.status)
            data["message"] = entry.message
            notifications.append(notification_row(run.project_id, _CLOSED_AS[entry.status], data))
    if notifications:
        connection.execute(_NOTIFICATIONS.insert(), notifications)


def parts(entry: Entry) -> Iterator[Entry]:
    """The entry as many, of one row each, so that one that is refused does not take the rest."""
    match entry:
        case StepWrite(account_id, app_steps, free_steps):
            yield from (StepWrite(account_id, app_steps=[row]) for row in app_steps)
            yield from (StepWrite(account_id, free_steps=[row]) for row in free_steps)
        case RunClosed(steps=StepWrite() as steps):
            yield from parts(steps)
            yield replace(entry, steps=None)
        case _:
            yield entry


def without_values(entry: Entry) -> Entry:
    """The entry without what an app or a person gave, for a database that refuses it."""
    match entry:
        case StepWrite(account_id, app_steps, free_steps):
            return StepWrite(account_id, [*map(_bare, app_steps)], [*map(_bare, free_steps)])
        case RunClosed():
            message = UNSTORABLE if entry.message is None else entry.message[:1_000]
            return replace(entry, message=message, result=None)
        case _:
            return entry


def _bare(row: Row) -> Row:
    error = row["error"]
    return {
        **row,
        "name": row["name"][:100],
        "inputs": None,
        "output": UNSTORABLE,
        "true_output": None,
        "error": None if error is None else error[:1_000],
    }


def credits_of(app_executions: int, free_executions: int) -> int:
    """What executions cost: an app component 1 each, a hundred free ones 1."""
    return app_executions + free_executions // EXECUTIONS_PER_FREE_CREDIT


def today() -> str:
    """The UTC day, YYYY-MM-DD, on which usage is counted now."""
    return datetime.now(UTC).date().isoformat()


def run_data(run_id: str, automation_id: str, user_id: str, status: str) -> dict[str, Any]:
    """What notifications say of a run; never its inputs or results."""
    return {
        "runId": run_id,
        "automationId": automation_id,
        "userId": user_id or None,
        "status": status,
    }


def _opening(statement: Any) -> Any:
    """Books runs. Whoever starts one that is booked and was not started takes it over, so that
    nobody forgets it who booked it before; a called one that is run again is open again."""
    is_later = _RUNS.c.started_at < statement.excluded.started_at
    is_open = (_RUNS.c.status == "running") | _RUNS.c.parent_run_id.is_not(None)
    again = {"status": "running", "message": None, "result": None, "ended_at": None}
    return statement.on_conflict_do_update(
        index_elements=[_RUNS.c.id],
        set_=again | {"started_at": statement.excluded.started_at},
        where=is_later & is_open,
    )


def _write_steps(connection: Connection, insert: Any, writes: Sequence[StepWrite]) -> list[Row]:
    """Books steps and what they cost; gives the notifications of credits that ran low."""
    used: Counter[tuple[str, str]] = Counter()
    project_of: dict[str, str] = {}
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
            is_new = key in new
            if not is_new and kind == "app_steps" and connection.execute(_DROP, _at(row)).rowcount:
                connection.execute(_STEPS.insert(), row)
                is_new = True
            if not is_new:
                _rewrite(connection, row, is_told=kind == "free_steps")
            elif row.get("attempts") != 0:
                used[account_id, kind] += 1
                project_of[account_id] = row["project_id"]
    notifications: list[Row] = []
    # In one order everywhere, so that two transactions never wait for each other.
    for account_id, project_id in sorted(project_of.items()):
        added = {
            "app_executions": used[account_id, "app_steps"],
            "free_executions": used[account_id, "free_steps"],
        }
        count = insert(_USAGE)
        # The row is locked until the commit, so each mark is crossed by one transaction only.
        app, free, daily = connection.execute(
            count.on_conflict_do_update(
                index_elements=[CreditUsage.account_id, CreditUsage.day],
                set_={name: _USAGE.c[name] + count.excluded[name] for name in added},
            ).returning(_USAGE.c.app_executions, _USAGE.c.free_executions, _DAILY_CREDITS),
            {"account_id": account_id, "key_account": account_id, "day": today(), **added},
        ).one()
        after = credits_of(app, free)
        before = credits_of(app - added["app_executions"], free - added["free_executions"])
        notifications += _marks_crossed(project_id, before, after, daily)
    return notifications


def _marks_crossed(project_id: str, before: int, after: int, daily: int) -> list[Row]:
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    data = {
        "usedDailyCredits": after,
        "dailyCredits": daily,
        "renewsAt": (midnight + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    return [
        notification_row(project_id, kind, data)
        for per_cent, kind in CREDIT_MARKS
        if before * 100 < daily * per_cent <= after * 100
    ]


def _rewrite(connection: Connection, row: Row, *, is_told: bool) -> None:
    """A step that failed before and was tried again; a success is never overwritten.

    Nor is what is known of a call by a row that knows not how it ended. `is_told`: by the run, and
    not by who executed it.
    """
    values = {name: row.get(name) for name in _REWRITTEN}
    if row.get("component") is not None and "true_output" not in row:
        # An action that was given up after its last try, whose answer is in the book.
        del values["output"], values["true_output"]
        if is_told:
            # So is when that try was made, and not the first.
            del values["started_at"], values["ended_at"]
    statement = _REWRITE.values({name: bindparam(name) for name in values})
    if row["ended_at"] is None:
        statement = statement.where(_STEPS.c.attempts <= row["attempts"])
    connection.execute(statement, _at(row) | values)


def _at(row: Row) -> Row:
    return {
        "key_run": row["run_id"],
        "key_step": row["step_id"],
        "key_iteration": row["iteration"],
    }
