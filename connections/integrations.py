"""The project's own registration at an OAuth app."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from connections.errors import IntegrationIncomplete
from connections.oauth2 import Client
from store.encryption import DecryptionError
from store.models import Integration

if TYPE_CHECKING:
    from settings import Settings
    from store.database import Database
    from store.encryption import Keyring


def redirect_uri(settings: Settings) -> str:
    """The address that the developer must enter at each OAuth app."""
    return settings.public_url.rstrip("/") + "/api/v1/oauth/callback"


def seal_client_secret(keyring: Keyring, project_id: str, app_key: str, secret: str) -> bytes:
    """The ciphertext for the column `secret` of an integration."""
    return keyring.encrypt(secret.encode(), _context(project_id, app_key))


async def oauth_client(
    database: Database, keyring: Keyring, settings: Settings, project_id: str, app_key: str
) -> tuple[Client, list[str]]:
    """The project's client at the app and the scopes that it asks for.

    Raises:
        IntegrationIncomplete: there is no integration, or no client in it.
    """
    query = select(Integration).where(
        Integration.project_id == project_id, Integration.app_key == app_key
    )
    async with database() as session:
        row = await session.scalar(query)
    if row is None:
        raise IntegrationIncomplete(f"The project has no integration of the app {app_key}.")
    if not row.client_id:
        raise IntegrationIncomplete(
            f"The integration of {app_key} has no OAuth client: add its client id and secret."
        )
    secret = ""
    if row.secret is not None:
        try:
            secret = keyring.decrypt(row.secret, _context(project_id, app_key)).decode()
        except DecryptionError as error:
            raise IntegrationIncomplete(
                f"The client secret of {app_key} cannot be read: {error}"
            ) from error
    client = Client(row.client_id, secret, redirect_uri(settings))
    return client, [str(scope) for scope in row.scopes or ()]


def _context(project_id: str, app_key: str) -> bytes:
    return f"integration:{project_id}:{app_key}".encode()
