"""Projects: one for each application of a developer."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import AfterValidator, AnyHttpUrl, Field, TypeAdapter, ValidationError
from sqlalchemy import ColumnElement, ScalarSelect, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from api.auth import DECLARE_ANY, DECLARE_SESSION, AnyAccess, OwnedProject, Owner
from api.documentation import OF_PROJECT
from api.errors import invalid, not_found
from api.registrations import DELETE_SECONDS, end, settle, tell
from api.runs import RunNotActive
from api.schemas import Cursor, Limit, Model, Page, Timestamp, page_of
from api.state import State, StateDep
from api.strict_json import JsonRoute
from automations.messages import Message
from connections.links import origin_of
from store.models import (
    ApiToken,
    Automation,
    Connection,
    EndUser,
    Integration,
    Project,
    Registration,
    Run,
    new_id,
    now_ms,
)
from store.projects import remove_project
from store.webhooks import change_url

router = APIRouter(
    prefix="/projects", tags=["projects"], responses=OF_PROJECT, route_class=JsonRoute
)

CANCELLATIONS = 20
"""So many runs are asked to end at a time."""

_HTTP_URL = TypeAdapter(AnyHttpUrl)
_ACTIVE = Run.status.in_(("running", "paused"))


def _http_url(text: str) -> str:
    try:
        url = _HTTP_URL.validate_python(text)
    except ValidationError:
        raise ValueError(Message("no-http-url")) from None
    if url.username or url.password or url.fragment:
        raise ValueError(Message("url-with-credentials"))
    return text


def _origin(text: str) -> str:
    origin = origin_of(text)
    if origin is None or text.rstrip("/").lower() != origin.lower():
        raise ValueError(Message("no-origin"))
    return origin


HttpUrl = Annotated[str, Field(max_length=2048), AfterValidator(_http_url)]
Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S", examples=["Shop"])]
WebhookUrl = Annotated[HttpUrl, Field(examples=["https://shop.example.com/inlay"])]
LogoUrl = Annotated[HttpUrl, Field(examples=["https://shop.example.com/logo.svg"])]


AllowedOrigins = Annotated[
    list[Annotated[str, Field(max_length=300), AfterValidator(_origin)]],
    Field(
        max_length=50,
        description="Web origins of the developer's product: connect pages lead back to these, "
        "and tell these how connecting went.",
        examples=[["https://shop.example.com"]],
    ),
]


class ProjectBody(Model):
    """A new project."""

    name: Name
    webhook_url: WebhookUrl = Field(description="Where notifications about the project go.")
    logo_url: LogoUrl | None = None
    allowed_origins: AllowedOrigins = Field(default_factory=list)


class ProjectChanges(Model):
    """What changes; the rest stays. `logoUrl: null` removes the logo."""

    name: Name | None = None
    webhook_url: WebhookUrl | None = None
    logo_url: LogoUrl | None = None
    allowed_origins: AllowedOrigins | None = None


class ProjectView(Model):
    """A project."""

    id: str
    name: str
    webhook_url: str
    logo_url: str | None
    allowed_origins: list[str]
    created_at: Timestamp


class Owned(Model):
    """How much a project owns."""

    tokens: int
    integrations: int
    automations: int
    users: int
    connections: int
    runs: int
    registrations: int


class Contents(Owned):
    """What goes with a project when it is deleted."""

    active_runs: int = Field(description="Runs that are going on: deleting stops them.")


class Removed(Owned):
    """What went with a project."""

    stopped_runs: int = Field(description="Runs that were going on.")


@router.get("", summary="List the projects", dependencies=DECLARE_SESSION)
async def list_projects(
    owner: Owner, state: StateDep, limit: Limit = 50, cursor: Cursor = None
) -> Page[ProjectView]:
    """The developer's projects, the newest first."""
    query = select(Project).where(Project.account_id == owner.account_id)
    if cursor is not None:
        query = query.where(Project.id < cursor)
    async with state.database() as session:
        rows = list(await session.scalars(query.order_by(Project.id.desc()).limit(limit + 1)))
    items, next_cursor = page_of([_view(row) for row in rows], limit, "id")
    return Page(items=items, next_cursor=next_cursor)


@router.post("", status_code=201, summary="Create a project", dependencies=DECLARE_SESSION)
async def create_project(body: ProjectBody, owner: Owner, state: StateDep) -> ProjectView:
    """Makes a project."""
    project = Project(
        id=new_id(),
        account_id=owner.account_id,
        name=body.name,
        webhook_url=body.webhook_url,
        logo_url=body.logo_url,
        allowed_origins=body.allowed_origins,
        created_at=now_ms(),
    )
    async with state.database.begin() as session:
        session.add(project)
    return _view(project)


@router.get("/{projectId}", summary="Show a project", dependencies=DECLARE_ANY)
async def get_project(access: AnyAccess, state: StateDep) -> ProjectView:
    """One project."""
    async with state.database() as session:
        return _view(await session.get_one(Project, access.project_id))


@router.get("/{projectId}/contents", summary="Count what a project owns", dependencies=DECLARE_ANY)
async def get_project_contents(access: AnyAccess, state: StateDep) -> Contents:
    """What deleting the project would take with it."""
    async with state.database() as session:
        return await _contents(session, access.project_id)


@router.patch("/{projectId}", summary="Change a project", dependencies=DECLARE_SESSION)
async def update_project(
    body: ProjectChanges, access: OwnedProject, state: StateDep
) -> ProjectView:
    """Changes the name, the webhook URL, the logo or the allowed origins."""
    changes = body.model_dump(exclude_unset=True)
    names = {"name": "name", "webhook_url": "webhookUrl", "allowed_origins": "allowedOrigins"}
    nulls = [alias for name, alias in names.items() if name in changes and changes[name] is None]
    if nulls:
        raise invalid([(alias, Message("null-refused")) for alias in nulls])
    async with state.database.begin() as session:
        if "webhook_url" in changes:
            await change_url(session, access.project_id, changes.pop("webhook_url"))
        if changes:
            await session.execute(
                update(Project).where(Project.id == access.project_id).values(changes)
            )
        return _view(await session.get_one(Project, access.project_id))


@router.delete("/{projectId}", summary="Delete a project", dependencies=DECLARE_SESSION)
async def delete_project(
    confirm: Annotated[str, Query(max_length=200, description="The project's name.")],
    access: OwnedProject,
    state: StateDep,
) -> Removed:
    """Deletes the project and all that it owns, stops its runs and ends its registrations.

    Apps are told to deliver no more, as far as they answer within some seconds: the accounts with
    which they are told go with the project.
    """
    project_id = access.project_id
    async with state.database() as session:
        name = await session.scalar(select(Project.name).where(Project.id == project_id))
        if name is None:
            raise not_found("project")
        if confirm != name:
            raise invalid([("confirm", Message("confirm-name", name=name))])
        contents = await _contents(session, project_id)
        active = list(
            await session.scalars(select(Run.id).where(Run.project_id == project_id, _ACTIVE))
        )
    # First the runs: when the engine cannot be reached, nothing is deleted.
    await _cancel_all(state, active)
    ended = await end(state, Registration.project_id == project_id)
    await settle(state, ended, DELETE_SECONDS)
    await remove_project(state.database, project_id)
    # Those that could not unsubscribe see that there is nothing left to do.
    await tell(state, ended)
    return Removed(
        **contents.model_dump(exclude={"active_runs"}, by_alias=False), stopped_runs=len(active)
    )


async def _contents(session: AsyncSession, project_id: str) -> Contents:
    def count(table: type[Any], *which: ColumnElement[bool]) -> ScalarSelect[int]:
        counted = select(func.count()).select_from(table)
        return counted.where(table.project_id == project_id, *which).scalar_subquery()

    counts = select(
        count(ApiToken, ApiToken.revoked_at.is_(None)).label("tokens"),
        count(Integration).label("integrations"),
        count(Automation).label("automations"),
        count(EndUser).label("users"),
        count(Connection).label("connections"),
        count(Run).label("runs"),
        count(Registration, Registration.wanted != "ended").label("registrations"),
        count(Run, _ACTIVE).label("active_runs"),
    )
    return Contents(**(await session.execute(counts)).one()._mapping)


async def _cancel_all(state: State, run_ids: list[str]) -> None:
    places = asyncio.Semaphore(CANCELLATIONS)

    async def cancel(run_id: str) -> None:
        async with places:
            try:
                await state.runs.cancel(run_id)
            except RunNotActive:
                return

    await asyncio.gather(*(cancel(run_id) for run_id in run_ids))


def _view(project: Project) -> ProjectView:
    return ProjectView(
        id=project.id,
        name=project.name,
        webhook_url=project.webhook_url,
        logo_url=project.logo_url,
        allowed_origins=list(project.allowed_origins or []),
        created_at=project.created_at,
    )
