"""The way to an app's consent page and back: OAuth 2.0 and OAuth 1.0a alike."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import CursorResult, delete, select, update

from automations.expressions import ExpressionError
from automations.messages import message_of
from connections import oauth1, oauth2
from connections.errors import AuthorizationFailed, FieldErrors, IntegrationIncomplete
from connections.grants import EndpointFailed, Grant, GrantRefused, error_code
from connections.integrations import client_of, load_integration, redirect_uri
from connectors.auth import OAuth1Auth, OAuth2Auth
from connectors.scope import account_scope
from connectors.urls import UrlError
from store.encryption import DecryptionError
from store.models import Authorization, ConnectLink, Project, now_ms

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connections.integrations import ProjectIntegration
    from connections.resources import Resources
    from connectors.manifest import App

STATE_LIFE_MS = 10 * 60_000
"""How long an authorization may take."""
STATE_KEPT_MS = 24 * 60 * 60_000
"""How long a used or expired state is told from an unknown one."""

_TOLD = {
    "access_denied": "Access was not granted: the request was declined at the app.",
    "invalid_scope": "The app refuses the permissions that the project asks for:"
    " the scopes of the integration must be corrected.",
    "unauthorized_client": "The app does not allow this project's client to ask for access:"
    " the integration must be corrected.",
    "server_error": "The app had an error of its own. Try again later.",
    "temporarily_unavailable": "The app is not available now. Try again later.",
    "login_required": "The app needs a sign-in. Start again from the link.",
    "consent_required": "The app needs a consent. Start again from the link.",
    "interaction_required": "The app needs an answer of the user. Start again from the link.",
}
"""Words for the error codes of RFC 6749, 4.1.2.1, and OpenID Connect Core, 3.1.2.6."""
_KINDS = {
    "access_denied": "denied",
    "user_refused": "denied",
    "permission_denied": "denied",
    "invalid_scope": "misconfigured",
    "unauthorized_client": "misconfigured",
    "invalid_client": "misconfigured",
    "server_error": "provider_unavailable",
    "temporarily_unavailable": "provider_unavailable",
}
_NOT_COUNTED = {"offline_access", "offline.access", "offline", "openid", "profile", "email"}
"""Scopes that many apps grant without telling so."""


@dataclass(frozen=True)
class Granted:
    """What a way to the provider and back led to; nothing is stored yet."""

    project_id: str
    user_id: str
    app: App
    link_id: str
    link: str = field(repr=False)
    """The link's secret, with which to try again."""
    fields: dict[str, str] = field(repr=False)
    client: dict[str, str] | None = field(repr=False)
    integration: ProjectIntegration = field(repr=False)
    grant: Grant = field(repr=False)
    scopes: list[str]
    issued_at: int
    other_account: bool


class Authorizations:
    """Begins and ends authorizations."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    async def begin(
        self,
        link: ConnectLink,
        link_secret: str,
        app: App,
        fields: dict[str, str],
        browser: str,
        *,
        other_account: bool,
    ) -> str:
        """The URL at the app to which the browser goes; good once, for ten minutes, and only to
        be come back from by the same browser.

        Raises `AuthorizationFailed`, and `FieldErrors` when a value does not fit into a URL.
        """
        state = secrets.token_urlsafe(32)
        kept: dict[str, Any] = {"link": link_secret, "fields": fields}
        try:
            integration = await load_integration(self._resources, link.project_id, app.key)
            scope = account_scope(app.auth, fields, integration.values, {})
            if isinstance(app.auth, OAuth1Auth):
                url = await self._begin_oauth1(app, integration, scope, state, kept)
            else:
                url = await self._begin_oauth2(link, app, integration, scope, state, kept)
        except (IntegrationIncomplete, ExpressionError) as error:
            raise _failed(app, "misconfigured", str(error), link_secret) from None
        except UrlError as error:
            if error.place in {field.name for field in app.auth.fields}:
                told = message_of(f"{str(error).capitalize()}.")
                raise FieldErrors({str(error.place): told}) from None
            raise _failed(app, "misconfigured", str(error), link_secret) from None
        except EndpointFailed as error:
            kind = "provider_unavailable" if error.may_pass else "misconfigured"
            raise _failed(app, kind, str(error), link_secret) from None
        await self._keep(link, state, kept, browser, other_account)
        return url

    async def complete(self, params: Mapping[str, str], browser: str | None) -> Granted:
        """Ends an authorization with the query that the app's redirect brought.

        RFC 6749, 4.1.2; RFC 5849, 2.2. Raises `AuthorizationFailed`; then nothing was stored.
        """
        row, kept = await self._use_state(params.get("state", ""), browser)
        app = self._resources.catalogue.app(row.app_key)
        link = kept["link"]
        if app is None or not isinstance(app.auth, OAuth2Auth | OAuth1Auth):
            raise AuthorizationFailed("misconfigured", "This app cannot be connected any more.")
        _check_refusal(app, params, link)
        issued_at = now_ms()
        try:
            integration = await load_integration(self._resources, row.project_id, row.app_key)
            told = _told_by_callback(app, params, link)
            scope = account_scope(app.auth, kept["fields"], integration.values, told)
            asked: list[str] = []
            if isinstance(app.auth, OAuth1Auth):
                grant = await self._finish_oauth1(app, integration, scope, params, kept)
            else:
                grant, asked = await self._finish_oauth2(app, integration, scope, params, kept)
        except GrantRefused as refusal:
            raise _failed(
                app, "provider_error", f"the authorization was not accepted ({refusal})", link
            ) from None
        except (IntegrationIncomplete, ExpressionError) as error:
            raise _failed(app, "misconfigured", str(error), link) from None
        except (EndpointFailed, UrlError) as error:
            kind = "provider_unavailable" if _may_pass(error) else "misconfigured"
            raise _failed(app, kind, str(error), link) from error
        return Granted(
            project_id=row.project_id,
            user_id=row.user_id,
            app=app,
            link_id=row.link_id,
            link=link,
            fields=kept["fields"],
            client=kept.get("client"),
            integration=integration,
            grant=_with_captured(grant, told),
            scopes=_granted_scopes(app, asked, grant, link),
            issued_at=issued_at,
            other_account=row.other_account,
        )

    async def _begin_oauth2(
        self,
        link: ConnectLink,
        app: App,
        integration: ProjectIntegration,
        scope: Mapping[str, Any],
        state: str,
        kept: dict[str, Any],
    ) -> str:
        auth = app.auth
        assert isinstance(auth, OAuth2Auth)  # noqa: S101 - the caller looked
        if auth.registration is not None:
            async with self._resources.database() as session:
                name = await session.scalar(
                    select(Project.name).where(Project.id == link.project_id)
                )
            kept["client"] = await oauth2.register_client(
                self._resources.http.of(integration.project_id),
                auth.registration,
                redirect_uri(self._resources.settings),
                name or "",
                scope,
            )
        client = client_of(self._resources.settings, app.key, integration, kept.get("client"))
        # RFC 7636, 4.1: 43 to 128 characters; 48 bytes make 64.
        verifier = secrets.token_urlsafe(48) if auth.authorize.pkce != "off" else None
        kept["verifier"] = verifier
        return oauth2.authorization_url(
            auth,
            client,
            scope=scope,
            scopes=_asked_scopes(auth, integration),
            state=state,
            verifier=verifier,
        )

    async def _begin_oauth1(
        self,
        app: App,
        integration: ProjectIntegration,
        scope: Mapping[str, Any],
        state: str,
        kept: dict[str, Any],
    ) -> str:
        auth = app.auth
        assert isinstance(auth, OAuth1Auth)  # noqa: S101 - the caller looked
        client = client_of(self._resources.settings, app.key, integration, None)
        token, token_secret, url = await oauth1.begin(
            self._resources.http.of(integration.project_id), auth, client, scope=scope, state=state
        )
        kept |= {"token": token, "token_secret": token_secret}
        return url

    async def _finish_oauth2(
        self,
        app: App,
        integration: ProjectIntegration,
        scope: Mapping[str, Any],
        params: Mapping[str, str],
        kept: dict[str, Any],
    ) -> tuple[Grant, list[str]]:
        auth = app.auth
        assert isinstance(auth, OAuth2Auth)  # noqa: S101 - the caller looked
        code = params.get(auth.callback.code)
        if not code:
            raise _failed(
                app, "provider_error", "the answer holds no authorization code", kept["link"]
            )
        client = client_of(self._resources.settings, app.key, integration, kept.get("client"))
        grant = await oauth2.exchange_code(
            self._resources.http.of(integration.project_id),
            auth,
            client,
            scope=scope,
            code=code,
            verifier=kept["verifier"],
        )
        return grant, _asked_scopes(auth, integration)

    async def _finish_oauth1(
        self,
        app: App,
        integration: ProjectIntegration,
        scope: Mapping[str, Any],
        params: Mapping[str, str],
        kept: dict[str, Any],
    ) -> Grant:
        auth = app.auth
        assert isinstance(auth, OAuth1Auth)  # noqa: S101 - the caller looked
        verifier = params.get("oauth_verifier")
        if not verifier or params.get("oauth_token") != kept["token"]:
            raise _failed(
                app, "provider_error", "the answer belongs to another request", kept["link"]
            )
        return await oauth1.finish(
            self._resources.http.of(integration.project_id),
            auth,
            client_of(self._resources.settings, app.key, integration, None),
            scope=scope,
            token=kept["token"],
            token_secret=kept["token_secret"],
            verifier=verifier,
        )

    async def _keep(
        self,
        link: ConnectLink,
        state: str,
        kept: dict[str, Any],
        browser: str,
        other_account: bool,
    ) -> None:
        now, state_hash = now_ms(), hashed(state)
        secret = self._resources.keyring.encrypt(orjson.dumps(kept), _context(state_hash))
        async with self._resources.database.begin() as session:
            await session.execute(
                delete(Authorization).where(Authorization.expires_at < now - STATE_KEPT_MS)
            )
            session.add(
                Authorization(
                    id=state_hash,
                    link_id=link.id,
                    project_id=link.project_id,
                    user_id=link.user_id,
                    app_key=link.app_key,
                    browser=hashed(browser),
                    secret=secret,
                    other_account=other_account,
                    created_at=now,
                    expires_at=now + STATE_LIFE_MS,
                )
            )

    async def _use_state(
        self, state: str, browser: str | None
    ) -> tuple[Authorization, dict[str, Any]]:
        """The authorization under way, which nobody can use after this."""
        if not state:
            raise AuthorizationFailed(
                "unknown", "The answer belongs to no authorization: it has no state."
            )
        state_hash = hashed(state)
        async with self._resources.database() as session:
            row = await session.get(Authorization, state_hash)
        if row is None:
            raise AuthorizationFailed(
                "unknown", "This authorization is not known. Start again from a new link."
            )
        # Whoever lured somebody else to the consent page must not get that person's account.
        if browser is None or hashed(browser) != row.browser:
            raise AuthorizationFailed(
                "other_browser",
                "This authorization was begun in another browser. Open the link again in this one.",
            )
        try:
            plain = self._resources.keyring.decrypt(row.secret, _context(state_hash))
        except DecryptionError as error:
            raise AuthorizationFailed("unknown", str(error)) from error
        kept: dict[str, Any] = orjson.loads(plain)
        async with self._resources.database.begin() as session:
            result = await session.execute(
                update(Authorization)
                .where(Authorization.id == state_hash, Authorization.used_at.is_(None))
                .values(used_at=now_ms())
                .execution_options(synchronize_session=False)
            )
        if not isinstance(result, CursorResult) or result.rowcount != 1:
            raise AuthorizationFailed(
                "used",
                "This authorization was used already. If the account is not connected, start"
                " again from a new link.",
                link=kept["link"],
            )
        if row.expires_at <= now_ms():
            raise AuthorizationFailed(
                "expired",
                "This authorization took longer than ten minutes. Start again from the link.",
                link=kept["link"],
            )
        return row, kept


def hashed(secret: str) -> str:
    """The name under which a secret of 256 bits is kept."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _context(state_hash: str) -> bytes:
    return f"authorization:{state_hash}".encode()


def _asked_scopes(auth: OAuth2Auth, integration: ProjectIntegration) -> list[str]:
    return list(dict.fromkeys([*auth.authorize.default_scopes, *integration.scopes]))


def _granted_scopes(app: App, asked: list[str], grant: Grant, link: str) -> list[str]:
    """What was granted; raises `missing_scopes` where the user left out what is needed."""
    if grant.scopes is None:
        return asked
    auth = app.auth
    if isinstance(auth, OAuth2Auth) and auth.check_scopes:
        lacking = [s for s in asked if s not in grant.scopes and s not in _NOT_COUNTED]
        if lacking:
            raise AuthorizationFailed(
                "missing_scopes",
                f"{app.name}: not all permissions were granted ({', '.join(lacking)})."
                " Start again, and leave all of them ticked.",
                {"app": app.name, "scopes": ", ".join(lacking)},
                link,
            )
    return grant.scopes


def _with_captured(grant: Grant, told: dict[str, str]) -> Grant:
    return replace(grant, captured={**told, **grant.captured}) if told else grant


def _check_refusal(app: App, params: Mapping[str, str], link: str) -> None:
    """Raises what the provider told instead of a code."""
    code = params.get("error") or params.get("oauth_problem")
    if code is None and "denied" in params:
        code = "access_denied"
    if code is None:
        return
    words = _TOLD.get(code)
    if words is None and _KINDS.get(code) == "denied":
        words = _TOLD["access_denied"]
    shown = error_code(code)
    if words is None:
        told = f" ({shown})" if shown else ""
        words = f"The app answered with an error{told}. Start again from the link."
    kind: Any = _KINDS.get(code, "provider_error")
    details = {"app": app.name, "code": shown}
    raise AuthorizationFailed(kind, f"{app.name}: {words}", details, link)


def _told_by_callback(app: App, params: Mapping[str, str], link: str) -> dict[str, str]:
    """The values of the redirect's query that the manifest asks for, as it allows them."""
    if not isinstance(app.auth, OAuth2Auth):
        return {}
    found = {}
    for name, rule in app.auth.callback.captured.items():
        value = params.get(rule.param)
        if value is not None and re.fullmatch(rule.pattern, value):
            found[name] = value
        elif value is not None or not rule.is_optional:
            what = "is not what it may be" if value is not None else "is missing"
            raise _failed(app, "provider_error", f"{rule.param} of the answer {what}", link)
    return found


def _failed(app: App, kind: Any, what: str, link: str) -> AuthorizationFailed:
    advice = {
        "misconfigured": "The developer must correct the integration.",
        "provider_unavailable": "Try again later.",
    }.get(kind, "Start again from the link.")
    text = f"{app.name} could not be connected: {what.rstrip('.')}. {advice}"
    return AuthorizationFailed(kind, text, {"app": app.name}, link)


def _may_pass(error: Exception) -> bool:
    return error.may_pass if isinstance(error, EndpointFailed) else False
