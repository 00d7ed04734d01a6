"""Telling an app that a connection is over, as far as the app can be told."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from automations.expressions import ExpressionError
from connections.errors import IntegrationIncomplete
from connections.integrations import client_of, load_integration
from connections.oauth2 import revoke_token
from connections.sealed import unseal
from connectors.auth import OAuth2Auth
from connectors.client import AppClient, UnusableCredential
from connectors.http import OutgoingError
from connectors.scope import account_scope
from connectors.urls import UrlError
from store.encryption import DecryptionError

if TYPE_CHECKING:
    from connections.integrations import ProjectIntegration
    from connections.resources import Resources
    from connectors.auth import Auth
    from connectors.credential import Credential
    from connectors.manifest import App
    from store.models import Connection

logger = logging.getLogger(__name__)

TIMEOUT = 10.0
"""Seconds that a deletion may wait for the app."""


async def revoke(resources: Resources, row: Connection) -> bool:
    """Whether the app said that it has forgotten the account. Raises nothing."""
    app = resources.catalogue.app(row.app_key)
    if app is None or not _can_be_told(app.auth):
        return False
    try:
        async with asyncio.timeout(TIMEOUT):
            credential = unseal(resources.keyring, row).credential
            integration = await load_integration(resources, row.project_id, row.app_key)
            credential = replace(credential, integration=integration.values)
            return await _tell(resources, app, credential, integration)
    except (
        DecryptionError,
        ExpressionError,
        IntegrationIncomplete,
        OutgoingError,
        TimeoutError,
        UnusableCredential,
        UrlError,
    ) as error:
        logger.warning("%s was not told of a deletion: %s", app.name, type(error).__name__)
        return False


def _can_be_told(auth: Auth) -> bool:
    return auth.on_delete is not None or (isinstance(auth, OAuth2Auth) and auth.revoke is not None)


async def _tell(
    resources: Resources, app: App, credential: Credential, integration: ProjectIntegration
) -> bool:
    auth, told = app.auth, False
    if auth.on_delete is not None:
        client = AppClient(app, credential, resources.http, timeout=TIMEOUT)
        response, _ = await client.exchange(
            auth.on_delete, client.scope, headers={}, is_own_url=True
        )
        told = response.is_success
    if isinstance(auth, OAuth2Auth) and auth.revoke is not None:
        scope = account_scope(auth, credential.fields, integration.values, credential.captured)
        hint = "access_token"
        token = credential.access_token
        if auth.revoke.token == "refresh" and credential.refresh_token:  # noqa: S105
            hint, token = "refresh_token", credential.refresh_token
        if token is not None:
            client_of_app = client_of(resources.settings, app.key, integration, credential.client)
            told = await revoke_token(
                resources.http, auth, client_of_app, scope=scope, token=token, hint=hint
            )
    return told
