"""What runs wait for: one row for each place, which also decides which answer is the first.

An answer counts once it is in its row, and only the first gets there; the workflow is told by a
signal, and reads the row when it goes on. So neither two processes of the API nor a moment that
has passed and an answer that comes can both be right.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, func, select, update
from sqlalchemy.orm import Session

from store.bookings import Row, run_data
from store.database import Database, insert_for
from store.encryption import DecryptionError
from store.lineage import UNREADABLE, lineage, settle
from store.models import Run, RunPause
from store.notifications import notify

_OPEN = RunPause.workflow_id != ""
_TAKEN: Row = {}
"""Stands in place of an answer that its run has read, until the same place waits again."""


async def book_pause(database: Database, row: Row) -> Any:
    """Books that a run waits, and tells the developer when it is the first to say so.

    Gives the answer where one came before the wait, else None.
    """
    async with database.begin() as session:
        line = await session.run_sync(_lock, row["run_id"])
        statement = insert_for(session)(RunPause).values(row).on_conflict_do_nothing()
        new = await session.scalar(statement.returning(RunPause.run_id))
        if new is None:
            at = _at(row["run_id"], row["step_id"], row["iteration"])
            answer = await session.scalar(select(RunPause.answer).where(at).with_for_update())
            changed = {name: row[name] for name in row.keys() - {"run_id", "step_id", "iteration"}}
            if answer == _TAKEN:
                changed["answer"] = None
            await session.execute(update(RunPause).where(at).values(changed))
            if answer:
                return answer
        await session.run_sync(settle, [run.id for run in line])
        # Of a draft nobody is told: who tests it sees it.
        if new is not None and line and line[-1].version:
            run = line[0]
            data = run_data(run.id, run.automation_id, run.user_id, "paused") | {
                "message": row["message"],
                "kind": row["kind"],
                "stepId": row["step_id"],
                "iteration": row["iteration"],
                "parentRunId": run.parent_run_id,
            }
            await notify(session, row["project_id"], "run.paused", data)
        return None


async def book_answer(
    database: Database, run_id: str, step_id: str, iteration: str, kind: str, answer: Row
) -> str | None:
    """Answers a wait of that kind; gives the workflow to tell, None when it was answered before."""
    statement = (
        update(RunPause)
        .where(
            _at(run_id, step_id, iteration), _OPEN, RunPause.kind == kind, RunPause.answer.is_(None)
        )
        .values(answer=answer)
        .returning(RunPause.workflow_id)
    )
    async with database.begin() as session:
        return (await session.execute(statement)).scalar_one_or_none()


async def book_callback(database: Database, row: Row) -> str | None:
    """Takes a callback's call, which may come before its step waits: the first is kept.

    Gives the workflow that waits for it, empty when none does yet; None when the step has taken
    another call, or is over.
    """
    is_open = (Run.id == row["run_id"]) & Run.status.in_(("running", "paused"))
    async with database.begin() as session:
        # Locked until the call is in: who ends the run meanwhile has taken all its pauses along,
        # and a call that came in after that would be thanked for and never read.
        if await session.scalar(select(Run.id).where(is_open).with_for_update(read=True)) is None:
            return None
        statement = insert_for(session)(RunPause).values(row)
        statement = statement.on_conflict_do_update(
            index_elements=[RunPause.run_id, RunPause.step_id, RunPause.iteration],
            set_={"answer": statement.excluded.answer},
            where=RunPause.answer.is_(None) & _OPEN & (RunPause.kind == "callback"),
        )
        taken = await session.execute(statement.returning(RunPause.workflow_id))
        return taken.scalar_one_or_none()


async def taken_callback(
    database: Database, run_id: str, step_id: str, iteration: str
) -> Row | None:
    """The call that a callback has taken and its run has not read yet."""
    at = _at(run_id, step_id, iteration) & (RunPause.kind == "callback")
    async with database() as session:
        answer: Row | None = await session.scalar(select(RunPause.answer).where(at))
        return answer


async def early_calls(database: Database, run_id: str) -> int:
    """How many calls of callbacks of a run are kept for steps that do not wait yet."""
    query = select(func.count()).where(RunPause.run_id == run_id, ~_OPEN)
    async with database() as session:
        return await session.scalar(query) or 0


async def book_resume(
    database: Database, run_id: str, step_id: str, iteration: str, kind: str, *, keep: bool = False
) -> Any:
    """Books that a wait is over, and gives its answer.

    `keep`: the place takes no other answer until it waits again. The run is running when it waits
    nowhere else. A callback's place remains until the run ends, so that a late call is told from
    an early one.
    """
    at = _at(run_id, step_id, iteration)
    async with database.begin() as session:
        line = await session.run_sync(_lock, run_id)
        locked = update(RunPause).where(at).values(since=RunPause.since).returning(RunPause.answer)
        answer = (await session.execute(locked)).scalar_one_or_none()
        if keep:
            await session.execute(update(RunPause).where(at).values(answer=_TAKEN))
            return answer or None
        if kind == "callback":
            over = {"workflow_id": "", "answer": None, "message": ""}
            await session.execute(update(RunPause).where(at).values(over))
        else:
            await session.execute(delete(RunPause).where(at))
        await session.run_sync(settle, [run.id for run in line])
        return answer or None


async def paused_runs(database: Database, run_ids: Sequence[str]) -> dict[str, str]:
    """Which of these runs wait, with the message that says for what."""
    found: dict[str, str] = {}
    async with database() as session:
        paused = select(Run.id).where(Run.id.in_(run_ids), Run.status == "paused")
        for run_id in (await session.scalars(paused)).all():
            # Each by itself: one that cannot be read keeps back no other.
            try:
                message = await session.scalar(select(Run.message).where(Run.id == run_id))
            except DecryptionError:
                message = UNREADABLE
            found[run_id] = message or ""
    return found


def _lock(session: Session, run_id: str) -> list[Any]:
    """The run's lineage, which nobody else settles until this transaction ends."""
    found = lineage(session, run_id)
    # Everywhere in one order, so that two transactions never wait for each other.
    ids = select(Run.id).where(Run.id.in_([row.id for row in found])).order_by(Run.id)
    session.execute(ids.with_for_update())
    return found


def _at(run_id: str, step_id: str, iteration: str) -> ColumnElement[bool]:
    return and_(
        RunPause.run_id == run_id, RunPause.step_id == step_id, RunPause.iteration == iteration
    )
