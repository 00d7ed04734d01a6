"""Calls of apps from activities: the credential, its renewal, and what failures are to Temporal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TypeVar

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from connections.accounts import Connections
from connections.calling import call
from connections.errors import (
    ConnectionInvalid,
    ConnectionMissing,
    IntegrationIncomplete,
    RefreshUnavailable,
)
from connectors.credential import Credential

HEARTBEAT_SECONDS = 5.0
RETRYABLE = {"rate_limited", "transient"}
UNUSABLE = (ConnectionMissing, ConnectionInvalid, RefreshUnavailable, IntegrationIncomplete)

Result = TypeVar("Result")
Owner = tuple[str, str, str]
"""Project, end user (empty: the developer) and app of a connection."""


class ConnectedCalls:
    """Calls apps with the connections of their owners."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def call(
        self, owner: Owner, ask: Callable[[Credential | None], Awaitable[Result]]
    ) -> Result:
        """What `ask` gives for the owner's credential, or for None where the app needs none.

        A credential that the app rejects is renewed once; the connection of one that it rejects
        again is marked invalid. Raises `ComponentError` for what else the app answers, and
        ApplicationError of type `connection` (its owner must mend it) or `transient`.
        """
        try:
            return await call(self._connections, owner, ask)
        except UNUSABLE as error:
            raise _unusable(owner, error) from None


def failure(kind: str, message: str, retry_after: float | None = None) -> ApplicationError:
    """What Temporal is told: only RETRYABLE kinds are tried again, `retry_after` seconds later."""
    return ApplicationError(
        message,
        type=kind,
        non_retryable=kind not in RETRYABLE,
        next_retry_delay=None if retry_after is None else timedelta(seconds=retry_after),
        category=ApplicationErrorCategory.BENIGN,
    )


@asynccontextmanager
async def heartbeats() -> AsyncIterator[None]:
    """Tells Temporal of a long call that its worker lives; a short one costs nothing."""

    async def beat() -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            activity.heartbeat()

    task = asyncio.create_task(beat())
    try:
        yield
    finally:
        task.cancel()


def _unusable(owner: Owner, error: Exception) -> ApplicationError:
    if isinstance(error, RefreshUnavailable | IntegrationIncomplete):
        return failure("transient", str(error))
    return _broken(owner, str(error))


def _broken(owner: Owner, reason: str) -> ApplicationError:
    _, user_id, app_key = owner
    whose = f"user {user_id}" if user_id else "the developer"
    return failure("connection", f"waits until {whose} connects {app_key} again: {reason}")
