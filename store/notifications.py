"""The outbox of notifications: written in the transaction of what they tell of, delivered later.

So nothing is told that did not happen, and nothing that happened is forgotten, whatever crashes in
between. `temporal.outbox` finds what is due and has it delivered.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import delete, func, insert, or_, select, update
from sqlalchemy.orm import defer
from sqlalchemy.orm.attributes import set_committed_value

from store.encryption import DecryptionError
from store.models import Notification, Project, WebhookEndpoint, new_id, now_ms, rfc3339
from store.texts import kept_value

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

NotificationType = Literal[
    "connection.connected",
    "connection.invalid",
    "connection.deleted",
    "run.completed",
    "run.paused",
    "run.failed",
    "run.canceled",
    "registration.started",
    "registration.failing",
    "registration.stopped",
    "credits.nearly-used",
    "credits.used",
    "webhook.test",
]
"""All that developers are told of (docs/notifications.md says what the data of each is)."""

KEPT_MS = 30 * 86_400_000
"""How long notifications that are delivered or have failed can be looked at and sent again."""

MESSAGE_PREFIX = "msg_"
"""What the header `webhook-id` has before a notification's id."""


def notification_row(
    project_id: str, kind: NotificationType, data: dict[str, Any]
) -> dict[str, Any]:
    """A row as in `notifications`, due at once; `data` is JSON and holds no secret."""
    now = now_ms()
    return {
        "id": new_id(),
        "project_id": project_id,
        "type": kind,
        # What could not be sent would keep back all that comes after it.
        "data": kept_value(data),
        "status": "pending",
        "attempts": 0,
        "next_attempt_at": now,
        "created_at": now,
    }


def body_of(notification: Notification) -> dict[str, Any]:
    """What the endpoint gets of a notification, as JSON."""
    return {
        "type": notification.type,
        "timestamp": rfc3339(notification.created_at),
        "data": notification.data,
    }


async def notify(
    session: AsyncSession, project_id: str, kind: NotificationType, data: dict[str, Any]
) -> str:
    """Tells the developer in the transaction of `session`, which the caller commits.

    Gives the notification's id.
    """
    row = notification_row(project_id, kind, data)
    await session.execute(insert(Notification), [row])
    return str(row["id"])


@dataclass(frozen=True)
class Waiting:
    """What of a project is not delivered yet."""

    pending: int
    next_attempt_at: int | None


@dataclass(frozen=True)
class DueProject:
    """A project that has something to send."""

    project_id: str
    name: str
    due_since: int
    paused: bool


async def due_projects(session: AsyncSession, now: int) -> list[DueProject]:
    """The projects that have something due, the one that has waited longest first."""
    since = func.min(Notification.next_attempt_at)
    paused_at = WebhookEndpoint.paused_at
    rows = await session.execute(
        select(Notification.project_id, Project.name, since, paused_at)
        .join(Project, Project.id == Notification.project_id)
        .outerjoin(WebhookEndpoint, WebhookEndpoint.project_id == Notification.project_id)
        .where(Notification.status == "pending", Notification.next_attempt_at <= now)
        .group_by(Notification.project_id, Project.name, paused_at)
        .order_by(since)
    )
    return [DueProject(row[0], row[1], row[2] or 0, row[3] is not None) for row in rows]


async def claim_due(
    session: AsyncSession, project_id: str, now: int, until: int, limit: int
) -> list[Notification]:
    """Takes what is due, the longest first, for one who sends it now.

    Nobody else gets it before `until`; then it is due again, if its sender died. The data of one
    that cannot be decrypted are None.
    """
    due = (
        select(Notification.id)
        .where(
            Notification.project_id == project_id,
            Notification.status == "pending",
            Notification.next_attempt_at <= now,
        )
        .order_by(Notification.next_attempt_at, Notification.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte()
    )
    claimed = await session.scalars(
        update(Notification)
        .where(Notification.id.in_(select(due.c.id)))
        .values(next_attempt_at=until)
        .returning(Notification.id),
        execution_options={"synchronize_session": False},
    )
    ids = claimed.all()
    query = select(Notification).where(Notification.id.in_(ids)).order_by(Notification.id)
    try:
        return list(await session.scalars(query))
    except DecryptionError:
        # One that cannot be read keeps back no other.
        return [await _read(session, notification_id) for notification_id in sorted(ids)]


async def _read(session: AsyncSession, notification_id: str) -> Notification:
    query = select(Notification).where(Notification.id == notification_id)
    query = query.options(defer(Notification.data), defer(Notification.last_error))
    row = (await session.scalars(query)).one()
    data = None
    with suppress(DecryptionError):
        data = await session.scalar(select(Notification.data).where(Notification.id == row.id))
    set_committed_value(row, "data", data)
    return row


async def book_delivery(
    session: AsyncSession, notification_id: str, http_status: int, now: int
) -> None:
    """Books that the endpoint took a notification."""
    await _book_attempt(
        session,
        notification_id,
        status="delivered",
        next_attempt_at=None,
        last_status=http_status,
        last_error=None,
        delivered_at=now,
    )


async def book_failure(
    session: AsyncSession,
    notification_id: str,
    http_status: int | None,
    error: str,
    retry_at: int | None,
) -> None:
    """Books an attempt in vain; without `retry_at` it was the last."""
    await _book_attempt(
        session,
        notification_id,
        status="failed" if retry_at is None else "pending",
        next_attempt_at=retry_at,
        last_status=http_status,
        last_error=error,
    )


async def _book_attempt(session: AsyncSession, notification_id: str, **values: Any) -> None:
    await session.execute(
        update(Notification)
        .where(Notification.id == notification_id, Notification.status == "pending")
        .values(attempts=Notification.attempts + 1, **values)
    )


async def waiting(session: AsyncSession, project_id: str) -> Waiting:
    """How much of a project waits, and when the next attempt is due."""
    row = (
        await session.execute(
            select(func.count(), func.min(Notification.next_attempt_at)).where(
                Notification.project_id == project_id, Notification.status == "pending"
            )
        )
    ).one()
    return Waiting(row[0], row[1])


async def send_again(session: AsyncSession, project_id: str, notification_id: str) -> bool:
    """Makes a notification that is settled due again; False where there is none such."""
    again = (
        update(Notification)
        .where(
            Notification.id == notification_id,
            Notification.project_id == project_id,
            Notification.status != "pending",
        )
        .values(status="pending", attempts=0, next_attempt_at=now_ms(), delivered_at=None)
    )
    return await session.scalar(again.returning(Notification.id)) is not None


async def send_waiting(session: AsyncSession, project_id: str) -> None:
    """Makes all that waits due now, with all its attempts before it."""
    await session.execute(
        update(Notification)
        .where(Notification.project_id == project_id, Notification.status == "pending")
        .values(attempts=0, next_attempt_at=now_ms())
    )


async def purge(session: AsyncSession, before: int, limit: int) -> int:
    """Removes the oldest notifications that were made and settled before a moment (ms).

    What waits is never removed. Gives how many were; less than `limit`: there are no more.
    """
    # Ids begin with the time, so the oldest are found by the primary key.
    moment = f"{before:012x}"
    old = (
        select(Notification.id)
        .where(
            Notification.id < f"{moment[:8]}-{moment[8:]}",
            Notification.status != "pending",
            or_(Notification.delivered_at.is_(None), Notification.delivered_at < before),
        )
        .order_by(Notification.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte()
    )
    removed = await session.scalars(
        delete(Notification)
        .where(Notification.id.in_(select(old.c.id)))
        .returning(Notification.id),
        execution_options={"synchronize_session": False},
    )
    return len(removed.all())


async def park(session: AsyncSession, project_id: str) -> None:
    """Takes what waits off the list of what is due while the project's endpoint is paused."""
    # The lock lets a resumption that comes meanwhile have the last word.
    paused = (
        select(WebhookEndpoint.project_id)
        .where(WebhookEndpoint.project_id == project_id, WebhookEndpoint.paused_at.is_not(None))
        .with_for_update(read=True)
    )
    await session.execute(
        update(Notification)
        .where(
            Notification.project_id.in_(paused),
            Notification.status == "pending",
            Notification.next_attempt_at.is_not(None),
        )
        .values(next_attempt_at=None),
        execution_options={"synchronize_session": False},
    )
