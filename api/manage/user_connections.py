"""The connections of an end user, for the developer: one in detail, a link to renew it, its end."""

from __future__ import annotations

from fastapi import APIRouter

from api.accounts import (
    ConnectLinkView,
    LinkBody,
    connect_link,
    connection_details,
    disconnect,
    require_integrations,
    require_user,
)
from api.auth import DECLARE_ANY, AnyAccess
from api.documentation import OF_PROJECT, errors
from api.errors import ErrorKind
from api.schemas import AppKey
from api.state import StateDep
from api.strict_json import JsonRoute
from api.user_ids import UserId
from connections.accounts import ConnectionDetails

router = APIRouter(
    prefix="/projects/{projectId}/users/{userId}/connections/{appKey}",
    tags=["connections"],
    dependencies=DECLARE_ANY,
    responses=OF_PROJECT,
    route_class=JsonRoute,
)

LACKING = errors(
    ErrorKind.USER_NOT_FOUND,
    ErrorKind.INTEGRATION_NOT_FOUND,
    ErrorKind.CONNECTION_NOT_FOUND,
    ErrorKind.NOT_FOUND,
)


@router.get("", summary="Show a connection of an end user", responses=LACKING)
async def get_connection_of_user(
    user_id: UserId, app_key: AppKey, access: AnyAccess, state: StateDep
) -> ConnectionDetails:
    """Whose account it is and how it stands; never a secret."""
    await require_user(state, access.project_id, user_id)
    await require_integrations(state, access.project_id, [app_key])
    return await connection_details(state, access.project_id, user_id, app_key)


@router.post(
    "/link",
    summary="Make a connect link for an end user",
    responses=errors(ErrorKind.INTEGRATION_NOT_FOUND, ErrorKind.NOT_FOUND),
)
async def make_connect_link_of_user(
    user_id: UserId,
    app_key: AppKey,
    access: AnyAccess,
    state: StateDep,
    body: LinkBody | None = None,
) -> ConnectLinkView:
    """A hosted page to send the user to, at which this app is connected, again or at first."""
    return await connect_link(state, access.project_id, user_id, app_key, body)


@router.delete(
    "",
    status_code=204,
    summary="Delete a connection of an end user",
    responses=LACKING,
)
async def delete_connection_of_user(
    user_id: UserId, app_key: AppKey, access: AnyAccess, state: StateDep
) -> None:
    """Deletes the connection. The user's registrations stay, and say that they need it."""
    await require_user(state, access.project_id, user_id)
    await require_integrations(state, access.project_id, [app_key])
    await disconnect(state, access.project_id, user_id, app_key)
