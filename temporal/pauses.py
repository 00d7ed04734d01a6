"""Answers to pauses: what lets a run go on that waits for the world."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from pydantic import ValidationError
from sqlalchemy import and_, select
from temporalio.service import RPCError, RPCStatusCode

from store.encryption import DecryptionError
from store.models import Connection, RunPause, now_ms
from workflows.payloads import Resume
from workflows.run import AutomationRun

if TYPE_CHECKING:
    from temporalio.client import Client

    from store.database import Database

logger = logging.getLogger(__name__)

GRACE_MS = 3_000
"""So long the API has to tell the runs itself that wait for what it connected."""
EARLY_MS = 5_000
"""A connection may be mended between the call that failed and the pause that follows, and the
clocks of Temporal and of the API may differ by as much."""

ENDED = {RPCStatusCode.NOT_FOUND, RPCStatusCode.FAILED_PRECONDITION}
"""What Temporal says of a signal to a run that has ended."""


async def answer_pause(client: Client, workflow_id: str, answer: Resume) -> None:
    """Signals an answer; raises RPCError when the run has ended or Temporal is away."""
    await client.get_workflow_handle(workflow_id).signal(AutomationRun.resume, answer)


class UnheardAnswers:
    """Lets runs go on that were answered, or whose connection was mended, and were not told."""

    def __init__(self, client: Client, database: Database) -> None:
        self._client = client
        self._database = database
        self._answered: set[tuple[str, str, str, int, int]] = set()
        """Places, when they paused and when their connection was mended."""
        self._seen: set[tuple[str, str, str]] = set()
        """Places whose answer was in the book at the last turn."""
        self._told: set[tuple[str, str, str]] = set()
        """Those of them whose workflow was told from here."""

    async def resume(self) -> None:
        """One turn: tells of answers that were not heard, and of connections that became good.

        Raises RPCError when Temporal is away; what was not told is told at the next turn.
        """
        await self._tell_again()
        await self._tell_of_mended()

    async def _tell_again(self) -> None:
        """Tells, once, of each answer that is in the book since the turn before."""
        at = (RunPause.run_id, RunPause.step_id, RunPause.iteration)
        async with self._database() as session:
            rows = await session.execute(
                select(*at, RunPause.workflow_id).where(
                    RunPause.answer.is_not(None), RunPause.workflow_id != ""
                )
            )
            kept = {(row[0], row[1], row[2]): row[3] for row in rows}
        self._told &= kept.keys()
        for place in self._seen & kept.keys() - self._told:
            # Each by itself: one that cannot be read keeps back no other.
            query = select(RunPause.answer).where(
                *(one == is_ for one, is_ in zip(at, place, strict=True))
            )
            try:
                async with self._database() as session:
                    kept_answer = await session.scalar(query)
                if not kept_answer:  # what its run has read
                    continue
                answer = Resume.model_validate(kept_answer)
            except (DecryptionError, ValidationError) as error:
                logger.warning("An answer of run %s: %s", place[0], type(error).__name__)
            else:
                await self._tell(kept[place], answer)
            self._told.add(place)
        self._seen = set(kept)

    async def _tell(self, workflow_id: str, answer: Resume) -> None:
        try:
            await answer_pause(self._client, workflow_id, answer)
        except RPCError as error:
            # Of a run that has ended; its book is closed elsewhere.
            if error.status not in ENDED:
                raise

    async def _tell_of_mended(self) -> None:
        async with self._database() as session:
            rows = await session.execute(
                select(
                    RunPause.run_id,
                    RunPause.step_id,
                    RunPause.iteration,
                    RunPause.since,
                    Connection.updated_at,
                    RunPause.workflow_id,
                )
                .join(
                    Connection,
                    and_(
                        Connection.project_id == RunPause.project_id,
                        Connection.user_id == RunPause.user_id,
                        Connection.app_key == RunPause.app_key,
                    ),
                )
                .where(
                    RunPause.kind == "connection",
                    Connection.status == "connected",
                    Connection.updated_at > RunPause.since - EARLY_MS,
                    Connection.updated_at < now_ms() - GRACE_MS,
                )
            )
            mended = {row[:5]: row.workflow_id for row in rows}
        # A pause stays in the book until its workflow has heard; more signals would only pile up.
        self._answered &= mended.keys()
        for place, workflow_id in mended.items():
            if place in self._answered:
                continue
            _, step_id, iteration, *_ = place
            await self._tell(workflow_id, Resume(step_id=step_id, iteration=iteration))
            self._answered.add(place)
