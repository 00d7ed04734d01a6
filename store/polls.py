"""What polling reads and writes of a registration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import CursorResult, select, update

from store.models import Registration, RegistrationEvent, now_ms
from store.notifications import notify
from store.registrations import EVENTS_KEPT, record_event, registration_data, trim_events

if TYPE_CHECKING:
    from store.database import Database
    from store.encryption import Keyring
    from store.notifications import NotificationType

BROKEN = ("needs-connection", "failing")


@dataclass(frozen=True)
class StartedEvent:
    """An event whose run exists; `is_new`: it did not exist before."""

    run_id: str
    payload: Any
    is_new: bool


async def read_registration(database: Database, registration_id: str) -> Registration | None:
    """The row as it is now."""
    async with database() as session:
        return await session.get(Registration, registration_id)


def is_wanted(row: Registration, *, is_first: bool) -> bool:
    """Whether polling goes on; a change of what is wanted ends it, unless it is what began it."""
    return row.wanted == "active" and (is_first or row.revision == row.applied)


async def move_cursor(
    database: Database,
    keyring: Keyring,
    row: Registration,
    cursor: Any,
    events: Sequence[StartedEvent],
) -> bool:
    """Moves the cursor from where `row` was read, and counts the events; False: it was moved by
    somebody else, or something else is wanted, and nothing is written.

    Raises whatever the database does; `row` then says what it said before.
    """
    now = now_ms()
    async with database.begin() as session:
        moved = await session.execute(
            update(Registration)
            .where(
                Registration.id == row.id,
                Registration.revision == row.revision,
                Registration.trigger == row.trigger,
                Registration.cursor_version == row.cursor_version,
            )
            .values(cursor=cursor, cursor_version=row.cursor_version + 1)
        )
        assert isinstance(moved, CursorResult)  # noqa: S101 - tells the type
        if moved.rowcount != 1:
            return False
        # A run that existed before is one of a poll that died, or an event that came twice.
        told = [event.run_id for event in events if not event.is_new]
        known = set[str | None]()
        if told:
            rows = await session.scalars(
                select(RegistrationEvent.run_id).where(
                    RegistrationEvent.registration_id == row.id, RegistrationEvent.run_id.in_(told)
                )
            )
            known = set(rows)
        fresh = [event for event in events if event.run_id not in known]
        for event in fresh[-EVENTS_KEPT:]:
            await record_event(
                session, keyring, row.id, "run", run_id=event.run_id, payload=event.payload
            )
        if fresh:
            await session.execute(
                update(Registration)
                .where(Registration.id == row.id)
                .values(events=Registration.events + len(fresh), last_event_at=now)
            )
            await session.flush()
            await trim_events(session, row.id)
    row.cursor, row.cursor_version = cursor, row.cursor_version + 1
    return True


async def book_rejected(
    database: Database, keyring: Keyring, registration_id: str, items: Sequence[tuple[str, Any]]
) -> None:
    """Keeps for people why items of a poll became no events: each with what it is."""
    async with database.begin() as session:
        await session.execute(
            update(Registration)
            .where(Registration.id == registration_id)
            .values(rejected=Registration.rejected + len(items))
        )
        for message, record in items[-EVENTS_KEPT:]:
            await record_event(
                session, keyring, registration_id, "rejected", message=message, payload=record
            )
        await session.flush()
        await trim_events(session, registration_id)


async def book_poll(
    database: Database, row: Registration, next_poll_at: int, message: str | None
) -> None:
    """A poll went well: what was broken is whole again, and the developer hears of it.

    `message`: what could not be read although the poll went well.
    """
    mended = row.state in BROKEN
    values = {"next_poll_at": next_poll_at, "message": message}
    await _book(
        database,
        row,
        values | ({"state": "active"} if mended else {}),
        "registration.started" if mended else None,
    )


async def book_trouble(
    database: Database,
    row: Registration,
    message: str | None,
    *,
    state: str | None = None,
    next_poll_at: int | None = None,
) -> None:
    """What keeps polling from news: a new `state`, or only a message while it goes on.

    The developer hears of it when it becomes `failing`.
    """
    values: dict[str, Any] = {"next_poll_at": next_poll_at}
    if message is not None:
        values["message"] = message
    if state is not None:
        values["state"] = state
    is_news = state == "failing" and row.state not in BROKEN
    await _book(database, row, values, "registration.failing" if is_news else None)


async def _book(
    database: Database,
    row: Registration,
    values: dict[str, Any],
    notice: NotificationType | None,
) -> None:
    async with database.begin() as session:
        booked = await session.execute(
            update(Registration)
            .where(
                Registration.id == row.id,
                Registration.revision == row.revision,
                Registration.state == row.state,
            )
            .values(values)
        )
        assert isinstance(booked, CursorResult)  # noqa: S101 - tells the type
        if booked.rowcount != 1:
            return
        for name, value in values.items():
            setattr(row, name, value)
        if notice is not None:
            await notify(session, row.project_id, notice, registration_data(row))
