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
"""Seconds that a deletion may wait for one answer of the app."""


async def revoke(resources: Resources, row: Connection) -> bool:
    """Whether the app said that it has forgotten the account. Raises nothing."""
    app = resources.catalogue.app(row.app_key)
    if app is None or not _can_be_told(app.auth):
        return False
    told = False
    try:
        credential = unseal(resources.keyring, row).credential
        integration = await load_integration(resources, row.project_id, row.app_key)
    except (DecryptionError, IntegrationIncomplete) as error:
        logger.warning("%s was not told of a deletion: %s", app.name, type(error).__name__)
        return False
    credential = replace(credential, integration=integration.values)
    for tell in (_request, _revocation):
        try:
            async with asyncio.timeout(TIMEOUT):
                told = await tell(resources, app, credential, integration) or told
        except (
            ExpressionError,
            IntegrationIncomplete,
            OutgoingError,
            TimeoutError,
            UnusableCredential,
            UrlError,
        ) as error:
            logger.warning("%s was not told of a deletion: %s", app.name, type(error).__name__)
    return told


def _can_be_told(auth: Auth) -> bool:
    return auth.on_delete is not None or (isinstance(auth, OAuth2Auth) and auth.revoke is not None)


async def _request(
    resources: Resources, app: App, credential: Credential, integration: ProjectIntegration
) -> bool:
    if app.auth.on_delete is None:
        return False
    client = AppClient(app, credential, resources.http.of(integration.project_id), timeout=TIMEOUT)
    response, _ = await client.exchange(
        app.auth.on_delete, client.scope, headers={}, is_own_url=True
    )
    return response.is_success


async def _revocation(
    resources: Resources, app: App, credential: Credential, integration: ProjectIntegration
) -> bool:
    auth = app.auth
    if not isinstance(auth, OAuth2Auth) or auth.revoke is None:
        return False
    hint, token = "access_token", credential.access_token
    if auth.revoke.token == "refresh" and credential.refresh_token:  # noqa: S105 - which one
        hint, token = "refresh_token", credential.refresh_token
    if token is None:
        return False
    scope = account_scope(auth, credential.fields, integration.values, credential.captured)
    client = client_of(resources.settings, app.key, integration, credential.client)
    http = resources.http.of(integration.project_id)
    return await revoke_token(http, auth, client, scope=scope, token=token, hint=hint)
