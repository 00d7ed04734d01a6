"""What a run is told while it ends is either heard or refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from store.bookings import RunClosed
from store.ledger import Ledger
from store.models import Run, RunPause, now_ms
from store.pauses import book_callback

if TYPE_CHECKING:
    from store.database import Database


def call(project_id: str, step_id: str) -> dict[str, Any]:
    return {
        "run_id": "run",
        "step_id": step_id,
        "iteration": "",
        "workflow_id": "",
        "kind": "callback",
        "message": "",
        "project_id": project_id,
        "since": now_ms(),
        "answer": {"step_id": step_id, "iteration": ""},
    }


@pytest.mark.parametrize("status", ["completed", "error", "canceled"])
async def test_a_call_of_a_callback_of_a_run_that_has_just_ended_is_not_taken(
    database: Database, project_id: str, status: str
) -> None:
    row = {"automation_id": "a", "version": 1, "user_id": "", "trigger": "manual", "started_at": 1}
    async with database.begin() as session:
        session.add(Run(id="run", project_id=project_id, **row))
    assert await book_callback(database, call(project_id, "early")) == ""
    await Ledger(database).write(RunClosed("run", status, None, None))
    for step_id in ("early", "late"):
        assert await book_callback(database, call(project_id, step_id)) is None
    async with database() as session:
        assert await session.scalar(select(func.count()).select_from(RunPause)) == 0
