"""Tokens without the user's browser: those of a connection's own values, and renewed ones."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from automations.expressions import ExpressionError
from connections.exchange import exchange
from connections.grants import Grant, GrantRefused
from connections.integrations import client_of
from connections.oauth2 import direct_grant, refresh_grant
from connections.sealed import Stored, refresh_time
from connectors.auth import OAuth2Auth, OAuth2GrantAuth, TokenExchangeAuth
from connectors.scope import account_scope

if TYPE_CHECKING:
    from connections.integrations import ProjectIntegration
    from connections.resources import Resources
    from connectors.auth import Auth
    from connectors.credential import Credential
    from connectors.manifest import App


def is_issued(auth: Auth) -> bool:
    """Whether tokens are had for the form's values, again and again."""
    return isinstance(auth, OAuth2GrantAuth | TokenExchangeAuth)


def is_renewable(auth: Auth, credential: Credential) -> bool:
    """Whether a token that has ended can be replaced without the user."""
    if isinstance(auth, OAuth2Auth):
        return auth.refresh is not None and bool(credential.refresh_token)
    return is_issued(auth)


async def renew(
    resources: Resources, app: App, credential: Credential, integration: ProjectIntegration
) -> Grant:
    """A new token for an account.

    Raises:
        GrantRefused: the app does not take the refresh token, or the form's values, any more.
        EndpointFailed: no usable answer, for another reason.
        IntegrationIncomplete: the project has no client.
    """
    auth, http = app.auth, resources.http.of(integration.project_id)
    try:
        scope = account_scope(auth, credential.fields, integration.values, credential.captured)
    except ExpressionError as error:
        raise GrantRefused(str(error)) from None
    if isinstance(auth, OAuth2GrantAuth):
        return await direct_grant(http, auth, scope=scope)
    if isinstance(auth, TokenExchangeAuth):
        return await exchange(http, auth, scope=scope)
    if not isinstance(auth, OAuth2Auth) or not credential.refresh_token:
        raise GrantRefused("the app gives tokens that cannot be renewed")
    client = client_of(resources.settings, app.key, integration, credential.client)
    return await refresh_grant(
        http, auth, client, scope=scope, refresh_token=credential.refresh_token
    )


def granted(app: App, credential: Credential, grant: Grant, issued_at: int) -> Stored:
    """The credential with what a grant brought, and when it is to be renewed (ms)."""
    ahead = None
    if isinstance(app.auth, OAuth2Auth) and app.auth.refresh:
        ahead = app.auth.refresh.ahead
    renewed = replace(
        credential,
        access_token=grant.access_token,
        refresh_token=grant.refresh_token or credential.refresh_token,
        token_secret=grant.token_secret or credential.token_secret,
        expires_at=grant.expires_at,
        captured={**credential.captured, **grant.captured},
    )
    return Stored(renewed, refresh_time(issued_at, grant.expires_at, ahead))
