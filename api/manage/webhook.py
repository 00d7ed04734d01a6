"""The webhook of a project: how its endpoint fares, its secret, a test, the end of a pause."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import Field
from sqlalchemy import select

from api.auth import DECLARE_ANY, DECLARE_SESSION, AnyAccess, OwnedProject
from api.documentation import OF_PROJECT
from api.errors import not_found
from api.manage.notifications import NotificationView, notification_view
from api.schemas import Model, Timestamp
from api.state import State, StateDep
from api.strict_json import JsonRoute
from store.models import Notification, Project, WebhookEndpoint, now_ms
from store.notifications import notify, waiting
from store.webhooks import read_endpoint, resume_endpoint, rotate_secret

router = APIRouter(
    prefix="/projects/{projectId}/webhook",
    tags=["notifications"],
    responses=OF_PROJECT,
    route_class=JsonRoute,
)


class WebhookView(Model):
    """Where notifications go, and how that goes."""

    url: str = Field(description="Changed with the project (PATCH /projects/{projectId}).")
    paused_at: Timestamp | None = Field(
        description="Since then nothing is sent, because the endpoint was dead for days or "
        "answered 410 Gone. Resume it, or change the URL."
    )
    failing_since: Timestamp | None = Field(description="The first failure since the last success.")
    last_error: str | None = Field(description="What was wrong at the last failure.")
    pending: int = Field(description="Notifications that wait to be delivered.")


class WebhookSecret(Model):
    """What notifications are signed with."""

    secret: str = Field(description="`whsec_` and base64, as libraries of Standard Webhooks take.")
    previous_until: Timestamp | None = Field(
        description="Until then the secret before this one signs beside it."
    )


@router.get("", summary="Show the webhook", dependencies=DECLARE_ANY)
async def get_webhook(access: AnyAccess, state: StateDep) -> WebhookView:
    """How the project's endpoint fares."""
    return await _view(state, access.project_id)


@router.get("/secret", summary="Show the webhook's secret", dependencies=DECLARE_SESSION)
async def get_webhook_secret(access: OwnedProject, state: StateDep) -> WebhookSecret:
    """The secret with which the developer's application verifies notifications."""
    now = now_ms()
    endpoint = await read_endpoint(state.database, state.keyring, access.project_id, now)
    if endpoint is None:
        raise not_found("project")
    return WebhookSecret(secret=endpoint.secrets[0], previous_until=endpoint.previous_until)


@router.post("/secret", summary="Change the webhook's secret", dependencies=DECLARE_SESSION)
async def rotate_webhook_secret(access: OwnedProject, state: StateDep) -> WebhookSecret:
    """Makes a new secret; the one before it signs, too, for 24 hours."""
    secret, until = await rotate_secret(state.database, state.keyring, access.project_id)
    return WebhookSecret(secret=secret, previous_until=until)


@router.post("/test", status_code=201, summary="Send a test", dependencies=DECLARE_ANY)
async def test_webhook(access: AnyAccess, state: StateDep) -> NotificationView:
    """Sends a notification of the type `webhook.test`; how it went, its own route tells."""
    data = {"message": "This is a test of your webhook."}
    async with state.database.begin() as session:
        notification_id = await notify(session, access.project_id, "webhook.test", data)
        return notification_view(await session.get_one(Notification, notification_id))


@router.post("/resume", summary="Resume the webhook", dependencies=DECLARE_ANY)
async def resume_webhook(access: AnyAccess, state: StateDep) -> WebhookView:
    """Ends a pause: all that waits is sent now. Does no harm where nothing is paused."""
    async with state.database.begin() as session:
        await resume_endpoint(session, access.project_id)
    return await _view(state, access.project_id)


async def _view(state: State, project_id: str) -> WebhookView:
    async with state.database() as session:
        row = (
            await session.execute(
                select(
                    Project.webhook_url.label("url"),
                    WebhookEndpoint.paused_at,
                    WebhookEndpoint.failing_since,
                    WebhookEndpoint.last_error,
                )
                .outerjoin(WebhookEndpoint, WebhookEndpoint.project_id == Project.id)
                .where(Project.id == project_id)
            )
        ).one()
        left = await waiting(session, project_id)
    return WebhookView(**row._asdict(), pending=left.pending)
