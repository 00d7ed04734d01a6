"""Writing a connection: with its user, its link and the developer's notice in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import CursorResult, delete, select, update

from connections.errors import AuthorizationFailed
from connections.sealed import seal
from store.database import insert_for
from store.models import DEVELOPER, Connection, ConnectLink, EndUser, now_ms
from store.notifications import notify

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from connections.resources import Resources
    from connections.sealed import Owner, Stored


@dataclass(frozen=True)
class NewConnection:
    """What is to be stored in place of an older connection of the same owner."""

    owner: Owner
    stored: Stored
    scopes: list[str]
    account: dict[str, str] | None
    link_id: str | None = None
    """The connect link that is used up by it."""


async def store_connection(resources: Resources, new: NewConnection) -> None:
    """Makes the end user where new, and the connection.

    Raises `AuthorizationFailed` (`used_link`) when the link was used meanwhile; then nothing is
    stored.
    """
    owner, now = new.owner, now_ms()
    values: dict[str, Any] = {
        "status": "connected",
        "invalid_reason": None,
        "auth_type": new.stored.credential.auth_type,
        "secret": seal(resources.keyring, owner, new.stored),
        "account": new.account,
        "scopes": new.scopes,
        "expires_at": new.stored.credential.expires_at,
        "refresh_lease_until": 0,
        "updated_at": now,
    }
    async with resources.database.begin() as session:
        insert = insert_for(session)
        if new.link_id is not None:
            await _use_link(session, new.link_id, now)
        if owner.user_id != DEVELOPER:
            user = {"project_id": owner.project_id, "user_id": owner.user_id}
            await session.execute(
                insert(EndUser).values(**user, created_at=now).on_conflict_do_nothing()
            )
        await session.execute(
            insert(Connection)
            .values(**owner._asdict(), **values, created_at=now)
            .on_conflict_do_update(
                index_elements=list(owner._asdict()),
                set_={**values, "revision": Connection.revision + 1},
            )
        )
        told = {"userId": owner.user_id or None, "appKey": owner.app_key, "account": new.account}
        await notify(session, owner.project_id, "connection.connected", told)


async def delete_connection(resources: Resources, owner: Owner, *, revoked: bool) -> bool:
    """Forgets a connection; whether there was one. `revoked`: the app was told, too."""
    async with resources.database.begin() as session:
        result = await session.execute(delete(Connection).where(*is_owned(owner)))
        if not isinstance(result, CursorResult) or result.rowcount != 1:
            return False
        told = {"userId": owner.user_id or None, "appKey": owner.app_key, "revoked": revoked}
        await notify(session, owner.project_id, "connection.deleted", told)
    return True


def is_owned(owner: Owner) -> tuple[Any, ...]:
    """The conditions that pick the owner's connection."""
    return (
        Connection.project_id == owner.project_id,
        Connection.user_id == owner.user_id,
        Connection.app_key == owner.app_key,
    )


async def connected_account(resources: Resources, owner: Owner) -> dict[str, str] | None:
    """Whose account is connected now, as far as it is known."""
    async with resources.database() as session:
        account: dict[str, str] | None = await session.scalar(
            select(Connection.account).where(*is_owned(owner))
        )
    return account


async def _use_link(session: AsyncSession, link_id: str, now: int) -> None:
    result = await session.execute(
        update(ConnectLink)
        .where(ConnectLink.id == link_id, ConnectLink.used_at.is_(None))
        .values(used_at=now)
        .execution_options(synchronize_session=False)
    )
    if not isinstance(result, CursorResult) or result.rowcount != 1:
        raise AuthorizationFailed(
            "used_link", "This link was used already. Ask for a new one to connect again."
        )
