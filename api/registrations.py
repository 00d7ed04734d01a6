"""Registrations as routes handle them: what is wanted is written down, then its workflow is told.

A worker's keeper tells the workflows that could not be told here, so that nothing that is written
down is forgotten (`temporal.registration_keeper`).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, case, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from temporalio.exceptions import TemporalError
from temporalio.service import RPCError

from api.errors import ApiError, ErrorKind, invalid
from api.launch import Target, check_registration
from api.runs import EngineUnavailable
from api.state import State
from automations.messages import message_of
from store.database import insert_for
from store.models import DEVELOPER, Registration, new_id, now_ms
from temporal.event_runs import NotPublished
from temporal.registration_keeper import Wanted, apply, wake
from workflows.payloads import RegistrationPlan

logger = logging.getLogger(__name__)

REGISTER_SECONDS = 30.0
"""How long a caller waits until the app has subscribed us."""
END_SECONDS = 5.0
"""How long a caller waits for what goes on after the answer, too."""
DELETE_SECONDS = 15.0
"""How long the deletion of what unsubscribing needs waits for it."""
AT_A_TIME = 20
TOLD_HERE = 100
"""So many workflows are told by a request; the keeper tells the others."""

UNAVAILABLE = "The engine cannot be reached at the moment. Nothing was registered; try again."
_KINDS = {
    201: ErrorKind.AUTOMATION_NOT_DEPLOYED,
    204: ErrorKind.AUTOMATION_NOT_FOUND,
    211: ErrorKind.TRIGGER_NOT_FOUND,
    216: ErrorKind.MISSING_PROJECT_INTEGRATION,
    217: ErrorKind.END_USER_NOT_CONNECTED,
    503: ErrorKind.UNAVAILABLE,
}


@dataclass(frozen=True)
class _Before:
    """What was wanted before a call, to be wanted again when the call fails."""

    wanted: str
    data: Any


async def register(state: State, target: Target, user_id: str | None, data: dict[str, Any]) -> None:
    """Subscribes a user to the automation's trigger, or brings `data` to the subscription.

    Returns when the app has subscribed us. Raises ApiError as `check_registration` does, code 1
    when the app refuses and 503 when it or the engine cannot be reached: then all is as before.
    """
    await check_registration(state, target, user_id, data)
    row, before = await _want(state, target, user_id or DEVELOPER, data)
    is_same = before is not None and before == _Before(row.wanted, data)
    if is_same and _is_settled(state, row, target):
        return
    try:
        async with reaching_temporal(UNAVAILABLE):
            plan = await apply(state.temporal, Wanted.of(row), REGISTER_SECONDS)
    except EngineUnavailable:
        await _take_back(state, row, before)
        raise
    if plan.error is not None:
        await _take_back(state, row, before)
        raise _refusal(plan, row)


async def unregister(state: State, project_id: str, automation_id: str, user_id: str) -> None:
    """Ends a registration, at the app, too; does nothing where there is none."""
    ended = await end(
        state,
        Registration.project_id == project_id,
        Registration.automation_id == automation_id,
        Registration.user_id == user_id,
    )
    await settle(state, ended, END_SECONDS)


async def end(state: State, *which: ColumnElement[bool]) -> list[Wanted]:
    """Writes down that these are to end; they go on ending whatever happens now."""
    async with state.database.begin() as session:
        return await change(session, *which, Registration.wanted != "ended", **ENDED)


ENDED: dict[str, Any] = {"wanted": "ended", "state": "ending", "message": None}


async def change(session: AsyncSession, *which: ColumnElement[bool], **values: Any) -> list[Wanted]:
    """Changes what is wanted of these; all of them are to look again, by `tell`, or at last by the
    keeper."""
    statement = (
        update(Registration)
        .where(*which)
        .values(**values, revision=Registration.revision + 1, updated_at=now_ms())
        .returning(
            Registration.id,
            Registration.project_id,
            Registration.automation_id,
            Registration.user_id,
            Registration.trigger,
            Registration.state,
        )
    )
    rows = await session.execute(statement, execution_options={"synchronize_session": False})
    return [Wanted(*row) for row in rows]


async def connection_changed(state: State, project_id: str, user_id: str, app_key: str) -> None:
    """Has the registrations look again whose connection was made, mended or deleted."""
    owned = Registration.user_id == user_id
    if user_id == DEVELOPER:
        # A trigger whose switch is inactive uses the developer's connection for every user.
        owned = or_(owned, Registration.user_id != DEVELOPER)
    async with state.database.begin() as session:
        changed = await change(
            session,
            Registration.project_id == project_id,
            Registration.app_key == app_key,
            owned,
        )
    await tell(state, changed)


async def tell(state: State, registrations: Sequence[Wanted]) -> None:
    """Has workflows look again, as far as they can be told now."""

    async def one(registration: Wanted) -> None:
        async with reaching_temporal(UNAVAILABLE):
            await wake(state.temporal, registration)

    try:
        await _each(registrations[:TOLD_HERE], one)
    except EngineUnavailable:
        logger.warning("%d registrations are told later of what has changed", len(registrations))


async def settle(state: State, registrations: Sequence[Wanted], seconds: float) -> None:
    """Has workflows look again and waits for what comes of it, but not for long."""

    async def one(registration: Wanted) -> None:
        async with reaching_temporal(UNAVAILABLE):
            await apply(state.temporal, registration, seconds)

    with contextlib.suppress(EngineUnavailable, TimeoutError):
        async with asyncio.timeout(seconds):
            await _each(registrations, one)
            return
    logger.warning("%d registrations go on later with what has changed", len(registrations))


async def start_run(state: State, registration: Registration, key: str, event: Any) -> str:
    """The id of a run of an event that somebody made; raises code 201 and 503."""
    try:
        async with reaching_temporal("The engine cannot be reached at the moment; try again."):
            return (await state.event_runs.start(registration, key, event)).run_id
    except NotPublished:
        raise ApiError(
            ErrorKind.AUTOMATION_NOT_DEPLOYED,
            "The automation has no published version: publish it.",
        ) from None


@asynccontextmanager
async def reaching_temporal(message: str) -> AsyncIterator[None]:
    """Raises EngineUnavailable with the message when Temporal cannot be reached in time."""
    try:
        yield
    except (RPCError, TemporalError, TimeoutError) as error:
        logger.warning("Temporal: %s", type(error).__name__)
        raise EngineUnavailable(message) from None
    except RuntimeError as error:
        # A client that connects lazily says so when its first call fails.
        raise EngineUnavailable(message) from error


async def _want(
    state: State, target: Target, user_id: str, data: dict[str, Any]
) -> tuple[Registration, _Before | None]:
    """The row, and what it was before; one that is paused stays so."""
    key = {"automation_id": target.automation_id, "user_id": user_id}
    row_id, now = new_id(), now_ms()
    async with state.database.begin() as session:
        there = (
            await session.execute(select(Registration.wanted, Registration.data).filter_by(**key))
        ).one_or_none()
        before = None if there is None else _Before(*there)
        row = await session.scalar(
            insert_for(session)(Registration)
            .values(
                **key,
                id=row_id,
                project_id=target.project_id,
                data=data,
                wanted="active",
                revision=1,
                applied=0,
                trigger="",
                app_key="",
                trigger_version=0,
                state="starting",
                events=0,
                rejected=0,
                created_at=now,
                updated_at=now,
            )
            .on_conflict_do_update(
                index_elements=list(key),
                set_=_again(data, before),
            )
            .returning(Registration)
        )
    if row.id != row_id and before is None:
        # Somebody else registered the same user at the same moment: it is as wanted by both.
        before = _Before(row.wanted, row.data)
    return row, before


def _again(data: dict[str, Any], before: _Before | None) -> dict[str, Any]:
    """The changes of a registration that is there: none counts that changes nothing."""
    is_same = before is not None and before.wanted != "ended" and before.data == data
    was_ended = Registration.wanted == "ended"
    return {
        "data": data,
        "wanted": case((was_ended, "active"), else_=Registration.wanted),
        "state": case((was_ended, "starting"), else_=Registration.state),
        "revision": Registration.revision + (0 if is_same else 1),
        "updated_at": Registration.updated_at if is_same else now_ms(),
    }


def _is_settled(state: State, row: Registration, target: Target) -> bool:
    return (
        row.state in {"active", "paused"}
        and row.told_url in (None, state.settings.public_url.rstrip("/"))
        and row.message is None
        and row.applied == row.revision
        and row.trigger_version == target.published_version
    )


async def _take_back(state: State, row: Registration, before: _Before | None) -> None:
    """Makes all as it was before; unless somebody else has changed it since."""
    if before == _Before(row.wanted, row.data):
        return
    unchanged = (Registration.id == row.id, Registration.revision == row.revision)
    async with state.database.begin() as session:
        if before is not None:
            values = {"wanted": before.wanted, "data": before.data}
            if before.wanted == "ended":
                values = {**ENDED, "data": before.data}
            changed = await change(session, *unchanged, **values)
        else:
            # What was never looked at asked no app for anything.
            untouched = (Registration.applied == 0, Registration.secret.is_(None))
            removed = await session.scalar(
                delete(Registration).where(*unchanged, *untouched).returning(Registration.id)
            )
            changed = [] if removed else await change(session, *unchanged, **ENDED)
    await settle(state, changed, END_SECONDS)


def _refusal(plan: RegistrationPlan, row: Registration) -> ApiError:
    message = plan.error or ""
    kind = _KINDS.get(plan.error_code or 0)
    if kind is None:
        return invalid([("", message_of(message))])
    details = [row.app_key] if plan.error_code in {216, 217} and row.app_key else None
    return ApiError(kind, message, details)


async def _each(registrations: Sequence[Wanted], do: Any) -> None:
    places = asyncio.Semaphore(AT_A_TIME)

    async def one(registration: Wanted) -> None:
        async with places:
            await do(registration)

    ends = await asyncio.gather(*map(one, registrations), return_exceptions=True)
    for end_of_one in ends:
        if isinstance(end_of_one, BaseException):
            raise end_of_one
