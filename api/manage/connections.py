"""The developer's own connections."""

from __future__ import annotations

from fastapi import APIRouter
from sqlalchemy import select

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
)
from api.auth import DECLARE_ANY, AnyAccess
from api.documentation import OF_PROJECT, errors
from api.errors import ErrorKind
from api.schemas import AppKey, Model, Timestamp
from api.state import StateDep
from api.strict_json import JsonRoute
from connections.accounts import ConnectionDetails
from store.models import DEVELOPER, Connection

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
