"""A project's webhook endpoint: the secrets that sign what goes there, and how it fares.

Secrets are those of Standard Webhooks: `whsec_` and 32 random bytes in base64.
"""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select, update
from sqlalchemy.orm import defer
from sqlalchemy.orm.attributes import set_committed_value

from store.database import insert_for
from store.encryption import DecryptionError
from store.models import Project, WebhookEndpoint, now_ms
from store.notifications import park, send_waiting

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from store.database import Database
    from store.encryption import Keyring

SECRET_PREFIX = "whsec_"  # noqa: S105 - what secrets begin with
SECRET_BYTES = 32
OVERLAP_MS = 24 * 3_600_000
"""How long the secret before the newest signs, too."""


@dataclass(frozen=True)
class Endpoint:
    """Where notifications go, as they are sent now."""

    url: str
    secrets: list[str]
    """All that sign; the newest first."""
    previous_until: int | None
    """Until when the second of them signs; None: there is one."""
    failing_since: int | None
    paused_at: int | None
    last_error: str | None


def secret_context(project_id: str) -> bytes:
    """What the ciphertexts in `secret` and `previous_secret` are bound to."""
    return f"webhook:{project_id}".encode()


async def read_endpoint(
    database: Database, keyring: Keyring, project_id: str, now: int
) -> Endpoint | None:
    """The endpoint of a project, whose first secret is made if it has none; None: no project.

    Raises DecryptionError where the key of a secret is missing.
    """
    async with database() as session:
        url = await session.scalar(select(Project.webhook_url).where(Project.id == project_id))
        try:
            row = await session.get(WebhookEndpoint, project_id)
        except DecryptionError:
            # What went wrong last keeps back nothing; the secrets are read below.
            without = [defer(WebhookEndpoint.last_error)]
            row = await session.get_one(WebhookEndpoint, project_id, options=without)
            set_committed_value(row, "last_error", "What it answered last cannot be read.")
    if url is None:
        return None
    if row is None:
        row = await _made(database, keyring, project_id)
    context = secret_context(project_id)
    signing = [keyring.decrypt(row.secret, context).decode()]
    until = row.previous_until
    if row.previous_secret is not None and until is not None and until > now:
        signing.append(keyring.decrypt(row.previous_secret, context).decode())
    else:
        until = None
    return Endpoint(url, signing, until, row.failing_since, row.paused_at, row.last_error)


async def rotate_secret(database: Database, keyring: Keyring, project_id: str) -> tuple[str, int]:
    """A new secret, and until when (ms) the one before it signs, too."""
    secret, sealed = _new_secret(keyring, project_id)
    until = now_ms() + OVERLAP_MS
    await _made(database, keyring, project_id)
    async with database.begin() as session:
        # One statement: of two rotations at the same time, the second keeps the first one's secret.
        await session.execute(
            update(WebhookEndpoint)
            .where(WebhookEndpoint.project_id == project_id)
            .values(previous_secret=WebhookEndpoint.secret, previous_until=until, secret=sealed),
            execution_options={"synchronize_session": False},
        )
    return secret, until


async def book_health(
    session: AsyncSession, project_id: str, error: str | None, now: int
) -> int | None:
    """Books how an attempt went (None: well); gives the time of the first failure in a row."""
    since = None if error is None else func.coalesce(WebhookEndpoint.failing_since, now)
    return await session.scalar(
        update(WebhookEndpoint)
        .where(WebhookEndpoint.project_id == project_id)
        .values(failing_since=since, last_error=error)
        .returning(WebhookEndpoint.failing_since),
        execution_options={"synchronize_session": False},
    )


async def pause_endpoint(session: AsyncSession, project_id: str, now: int) -> bool:
    """Sends nothing more until `resume_endpoint`; False where it was paused already."""
    paused = await session.scalar(
        update(WebhookEndpoint)
        .where(WebhookEndpoint.project_id == project_id, WebhookEndpoint.paused_at.is_(None))
        .values(paused_at=now)
        .returning(WebhookEndpoint.project_id)
    )
    await park(session, project_id)
    return paused is not None


async def resume_endpoint(session: AsyncSession, project_id: str) -> None:
    """Forgets what was wrong with the endpoint and makes all that waits due now."""
    await session.execute(
        update(WebhookEndpoint)
        .where(WebhookEndpoint.project_id == project_id)
        .values(paused_at=None, failing_since=None, last_error=None)
    )
    await send_waiting(session, project_id)


async def change_url(session: AsyncSession, project_id: str, url: str) -> None:
    """Sends to another URL, to which a pause does not apply; nothing happens if it is the same."""
    changed = await session.scalar(
        update(Project)
        .where(Project.id == project_id, Project.webhook_url != url)
        .values(webhook_url=url)
        .returning(Project.id)
    )
    if changed is not None:
        await resume_endpoint(session, project_id)


async def _made(database: Database, keyring: Keyring, project_id: str) -> WebhookEndpoint:
    """The row of a project, made unless it is there."""
    _, sealed = _new_secret(keyring, project_id)
    async with database.begin() as session:
        await session.execute(
            insert_for(session)(WebhookEndpoint)
            .values(project_id=project_id, secret=sealed)
            .on_conflict_do_nothing()
        )
        return await session.get_one(WebhookEndpoint, project_id)


def _new_secret(keyring: Keyring, project_id: str) -> tuple[str, bytes]:
    secret = SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
    return secret, keyring.encrypt(secret.encode(), secret_context(project_id))
