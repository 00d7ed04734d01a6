"""Starting the runs of a delivery of many events, which was acknowledged before."""

from __future__ import annotations

from sqlalchemy import select
from temporalio import activity

from activities.calling import heartbeats
from store.database import Database
from store.models import Registration
from temporal.taken_events import TakenEvents
from workflows.events import START_EVENTS
from workflows.payloads import EventBatch


class EventBatches:
    """The activity of workflows that hold deliveries."""

    def __init__(self, database: Database, events: TakenEvents) -> None:
        self._database = database
        self._events = events

    @activity.defn(name=START_EVENTS)
    async def start(self, batch: EventBatch) -> None:
        """Returns when each event has its run; what ended meanwhile gets none."""
        ids = {event.registration_id for event in batch.events}
        async with heartbeats():
            async with self._database() as session:
                found = await session.scalars(
                    select(Registration).where(
                        Registration.id.in_(ids), Registration.wanted != "ended"
                    )
                )
                rows = {row.id: row for row in found}
            taken = [
                (rows[event.registration_id], event)
                for event in batch.events
                if event.registration_id in rows
            ]
            await self._events.start_all(taken)
