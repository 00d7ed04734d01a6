"""What runs did and what it cost, written once by key however often it is told.

Writes that come at the same time share one transaction: a busy worker commits once for many
steps, an idle one at once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from store.bookings import (
    Entry,
    credits_of,
    parts,
    today,
    without_values,
    write_entries,
)
from store.database import Database, open_sync_sqlite
from store.models import Account, CreditUsage, Run, RunStep, now_ms
from store.outages import StoreUnavailable
from store.waits import add_wait

logger = logging.getLogger(__name__)


class Ledger:
    """The book of runs, steps and credits."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._engine: AsyncEngine = database.kw["bind"]
        self._thread: ThreadPoolExecutor | None = None
        if self._engine.dialect.name == "sqlite":
            # A file answers at once: one change of threads for a transaction instead of one for
            # each of its statements.
            self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ledger")
            self._sync_engine = open_sync_sqlite(self._engine)
        self._waiting: list[tuple[Entry, asyncio.Future[None]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def write(self, entry: Entry) -> None:
        """Returns when the entry is committed; what is already in the book stays as it is.

        Raises StoreUnavailable; then it may be committed or not, and may be written again. What the
        database refuses for good is booked without its values; an entry of a project that is no
        more is dropped.
        """
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((entry, written))
        if self._writer is None:
            self._writer = asyncio.create_task(self._write_all())
        await written

    async def _write_all(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting, []
                try:
                    await self._commit([entry for entry, _ in batch])
                except StoreUnavailable as error:
                    for _, written in batch:
                        _settle(written, error)
                except Exception:
                    # One bad entry must not take the others with it.
                    for entry, written in batch:
                        await self._settled(entry, written)
                else:
                    for _, written in batch:
                        _settle(written)
        finally:
            self._writer = None

    async def _settled(self, entry: Entry, written: asyncio.Future[None]) -> None:
        try:
            if not await self._accepted(entry):
                for part in parts(entry):
                    if not await self._accepted(part):
                        await self._accepted(without_values(part), is_last=True)
        except StoreUnavailable as error:
            _settle(written, error)
        else:
            _settle(written)

    async def _accepted(self, entry: Entry, *, is_last: bool = False) -> bool:
        """Whether an entry is in the book, or belongs to nothing; raises StoreUnavailable."""
        try:
            await self._commit([entry])
        except StoreUnavailable:
            raise
        except IntegrityError:
            # The project was deleted while its run went on.
            return True
        except Exception as error:
            logger.log(
                logging.ERROR if is_last else logging.WARNING,
                "The database refuses an entry of the ledger: %s",
                type(getattr(error, "orig", error)).__name__,
            )
            return False
        return True

    async def _commit(self, entries: Sequence[Entry]) -> None:
        if self._thread is None:
            async with self._engine.begin() as connection:
                await connection.run_sync(write_entries, entries)
        else:
            await asyncio.get_running_loop().run_in_executor(
                self._thread, self._commit_here, entries
            )

    def _commit_here(self, entries: Sequence[Entry]) -> None:
        with self._sync_engine.begin() as connection:
            write_entries(connection, entries)

    async def recorded_output(self, run_id: str, step_id: str, iteration: str) -> tuple[Any] | None:
        """The output of a step that has succeeded before, in a tuple; None where none has.

        Raises DecryptionError.
        """
        query = select(RunStep.true_output, RunStep.output).where(
            RunStep.run_id == run_id,
            RunStep.step_id == step_id,
            RunStep.iteration == iteration,
            RunStep.status == "completed",
        )
        async with self._database() as session:
            row = (await session.execute(query)).one_or_none()
        if row is None:
            return None
        return (row.output if row.true_output is None else row.true_output,)

    async def note(self, run_id: str, message: str) -> None:
        """Says of a run that goes on why it does not."""
        async with self._database.begin() as session:
            await session.execute(
                update(Run).where(Run.id == run_id, Run.status == "running").values(message=message)
            )

    async def reopen(self, run_id: str) -> bool:
        """Books that a run that has ended is tried again; False where it goes on."""
        async with self._database.begin() as session:
            ended_at = await session.scalar(
                select(Run.ended_at).where(Run.id == run_id).with_for_update()
            )
            again = await session.scalar(
                update(Run)
                .where(Run.id == run_id, Run.ended_at.is_not(None))
                .values(status="running", message=None, result=None, ended_at=None)
                .returning(Run.id)
            )
            if again is None or ended_at is None:
                return False
            await session.run_sync(add_wait, run_id, ended_at, now_ms())
        return True

    async def forget(self, run_id: str, started_at: int) -> None:
        """Removes a run that could not be started; one that somebody starts again stays.

        `started_at` (ms): when it was booked that is to be forgotten.
        """
        statement = delete(Run).where(
            Run.id == run_id, Run.status == "running", Run.started_at == started_at
        )
        async with self._database.begin() as session:
            await session.execute(statement)

    async def credits_left(self, account_id: str) -> int:
        """What is left of the day's credits; not below zero."""
        async with self._database() as session:
            row = (
                await session.execute(
                    select(
                        Account.daily_credits,
                        CreditUsage.app_executions,
                        CreditUsage.free_executions,
                    )
                    .select_from(Account)
                    .outerjoin(
                        CreditUsage,
                        (CreditUsage.account_id == Account.id) & (CreditUsage.day == today()),
                    )
                    .where(Account.id == account_id)
                )
            ).one_or_none()
        if row is None:
            return 0
        return max(0, int(row[0]) - credits_of(row[1] or 0, row[2] or 0))


def _settle(written: asyncio.Future[None], error: Exception | None = None) -> None:
    if written.done():
        return
    if error is None:
        written.set_result(None)
    else:
        written.set_exception(error)
