"""The project's own registration at an app."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import orjson
from sqlalchemy import select

from connections.errors import IntegrationIncomplete
from store.encryption import DecryptionError
from store.models import Integration

if TYPE_CHECKING:
    from connections.resources import Resources
    from settings import Settings
    from store.encryption import Keyring


@dataclass(frozen=True)
class Client:
    """A client registered at an OAuth app: the project's, or one made for a connection."""

    client_id: str
    client_secret: str = field(repr=False)
    redirect_uri: str


@dataclass(frozen=True)
class ProjectIntegration:
    """An app as a project has registered it, decrypted. `values` are what templates see."""

    project_id: str
    scopes: list[str]
    values: dict[str, str] = field(repr=False)


def redirect_uri(settings: Settings) -> str:
    """The address that the developer must enter at each OAuth app."""
    return settings.public_url.rstrip("/") + "/api/v1/oauth/callback"


def seal_client_secret(keyring: Keyring, project_id: str, app_key: str, secret: str) -> bytes:
    """The ciphertext for the column `secret` of an integration."""
    return keyring.encrypt(secret.encode(), _context(project_id, app_key))


def seal_settings(
    keyring: Keyring, project_id: str, app_key: str, settings: dict[str, str]
) -> bytes:
    """The ciphertext for the column `settings` of an integration."""
    return keyring.encrypt(orjson.dumps(settings), _settings_context(project_id, app_key))


def unseal_settings(keyring: Keyring, row: Integration) -> dict[str, str]:
    """The settings of an integration; raises `DecryptionError`."""
    if row.settings is None:
        return {}
    context = _settings_context(row.project_id, row.app_key)
    settings: dict[str, str] = orjson.loads(keyring.decrypt(row.settings, context))
    return settings


async def load_integration(
    resources: Resources, project_id: str, app_key: str
) -> ProjectIntegration:
    """The project's integration; raises `IntegrationIncomplete` when there is none, or when it
    cannot be read."""
    query = select(Integration).where(
        Integration.project_id == project_id, Integration.app_key == app_key
    )
    async with resources.database() as session:
        row = await session.scalar(query)
    if row is None:
        raise IntegrationIncomplete(f"The project has no integration of the app {app_key}.")
    try:
        values = unseal_settings(resources.keyring, row)
        if row.client_id:
            values["client_id"] = row.client_id
        if row.secret is not None:
            secret = resources.keyring.decrypt(row.secret, _context(project_id, app_key))
            values["client_secret"] = secret.decode()
    except DecryptionError as error:
        raise IntegrationIncomplete(
            f"The integration of {app_key} cannot be read: {error}"
        ) from error
    return ProjectIntegration(project_id, [str(scope) for scope in row.scopes or ()], values)


def client_of(
    settings: Settings, app_key: str, integration: ProjectIntegration, own: dict[str, str] | None
) -> Client:
    """The OAuth client to speak as: `own` where one was registered for the connection.

    Raises `IntegrationIncomplete` when the integration has none.
    """
    values = own or integration.values
    if not values.get("client_id"):
        raise IntegrationIncomplete(
            f"The integration of {app_key} has no OAuth client: add its client id and secret."
        )
    return Client(values["client_id"], values.get("client_secret", ""), redirect_uri(settings))


def _context(project_id: str, app_key: str) -> bytes:
    return f"integration:{project_id}:{app_key}".encode()


def _settings_context(project_id: str, app_key: str) -> bytes:
    return f"integration-settings:{project_id}:{app_key}".encode()
