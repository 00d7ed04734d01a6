"""How long a run took is told without what it waited."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from store.bookings import RunClosed, RunOpened
from store.ledger import Ledger
from store.models import Run, RunWait
from store.pauses import book_pause, book_resume
from store.waits import overlap_ms, waited_ms

if TYPE_CHECKING:
    import pytest

    from store.database import Database


def pause(project_id: str, since: int, run_id: str = "run-1", step_id: str = "ask") -> Any:
    return {
        "run_id": run_id,
        "step_id": step_id,
        "iteration": "",
        "project_id": project_id,
        "workflow_id": run_id,
        "kind": "approval",
        "message": "May it?",
        "app_key": None,
        "user_id": None,
        "since": since,
        "until": None,
    }


async def test_what_a_run_took_is_the_time_in_which_it_neither_waited_nor_had_ended(
    database: Database, project_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0]
    for module in ("lineage", "waits", "ledger"):
        monkeypatch.setattr(f"store.{module}.now_ms", lambda: clock[0])
    ledger = Ledger(database)
    for run_id, parent in (("run-1", None), ("run-2", "run-1")):
        row = {"id": run_id, "parent_run_id": parent, "status": "running", "started_at": 1_000}
        more = {"automation_id": "a", "version": 1, "user_id": "u", "trigger": "manual"}
        await ledger.write(RunOpened({**row, **more, "project_id": project_id}))

    async def waited(run_id: str = "run-1") -> int:
        async with database() as session:
            return await session.scalar(select(waited_ms()).where(Run.id == run_id)) or 0

    # Two places of a called run wait at once, from 2 s to 5 s together.
    for step, since in (("one", 2_000), ("two", 3_000)):
        clock[0] = since
        await book_pause(database, pause(project_id, run_id="run-2", step_id=step, since=since))
    clock[0] = 4_000
    assert (await waited(), await waited("run-2")) == (2_000, 2_000)
    await book_resume(database, "run-2", "one", "", "approval")
    clock[0] = 5_000
    await book_resume(database, "run-2", "two", "", "approval")
    await ledger.write(RunClosed("run-2", "completed", None, None, ended_at=5_500))
    await ledger.write(RunClosed("run-1", "error", "no", None, ended_at=6_000))
    # It is retried a minute later, and fails while it waits.
    clock[0] = 66_000
    assert await waited() == 3_000
    assert await ledger.reopen("run-1")
    clock[0] = 67_000
    await book_pause(database, pause(project_id, since=67_000))
    await ledger.write(RunClosed("run-1", "canceled", None, None, ended_at=68_000))
    assert await waited() == 3_000 + 60_000 + 1_000
    async with database() as session:
        run = await session.get_one(Run, "run-1")
        waits = list(await session.scalars(select(RunWait).where(RunWait.run_id == "run-1")))
    assert run.ended_at is not None
    # One second to the first pause, one to the end, one to the second pause.
    assert run.ended_at - run.started_at - await waited() == 3_000
    # A loop that began before the failure, and one before it.
    assert overlap_ms(waits, 5_500, 66_500) == 60_000
    assert overlap_ms(waits, 1_000, 2_500) == 500
