"""Connections of end users and of the developer: read, used, made of a form, imported, deleted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel
from sqlalchemy import select

from connections.errors import (
    CheckUnavailable,
    CredentialRejected,
    IntegrationIncomplete,
)
from connections.forms import check_fields
from connections.grants import EndpointFailed, GrantRefused
from connections.importing import ImportedTokens, imported, imported_life
from connections.integrations import load_integration
from connections.issuing import granted, is_issued, renew
from connections.refresh import TokenRefresh, invalidate
from connections.resources import Resources
from connections.revocation import revoke
from connections.sealed import Owner, Stored
from connections.storing import NewConnection, delete_connection, is_owned, store_connection
from connections.verification import verify
from connectors.auth import OAuth1Auth, OAuth2Auth
from connectors.credential import Credential
from store.models import Connection, EndUser, now_ms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connectors.catalogue import Catalogue
    from connectors.http import OutgoingHttp
    from connectors.manifest import App
    from settings import Settings
    from store.database import Database
    from store.encryption import Keyring

Status = Literal["connected", "not-connected", "invalid"]


class Account(BaseModel):
    """Who the connected account is at the app, as far as the app told."""

    id: str | None = None
    name: str | None = None
    email: str | None = None

    @property
    def label(self) -> str | None:
        """What a person knows the account by."""
        return self.email or self.name or self.id


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
        self.resources = Resources(database, keyring, catalogue, http, settings)
        self._database = database
        self._refresh = TokenRefresh(self.resources)

    async def aclose(self) -> None:
        """Waits for the renewals under way; call it before the database is closed."""
        await self._refresh.aclose()

    async def credential(self, project_id: str, user_id: str, app_key: str) -> Credential:
        """A credential that can be used now; a token near its end is renewed first.

        Raises:
            ConnectionMissing, ConnectionInvalid: the user must connect (again).
            RefreshUnavailable: a token has ended and could not be renewed now; try again later.
            IntegrationIncomplete: the app's requests need what the project has not registered.
        """
        credential = await self._refresh.credential(Owner(project_id, user_id, app_key))
        return await self._complete(project_id, app_key, credential)

    async def of_project(self, project_id: str, app_key: str) -> Credential | None:
        """What an app that has no accounts needs of the project; None where it needs nothing.

        Raises `IntegrationIncomplete` as `credential` does.
        """
        app = self.resources.catalogue.app(app_key)
        if app is None or not app.reads_integration:
            return None
        return await self._complete(project_id, app_key, Credential(auth_type=app.auth.type))

    async def renew(
        self, project_id: str, user_id: str, app_key: str, rejected: Credential
    ) -> Credential:
        """Another credential than the one that the app has just rejected (a 401).

        Renews it unless somebody else already did. What cannot be renewed becomes invalid. Raises
        as `credential` does. If the app rejects the new one, too, the fault lies elsewhere: call
        `mark_invalid`.
        """
        owner = Owner(project_id, user_id, app_key)
        credential = await self._refresh.credential(owner, rejected.revision)
        return await self._complete(project_id, app_key, credential)

    async def mark_invalid(self, project_id: str, user_id: str, app_key: str, reason: str) -> bool:
        """Marks a connection as one that must be made again; whether this call changed it."""
        async with self._database.begin() as session:
            return await invalidate(session, Owner(project_id, user_id, app_key), reason)

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
        query = select(Connection).where(*is_owned(Owner(project_id, user_id, app_key)))
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
        self,
        project_id: str,
        user_id: str,
        app_key: str,
        fields: dict[str, Any],
        *,
        link_id: str | None = None,
    ) -> Account:
        """Stores what a user entered into the form of an app that is not connected by OAuth.

        The app must take it first. `link_id`: the connect link that is used up by it.

        Raises:
            FieldErrors: with a sentence for each field that cannot be accepted.
            CredentialRejected: the app does not take the values.
            CheckUnavailable: the app could not be asked.
            IntegrationIncomplete, AuthorizationFailed (`used_link`).
        """
        app = self.app(app_key)
        if isinstance(app.auth, OAuth2Auth | OAuth1Auth):
            raise ValueError(f"{app_key} is connected by OAuth: use a link")
        credential = Credential(auth_type=app.auth.type, fields=check_fields(app, fields))
        stored = Stored(credential, None)
        scopes: list[str] | None = None
        if is_issued(app.auth):
            stored, scopes = await self._issue(project_id, app, credential)
        usable = await self._complete(project_id, app_key, stored.credential)
        verified = await verify(app, usable, self.resources.http.of(project_id))
        new = NewConnection(
            owner=Owner(project_id, user_id, app_key),
            stored=replace(stored, credential=verified.credential),
            scopes=scopes or [],
            account=verified.account,
            link_id=link_id,
        )
        await store_connection(self.resources, new)
        return Account.model_validate(verified.account or {})

    async def import_tokens(
        self, project_id: str, user_id: str, app_key: str, tokens: ImportedTokens
    ) -> None:
        """Stores tokens that the developer got elsewhere, with the project's own client.

        A token that the app refuses is not stored. One that cannot be checked now is: the
        developer knows it.

        Raises:
            FieldErrors: the tokens do not fit the app.
            CredentialRejected: the app does not take them.
        """
        app = self.app(app_key)
        credential = imported(app, tokens)
        account: dict[str, str] | None = None
        if credential.expires_at is None or credential.expires_at > now_ms():
            usable = await self._complete(project_id, app_key, credential)
            try:
                verified = await verify(app, usable, self.resources.http.of(project_id))
            except CheckUnavailable:
                pass
            else:
                credential, account = verified.credential, verified.account
        new = NewConnection(
            owner=Owner(project_id, user_id, app_key),
            stored=imported_life(app, credential),
            scopes=tokens.scopes,
            account=account,
        )
        await store_connection(self.resources, new)

    async def delete(self, project_id: str, user_id: str, app_key: str) -> bool:
        """Forgets a connection and tells the app so, where it can be told; whether there was one.

        An app that cannot be reached does not keep the connection alive.
        """
        owner = Owner(project_id, user_id, app_key)
        query = select(Connection).where(*is_owned(owner))
        async with self._database() as session:
            row = await session.scalar(query)
        if row is None:
            return False
        revoked = await revoke(self.resources, row)
        return await delete_connection(self.resources, owner, revoked=revoked)

    def app(self, app_key: str) -> App:
        """The app; raises `IntegrationIncomplete` when it is not installed (any more)."""
        app = self.resources.catalogue.app(app_key)
        if app is None:
            raise IntegrationIncomplete(f"There is no app {app_key}.")
        return app

    async def _issue(
        self, project_id: str, app: App, credential: Credential
    ) -> tuple[Stored, list[str] | None]:
        integration = await load_integration(self.resources, project_id, app.key)
        issued_at = now_ms()
        try:
            grant = await renew(self.resources, app, credential, integration)
        except GrantRefused as refusal:
            raise CredentialRejected(
                f"{app.name} does not accept these values ({refusal})."
            ) from None
        except EndpointFailed as failure:
            kind = CheckUnavailable if failure.may_pass else CredentialRejected
            raise kind(f"{app.name} gave no token: {failure}. Nothing was stored.") from failure
        return granted(app, credential, grant, issued_at), grant.scopes

    async def _complete(self, project_id: str, app_key: str, credential: Credential) -> Credential:
        """The credential with what requests need of the project."""
        app = self.resources.catalogue.app(app_key)
        if app is None or not app.reads_integration:
            return credential
        integration = await load_integration(self.resources, project_id, app_key)
        for field in app.auth.integration_fields:
            if field.is_required and field.name not in integration.values:
                raise IntegrationIncomplete(
                    f"The integration of {app_key} lacks {field.label or field.name}: add it in the"
                    " project's settings."
                )
        return replace(credential, integration=integration.values)
