"""Published versions of an automation: immutable, numbered from 1."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import Field
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from api.auth import DECLARE_ANY, AnyAccess
from api.documentation import OF_PROJECT, errors
from api.errors import ApiError, ErrorKind, invalid
from api.faults import FaultView, check, findings_of
from api.manage.automations import find_automation, no_automation, shown
from api.registrations import change, tell
from api.schemas import AutomationId, Cursor, Limit, Model, Page, Timestamp, page_of
from api.state import State, StateDep
from api.strict_json import JsonRoute
from automations.messages import Message
from store.models import Automation, AutomationVersion, Registration, now_ms
from temporal.registration_keeper import Wanted

router = APIRouter(
    prefix="/projects/{projectId}/automations/{automationId}",
    tags=["automations"],
    dependencies=DECLARE_ANY,
    responses={
        **OF_PROJECT,
        **errors(ErrorKind.NOT_FOUND, ErrorKind.AUTOMATION_NOT_FOUND),
    },
    route_class=JsonRoute,
)

Number = Annotated[int, Path(ge=1, le=2**31 - 1, description="The version's number.")]


class PublishBody(Model):
    """Which draft is meant."""

    revision: int | None = Field(
        None,
        ge=1,
        le=2**53,
        description="Publishes only if the draft is still this revision; left out: whatever it is.",
    )


class VersionSummary(Model):
    """A version in a list."""

    number: int
    published_at: Timestamp
    current: bool = Field(description="Runs take this version.")


class VersionView(VersionSummary):
    """A version with its definition."""

    definition: dict[str, Any] = Field(
        description="With `inlay-secret:…` in place of secret inputs, as in drafts."
    )


class PublishedView(VersionView):
    """A version that was published now."""

    warnings: list[FaultView] = Field(
        description="What was published all the same: it may be meant, and may fail in a run."
    )


@router.post(
    "/publish",
    status_code=201,
    summary="Publish the draft",
    responses=errors(ErrorKind.CONFLICT),
)
async def publish_automation(
    automation_id: AutomationId,
    access: AnyAccess,
    state: StateDep,
    body: PublishBody | None = None,
) -> PublishedView:
    """Makes a version of the draft, which runs take from now on.

    Nobody is registered by it. Users who are go on with its trigger: where that is another one,
    the app is asked for the new subscription before the old one is deleted.

    A draft with faults answers code 1 with all of them in `details`.
    """
    automation = await find_automation(state, access.project_id, automation_id)
    revision = automation.draft_revision
    if body and body.revision not in {None, revision}:
        raise _changed(revision)
    faults = await findings_of(state, access.project_id, automation_id, automation.draft)
    warnings = check(faults, "The draft")
    version = await _publish(state, automation_id, revision, automation.draft, restore=False)
    return await _published(state, access.project_id, version, warnings)


@router.get("/versions", summary="List the versions")
async def list_versions(
    automation_id: AutomationId,
    access: AnyAccess,
    state: StateDep,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[VersionSummary]:
    """What was published, the newest first."""
    automation = await find_automation(state, access.project_id, automation_id)
    query = select(AutomationVersion.number, AutomationVersion.published_at).where(
        AutomationVersion.automation_id == automation_id
    )
    if cursor is not None:
        if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 10):
            raise invalid([("cursor", Message("cursor-unknown"))])
        query = query.where(AutomationVersion.number < int(cursor))
    async with state.database() as session:
        rows = await session.execute(
            query.order_by(AutomationVersion.number.desc()).limit(limit + 1)
        )
        found = [
            VersionSummary(
                number=number,
                published_at=published_at,
                current=number == automation.published_version,
            )
            for number, published_at in rows
        ]
    items, next_cursor = page_of(found, limit, "number")
    return Page(items=items, next_cursor=next_cursor)


@router.get("/versions/{number}", summary="Show a version")
async def get_version(
    automation_id: AutomationId, number: Number, access: AnyAccess, state: StateDep
) -> VersionView:
    """One version with its definition."""
    automation = await find_automation(state, access.project_id, automation_id)
    version = await _find(state, automation_id, number)
    is_current = number == automation.published_version
    return await _view(state, access.project_id, version, current=is_current)


@router.post(
    "/versions/{number}/rollback",
    status_code=201,
    summary="Go back to a version",
    responses=errors(ErrorKind.CONFLICT),
)
async def roll_back(
    automation_id: AutomationId, number: Number, access: AnyAccess, state: StateDep
) -> PublishedView:
    """Publishes an older version's definition again, as a new version, and makes it the draft.

    It is checked again: apps may have changed since.
    """
    automation = await find_automation(state, access.project_id, automation_id)
    version = await _find(state, automation_id, number)
    faults = await findings_of(state, access.project_id, automation_id, version.definition)
    warnings = check(faults, f"Version {number}")
    again = await _publish(
        state, automation_id, automation.draft_revision, version.definition, restore=True
    )
    return await _published(state, access.project_id, again, warnings)


async def _publish(
    state: State, automation_id: str, revision: int, definition: dict[str, Any], *, restore: bool
) -> AutomationVersion:
    """A new version of what was checked; raises CONFLICT when the draft has changed since."""
    changes: dict[str, Any] = {"updated_at": now_ms()}
    if restore:
        changes |= {"draft": definition, "draft_revision": revision + 1}
    async with state.database.begin() as session:
        # Writes first: two who publish at once come one after the other, on any database.
        found = await session.scalar(
            update(Automation)
            .where(Automation.id == automation_id, Automation.draft_revision == revision)
            .values(changes)
            .returning(Automation.id)
        )
        if found is None:
            current = await session.scalar(
                select(Automation.draft_revision).where(Automation.id == automation_id)
            )
            raise no_automation(automation_id) if current is None else _changed(current)
        before = await session.scalar(
            select(AutomationVersion)
            .join(
                Automation,
                (Automation.id == AutomationVersion.automation_id)
                & (Automation.published_version == AutomationVersion.number),
            )
            .where(Automation.id == automation_id)
        )
        last = await session.scalar(
            select(func.max(AutomationVersion.number)).where(
                AutomationVersion.automation_id == automation_id
            )
        )
        version = AutomationVersion(
            automation_id=automation_id,
            number=(last or 0) + 1,
            definition=definition,
            published_at=now_ms(),
        )
        session.add(version)
        await session.execute(
            update(Automation)
            .where(Automation.id == automation_id)
            .values(published_version=version.number)
        )
        changed = await _move_registrations(session, before, version)
    await tell(state, changed)
    return version


async def _move_registrations(
    session: AsyncSession, before: AutomationVersion | None, version: AutomationVersion
) -> list[Wanted]:
    """Those that must subscribe anew; where the trigger stays, only its version is noted."""
    of_automation = Registration.automation_id == version.automation_id
    if before and before.definition.get("trigger") == version.definition.get("trigger"):
        await session.execute(
            update(Registration)
            .where(of_automation, Registration.trigger_version == before.number)
            .values(trigger_version=version.number)
        )
        return []
    return await change(session, of_automation, Registration.wanted != "ended")


def _changed(revision: int) -> ApiError:
    return ApiError(
        ErrorKind.CONFLICT,
        "Somebody else saved this draft since you read it: read it again.",
        {"revision": revision},
    )


async def _find(state: State, automation_id: str, number: int) -> AutomationVersion:
    async with state.database() as session:
        version = await session.get(AutomationVersion, (automation_id, number))
    if version is None:
        raise ApiError(ErrorKind.AUTOMATION_NOT_FOUND, f"The automation has no version {number}.")
    return version


async def _view(
    state: State, project_id: str, version: AutomationVersion, *, current: bool
) -> VersionView:
    return VersionView(
        number=version.number,
        published_at=version.published_at,
        current=current,
        definition=await shown(state, project_id, version.definition),
    )


async def _published(
    state: State, project_id: str, version: AutomationVersion, warnings: list[FaultView]
) -> PublishedView:
    view = await _view(state, project_id, version, current=True)
    return PublishedView(**view.model_dump(), warnings=warnings)
