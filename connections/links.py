"""Connect links: one for one account, single-use, short-lived; what their pages show and do."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

import orjson
from sqlalchemy import delete, select

from automations.messages import Message
from connections.accounts import Account, Connections
from connections.authorization import Authorizations, Granted, hashed
from connections.errors import (
    AuthorizationFailed,
    CheckUnavailable,
    CredentialRejected,
    IntegrationIncomplete,
)
from connections.forms import check_fields, check_given
from connections.issuing import granted
from connections.sealed import Owner
from connections.storing import NewConnection, connected_account, store_connection
from connections.verification import verify
from connectors.auth import CredentialField, OAuth1Auth, OAuth2Auth
from connectors.credential import Credential
from store.encryption import DecryptionError
from store.models import Authorization, ConnectLink, Project, now_ms

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connectors.manifest import App

LINK_LIFE_MS = 60 * 60_000
"""How long a link may be used."""
LINK_KEPT_MS = 24 * 60 * 60_000
"""How long a used or expired link is told from an unknown one."""

_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?|[0-9a-f:]+")


class ReturnUrlError(ValueError):
    """The return URL is none, or not of an origin that the project allows."""

    def __init__(self, message: Message) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True)
class NewLink:
    """A link, and until when it works (ms since the epoch)."""

    url: str
    expires_at: int


@dataclass(frozen=True)
class LinkPage:
    """What the hosted page of a link shows."""

    secret: str = field(repr=False)
    project_name: str
    logo_url: str | None
    allowed_origins: list[str]
    user_id: str
    app: App
    fields: list[CredentialField]
    """What is to be asked now."""
    goes_to_provider: bool
    account: str | None
    """What the account that is connected already is known by."""
    status: Literal["connected", "not-connected", "invalid"]
    return_url: str | None
    language: str | None


@dataclass(frozen=True)
class Connected:
    """The happy end of a link."""

    project_id: str
    user_id: str
    app_key: str
    app_name: str
    account: str | None
    project_name: str
    logo_url: str | None
    allowed_origins: list[str]
    return_url: str | None
    language: str | None


@dataclass(frozen=True)
class Progress:
    """How far a link is, for the product's page whose window with it may be out of sight.

    `open`: nobody went on from its page; `away`: somebody is at the app's own pages.
    """

    status: Literal["open", "away", "connected", "expired"]
    app_key: str
    allowed_origins: list[str]


class Links:
    """Makes connect links, and does what their pages ask for."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._resources = connections.resources
        self._authorizations = Authorizations(connections.resources)

    async def create(
        self,
        project_id: str,
        user_id: str,
        app_key: str,
        *,
        fields: dict[str, Any] | None = None,
        return_url: str | None = None,
        language: str | None = None,
    ) -> NewLink:
        """A new link. `fields` are values of the form that are known already, and not asked.

        Raises `FieldErrors`, `ReturnUrlError`, and `IntegrationIncomplete`.
        """
        app = self._connections.app(app_key)
        given = check_given(app, fields or {})
        project = await self._project(project_id)
        if return_url is not None:
            _check_return_url(return_url, project.allowed_origins or [])
        secret, now = secrets.token_urlsafe(32), now_ms()
        link_id = hashed(secret)
        sealed = None
        if given:
            sealed = self._resources.keyring.encrypt(orjson.dumps(given), _context(link_id))
        link = ConnectLink(
            id=link_id,
            project_id=project_id,
            user_id=user_id,
            app_key=app_key,
            fields=sealed,
            return_url=return_url,
            language=language,
            created_at=now,
            expires_at=now + LINK_LIFE_MS,
        )
        async with self._resources.database.begin() as session:
            await session.execute(
                delete(ConnectLink).where(ConnectLink.expires_at < now - LINK_KEPT_MS)
            )
            session.add(link)
        base = self._resources.settings.public_url.rstrip("/")
        return NewLink(f"{base}/connect/{secret}", link.expires_at)

    async def page(self, secret: str) -> LinkPage:
        """What the page shows; changes nothing.

        Raises `AuthorizationFailed`: `unknown_link`, `expired_link`, `used_link`.
        """
        return await self._page(secret, await self._open(secret))

    async def progress(self, secret: str) -> Progress:
        """How far the link is; changes nothing. Raises `AuthorizationFailed`: `unknown_link`."""
        link = await self._open(secret, used=True)
        now = now_ms()
        async with self._resources.database() as session:
            project = await session.get_one(Project, link.project_id)
            away = await session.scalar(
                select(Authorization.id).where(
                    Authorization.link_id == link.id,
                    Authorization.used_at.is_(None),
                    Authorization.expires_at > now,
                )
            )
        status: Literal["open", "away", "connected", "expired"] = "away" if away else "open"
        if link.used_at is not None:
            status = "connected"
        elif link.expires_at <= now:
            status = "expired"
        return Progress(status, link.app_key, list(project.allowed_origins or []))

    async def submit(
        self,
        secret: str,
        values: Mapping[str, Any],
        browser: str,
        *,
        other_account: bool = False,
    ) -> str | Connected:
        """The URL at the provider to go to, or the connection that was made of the form.

        Raises `FieldErrors` and `AuthorizationFailed`.
        """
        link = await self._open(secret)
        app = self._app(link, secret)
        given = {**values, **self._given(link)}
        if isinstance(app.auth, OAuth2Auth | OAuth1Auth):
            fields = check_fields(app, given)
            return await self._authorizations.begin(
                link, secret, app, fields, browser, other_account=other_account
            )
        owner = Owner(link.project_id, link.user_id, link.app_key)
        try:
            account = await self._connections.connect_with_fields(*owner, given, link_id=link.id)
        except CredentialRejected as error:
            raise _failed(app, "rejected", error.message, secret) from None
        except CheckUnavailable as error:
            raise _failed(app, "provider_unavailable", error.message, secret) from None
        except IntegrationIncomplete as error:
            raise _failed(app, "misconfigured", error.message, secret) from None
        return await self._connected(link, app, account)

    async def complete(self, params: Mapping[str, str], browser: str | None) -> Connected:
        """The end of an authorization, with the query that the redirect brought.

        Raises `AuthorizationFailed`; then nothing was stored.
        """
        found = await self._authorizations.complete(params, browser)
        app, owner = found.app, Owner(found.project_id, found.user_id, found.app.key)
        credential = Credential(
            auth_type=app.auth.type,
            fields=found.fields,
            client=found.client,
            integration=found.integration.values,
        )
        stored = granted(app, credential, found.grant, found.issued_at)
        try:
            verified = await verify(
                app, stored.credential, self._resources.http.of(owner.project_id)
            )
        except CredentialRejected as error:
            raise _failed(app, "rejected", error.message, found.link) from None
        except CheckUnavailable as error:
            raise _failed(app, "provider_unavailable", error.message, found.link) from None
        await self._check_account(owner, found, verified.account)
        new = NewConnection(
            owner=owner,
            stored=replace(stored, credential=verified.credential),
            scopes=found.scopes,
            account=verified.account,
            link_id=found.link_id,
        )
        await store_connection(self._resources, new)
        link = await self._open(found.link, used=True)
        return await self._connected(link, app, Account.model_validate(verified.account or {}))

    async def page_of_failure(self, error: AuthorizationFailed) -> LinkPage | None:
        """The page of the link that failed, where it is known."""
        if error.link is None:
            return None
        async with self._resources.database() as session:
            link = await session.get(ConnectLink, hashed(error.link))
        try:
            return await self._page(error.link, link) if link else None
        except AuthorizationFailed:
            return None

    async def _check_account(
        self, owner: Owner, found: Granted, account: dict[str, str] | None
    ) -> None:
        """Refuses another account than the one that is connected, unless it is wanted."""
        before = await connected_account(self._resources, owner)
        if found.other_account or not before or not account:
            return
        if before.get("id") is None or before.get("id") == account.get("id"):
            return
        new, old = (Account.model_validate(part).label or "" for part in (account, before))
        raise AuthorizationFailed(
            "wrong_account",
            f"You signed in to {found.app.name} as {new}, but the account {old} is connected."
            f" Sign in as {old}, or choose to use the other account.",
            {"app": found.app.name, "account": new, "previous": old},
            found.link,
        )

    async def _open(self, secret: str, *, used: bool = False) -> ConnectLink:
        async with self._resources.database() as session:
            link = await session.get(ConnectLink, hashed(secret))
        if link is None:
            raise AuthorizationFailed(
                "unknown_link", "This link is not known. Ask for a new one where you got it."
            )
        if link.used_at is not None and not used:
            raise AuthorizationFailed(
                "used_link",
                "This link was used already. Ask for a new one to connect again.",
                link=secret,
            )
        if link.expires_at <= now_ms() and not used:
            raise AuthorizationFailed(
                "expired_link",
                "This link has expired. Ask for a new one where you got it.",
                link=secret,
            )
        return link

    async def _page(self, secret: str, link: ConnectLink) -> LinkPage:
        app = self._app(link, None)
        project = await self._project(link.project_id)
        owner = Owner(link.project_id, link.user_id, link.app_key)
        details = await self._connections.details(*owner)
        given = self._given(link)
        return LinkPage(
            secret=secret,
            project_name=project.name,
            logo_url=project.logo_url,
            allowed_origins=list(project.allowed_origins or []),
            user_id=link.user_id,
            app=app,
            fields=[field for field in app.auth.fields if field.name not in given],
            goes_to_provider=isinstance(app.auth, OAuth2Auth | OAuth1Auth),
            account=details.account.label if details and details.account else None,
            status=details.status if details else "not-connected",
            return_url=link.return_url,
            language=link.language,
        )

    async def _connected(self, link: ConnectLink, app: App, account: Account) -> Connected:
        project = await self._project(link.project_id)
        return Connected(
            project_id=link.project_id,
            user_id=link.user_id,
            app_key=app.key,
            app_name=app.name,
            account=account.label,
            project_name=project.name,
            logo_url=project.logo_url,
            allowed_origins=list(project.allowed_origins or []),
            return_url=link.return_url,
            language=link.language,
        )

    async def _project(self, project_id: str) -> Project:
        async with self._resources.database() as session:
            return await session.get_one(Project, project_id)

    def _app(self, link: ConnectLink, secret: str | None) -> App:
        app = self._resources.catalogue.app(link.app_key)
        if app is None:
            raise AuthorizationFailed(
                "misconfigured", "This app cannot be connected any more.", link=secret
            )
        return app

    def _given(self, link: ConnectLink) -> dict[str, str]:
        if link.fields is None:
            return {}
        try:
            plain = self._resources.keyring.decrypt(link.fields, _context(link.id))
        except DecryptionError as error:
            raise AuthorizationFailed("expired_link", str(error)) from error
        given: dict[str, str] = orjson.loads(plain)
        return given


def _context(link_id: str) -> bytes:
    return f"connect-link:{link_id}".encode()


def _failed(app: App, kind: Any, message: str, link: str) -> AuthorizationFailed:
    return AuthorizationFailed(kind, message, {"app": app.name}, link)


def origin_of(url: str) -> str | None:
    """The web origin of an absolute http(s) URL (RFC 6454, 4); None for anything else."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or parts.username is not None:
        return None
    if not _HOST.fullmatch(parts.hostname or ""):
        return None
    default = {"http": 80, "https": 443}[parts.scheme]
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{parts.scheme}://{host}" + (f":{port}" if port and port != default else "")


def _check_return_url(url: str, allowed: list[str]) -> None:
    origin = origin_of(url)
    if origin is None or any(ord(c) <= 32 or c == "\\" for c in url):
        raise ReturnUrlError(Message("no-http-url"))
    if origin not in allowed:
        raise ReturnUrlError(Message("return-url-elsewhere", origin=origin))
