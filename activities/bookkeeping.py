"""What a run's workflow has written down when it pauses, goes on or calls another."""

from __future__ import annotations

from collections.abc import Sequence

from temporalio import activity

from store.bookings import Entry, RunOpened, StepWrite
from store.database import Database
from store.ledger import Ledger
from store.outages import outlast
from store.pauses import book_pause, book_resume
from temporal.booking import free_step_rows
from workflows.payloads import Pause, Resume, RunRecord, StepTrace


class Bookkeeping:
    """Writes of workflows that are off the hot path; a database that is away is waited for."""

    def __init__(self, database: Database, ledger: Ledger) -> None:
        self._database = database
        self._ledger = ledger

    @activity.defn(name="record-run")
    async def record_run(self, record: RunRecord) -> None:
        """Books the run of a called automation."""
        row = record.model_dump(exclude={"run_id"})
        await self._write(RunOpened({"id": record.run_id, "status": "running", **row}))

    @activity.defn(name="record-traces")
    async def record_traces(
        self, run_id: str, project_id: str, account_id: str, traces: Sequence[StepTrace]
    ) -> None:
        """Books steps of a long loop."""
        rows = free_step_rows(run_id, project_id, traces)
        await self._write(StepWrite(account_id, free_steps=rows))

    @activity.defn(name="record-pause")
    async def record_pause(self, pause: Pause) -> Resume | None:
        """Books a pause; gives the answer where it came before the pause."""
        if pause.traces:
            rows = free_step_rows(pause.run_id, pause.project_id, pause.traces)
            await self._write(StepWrite(pause.account_id, free_steps=rows))
        row = pause.model_dump(exclude={"account_id", "traces", "keep"})
        answer = await outlast(lambda: book_pause(self._database, row))
        return None if answer is None else Resume.model_validate(answer)

    @activity.defn(name="record-resume")
    async def record_resume(self, pause: Pause) -> Resume | None:
        """Books that a pause is over; gives the answer that was the first to come, if one did."""
        place = (pause.run_id, pause.step_id, pause.iteration)
        answer = await outlast(
            lambda: book_resume(self._database, *place, pause.kind, keep=pause.keep)
        )
        return None if answer is None else Resume.model_validate(answer)

    async def _write(self, entry: Entry) -> None:
        await outlast(lambda: self._ledger.write(entry))
