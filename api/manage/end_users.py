"""The end users of a project with their connections: the list, its export, and removing one."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from sqlalchemy import Select, delete, select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response, StreamingResponse

from api.accounts import require_user, unknown_user
from api.auth import DECLARE_ANY, AnyAccess
from api.documentation import OF_PROJECT, errors
from api.errors import ErrorKind
from api.manage.connections import ConnectionSummary
from api.registrations import DELETE_SECONDS, end, settle
from api.schemas import Cursor, Limit, Model, Page, Timestamp, page_of
from api.state import State, StateDep
from api.strict_json import JsonRoute
from api.user_ids import UserId
from store.models import Connection, EndUser, Registration, rfc3339

router = APIRouter(
    prefix="/projects/{projectId}",
    tags=["connections"],
    dependencies=DECLARE_ANY,
    responses=OF_PROJECT,
    route_class=JsonRoute,
)

EXPORTED_AT_ONCE = 500
"""Users; so many rows of an export are in memory at a time."""
_BEGINNINGS = set("=+-@\N{MINUS SIGN}%|")
HEADER = ("userId", "createdAt", "appKey", "status", "updatedAt")


class EndUserView(Model):
    """An end user with the connections."""

    user_id: str
    created_at: Timestamp
    connections: list[ConnectionSummary]


def matching_users(
    access: AnyAccess,
    search: Annotated[str, Query(max_length=255, description="Part of the user's id.")] = "",
    app_key: Annotated[
        str | None,
        Query(alias="appKey", max_length=64, description="Who has a connection to this app."),
    ] = None,
    status: Annotated[
        Literal["connected", "invalid"] | None,
        Query(description="Who has a connection that is so; with `appKey`: the one to that app."),
    ] = None,
) -> Select[EndUser]:
    """The end users that a list or an export shows, by id."""
    query = select(EndUser).where(EndUser.project_id == access.project_id)
    if search:
        query = query.where(EndUser.user_id.icontains(search, autoescape=True))
    if app_key is not None or status is not None:
        connected = select(Connection.id).where(
            Connection.project_id == EndUser.project_id, Connection.user_id == EndUser.user_id
        )
        if app_key is not None:
            connected = connected.where(Connection.app_key == app_key)
        if status is not None:
            connected = connected.where(Connection.status == status)
        query = query.where(connected.exists())
    return query.order_by(EndUser.user_id)


MatchingUsers = Annotated[Select[EndUser], Depends(matching_users)]


@router.get("/users", summary="List the end users")
async def list_end_users(
    access: AnyAccess,
    state: StateDep,
    users: MatchingUsers,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[EndUserView]:
    """The end users by id, each with all connections."""
    async with state.database() as session:
        views = await _views(session, access.project_id, _after(users, cursor).limit(limit + 1))
    items, next_cursor = page_of(views, limit, "user_id")
    return Page(items=items, next_cursor=next_cursor)


@router.get(
    "/users.csv",
    summary="Export the end users",
    # Errors are JSON here, too.
    response_class=Response,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
async def export_end_users(
    access: AnyAccess, state: StateDep, users: MatchingUsers
) -> StreamingResponse:
    """All of these end users as CSV (RFC 4180): a row a connection, to filter by app.

    A user without connections has one row. Times are RFC 3339 in UTC. What a spreadsheet would take
    for a formula begins with an apostrophe.
    """
    return StreamingResponse(
        _table(state, access.project_id, users),
        media_type="text/csv",
        headers={"content-disposition": 'attachment; filename="end-users.csv"'},
    )


@router.get(
    "/users/{userId}",
    summary="Show an end user",
    responses=errors(ErrorKind.USER_NOT_FOUND, ErrorKind.NOT_FOUND),
)
async def get_end_user(user_id: UserId, access: AnyAccess, state: StateDep) -> EndUserView:
    """One end user with all connections."""
    one = select(EndUser).where(EndUser.project_id == access.project_id, EndUser.user_id == user_id)
    async with state.database() as session:
        views = await _views(session, access.project_id, one)
    if not views:
        raise unknown_user(user_id)
    return views[0]


@router.delete(
    "/users/{userId}",
    status_code=204,
    summary="Delete an end user",
    responses=errors(ErrorKind.USER_NOT_FOUND, ErrorKind.NOT_FOUND),
)
async def delete_end_user(user_id: UserId, access: AnyAccess, state: StateDep) -> None:
    """Ends the user's registrations and deletes the connections, at the apps, too, and the user.

    Apps are told to deliver no more, as far as they answer within some seconds: the accounts with
    which they are told go with the user. What ran for the user stays in the list of runs.
    """
    project_id = access.project_id
    ended = await end(state, Registration.project_id == project_id, Registration.user_id == user_id)
    if not ended:
        await require_user(state, project_id, user_id)
    await settle(state, ended, DELETE_SECONDS)
    for app_key in await state.connections.statuses(project_id, user_id):
        await state.connections.delete(project_id, user_id, app_key)
    async with state.database.begin() as session:
        await session.execute(
            delete(EndUser).where(EndUser.project_id == project_id, EndUser.user_id == user_id)
        )


def _after(users: Select[EndUser], user_id: str | None) -> Select[EndUser]:
    return users if user_id is None else users.where(EndUser.user_id > user_id)


async def _views(
    session: AsyncSession, project_id: str, users: Select[EndUser]
) -> list[EndUserView]:
    views = {
        user.user_id: EndUserView(user_id=user.user_id, created_at=user.created_at, connections=[])
        for user in await session.scalars(users)
    }
    rows = await session.execute(
        select(Connection.user_id, Connection.app_key, Connection.status, Connection.updated_at)
        .where(Connection.project_id == project_id, Connection.user_id.in_(views))
        .order_by(Connection.app_key)
    )
    for user_id, app_key, status, updated_at in rows:
        views[user_id].connections.append(
            ConnectionSummary(app_key=app_key, status=status, updated_at=updated_at)
        )
    return list(views.values())


async def _table(state: State, project_id: str, users: Select[EndUser]) -> AsyncIterator[str]:
    # The mark tells Excel that it is UTF-8.
    yield "\ufeff" + _lines([HEADER])
    views: list[EndUserView] = []
    while not views or len(views) == EXPORTED_AT_ONCE:
        cursor = views[-1].user_id if views else None
        async with state.database() as session:
            part = _after(users, cursor).limit(EXPORTED_AT_ONCE)
            views = await _views(session, project_id, part)
        if not views:
            return
        yield _lines([row for view in views for row in _rows(view)])


def _rows(user: EndUserView) -> list[tuple[str, ...]]:
    known = (user.user_id, rfc3339(user.created_at))
    if not user.connections:
        return [(*known, "", "", "")]
    return [(*known, one.app_key, one.status, rfc3339(one.updated_at)) for one in user.connections]


def _lines(rows: Sequence[Sequence[str]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerows([map(_cell, row) for row in rows])
    return text.getvalue()


def _cell(text: str) -> str:
    """A spreadsheet calculates what begins like a formula, and ids are chosen by others (owasp.org,
    CSV Injection).

    Some take fullwidth signs for plain ones, and pass over spaces, controls and what is not seen.
    What looks like one behind a semicolon stays in its cell, since every cell is quoted.
    """
    plain = unicodedata.normalize("NFKC", text)
    first = next((c for c in plain if unicodedata.category(c)[0] not in "ZC"), "")
    is_shifted = bool(plain) and unicodedata.category(plain[0])[0] in "ZC"
    return f"'{text}" if first in _BEGINNINGS or is_shifted else text
