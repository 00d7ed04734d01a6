"""Routes 1 to 5 and 9 of the contract: the connections of end users."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.accounts import (
    OAUTH,
    ConnectBody,
    ConnectionStatus,
    ConnectLinkView,
    ImportBody,
    LinkBody,
    connect,
    connect_link,
    connection_details,
    disconnect,
    import_tokens,
    require_integrations,
    require_user,
    split_app_keys,
)
from api.auth import TokenAccess
from api.documentation import errors
from api.errors import ApiError, ErrorKind, invalid
from api.languages import AppLanguage
from api.schemas import AppKey
from api.state import StateDep
from api.strict_json import JsonRoute
from api.user_ids import UserId
from automations.messages import Message
from connections.accounts import ConnectionDetails
from connections.forms import CredentialInfo, credential_info

router = APIRouter(route_class=JsonRoute)

AppKeys = Annotated[
    str,
    Query(
        alias="appKeys",
        max_length=8192,
        description="Comma separated.",
        examples=["google-calendar,cubicl"],
    ),
]


@router.get(
    "/apps/{appKey}/credential-info",
    summary="Describe an app's form",
    response_model=CredentialInfo,
    response_model_exclude_none=True,
    responses=errors(ErrorKind.INTEGRATION_NOT_FOUND, ErrorKind.INVALID_PARAMETER),
)
async def get_credential_info(
    app_key: AppKey, access: TokenAccess, state: StateDep, language: AppLanguage
) -> CredentialInfo:
    """The fields that an end user fills to connect an app that has no OAuth."""
    (app,) = await require_integrations(state, access.project_id, [app_key])
    if app.auth.type in OAUTH:
        raise invalid(
            [
                (
                    "appKey",
                    Message("info-of-link", name=app.name, app=app_key),
                )
            ]
        )
    return credential_info(app.in_language(language))


@router.get(
    "/users/{userId}/connections/status",
    summary="Tell which apps a user has connected",
    responses=errors(
        ErrorKind.USER_NOT_FOUND, ErrorKind.INTEGRATION_NOT_FOUND, ErrorKind.INVALID_PARAMETER
    ),
)
async def get_connection_status(
    user_id: UserId, app_keys: AppKeys, access: TokenAccess, state: StateDep
) -> dict[str, ConnectionStatus]:
    """For each app: `connected`, `not-connected`, or `invalid` (it must be connected again)."""
    keys = split_app_keys(app_keys)
    await require_user(state, access.project_id, user_id)
    await require_integrations(state, access.project_id, keys)
    found = await state.connections.statuses(access.project_id, user_id, keys)
    return {key: found.get(key, "not-connected") for key in keys}


@router.api_route(
    "/users//connections/{appKey}", methods=["GET", "POST", "DELETE"], include_in_schema=False
)
@router.delete("/users/connections/{appKey}", include_in_schema=False)
async def refuse_missing_user(access: TokenAccess) -> Response:
    """A path without the user's id, as a program with an empty variable makes it."""
    raise ApiError(ErrorKind.INVALID_PARAMETER, '"params" must contain "userId" value.')


@router.get(
    "/users/{userId}/connections/{appKey}",
    summary="Show a user's connection",
    responses=errors(
        ErrorKind.USER_NOT_FOUND, ErrorKind.INTEGRATION_NOT_FOUND, ErrorKind.CONNECTION_NOT_FOUND
    ),
)
async def get_connection(
    user_id: UserId, app_key: AppKey, access: TokenAccess, state: StateDep
) -> ConnectionDetails:
    """One connection; never a secret."""
    await require_user(state, access.project_id, user_id)
    await require_integrations(state, access.project_id, [app_key])
    return await connection_details(state, access.project_id, user_id, app_key)


@router.post(
    "/users/{userId}/connections/{appKey}",
    summary="Connect a user's account",
    responses={
        **errors(ErrorKind.INTEGRATION_NOT_FOUND, ErrorKind.UNAVAILABLE),
        200: {
            "description": "The link at which the user connects an OAuth app; null for any other, "
            "which is connected now.",
            "content": {
                "application/json": {
                    "examples": {
                        "OAuth app": {"value": "https://inlay.example.com/connect/…"},
                        "other app": {"value": None},
                    }
                }
            },
        },
    },
)
async def connect_user(
    user_id: UserId,
    app_key: AppKey,
    access: TokenAccess,
    state: StateDep,
    body: ConnectBody | None = None,
) -> str | None:
    """Connects the account with the form's values, or gives the link for an OAuth app.

    The first connection of a user makes the user. The app must take the values: one that it
    refuses is not stored.
    """
    return await connect(state, access.project_id, user_id, app_key, body)


@router.post(
    "/users/{userId}/connections/{appKey}/link",
    summary="Make a connect link",
    responses=errors(ErrorKind.INTEGRATION_NOT_FOUND),
)
async def make_connect_link(
    user_id: UserId,
    app_key: AppKey,
    access: TokenAccess,
    state: StateDep,
    body: LinkBody | None = None,
) -> ConnectLinkView:
    """A hosted page on which the user connects this app, by OAuth or by its form.

    The link works for one hour and makes one connection.
    """
    return await connect_link(state, access.project_id, user_id, app_key, body)


@router.post(
    "/users/connections/import",
    status_code=204,
    summary="Import tokens",
    responses=errors(ErrorKind.INTEGRATION_NOT_FOUND),
)
async def import_connection(body: ImportBody, access: TokenAccess, state: StateDep) -> None:
    """Makes a connection of tokens that the project's own OAuth client got elsewhere.

    Without `refreshToken` the token is never renewed; without `expiresAt` it does not end.
    """
    await import_tokens(state, access.project_id, body)


@router.delete(
    "/users/{userId}/connections/{appKey}",
    summary="Delete a user's connection",
    response_class=Response,
    responses={
        **errors(
            ErrorKind.USER_NOT_FOUND,
            ErrorKind.INTEGRATION_NOT_FOUND,
            ErrorKind.CONNECTION_NOT_FOUND,
        ),
        200: {"description": "Deleted; the body is empty."},
    },
)
async def delete_connection(
    user_id: UserId, app_key: AppKey, access: TokenAccess, state: StateDep
) -> Response:
    """Deletes the connection. The user's subscriptions to triggers stay."""
    await require_user(state, access.project_id, user_id)
    await require_integrations(state, access.project_id, [app_key])
    await disconnect(state, access.project_id, user_id, app_key)
    return Response()
