"""What came of deliveries, for people: counted, and kept as the last events of a registration.

Nothing waits for it: it is written some moments later, many in one transaction, so that a busy
registration's row is no place that all deliveries queue for. A run does not depend on it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import select, update

from store.models import Integration, Registration, now_ms
from store.registrations import EVENTS_KEPT, record_event, trim_events

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from store.database import Database
    from store.encryption import Keyring
    from store.registrations import EventStatus

logger = logging.getLogger(__name__)

INTERVAL = 0.2
"""Seconds in which entries gather."""
REJECTED_A_MINUTE = 20
"""So many refused deliveries of a registration are kept a minute; all are counted."""
MAX_WAITING = 5_000
"""Entries; what comes while the database is too slow for them is only counted."""


class _Entry(NamedTuple):
    status: EventStatus
    run_id: str | None
    message: str | None
    payload: Any


@dataclass
class _Waiting:
    """What is to be written of one registration."""

    events: int = 0
    rejected: int = 0
    last_refusal: str | None = None
    last_refused_at: int | None = None
    last_event_at: int | None = None
    entries: deque[_Entry] = field(default_factory=lambda: deque(maxlen=EVENTS_KEPT))

    def refuse(self, message: str | None) -> None:
        """Counts a delivery that was refused."""
        self.rejected += 1
        self.last_refusal, self.last_refused_at = message, now_ms()

    def refusals(self, table: type[Registration | Integration]) -> dict[str, Any]:
        """How the columns of a row change that tell of them."""
        if not self.rejected:
            return {}
        return {
            "rejected": table.rejected + self.rejected,
            "last_refusal": self.last_refusal,
            "last_refused_at": self.last_refused_at,
        }


class EventLog:
    """Writes events of registrations. Share one in a process; close it before the database."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring
        self._waiting: dict[str, _Waiting] = {}
        self._refused: dict[str, _Waiting] = {}
        """By integration: deliveries to an app's URL that are no registration's yet."""
        self._entries = 0
        self._minute = 0
        self._rejected: dict[str, int] = {}
        self._closing = asyncio.Event()
        self._writer: asyncio.Task[None] | None = None

    def add(
        self,
        registration_id: str,
        status: EventStatus,
        *,
        run_id: str | None = None,
        message: str | None = None,
        payload: Any = None,
    ) -> None:
        """Notes an event; `payload` is what the run got. Returns at once and never raises."""
        waiting = self._waiting.setdefault(registration_id, _Waiting())
        if status == "run":
            waiting.events += 1
            waiting.last_event_at = now_ms()
        elif status == "rejected":
            waiting.refuse(message)
        if self._entries < MAX_WAITING and self._is_kept(registration_id, status):
            self._entries += 1
            waiting.entries.append(_Entry(status, run_id, message, payload))
        self._wake()

    def refuse_app(self, integration_id: str, message: str) -> None:
        """Notes a delivery to an app's URL that was refused. Returns at once and never raises."""
        self._refused.setdefault(integration_id, _Waiting()).refuse(message)
        self._wake()

    def _wake(self) -> None:
        if self._writer is None:
            self._writer = asyncio.create_task(self._write_all())

    async def aclose(self) -> None:
        """Writes what is left."""
        self._closing.set()
        if self._writer is not None:
            await self._writer

    def _is_kept(self, registration_id: str, status: EventStatus) -> bool:
        if status != "rejected":
            return True
        minute = int(time.monotonic() // 60)
        if minute != self._minute:
            self._minute, self._rejected = minute, {}
        count = self._rejected.get(registration_id, 0) + 1
        self._rejected[registration_id] = count
        return count <= REJECTED_A_MINUTE

    async def _write_all(self) -> None:
        try:
            while self._waiting or self._refused:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._closing.wait(), INTERVAL)
                batch, self._waiting, self._entries = self._waiting, {}, 0
                refused, self._refused = self._refused, {}
                await self._write_refused(refused)
                try:
                    await self._write(batch)
                except Exception:
                    # One registration that is no more must not take the others with it.
                    for registration_id, waiting in batch.items():
                        await self._write_one(registration_id, waiting)
        finally:
            self._writer = None

    async def _write_refused(self, refused: dict[str, _Waiting]) -> None:
        if not refused:
            return
        try:
            async with self._database.begin() as session:
                for integration_id, waiting in sorted(refused.items()):
                    await session.execute(
                        update(Integration)
                        .where(Integration.id == integration_id)
                        .values(waiting.refusals(Integration))
                    )
        except Exception as error:
            logger.warning("Refused deliveries were not counted: %s", type(error).__name__)

    async def _write_one(self, registration_id: str, waiting: _Waiting) -> None:
        try:
            await self._write({registration_id: waiting})
        except Exception as error:
            logger.warning(
                "Events of registration %s were not kept: %s", registration_id, type(error).__name__
            )

    async def _write(self, batch: dict[str, _Waiting]) -> None:
        async with self._database.begin() as session:
            known = await session.scalars(
                select(Registration.id).where(Registration.id.in_(list(batch)))
            )
            # In one order everywhere, so that two transactions never wait for each other.
            for registration_id in sorted(known):
                await self._write_registration(session, registration_id, batch[registration_id])

    async def _write_registration(
        self, session: AsyncSession, registration_id: str, waiting: _Waiting
    ) -> None:
        changes: dict[str, Any] = {
            "events": Registration.events + waiting.events,
            **waiting.refusals(Registration),
        }
        if waiting.last_event_at is not None:
            changes["last_event_at"] = waiting.last_event_at
        await session.execute(
            update(Registration).where(Registration.id == registration_id).values(changes)
        )
        for entry in waiting.entries:
            await record_event(
                session,
                self._keyring,
                registration_id,
                entry.status,
                run_id=entry.run_id,
                message=entry.message,
                payload=entry.payload,
            )
        await session.flush()
        await trim_events(session, registration_id)
