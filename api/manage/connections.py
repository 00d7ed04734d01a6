"""The developer's own connections, and the end users with theirs."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy import delete, select

from api.accounts import (
    ConnectBody,
    ConnectionStatus,
    ConnectLinkView,
    LinkBody,
    connect,
    connect_link,
    connection_details,
    disconnect,
    require_integrations,
    require_user,
)
from api.auth import DECLARE_ANY, AnyAccess
from api.documentation import OF_PROJECT, errors
from api.errors import ErrorKind
from api.registrations import DELETE_SECONDS, end, settle
from api.schemas import AppKey, Cursor, Limit, Model, Page, Timestamp, UserId, page_of
from api.state import StateDep
from api.strict_json import JsonRoute
from connections.accounts import ConnectionDetails
from store.models import DEVELOPER, Connection, EndUser, Registration

router = APIRouter(
    prefix="/projects/{projectId}",
    tags=["connections"],
    dependencies=DECLARE_ANY,
    responses=OF_PROJECT,
    route_class=JsonRoute,
)


class ConnectionSummary(Model):
    """A connection in a list."""

    app_key: str
    status: ConnectionStatus
    updated_at: Timestamp


class EndUserView(Model):
    """An end user with the connections."""

    user_id: str
    created_at: Timestamp
    connections: list[ConnectionSummary]


class Connections(Model):
    """The developer's own connections."""

    items: list[ConnectionSummary]


@router.get("/developer/connections", summary="List the developer's connections")
async def list_developer_connections(access: AnyAccess, state: StateDep) -> Connections:
    """All accounts that the developer has connected in this project."""
    async with state.database() as session:
        rows = await session.execute(
            select(Connection.app_key, Connection.status, Connection.updated_at)
            .where(Connection.project_id == access.project_id, Connection.user_id == DEVELOPER)
            .order_by(Connection.app_key)
        )
        return Connections(items=[ConnectionSummary(**row._mapping) for row in rows])


@router.get(
    "/developer/connections/{appKey}",
    summary="Show a connection of the developer",
    responses=errors(
        ErrorKind.INTEGRATION_NOT_FOUND, ErrorKind.CONNECTION_NOT_FOUND, ErrorKind.NOT_FOUND
    ),
)
async def get_developer_connection(
    app_key: AppKey, access: AnyAccess, state: StateDep
) -> ConnectionDetails:
    """One connection; never a secret."""
    await require_integrations(state, access.project_id, [app_key])
    return await connection_details(state, access.project_id, DEVELOPER, app_key)


@router.post(
    "/developer/connections/{appKey}",
    summary="Connect an account of the developer",
    responses=errors(ErrorKind.INTEGRATION_NOT_FOUND, ErrorKind.NOT_FOUND, ErrorKind.UNAVAILABLE),
)
async def connect_developer(
    app_key: AppKey, access: AnyAccess, state: StateDep, body: ConnectBody | None = None
) -> str | None:
    """Answers the link of an OAuth app, or null when the account is connected now."""
    return await connect(state, access.project_id, DEVELOPER, app_key, body)


@router.post(
    "/developer/connections/{appKey}/link",
    summary="Make a connect link for the developer",
    responses=errors(ErrorKind.INTEGRATION_NOT_FOUND, ErrorKind.NOT_FOUND),
)
async def make_developer_connect_link(
    app_key: AppKey, access: AnyAccess, state: StateDep, body: LinkBody | None = None
) -> ConnectLinkView:
    """A hosted page on which the developer connects this app."""
    return await connect_link(state, access.project_id, DEVELOPER, app_key, body)


@router.delete(
    "/developer/connections/{appKey}",
    status_code=204,
    summary="Delete a connection of the developer",
    responses=errors(
        ErrorKind.INTEGRATION_NOT_FOUND, ErrorKind.CONNECTION_NOT_FOUND, ErrorKind.NOT_FOUND
    ),
)
async def delete_developer_connection(app_key: AppKey, access: AnyAccess, state: StateDep) -> None:
    """Deletes the connection; steps that use it then say that it is missing."""
    await require_integrations(state, access.project_id, [app_key])
    await disconnect(state, access.project_id, DEVELOPER, app_key)


@router.get("/users", summary="List the end users")
async def list_end_users(
    access: AnyAccess,
    state: StateDep,
    search: Annotated[str, Query(max_length=255, description="Part of the user's id.")] = "",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[EndUserView]:
    """The end users by id, with their connections."""
    query = select(EndUser).where(EndUser.project_id == access.project_id)
    if search:
        query = query.where(EndUser.user_id.contains(search, autoescape=True))
    if cursor is not None:
        query = query.where(EndUser.user_id > cursor)
    async with state.database() as session:
        users = list(await session.scalars(query.order_by(EndUser.user_id).limit(limit + 1)))
        connections: dict[str, list[ConnectionSummary]] = {user.user_id: [] for user in users}
        rows = await session.execute(
            select(Connection.user_id, Connection.app_key, Connection.status, Connection.updated_at)
            .where(Connection.project_id == access.project_id, Connection.user_id.in_(connections))
            .order_by(Connection.app_key)
        )
        for user_id, app_key, status, updated_at in rows:
            connections[user_id].append(
                ConnectionSummary(app_key=app_key, status=status, updated_at=updated_at)
            )
    views = [
        EndUserView(
            user_id=user.user_id,
            created_at=user.created_at,
            connections=connections[user.user_id],
        )
        for user in users
    ]
    items, next_cursor = page_of(views, limit, "user_id")
    return Page(items=items, next_cursor=next_cursor)


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
