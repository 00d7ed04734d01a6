"""Connections of end users and of the developer: made, read, renewed, deleted."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel
from sqlalchemy import CursorResult, delete, select, update

from connections import oauth2
from connections.errors import AuthorizationFailed, FieldErrors, IntegrationIncomplete
from connections.forms import check_fields
from connections.integrations import oauth_client
from connections.refresh import TokenRefresh
from connections.sealed import Owner, Stored, refresh_time, seal
from connectors.credential import Credential
from connectors.urls import UrlError
from store.database import insert_for
from store.encryption import DecryptionError
from store.models import DEVELOPER, Connection, EndUser, OAuthState, now_ms

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connectors.catalogue import Catalogue
    from connectors.http import OutgoingHttp
    from connectors.manifest import App, OAuth2Auth
    from settings import Settings
    from store.database import Database
    from store.encryption import Keyring

STATE_LIFE_MS = 10 * 60_000
"""How long an authorization may take."""
STATE_KEPT_MS = 24 * 60 * 60_000
"""How long a used or expired state is told from an unknown one."""

Status = Literal["connected", "not-connected", "invalid"]

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


class Account(BaseModel):
    """Who the connected account is at the app, as far as the app told."""

    id: str | None = None
    name: str | None = None
    email: str | None = None


class ConnectionDetails(BaseModel):
    """What may be known of a connection (route 3 of the contract); dump it by alias."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    app_key: str
    user_id: str
    status: Status
    invalid_reason: str | None
    auth_type: str
    account: Account | None
    scopes: list[str]
    created_at: int
    updated_at: int
    expires_at: int | None


@dataclass(frozen=True)
class Completed:
    """The connection that an authorization led to."""

    project_id: str
    user_id: str
    app_key: str


class Connections:
    """All that the other floors do with connections. Share one in a process; close it at the end.

    `user_id` is the end user's, or DEVELOPER for the developer's own connections.
    """

    def __init__(
        self,
        database: Database,
        keyring: Keyring,
        catalogue: Catalogue,
        http: OutgoingHttp,
        settings: Settings,
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._catalogue = catalogue
        self._http = http
        self._settings = settings
        self._refresh = TokenRefresh(database, keyring, catalogue, http, settings)

    async def aclose(self) -> None:
        """Waits for the renewals under way; call it before the database is closed."""
        await self._refresh.aclose()

    async def credential(self, project_id: str, user_id: str, app_key: str) -> Credential:
        """A credential that can be used now; a token near its end is renewed first.

        Raises:
            ConnectionMissing, ConnectionInvalid: the user must connect (again).
            RefreshUnavailable: a token has ended and could not be renewed now; try again later.
        """
        return await self._refresh.credential(Owner(project_id, user_id, app_key))

    async def renew(
        self, project_id: str, user_id: str, app_key: str, rejected: Credential
    ) -> Credential:
        """Another credential than the one that the app has just rejected (a 401).

        Renews it unless somebody else already did. What cannot be renewed becomes invalid. Raises
        as `credential` does. If the app rejects the new one, too, the fault lies elsewhere: call
        `mark_invalid`.
        """
        owner = Owner(project_id, user_id, app_key)
        return await self._refresh.credential(owner, rejected.revision)

    async def mark_invalid(self, project_id: str, user_id: str, app_key: str, reason: str) -> bool:
        """Marks a connection as one that must be made again; whether this call changed it."""
        statement = (
            update(Connection)
            .where(*_is_owned(project_id, user_id, app_key), Connection.status == "connected")
            .values(
                status="invalid", invalid_reason=reason, refresh_lease_until=0, updated_at=now_ms()
            )
        )
        return await self._changed(statement)

    async def statuses(
        self, project_id: str, user_id: str, app_keys: Sequence[str] | None = None
    ) -> dict[str, Status]:
        """The status of each of `app_keys`; None: of all connections that there are."""
        query = select(Connection.app_key, Connection.status).where(
            Connection.project_id == project_id, Connection.user_id == user_id
        )
        if app_keys is not None:
            query = query.where(Connection.app_key.in_(app_keys))
        async with self._database() as session:
            rows = (await session.execute(query)).all()
        known: dict[str, Status] = {
            app_key: "invalid" if status == "invalid" else "connected" for app_key, status in rows
        }
        if app_keys is None:
            return known
        return {app_key: known.get(app_key, "not-connected") for app_key in app_keys}

    async def details(
        self, project_id: str, user_id: str, app_key: str
    ) -> ConnectionDetails | None:
        """What may be known of a connection; None if there is none."""
        query = select(Connection).where(*_is_owned(project_id, user_id, app_key))
        async with self._database() as session:
            row = await session.scalar(query)
        if row is None:
            return None
        return ConnectionDetails(
            app_key=row.app_key,
            user_id=row.user_id,
            status="invalid" if row.status == "invalid" else "connected",
            invalid_reason=row.invalid_reason,
            auth_type=row.auth_type,
            account=Account.model_validate(row.account) if row.account else None,
            scopes=[str(scope) for scope in row.scopes or ()],
            created_at=row.created_at,
            updated_at=row.updated_at,
            expires_at=row.expires_at,
        )

    async def knows_user(self, project_id: str, user_id: str) -> bool:
        """Whether the end user has ever connected an app in this project."""
        query = select(EndUser.user_id).where(
            EndUser.project_id == project_id, EndUser.user_id == user_id
        )
        async with self._database() as session:
            return await session.scalar(query) is not None

    async def connect_with_fields(
        self, project_id: str, user_id: str, app_key: str, fields: dict[str, Any]
    ) -> None:
        """Stores what a user entered into the form of an app that is not connected by OAuth.

        Raises:
            FieldErrors: with a sentence for each field that cannot be accepted.
        """
        app = self._app(app_key)
        if app.auth.type == "oauth2":
            raise ValueError(f"{app_key} is connected by OAuth 2.0: use authorization_url")
        credential = Credential(auth_type=app.auth.type, fields=check_fields(app, fields))
        await self._save(Owner(project_id, user_id, app_key), Stored(credential, None), [])

    async def authorization_url(self, project_id: str, user_id: str, app_key: str) -> str:
        """The link at the app that an end user opens to connect; good once and for ten minutes.

        Raises:
            IntegrationIncomplete: the project has no OAuth client for the app.
            FieldErrors: the app needs values before the redirect, which cannot be given yet.
        """
        app = self._app(app_key)
        auth = _oauth2(app)
        fields = check_fields(app, {})
        client, asked = await oauth_client(
            self._database, self._keyring, self._settings, project_id, app_key
        )
        state = secrets.token_urlsafe(32)
        state_hash = _hashed(state)
        # RFC 7636, 4.1: 43 to 128 characters; 48 bytes make 64.
        verifier = secrets.token_urlsafe(48) if auth.authorize.pkce != "off" else None
        try:
            url = oauth2.authorization_url(
                auth,
                client,
                fields=fields,
                scopes=_asked_scopes(auth, asked),
                state=state,
                verifier=verifier,
            )
        except UrlError as error:
            raise IntegrationIncomplete(f"{app.name} cannot be reached: {error}") from error
        now = now_ms()
        async with self._database.begin() as session:
            await session.execute(
                delete(OAuthState).where(OAuthState.expires_at < now - STATE_KEPT_MS)
            )
            session.add(
                OAuthState(
                    id=state_hash,
                    project_id=project_id,
                    user_id=user_id,
                    app_key=app_key,
                    code_verifier=verifier
                    and self._keyring.encrypt(verifier.encode(), _state_context(state_hash)),
                    created_at=now,
                    expires_at=now + STATE_LIFE_MS,
                )
            )
        return url

    async def complete_authorization(self, params: Mapping[str, str]) -> Completed:
        """Ends an authorization with the query that the app's redirect brought (RFC 6749, 4.1.2).

        Raises:
            AuthorizationFailed: nothing was stored; the message is meant for the end user.
        """
        state = await self._use_state(params.get("state", ""))
        app = self._catalogue.app(state.app_key)
        if app is None or app.auth.type != "oauth2":
            raise AuthorizationFailed("This app cannot be connected any more.")
        auth = app.auth
        if "error" in params:
            raise AuthorizationFailed(_told(app, params["error"]))
        code = params.get("code")
        if not code:
            raise AuthorizationFailed(
                f"{app.name} answered without an authorization code. Start again from the link."
            )
        issued_at = now_ms()
        try:
            fields = check_fields(app, {})
            client, asked = await oauth_client(
                self._database, self._keyring, self._settings, state.project_id, state.app_key
            )
            grant = await oauth2.exchange_code(
                self._http,
                auth,
                client,
                fields=fields,
                code=code,
                verifier=self._verifier(state),
            )
        except oauth2.GrantRefused as refusal:
            raise AuthorizationFailed(
                f"{app.name} did not accept the authorization ({refusal}). Start again from the"
                " link."
            ) from None
        except (oauth2.EndpointFailed, IntegrationIncomplete) as failure:
            raise AuthorizationFailed(
                f"{app.name} could not be connected: {failure}. Try again later."
            ) from failure
        except FieldErrors as errors:
            raise AuthorizationFailed(f"{app.name} could not be connected: {errors}") from errors
        credential = Credential(
            auth_type=auth.type,
            fields=fields,
            access_token=grant.access_token,
            refresh_token=grant.refresh_token,
            expires_at=grant.expires_at,
            captured={name: value for name, value in grant.captured.items() if value is not None},
        )
        owner = Owner(state.project_id, state.user_id, state.app_key)
        stored = Stored(credential, refresh_time(issued_at, grant.expires_at))
        scopes = _asked_scopes(auth, asked) if grant.scopes is None else grant.scopes
        await self._save(owner, stored, scopes)
        return Completed(*owner)

    async def delete(self, project_id: str, user_id: str, app_key: str) -> bool:
        """Forgets a connection; whether there was one. The app is not told."""
        return await self._changed(
            delete(Connection).where(*_is_owned(project_id, user_id, app_key))
        )

    def _app(self, app_key: str) -> App:
        app = self._catalogue.app(app_key)
        if app is None:
            raise IntegrationIncomplete(f"There is no app {app_key}.")
        return app

    async def _use_state(self, state: str) -> OAuthState:
        """The authorization under way, which nobody can use after this."""
        if not state:
            raise AuthorizationFailed("The answer belongs to no authorization: it has no state.")
        state_hash = _hashed(state)
        first_use = await self._changed(
            update(OAuthState)
            .where(OAuthState.id == state_hash, OAuthState.used_at.is_(None))
            .values(used_at=now_ms())
        )
        async with self._database() as session:
            row = await session.get(OAuthState, state_hash)
        if row is None:
            raise AuthorizationFailed(
                "This authorization is not known. Start again from a new link."
            )
        if not first_use:
            raise AuthorizationFailed(
                "This authorization was used already. If the account is not connected, start"
                " again from a new link."
            )
        if row.expires_at <= now_ms():
            raise AuthorizationFailed(
                "This authorization took longer than ten minutes. Start again from a new link."
            )
        return row

    def _verifier(self, state: OAuthState) -> str | None:
        if state.code_verifier is None:
            return None
        try:
            return self._keyring.decrypt(state.code_verifier, _state_context(state.id)).decode()
        except DecryptionError as error:
            raise oauth2.EndpointFailed(str(error)) from error

    async def _save(self, owner: Owner, stored: Stored, scopes: list[str]) -> None:
        """Makes the end user where new, and the connection in place of an older one."""
        now = now_ms()
        values: dict[str, Any] = {
            "status": "connected",
            "invalid_reason": None,
            "auth_type": stored.credential.auth_type,
            "secret": seal(self._keyring, owner, stored),
            "account": None,
            "scopes": scopes,
            "expires_at": stored.credential.expires_at,
            "refresh_lease_until": 0,
            "updated_at": now,
        }
        key = {
            "project_id": owner.project_id,
            "user_id": owner.user_id,
            "app_key": owner.app_key,
        }
        async with self._database.begin() as session:
            insert = insert_for(session)
            if owner.user_id != DEVELOPER:
                user = {"project_id": owner.project_id, "user_id": owner.user_id}
                await session.execute(
                    insert(EndUser).values(**user, created_at=now).on_conflict_do_nothing()
                )
            await session.execute(
                insert(Connection)
                .values(**key, **values, created_at=now)
                .on_conflict_do_update(
                    index_elements=list(key),
                    set_={**values, "revision": Connection.revision + 1},
                )
            )

    async def _changed(self, statement: Any) -> bool:
        async with self._database.begin() as session:
            result = await session.execute(statement.execution_options(synchronize_session=False))
        return isinstance(result, CursorResult) and result.rowcount == 1


def _is_owned(project_id: str, user_id: str, app_key: str) -> tuple[Any, ...]:
    return (
        Connection.project_id == project_id,
        Connection.user_id == user_id,
        Connection.app_key == app_key,
    )


def _oauth2(app: App) -> OAuth2Auth:
    if app.auth.type != "oauth2":
        raise ValueError(f"{app.key} is not connected by OAuth: use connect_with_fields")
    return app.auth


def _asked_scopes(auth: OAuth2Auth, scopes: Sequence[str]) -> list[str]:
    return list(dict.fromkeys([*auth.authorize.default_scopes, *scopes]))


def _hashed(state: str) -> str:
    return hashlib.sha256(state.encode()).hexdigest()


def _state_context(state_hash: str) -> bytes:
    return f"oauth-state:{state_hash}".encode()


def _told(app: App, code: str) -> str:
    words = _TOLD.get(code)
    if words is None:
        shown = f" ({code})" if len(code) <= 64 and code.replace("_", "").isalnum() else ""
        words = f"The app answered with an error{shown}. Start again from the link."
    return f"{app.name}: {words}"
