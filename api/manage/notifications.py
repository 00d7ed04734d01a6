"""Notifications of a project: what the developer was told, how that went, and telling it again."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import Field
from sqlalchemy import select

from api.auth import DECLARE_ANY, AnyAccess
from api.documentation import OF_PROJECT, errors
from api.errors import ApiError, ErrorKind, not_found
from api.schemas import Cursor, Limit, Model, Page, Timestamp, page_of
from api.state import State, StateDep
from api.strict_json import JsonRoute
from store.models import Notification
from store.notifications import MESSAGE_PREFIX, NotificationType, body_of, send_again
from store.sealed import listing

router = APIRouter(
    prefix="/projects/{projectId}/notifications",
    tags=["notifications"],
    dependencies=DECLARE_ANY,
    responses=OF_PROJECT,
    route_class=JsonRoute,
)

Status = Literal["pending", "delivered", "failed"]
NotificationId = Annotated[
    str,
    Path(
        alias="notificationId",
        max_length=64,
        description="The notification's id, or the header `webhook-id` that it was sent with.",
    ),
]


class NotificationView(Model):
    """A notification and how its delivery goes."""

    id: str
    webhook_id: str = Field(description="The header `webhook-id`, the same at each attempt.")
    type: NotificationType
    data: dict[str, Any]
    body: dict[str, Any] = Field(description="What the endpoint gets.")
    status: Status
    attempts: int = Field(description="How often it was sent.")
    next_attempt_at: Timestamp | None = Field(
        description="Null when it is settled, and while the endpoint is paused."
    )
    last_status: int | None = Field(description="The HTTP status of the last answer, if any.")
    last_error: str | None = Field(description="Why the last attempt failed.")
    created_at: Timestamp
    delivered_at: Timestamp | None


@router.get("", summary="List the notifications")
async def list_notifications(
    access: AnyAccess,
    state: StateDep,
    status: Annotated[Status | None, Query()] = None,
    kind: Annotated[NotificationType | None, Query(alias="type")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[NotificationView]:
    """What the project's developer was told, the newest first."""
    query = select(Notification).where(Notification.project_id == access.project_id)
    if status is not None:
        query = query.where(Notification.status == status)
    if kind is not None:
        query = query.where(Notification.type == kind)
    if cursor is not None:
        query = query.where(Notification.id < cursor)
    async with listing(), state.database() as session:
        rows = list(await session.scalars(query.order_by(Notification.id.desc()).limit(limit + 1)))
    items, next_cursor = page_of([notification_view(row) for row in rows], limit, "id")
    return Page(items=items, next_cursor=next_cursor)


@router.get("/{notificationId}", summary="Show a notification")
async def get_notification(
    notification_id: NotificationId, access: AnyAccess, state: StateDep
) -> NotificationView:
    """One notification."""
    return notification_view(await _find(state, access.project_id, notification_id))


@router.post(
    "/{notificationId}/replay",
    status_code=202,
    summary="Send a notification again",
    responses=errors(ErrorKind.CONFLICT),
)
async def replay_notification(
    notification_id: NotificationId, access: AnyAccess, state: StateDep
) -> NotificationView:
    """Sends a notification that was delivered or has failed once more, with the same id."""
    found = await _find(state, access.project_id, notification_id)
    async with state.database.begin() as session:
        again = await send_again(session, access.project_id, found.id)
    if not again:
        raise ApiError(
            ErrorKind.CONFLICT,
            "This notification is on its way already. If the endpoint is paused, resume it "
            "(POST …/webhook/resume).",
        )
    return notification_view(await _find(state, access.project_id, found.id))


def notification_view(row: Notification) -> NotificationView:
    """A row as it is shown."""
    return NotificationView.model_validate(
        {
            "webhook_id": MESSAGE_PREFIX + row.id,
            "body": body_of(row),
            **{
                name: getattr(row, name)
                for name in NotificationView.model_fields
                if name not in {"webhook_id", "body"}
            },
        }
    )


async def _find(state: State, project_id: str, notification_id: str) -> Notification:
    async with state.database() as session:
        row = await session.scalar(
            select(Notification).where(
                Notification.id == notification_id.removeprefix(MESSAGE_PREFIX),
                Notification.project_id == project_id,
            )
        )
    if row is None:
        raise not_found("notification")
    return row
