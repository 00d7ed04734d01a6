"""Calls of apps with a connection: a credential that the app rejects is renewed once."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from connections.errors import ConnectionInvalid
from connectors.failures import ComponentError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from connections.accounts import Connections
    from connectors.credential import Credential

Result = TypeVar("Result")


async def call(
    connections: Connections,
    owner: tuple[str, str, str],
    ask: Callable[[Credential | None], Awaitable[Result]],
) -> Result:
    """What `ask` gives for the credential of `owner` (project, user, app), or for None where the
    app needs none. An app without accounts may need what the developer entered for the project.

    The connection of a credential that the app rejects although it was just renewed becomes
    invalid. Raises `ComponentError` for what else the app answers, and

        ConnectionMissing, ConnectionInvalid: the user must connect (again).
        RefreshUnavailable, IntegrationIncomplete: see `Connections.credential`.
    """
    app = connections.resources.catalogue.app(owner[2])
    if app is None or app.auth.type == "none":
        return await ask(await connections.of_project(owner[0], owner[2]))
    credential = await connections.credential(*owner)
    try:
        return await ask(credential)
    except ComponentError as error:
        if error.kind != "reauth":
            raise
    credential = await connections.renew(*owner, credential)
    try:
        return await ask(credential)
    except ComponentError as error:
        if error.kind != "reauth":
            raise
        await connections.mark_invalid(*owner, error.message)
        raise ConnectionInvalid(error.message) from None
