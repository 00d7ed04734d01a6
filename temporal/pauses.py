"""Answers to pauses: what lets a run go on that waits for the world."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, select
from temporalio.service import RPCError, RPCStatusCode

from store.models import Connection, RunPause, now_ms
from workflows.payloads import Resume
from workflows.run import AutomationRun

if TYPE_CHECKING:
    from temporalio.client import Client

    from store.database import Database

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


class MendedConnections:
    """Lets runs go on whose connection was mended while Temporal could not be told."""

    def __init__(self, client: Client, database: Database) -> None:
        self._client = client
        self._database = database
        self._answered: set[tuple[str, str, str, int, int]] = set()
        """Places, when they paused and when their connection was mended."""

    async def resume(self) -> None:
        """One turn: answers each pause whose connection became good after it began, once.

        Raises RPCError when Temporal is away; what was not answered is answered at the next turn.
        """
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
            answer = Resume(step_id=step_id, iteration=iteration)
            try:
                await answer_pause(self._client, workflow_id, answer)
            except RPCError as error:
                # Of a run that has ended; its book is closed elsewhere.
                if error.status not in ENDED:
                    raise
            self._answered.add(place)
