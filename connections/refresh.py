"""A token that works, renewed exactly once however many ask for it, on however many machines.

Who finds a token due takes the connection's lease by compare and swap on its revision; who does
not get it waits and reads what the winner stored. The new tokens are committed before anybody
uses them. A lease ends by itself, so that a killed winner is followed by another. Clocks of the
machines must agree within a few seconds.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import CursorResult, select, update

from connections.errors import (
    ConnectionInvalid,
    ConnectionMissing,
    IntegrationIncomplete,
    RefreshUnavailable,
)
from connections.grants import EndpointFailed, Grant, GrantRefused
from connections.integrations import load_integration
from connections.issuing import granted, is_renewable, renew
from connections.oauth2 import TIMEOUT
from connections.sealed import Owner, Stored, seal, unseal
from store.encryption import DecryptionError
from store.models import Connection, now_ms
from store.notifications import notify
from store.outages import outlast

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from connections.resources import Resources
    from connectors.credential import Credential
    from connectors.manifest import App

LEASE_MS = int(TIMEOUT * 1000) + 10_000
"""Longer than a token endpoint may take, so that only a dead winner loses its lease."""
WAIT_SECONDS = LEASE_MS / 1000 + TIMEOUT
"""How long a loser waits: for a winner's lease to end, and for the next winner's answer."""
CLOSE_SECONDS = 15.0
"""How long the end of the process waits for renewals: a database that is away must not hold it."""


class TokenRefresh:
    """Gives credentials of connections that work now, as far as that can be known."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources
        self._database = resources.database
        self._keyring = resources.keyring
        self._running: set[asyncio.Task[Credential | None]] = set()

    async def credential(self, owner: Owner, rejected: int | None = None) -> Credential:
        """The owner's credential, renewed if it is due.

        `rejected` is the revision of a credential that the app has just refused: if it is still
        the stored one, it is due whatever its expiry says.

        Raises:
            ConnectionMissing, ConnectionInvalid: the user must connect (again).
            RefreshUnavailable: a due token could not be renewed now.
        """
        waited_for: int | None = None
        pause = 0.01
        deadline = asyncio.get_running_loop().time() + WAIT_SECONDS
        while True:
            row, stored = await self._read(owner)
            if not _is_due(stored, rejected):
                return stored.credential
            if not is_renewable(self._app(row).auth, stored.credential):
                if rejected != row.revision:
                    # Only the app can tell that a token is dead which nothing can replace.
                    return stored.credential
                await self._give_up(row)
                continue
            now = now_ms()
            usable = stored.credential if _is_usable(stored, rejected, now) else None
            is_leased = row.refresh_lease_until > now
            has_failed = waited_for == row.revision and row.refresh_lease_until <= 0
            if usable and (is_leased or has_failed):
                return usable
            if has_failed:
                raise RefreshUnavailable(f"The token of {owner.app_key} could not be renewed now.")
            if not is_leased and (renewed := await self._try(row, stored, usable, now + LEASE_MS)):
                return renewed
            waited_for = row.revision
            if asyncio.get_running_loop().time() > deadline:
                raise RefreshUnavailable(f"The token of {owner.app_key} is still being renewed.")
            await asyncio.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 - no secret
            pause = min(pause * 1.5, 0.25)

    async def aclose(self) -> None:
        """Waits a while for the renewals under way, whose answers must not be lost."""
        if self._running:
            await asyncio.wait(self._running, timeout=CLOSE_SECONDS)

    async def _read(self, owner: Owner) -> tuple[Connection, Stored]:
        query = select(Connection).where(
            Connection.project_id == owner.project_id,
            Connection.user_id == owner.user_id,
            Connection.app_key == owner.app_key,
        )
        async with self._database() as session:
            row = await session.scalar(query)
        if row is None:
            raise ConnectionMissing(f"There is no connection to {owner.app_key}.")
        if row.status != "connected":
            raise ConnectionInvalid(row.invalid_reason or "The account must be connected again.")
        try:
            return row, unseal(self._keyring, row)
        except DecryptionError as error:
            raise RefreshUnavailable(
                f"The stored credential of {owner.app_key} cannot be read: {error}"
            ) from error

    def _app(self, row: Connection) -> App:
        app = self._resources.catalogue.app(row.app_key)
        if app is None:
            raise RefreshUnavailable(f"The app {row.app_key} is not installed any more.")
        return app

    async def _give_up(self, row: Connection) -> None:
        """Raises unless the connection was replaced meanwhile."""
        reason = (
            f"{self._name(row)} no longer accepts the connection, and it cannot be renewed."
            " The account must be connected again."
        )
        if await self._invalidate(row, reason):
            raise ConnectionInvalid(reason)

    async def _try(
        self, row: Connection, stored: Stored, usable: Credential | None, lease: int
    ) -> Credential | None:
        """Renews if the lease can be had; None: look again. `usable` serves if it fails."""
        if not await self._take_lease(row, lease):
            return None
        try:
            return await self._in_background(row, stored, lease)
        except RefreshUnavailable:
            if usable:
                return usable
            raise

    async def _in_background(
        self, row: Connection, stored: Stored, lease: int
    ) -> Credential | None:
        """Runs to its end even if the caller is cancelled: the answer must not be lost."""
        task = asyncio.create_task(self._renew(row, stored, lease))
        self._running.add(task)
        task.add_done_callback(self._finished)
        return await asyncio.shield(task)

    def _finished(self, task: asyncio.Task[Credential | None]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            task.exception()

    async def _renew(self, row: Connection, stored: Stored, lease: int) -> Credential | None:
        """The renewed credential; None if the connection was replaced or deleted meanwhile."""
        app = self._app(row)
        try:
            integration = await load_integration(self._resources, row.project_id, row.app_key)
            issued_at = now_ms()
            grant = await renew(self._resources, app, stored.credential, integration)
        except GrantRefused as refusal:
            reason = self._refusal(row, stored, str(refusal))
            if await self._invalidate(row, reason):
                raise ConnectionInvalid(reason) from None
            return None
        except (EndpointFailed, IntegrationIncomplete) as failure:
            await self._release(row, lease)
            raise RefreshUnavailable(
                f"The token of {self._name(row)} could not be renewed now: {failure}"
            ) from failure
        except Exception:
            await self._release(row, lease)
            raise
        return await self._store(row, stored, grant, issued_at)

    async def _store(
        self, row: Connection, stored: Stored, grant: Grant, issued_at: int
    ) -> Credential | None:
        renewed = granted(self._app(row), stored.credential, grant, issued_at)
        credential = replace(renewed.credential, revision=row.revision + 1)
        owner = Owner(row.project_id, row.user_id, row.app_key)
        values: dict[str, Any] = {
            "secret": seal(self._keyring, owner, Stored(credential, renewed.refresh_at)),
            "expires_at": grant.expires_at,
            "revision": credential.revision,
            "refresh_lease_until": 0,
            "updated_at": now_ms(),
        }
        if grant.scopes is not None:
            values["scopes"] = grant.scopes
        # The old refresh token may be dead already: the new one must outlive the database's outage.
        stored_now = await outlast(lambda: self._swap(row, values))
        return credential if stored_now else None

    async def _invalidate(self, row: Connection, reason: str) -> bool:
        """Whether this call made the connection invalid; then the developer is told, once."""
        owner = Owner(row.project_id, row.user_id, row.app_key)
        async with self._database.begin() as session:
            is_the_same = (Connection.id == row.id, Connection.revision == row.revision)
            return await invalidate(session, owner, reason, *is_the_same)

    async def _take_lease(self, row: Connection, until: int) -> bool:
        return await self._swap(
            row,
            {"refresh_lease_until": until},
            Connection.refresh_lease_until == row.refresh_lease_until,
        )

    async def _release(self, row: Connection, lease: int) -> None:
        # Negative, not 0: who read the row before the lease was taken cannot take it any more.
        released = {"refresh_lease_until": -lease}
        await self._swap(row, released, Connection.refresh_lease_until == lease)

    async def _swap(self, row: Connection, values: dict[str, Any], *conditions: Any) -> bool:
        """Writes `values` if the connection is still the one that was read."""
        statement = update(Connection).where(
            Connection.id == row.id,
            Connection.revision == row.revision,
            Connection.status == "connected",
            *conditions,
        )
        async with self._database.begin() as session:
            result = await session.execute(
                statement.values(values).execution_options(synchronize_session=False)
            )
        return isinstance(result, CursorResult) and result.rowcount == 1

    def _name(self, row: Connection) -> str:
        app = self._resources.catalogue.app(row.app_key)
        return app.name if app else row.app_key

    def _refusal(self, row: Connection, stored: Stored, code: str) -> str:
        lost = ""
        if row.refresh_lease_until > 0 and stored.credential.refresh_token:
            lost = " A renewal before this one was interrupted, so that its new token was lost."
        return (
            f"{self._name(row)} no longer accepts the connection ({code}).{lost}"
            " The account must be connected again."
        )


async def invalidate(session: AsyncSession, owner: Owner, reason: str, *conditions: Any) -> bool:
    """Marks a good connection as one that must be made again, and tells the developer.

    Whether this call changed it. Part of the transaction of `session`.
    """
    statement = (
        update(Connection)
        .where(
            Connection.project_id == owner.project_id,
            Connection.user_id == owner.user_id,
            Connection.app_key == owner.app_key,
            Connection.status == "connected",
            *conditions,
        )
        .values(status="invalid", invalid_reason=reason, refresh_lease_until=0, updated_at=now_ms())
    )
    result = await session.execute(statement.execution_options(synchronize_session=False))
    if not isinstance(result, CursorResult) or result.rowcount != 1:
        return False
    told = {"userId": owner.user_id or None, "appKey": owner.app_key, "reason": reason}
    await notify(session, owner.project_id, "connection.invalid", told)
    return True


def _is_due(stored: Stored, rejected: int | None) -> bool:
    if rejected is not None and stored.credential.revision == rejected:
        return True
    return stored.refresh_at is not None and stored.refresh_at <= now_ms()


def _is_usable(stored: Stored, rejected: int | None, now: int) -> bool:
    """Whether the old token serves while, or although, it is not renewed."""
    credential = stored.credential
    if credential.revision == rejected or credential.expires_at is None:
        return False
    return credential.expires_at > now
