"""Calls of apps from activities: the credential, its renewal, and what failures are to Temporal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

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
from store.outages import outlast
from workflows.patience import QUICK_SECONDS
from workflows.payloads import CallFailure

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
        again is marked invalid. A database that is away is waited for, and what the app has given
        is not asked for again because of it. Raises `ComponentError` for what else the app answers,
        and ApplicationError of type `connection` (its owner must mend it) or `transient`.
        """
        given: list[Result] = []

        async def ask_once(credential: Credential | None) -> Result:
            if not given:
                given.append(await ask(credential))
            return given[0]

        try:
            return await outlast(lambda: call(self._connections, owner, ask_once))
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


class Beats:
    """The heartbeats of one execution."""

    def __init__(self) -> None:
        self._details: tuple[Any, ...] = ()

    def tell(self, *details: Any) -> None:
        """Gives Temporal something to keep for whoever executes this after us."""
        self._details = details
        self.beat()

    def beat(self) -> None:
        """Says that the worker lives; what was told to be kept stays so."""
        activity.heartbeat(*self._details)


def passing(error: ApplicationError, app: str) -> ApplicationError:
    """A failure that may pass by itself, as the workflow takes it up; `app` is a name for people.

    Temporal makes the quick tries of an activity. With the last of them, or when the app asks for
    a longer wait, the activity has failed, and the workflow pauses until it tries again.
    """
    info = activity.info()
    limit = info.retry_policy.maximum_attempts if info.retry_policy else 0
    passed = (datetime.now(UTC) - info.scheduled_time).total_seconds()
    wait = error.next_retry_delay.total_seconds() if error.next_retry_delay else 0.0
    return ApplicationError(
        error.message,
        CallFailure(app=app, tries=info.attempt),
        type=error.type,
        non_retryable=(0 < limit <= info.attempt) or passed + wait > QUICK_SECONDS,
        next_retry_delay=error.next_retry_delay,
        category=ApplicationErrorCategory.BENIGN,
    )


@asynccontextmanager
async def heartbeats() -> AsyncIterator[Beats]:
    """Tells Temporal of a long call that its worker lives; a short one costs nothing."""
    beats = Beats()

    async def beat() -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            beats.beat()

    task = asyncio.create_task(beat())
    try:
        yield beats
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
