"""When runs did not work: what they took is the time between start and end without these.

A run waits while it stands as paused, and between an end and the retry that came after it. Its
waits follow each other; the last one may be open.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    bindparam,
    case,
    cast,
    exists,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from store.models import Run, RunPause, RunWait, now_ms

_END = (
    update(RunWait)
    .where(RunWait.run_id == bindparam("key_run"), RunWait.ended_at.is_(None))
    .values(ended_at=bindparam("end"))
)


def begin_wait(connection: Connection | Session, run_id: str) -> None:
    """From its first pause on a run waits, unless it does already."""
    if connection.scalar(
        select(exists().where(RunWait.run_id == run_id, RunWait.ended_at.is_(None)))
    ):
        return
    since = connection.scalar(
        select(func.min(RunPause.since)).where(
            RunPause.run_id == run_id, RunPause.workflow_id != ""
        )
    )
    add_wait(connection, run_id, now_ms() if since is None else since, None)


def add_wait(
    connection: Connection | Session, run_id: str, began_at: int, ended_at: int | None
) -> None:
    """A wait of a run that waits no more, or from now on (`ended_at` None); in ms."""
    last = connection.scalar(select(func.max(RunWait.ended_at)).where(RunWait.run_id == run_id))
    # Two clocks may differ a little.
    began_at = max(began_at, (last or 0) + 1)
    row = {"run_id": run_id, "began_at": began_at, "ended_at": ended_at}
    connection.execute(insert(RunWait).values(row))


def end_wait(connection: Connection | Session, run_id: str, at: int) -> None:
    """A run goes on, or has ended (ms)."""
    connection.execute(_END, {"key_run": run_id, "end": at})


def waited_ms() -> ColumnElement[int]:
    """Of each run in a query, how long it has waited until its end, or until now."""
    ended = func.coalesce(Run.ended_at, literal(now_ms()))
    wait_ended = func.coalesce(RunWait.ended_at, ended)
    until = case((wait_ended > ended, ended), else_=wait_ended)
    since = case((RunWait.began_at < Run.started_at, Run.started_at), else_=RunWait.began_at)
    waited = case((until > since, until - since), else_=0)
    # PostgreSQL's sum of whole numbers is a numeric.
    total = cast(func.coalesce(func.sum(waited), 0), BigInteger)
    return select(total).where(RunWait.run_id == Run.id).correlate(Run).scalar_subquery()


def overlap_ms(waits: Iterable[Any], began_at: int, ended_at: int) -> int:
    """How much of a span is in waits (rows of `run_waits`)."""
    return sum(
        max(0, min(wait.ended_at or ended_at, ended_at) - max(wait.began_at, began_at))
        for wait in waits
    )
