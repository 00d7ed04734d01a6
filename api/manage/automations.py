"""Automations: the draft and its faults."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, cast

from fastapi import APIRouter, Query
from pydantic import AfterValidator, Field
from sqlalchemy import LargeBinary, and_, delete, func, select, type_coerce, update

from api.auth import DECLARE_ANY, AnyAccess
from api.documentation import OF_PROJECT, errors
from api.errors import ApiError, ErrorKind, invalid
from api.faults import Faults, findings_of, views_of
from api.manage.run_views import RunStatus
from api.registrations import ENDED, change, tell
from api.schemas import AutomationId, Cursor, Limit, Model, Page, Timestamp, page_of
from api.state import State, StateDep
from api.strict_json import JsonRoute
from automations.bounds import OutOfBoundsError, size_of
from automations.messages import Message
from connectors.secret_inputs import SecretElsewhere
from store.encryption import DecryptionError, Keyring
from store.models import Automation, AutomationVersion, Registration, Run, new_id, now_ms
from store.sealed import UNREADABLE, SealedJson

router = APIRouter(
    prefix="/projects/{projectId}/automations",
    tags=["automations"],
    dependencies=DECLARE_ANY,
    responses=OF_PROJECT,
    route_class=JsonRoute,
)

OF_AUTOMATION = errors(ErrorKind.NOT_FOUND, ErrorKind.AUTOMATION_NOT_FOUND)

Name = Annotated[
    str, Field(min_length=1, max_length=200, pattern=r"\S", examples=["Create a task"])
]
MAX_VALUES = 50_000
"""Texts, numbers, lists and maps in a draft: so many are looked at in some milliseconds."""


def _bounded(definition: dict[str, Any]) -> dict[str, Any]:
    try:
        size_of(definition, values=MAX_VALUES)
    except OutOfBoundsError as error:
        raise ValueError(Message("draft-too-large", reason=error.message)) from None
    return definition


Definition = Annotated[
    dict[str, Any],
    AfterValidator(_bounded),
    Field(
        description="A trigger and steps; its schema is GET /api/v1/schemas/automation. A draft "
        "may be unfinished. Secret inputs are read as `inlay-secret:…`, which means the saved "
        "value when it is sent back.",
        examples=[
            {
                "trigger": {
                    "type": "manual",
                    "input": {
                        "type": "object",
                        "properties": {"title": {"type": "string"}},
                        "required": ["title"],
                    },
                },
                "steps": [
                    {"id": "greet", "type": "set", "values": {"text": "Hello {{ data.title }}"}}
                ],
                "result": "{{ vars.text }}",
            }
        ],
    ),
]


class AutomationBody(Model):
    """A new automation."""

    name: Name
    definition: Definition = Field(
        default_factory=lambda: {"trigger": {"type": "manual"}, "steps": []}
    )


class AutomationChanges(Model):
    """What changes; the rest stays."""

    name: Name | None = None
    definition: Definition | None = None
    revision: int | None = Field(
        None,
        ge=1,
        le=2**53,
        description="The draft's revision that was edited; the save is refused when somebody else "
        "saved since. Needed with a definition.",
    )


class LastRun(Model):
    """The run of an automation that started last."""

    id: str
    status: RunStatus
    started_at: Timestamp


class AutomationHead(Model):
    """What is said of an automation everywhere."""

    id: str
    name: str
    revision: int
    published_version: int | None
    created_at: Timestamp
    updated_at: Timestamp


class AutomationSummary(AutomationHead):
    """An automation in a list."""

    draft_changed: bool = Field(description="The draft differs from the published version.")
    registrations: int = Field(description="Subscriptions to its trigger that have not ended.")
    last_run: LastRun | None = Field(description="Of a version or of the draft; null: none yet.")
    message: str | None = Field(
        None, description="Why the draft or the version cannot be read; null: they can."
    )


class AutomationView(AutomationHead):
    """An automation with its draft."""

    definition: dict[str, Any]


_REGISTRATIONS = (
    select(func.count())
    .select_from(Registration)
    .where(Registration.automation_id == Automation.id, Registration.wanted != "ended")
    .correlate(Automation)
    .scalar_subquery()
)
_LAST_RUN = (
    select(Run.id)
    .where(Run.automation_id == Automation.id)
    .order_by(Run.started_at.desc(), Run.id.desc())
    .limit(1)
    .correlate(Automation)
    .scalar_subquery()
)


_DRAFT = cast(SealedJson, Automation.__table__.c.draft.type)
_PUBLISHED = cast(SealedJson, AutomationVersion.__table__.c.definition.type)


@router.get("", summary="List the automations")
async def list_automations(
    access: AnyAccess,
    state: StateDep,
    search: Annotated[str, Query(max_length=200, description="Part of the name.")] = "",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[AutomationSummary]:
    """The project's automations, the newest first."""
    query = (
        select(
            Automation.id,
            Automation.name,
            Automation.draft_revision.label("revision"),
            Automation.published_version,
            Automation.created_at,
            Automation.updated_at,
            type_coerce(Automation.draft, LargeBinary).label("draft"),
            type_coerce(AutomationVersion.definition, LargeBinary).label("definition"),
            _REGISTRATIONS.label("registrations"),
            _LAST_RUN.label("last_run"),
        )
        .outerjoin(
            AutomationVersion,
            and_(
                AutomationVersion.automation_id == Automation.id,
                AutomationVersion.number == Automation.published_version,
            ),
        )
        .where(Automation.project_id == access.project_id)
    )
    if search:
        query = query.where(Automation.name.icontains(search, autoescape=True))
    if cursor is not None:
        query = query.where(Automation.id < cursor)
    async with state.database() as session:
        rows = await session.execute(query.order_by(Automation.id.desc()).limit(limit + 1))
        found = [dict(row._mapping) for row in rows]
        last_runs = await session.execute(
            select(Run.id, Run.status, Run.started_at).where(
                Run.id.in_([row["last_run"] for row in found])
            )
        )
        runs = {row.id: LastRun(**row._mapping) for row in last_runs}
    for row in found:
        # Both are sealed, so that no query can compare them.
        draft, published = row.pop("draft"), row.pop("definition")
        row |= await asyncio.to_thread(_compared, state.keyring, draft, published)
    views = [AutomationSummary(**{**row, "last_run": runs.get(row["last_run"])}) for row in found]
    items, next_cursor = page_of(views, limit, "id")
    return Page(items=items, next_cursor=next_cursor)


def _compared(keyring: Keyring, draft: bytes, published: bytes | None) -> dict[str, Any]:
    """Whether two sealed definitions are not the same, or that they cannot be read."""
    try:
        is_now = _DRAFT.open(keyring, draft)
        was = None if published is None else _PUBLISHED.open(keyring, published)
    except DecryptionError:
        return {"draft_changed": published is not None, "message": UNREADABLE}
    is_other = was is not None and is_now != was and _DRAFT.load(is_now) != _PUBLISHED.load(was)
    return {"draft_changed": is_other}


@router.post("", status_code=201, summary="Create an automation")
async def create_automation(
    body: AutomationBody, access: AnyAccess, state: StateDep
) -> AutomationView:
    """Makes an automation with a draft, which is not published yet."""
    automation = Automation(
        id=new_id(),
        project_id=access.project_id,
        name=body.name,
        draft=await _taken(state, access.project_id, body.definition),
        draft_revision=1,
        created_at=now_ms(),
        updated_at=now_ms(),
    )
    async with state.database.begin() as session:
        session.add(automation)
    return await _view(state, automation)


@router.get("/{automationId}", summary="Show an automation", responses=OF_AUTOMATION)
async def get_automation(
    automation_id: AutomationId, access: AnyAccess, state: StateDep
) -> AutomationView:
    """One automation with its draft."""
    return await _view(state, await find_automation(state, access.project_id, automation_id))


@router.patch(
    "/{automationId}",
    summary="Save a draft",
    responses={**OF_AUTOMATION, **errors(ErrorKind.CONFLICT)},
)
async def update_automation(
    automation_id: AutomationId, body: AutomationChanges, access: AnyAccess, state: StateDep
) -> AutomationView:
    """Renames the automation or saves its draft. What is published stays as it is."""
    changes: dict[str, Any] = {"updated_at": now_ms()}
    if body.name is not None:
        changes["name"] = body.name
    if body.definition is not None:
        changes["draft"] = await _taken(state, access.project_id, body.definition)
        changes["draft_revision"] = Automation.draft_revision + 1
        if body.revision is None:
            raise invalid(
                [("revision", Message("needed"))],
                "Send the revision of the draft that was edited, so that nobody's work is lost.",
            )
    statement = update(Automation).where(
        Automation.id == automation_id, Automation.project_id == access.project_id
    )
    if body.revision is not None:
        statement = statement.where(Automation.draft_revision == body.revision)
    async with state.database.begin() as session:
        saved = await session.scalar(statement.values(changes).returning(Automation))
    if saved is None:
        current = await find_automation(state, access.project_id, automation_id)
        raise ApiError(
            ErrorKind.CONFLICT,
            "Somebody else saved this draft since you read it: read it again.",
            {"revision": current.draft_revision},
        )
    return await _view(state, saved)


@router.delete(
    "/{automationId}",
    status_code=204,
    summary="Delete an automation",
    responses=OF_AUTOMATION,
)
async def delete_automation(
    automation_id: AutomationId, access: AnyAccess, state: StateDep
) -> None:
    """Deletes the automation and its versions, and ends its registrations.

    Runs that are going on end by themselves.
    """
    async with state.database.begin() as session:
        deleted = await session.scalar(
            delete(Automation)
            .where(Automation.id == automation_id, Automation.project_id == access.project_id)
            .returning(Automation.id)
        )
        if deleted is None:
            raise no_automation(automation_id)
        ended = await change(
            session,
            Registration.automation_id == automation_id,
            Registration.wanted != "ended",
            **ENDED,
        )
    await tell(state, ended)


@router.post("/{automationId}/validate", summary="Check a draft", responses=OF_AUTOMATION)
async def validate_automation(
    automation_id: AutomationId, access: AnyAccess, state: StateDep
) -> Faults:
    """All that keeps the draft from being run or published, and what may fail in a run."""
    automation = await find_automation(state, access.project_id, automation_id)
    return views_of(await findings_of(state, access.project_id, automation_id, automation.draft))


async def find_automation(state: State, project_id: str, automation_id: str) -> Automation:
    """An automation of the project; raises code 204."""
    async with state.database() as session:
        automation = await session.scalar(
            select(Automation).where(
                Automation.id == automation_id, Automation.project_id == project_id
            )
        )
    if automation is None:
        raise no_automation(automation_id)
    return automation


def no_automation(automation_id: str) -> ApiError:
    """Code 204."""
    return ApiError(
        ErrorKind.AUTOMATION_NOT_FOUND, f"There is no automation {automation_id} in the project."
    )


async def shown(state: State, project_id: str, definition: Any) -> Any:
    """A definition for people, without its secrets; other requests need not wait for it."""
    return await asyncio.to_thread(state.secret_inputs.for_people, project_id, definition)


async def _taken(state: State, project_id: str, definition: Any) -> Any:
    """A definition of people, with the secrets that it only names; raises code 1."""
    try:
        return await asyncio.to_thread(state.secret_inputs.of_people, project_id, definition)
    except SecretElsewhere as error:
        raise invalid([(place, error.message) for place in error.places], error.message) from None


async def _view(state: State, automation: Automation) -> AutomationView:
    """An automation as the API answers it."""
    return AutomationView(
        id=automation.id,
        name=automation.name,
        revision=automation.draft_revision,
        published_version=automation.published_version,
        created_at=automation.created_at,
        updated_at=automation.updated_at,
        definition=await shown(state, automation.project_id, automation.draft),
    )
