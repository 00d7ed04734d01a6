"""Connections as routes handle them, for end users and for the developer alike."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, Literal

from pydantic import Field
from sqlalchemy import select

from api.errors import ApiError, ErrorKind, invalid
from api.runs import EngineUnavailable
from api.schemas import Model
from api.state import State
from connections.accounts import ConnectionDetails
from connections.errors import FieldErrors, IntegrationIncomplete
from connectors.manifest import App
from store.models import DEVELOPER, Integration

logger = logging.getLogger(__name__)

ConnectionStatus = Literal["connected", "not-connected", "invalid"]
MAX_APP_KEYS = 100


class ConnectBody(Model):
    """The values of an app's form."""

    connection_fields: dict[str, Any] = Field(
        default_factory=dict,
        description="By the names that `credential-info` tells; left out for an OAuth app.",
        examples=[{"apiKey": "key-of-the-user"}],
    )


async def require_user(state: State, project_id: str, user_id: str) -> None:
    """Raises code 1000 for an end user who has never been seen."""
    if not await state.connections.knows_user(project_id, user_id):
        raise ApiError(
            ErrorKind.USER_NOT_FOUND,
            f"There is no record of the user “{user_id}”: the first connection makes one.",
        )


async def require_integrations(state: State, project_id: str, app_keys: Sequence[str]) -> list[App]:
    """The apps; raises code 600 for those that are not integrations of the project."""
    async with state.database() as session:
        rows = await session.scalars(
            select(Integration.app_key).where(
                Integration.project_id == project_id, Integration.app_key.in_(app_keys)
            )
        )
        registered = set(rows)
    apps = [app for key in app_keys if key in registered and (app := state.catalogue.app(key))]
    if len(apps) < len(app_keys):
        known = {app.key for app in apps}
        missing = [key for key in app_keys if key not in known]
        raise ApiError(
            ErrorKind.INTEGRATION_NOT_FOUND,
            f"The project has no integration of {', '.join(missing)}: add it in the project's "
            "settings.",
            missing,
        )
    return apps


def split_app_keys(text: str) -> list[str]:
    """The keys of a comma separated list, each once; raises code 1 for none or too many."""
    keys = list(dict.fromkeys(key for part in text.split(",") if (key := part.strip())))
    if not keys:
        raise invalid([("appKeys", "name at least one app, separated by commas")])
    if len(keys) > MAX_APP_KEYS:
        raise invalid([("appKeys", f"name at most {MAX_APP_KEYS} apps")])
    return keys


async def connection_details(
    state: State, project_id: str, user_id: str, app_key: str
) -> ConnectionDetails:
    """One connection; raises code 209 when there is none."""
    found = await state.connections.details(project_id, user_id, app_key)
    if found is None:
        raise _no_connection(user_id, app_key)
    return found


async def connect(
    state: State, project_id: str, user_id: str, app_key: str, fields: dict[str, Any]
) -> str | None:
    """Connects with the form's values, or gives the link at which an OAuth app is connected.

    Raises code 600, and code 1 with a sentence for each field that is wrong.
    """
    (app,) = await require_integrations(state, project_id, [app_key])
    try:
        if app.auth.type == "oauth2":
            if fields:
                raise invalid(
                    [("connectionFields", "this app is connected by its link: leave this out")]
                )
            return await state.connections.authorization_url(project_id, user_id, app_key)
        if app.auth.type == "none":
            raise invalid([("appKey", "this app needs no connection")])
        await state.connections.connect_with_fields(project_id, user_id, app_key, fields)
    except FieldErrors as error:
        raise invalid(
            [(f"connectionFields.{name}", text) for name, text in error.errors.items()]
        ) from None
    except IntegrationIncomplete as error:
        raise ApiError(ErrorKind.INTEGRATION_NOT_FOUND, error.message, [app_key]) from None
    await restored(state, project_id, user_id, app_key)
    return None


async def restored(state: State, project_id: str, user_id: str, app_key: str) -> None:
    """Lets runs go on that wait for this connection, which is good again."""
    try:
        await state.runs.connection_restored(project_id, user_id, app_key)
    except EngineUnavailable:
        # The connection stands; the runs stay paused and can be resumed by hand.
        logger.warning("Runs that wait for %s were not told that it is connected", app_key)


async def disconnect(state: State, project_id: str, user_id: str, app_key: str) -> None:
    """Deletes a connection; raises code 209 when there is none."""
    if not await state.connections.delete(project_id, user_id, app_key):
        raise _no_connection(user_id, app_key)


def _no_connection(user_id: str, app_key: str) -> ApiError:
    whose = "The developer has" if user_id == DEVELOPER else f"The user “{user_id}” has"
    return ApiError(ErrorKind.CONNECTION_NOT_FOUND, f"{whose} not connected {app_key}.")
