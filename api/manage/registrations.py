"""Registrations: the list, one with its last events, and what can be done with it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import Field
from sqlalchemy import Select, select

from api.auth import DECLARE_ANY, AnyAccess
from api.documentation import OF_PROJECT, errors
from api.errors import ApiError, ErrorKind, not_found
from api.manage.refusals import Refusal, refusal_of
from api.registrations import END_SECONDS, change, end, settle, start_run
from api.schemas import Cursor, Limit, Model, Page, Timestamp, page_of
from api.state import State, StateDep
from api.strict_json import JsonRoute
from connectors.masking import mask, mask_same
from connectors.triggers import InboundSource, WebhookSource
from store.models import Automation, Registration, RegistrationEvent, new_id
from store.registrations import event_payload, unseal_hook
from store.sealed import listing
from workflows.registration import registration_workflow_id

router = APIRouter(
    prefix="/projects/{projectId}/registrations",
    tags=["registrations"],
    dependencies=DECLARE_ANY,
    responses=OF_PROJECT,
    route_class=JsonRoute,
)

STARTING = errors(
    ErrorKind.NOT_FOUND,
    ErrorKind.CONFLICT,
    ErrorKind.AUTOMATION_NOT_DEPLOYED,
    ErrorKind.UNAVAILABLE,
)
RegistrationState = Literal["starting", "active", "paused", "needs-connection", "failing", "ending"]
RegistrationId = Annotated[
    str, Path(alias="registrationId", max_length=64, description="The registration.")
]


class RegistrationView(Model):
    """A user's subscription to an automation's trigger."""

    id: str
    automation_id: str
    automation_name: str | None = Field(description="Null: the automation was deleted.")
    user_id: str = Field(description="Empty: the developer's own.")
    trigger: str = Field(description="The trigger's key; empty: nothing was subscribed yet.")
    state: RegistrationState
    message: str | None = Field(description="What is wrong and what to do.")
    subscription_id: str | None = Field(description="Its id at the app, as far as that told one.")
    expires_at: Timestamp | None = Field(description="It is renewed before.")
    next_poll_at: Timestamp | None
    last_event_at: Timestamp | None
    events: int = Field(description="How many events started a run.")
    rejected: int = Field(description="How many deliveries were refused.")
    last_refusal: Refusal | None = Field(None, description="Of the last of them.")
    created_at: Timestamp
    updated_at: Timestamp
    temporal_ui_url: str


class EventView(Model):
    """An event that came."""

    id: str
    status: Literal["run", "test", "skipped", "rejected"]
    run_id: str | None
    message: str | None = Field(description="Why it was skipped or rejected.")
    can_be_redelivered: bool
    received_at: Timestamp


class RegistrationDetails(RegistrationView):
    """A registration with what it was registered with and its last events."""

    data: dict[str, Any] = Field(
        description="What the user was registered with; what became a secret input is masked."
    )
    inputs: dict[str, Any] | None = Field(description="The trigger's; secret ones are masked.")
    hook_url: str | None = Field(
        description="Only where a person enters it at the app, or calls it. It is a secret."
    )
    hook_secret: str | None = Field(description="What the app is to sign with, where it asks.")
    recent_events: list[EventView] = Field(description="The newest first.")


class Started(Model):
    """A run that was started."""

    run_id: str


@router.get("", summary="List the registrations")
async def list_registrations(
    access: AnyAccess,
    state: StateDep,
    automation_id: Annotated[str | None, Query(alias="automationId", max_length=64)] = None,
    user_id: Annotated[
        str | None,
        Query(alias="userId", max_length=255, description="Empty: the developer's own."),
    ] = None,
    search: Annotated[str, Query(max_length=255, description="Part of the user's id.")] = "",
    registration_state: Annotated[RegistrationState | None, Query(alias="state")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[RegistrationView]:
    """The project's registrations, the newest first."""
    query = _with_names(access.project_id)
    if automation_id is not None:
        query = query.where(Registration.automation_id == automation_id)
    if user_id is not None:
        query = query.where(Registration.user_id == user_id)
    if search:
        query = query.where(Registration.user_id.icontains(search, autoescape=True))
    if registration_state is not None:
        query = query.where(Registration.state == registration_state)
    if cursor is not None:
        query = query.where(Registration.id < cursor)
    async with listing(), state.database() as session:
        rows = await session.execute(query.order_by(Registration.id.desc()).limit(limit + 1))
        found = [RegistrationView(**_values(state, row, name)) for row, name in rows]
    items, next_cursor = page_of(found, limit, "id")
    return Page(items=items, next_cursor=next_cursor)


@router.get(
    "/{registrationId}", summary="Show a registration", responses=errors(ErrorKind.NOT_FOUND)
)
async def get_registration(
    registration_id: RegistrationId, access: AnyAccess, state: StateDep
) -> RegistrationDetails:
    """One registration with its last events and the runs that they started."""
    return await _details(state, access.project_id, registration_id)


@router.post(
    "/{registrationId}/test",
    status_code=202,
    summary="Test a registration",
    responses=STARTING,
)
async def test_registration(
    registration_id: RegistrationId, access: AnyAccess, state: StateDep
) -> Started:
    """Starts a run with the trigger's sample, as if the app had told that event."""
    row = await _find(state, access.project_id, registration_id)
    trigger = state.catalogue.trigger(row.trigger)
    if trigger is None or trigger.sample is None:
        raise ApiError(ErrorKind.CONFLICT, f"The trigger {row.trigger} has no sample to run with.")
    run_id = await start_run(state, row, f"test:{new_id()}", trigger.sample)
    state.event_log.add(row.id, "test", run_id=run_id, payload=trigger.sample)
    return Started(run_id=run_id)


@router.post(
    "/{registrationId}/events/{eventId}/redeliver",
    status_code=202,
    summary="Deliver an event again",
    responses=STARTING,
)
async def redeliver_event(
    registration_id: RegistrationId,
    event_id: Annotated[str, Path(alias="eventId", max_length=64, description="The event.")],
    access: AnyAccess,
    state: StateDep,
) -> Started:
    """Starts another run with what the event brought."""
    row = await _find(state, access.project_id, registration_id)
    async with state.database() as session:
        event = await session.scalar(
            select(RegistrationEvent).where(
                RegistrationEvent.id == event_id, RegistrationEvent.registration_id == row.id
            )
        )
    if event is None:
        raise not_found("event")
    if event.payload is None:
        raise ApiError(ErrorKind.CONFLICT, "What this event brought was not kept.")
    payload = event_payload(state.keyring, event)
    run_id = await start_run(state, row, f"redeliver:{new_id()}", payload)
    message = f"Delivered again: {event.id}"
    state.event_log.add(row.id, "run", run_id=run_id, message=message, payload=payload)
    return Started(run_id=run_id)


@router.post(
    "/{registrationId}/pause",
    summary="Pause a registration",
    responses=errors(ErrorKind.NOT_FOUND, ErrorKind.CONFLICT),
)
async def pause_registration(
    registration_id: RegistrationId, access: AnyAccess, state: StateDep
) -> RegistrationDetails:
    """Keeps the subscription; events are skipped and the app is not asked for news."""
    return await _want(state, access.project_id, registration_id, "paused")


@router.post(
    "/{registrationId}/resume",
    summary="Resume a registration",
    responses=errors(ErrorKind.NOT_FOUND, ErrorKind.CONFLICT),
)
async def resume_registration(
    registration_id: RegistrationId, access: AnyAccess, state: StateDep
) -> RegistrationDetails:
    """Lets events start runs again; polling goes on from where it was paused."""
    return await _want(state, access.project_id, registration_id, "active")


@router.delete(
    "/{registrationId}",
    status_code=204,
    summary="End a registration",
    responses=errors(ErrorKind.NOT_FOUND),
)
async def end_registration(
    registration_id: RegistrationId, access: AnyAccess, state: StateDep
) -> None:
    """Ends the subscription, at the app, too: where that is away, it is told when it is back."""
    row = await _find(state, access.project_id, registration_id)
    await settle(state, await end(state, Registration.id == row.id), END_SECONDS)


async def _want(
    state: State, project_id: str, registration_id: str, wanted: str
) -> RegistrationDetails:
    row = await _find(state, project_id, registration_id)
    async with state.database.begin() as session:
        changed = await change(
            session,
            Registration.id == row.id,
            Registration.wanted.not_in(("ended", wanted)),
            wanted=wanted,
        )
    if not changed and row.wanted == "ended":
        raise ApiError(ErrorKind.CONFLICT, "The registration is ending: register the user again.")
    await settle(state, changed, END_SECONDS)
    return await _details(state, project_id, registration_id)


async def _find(state: State, project_id: str, registration_id: str) -> Registration:
    async with state.database() as session:
        row = await session.scalar(
            select(Registration).where(
                Registration.id == registration_id, Registration.project_id == project_id
            )
        )
    if row is None:
        raise not_found("registration")
    return row


async def _details(state: State, project_id: str, registration_id: str) -> RegistrationDetails:
    async with listing(), state.database() as session:
        found = (
            await session.execute(_with_names(project_id).where(Registration.id == registration_id))
        ).one_or_none()
        if found is None:
            raise not_found("registration")
        row, name = found
        events = await session.scalars(
            select(RegistrationEvent)
            .where(RegistrationEvent.registration_id == row.id)
            .order_by(RegistrationEvent.id.desc())
        )
        recent = [_event_view(event) for event in events]
    trigger = state.catalogue.trigger(row.trigger)
    schema = trigger.input_schema if trigger else {}
    url, secret = _entered_by_people(state, row)
    return RegistrationDetails(
        **_values(state, row, name),
        data=mask_same(schema, row.inputs, row.data),
        inputs=mask(schema, row.inputs),
        hook_url=url,
        hook_secret=secret,
        recent_events=recent,
    )


def _entered_by_people(state: State, row: Registration) -> tuple[str | None, str | None]:
    """The URL and the secret of a hook that no app was told by us."""
    trigger = state.catalogue.trigger(row.trigger)
    if trigger is None or row.hook_id is None:
        return None, None
    source = trigger.source
    is_asked = isinstance(source, WebhookSource) and source.subscription is None
    secret = unseal_hook(state.keyring, row)
    if secret is None or not (is_asked or isinstance(source, InboundSource)):
        return None, None
    url = f"{state.settings.public_url.rstrip('/')}/api/v1/hooks/{secret.hook}"
    return url, secret.signing if is_asked else None


def _with_names(project_id: str) -> Select[Registration, str]:
    return (
        select(Registration, Automation.name)
        .outerjoin(Automation, Automation.id == Registration.automation_id)
        .where(Registration.project_id == project_id)
    )


def _event_view(event: RegistrationEvent) -> EventView:
    return EventView.model_validate(
        {
            "id": event.id,
            "status": event.status,
            "run_id": event.run_id,
            "message": event.message,
            "can_be_redelivered": event.payload is not None,
            "received_at": event.received_at,
        }
    )


def _values(state: State, row: Registration, name: str | None) -> dict[str, Any]:
    """The fields of a RegistrationView."""
    settings = state.settings
    workflows = f"{settings.temporal_ui_url.rstrip('/')}/namespaces/{settings.temporal_namespace}"
    of_others = {"automation_name", "temporal_ui_url", "last_refusal"}
    of_row = set(RegistrationView.model_fields) - of_others
    here = settings.public_url.rstrip("/")
    moving = None
    if row.told_url not in (None, here):
        moving = f"The app delivers to {row.told_url} and is being told {here}."
    return {
        **{field: getattr(row, field) for field in of_row},
        "message": row.message or moving,
        "last_refusal": refusal_of(row),
        "automation_name": name,
        "temporal_ui_url": f"{workflows}/workflows/{registration_workflow_id(row.id)}",
    }
