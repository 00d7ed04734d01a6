"""The URL to which an app tells all its events: one a project and app, made when it is first asked
for, and entered at the app by the developer."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from sqlalchemy import update

from connectors.triggers import AppWebhookSource
from store.encryption import DecryptionError
from store.models import Integration
from store.registrations import hook_id_of

if TYPE_CHECKING:
    from connectors.manifest import App
    from settings import Settings
    from store.database import Database
    from store.encryption import Keyring


def hook_url(settings: Settings, secret: str) -> str:
    """Where an app delivers to."""
    return f"{settings.public_url.rstrip('/')}/api/v1/hooks/{secret}"


def has_app_hook(app: App) -> bool:
    """Whether the app tells the events of all users to one URL."""
    return any(isinstance(trigger.source, AppWebhookSource) for trigger in app.triggers)


async def app_hook_secret(
    database: Database, keyring: Keyring, integration: Integration
) -> str | None:
    """The secret in the URL of an integration, made now if there is none.

    None when it cannot be read (its key is missing), or when the integration was removed meanwhile.
    """
    sealed = integration.hook_secret
    if sealed is None:
        new = secrets.token_urlsafe(32)
        async with database.begin() as session:
            # Of two that come first at the same time, one makes it.
            await session.execute(
                update(Integration)
                .where(Integration.id == integration.id, Integration.hook_id.is_(None))
                .values(
                    hook_id=hook_id_of(new),
                    hook_secret=keyring.encrypt(new.encode(), _context(integration)),
                )
            )
        async with database() as session:
            row = await session.get(Integration, integration.id)
        sealed = row.hook_secret if row is not None else None
    if sealed is None:
        return None
    try:
        return keyring.decrypt(sealed, _context(integration)).decode()
    except DecryptionError:
        return None


def _context(integration: Integration) -> bytes:
    return f"integration-hook:{integration.project_id}:{integration.app_key}".encode()
