"""Integrations: the apps that are registered in a project."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field, SecretStr
from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from api.auth import DECLARE_ANY, DECLARE_SESSION, AnyAccess, OwnedProject
from api.documentation import OF_PROJECT, errors
from api.errors import ApiError, ErrorKind, invalid
from api.manage.integration_views import (
    Integrations,
    IntegrationView,
    Missing,
    integration_view,
    using,
)
from api.schemas import AppKey, Model
from api.state import State, StateDep
from api.strict_json import JsonRoute
from api.used_apps import needed_scopes, scopes_of, uses_of
from automations.messages import Message
from connections.errors import FieldErrors
from connections.forms import check_form
from connections.integrations import (
    seal_client_secret,
    seal_settings,
    unseal_settings,
)
from connectors.auth import OAuth1Auth, OAuth2Auth, OAuth2GrantAuth
from connectors.manifest import App
from connectors.triggers.signatures import MAX_TOLERANCE
from store.models import Integration, new_id, now_ms
from store.sealed import listing

router = APIRouter(
    prefix="/projects/{projectId}/integrations",
    tags=["projects"],
    responses=OF_PROJECT,
    route_class=JsonRoute,
)

Scope = Annotated[str, Field(min_length=1, max_length=500, pattern=r"^\S+$")]
Scopes = Annotated[list[Scope], Field(max_length=200)]
ClientId = Annotated[str, Field(min_length=1, max_length=2000, examples=["client-id-at-the-app"])]
ClientSecret = Annotated[SecretStr, Field(min_length=1, max_length=16_384)]
Settings = Annotated[
    dict[str, Any],
    Field(description="What the app asks of the developer: `integrationFields` of the catalogue."),
]

SignatureTolerance = Annotated[
    int | None,
    Field(
        ge=1,
        le=MAX_TOLERANCE,
        description="By how much the moment of a signed delivery may differ from now: raise it for "
        "an app that sends again for hours with the first moment. Null: as the app's connector "
        "says, usually 300.",
    ),
]


class OAuthClient(Model):
    """The client that the developer registered at an OAuth app (RFC 6749, 2.2)."""

    client_id: ClientId | None = None
    client_secret: ClientSecret | None = None
    scopes: Scopes | None = Field(
        None, description="Asked of the end user; left out: all that the app's components need."
    )
    settings: Settings | None = None
    signature_tolerance_seconds: SignatureTolerance = None


class IntegrationBody(OAuthClient):
    """A new integration; an OAuth app needs `clientId` and `clientSecret`, and some apps
    `settings`."""

    app_key: str = Field(max_length=64, examples=["google-calendar"])


@router.get("", summary="List the integrations", dependencies=DECLARE_ANY)
async def list_integrations(access: AnyAccess, state: StateDep) -> Integrations:
    """The project's apps, and those that its automations use but that are not added yet."""
    async with listing(), state.database() as session:
        rows = await session.scalars(
            select(Integration)
            .where(Integration.project_id == access.project_id)
            .order_by(Integration.app_key)
        )
        integrations = rows.all()
        uses = await uses_of(session, access.project_id)
    items = [await integration_view(state, row, uses) for row in integrations]
    missing = []
    for key in sorted(uses.keys() - {row.app_key for row in integrations}):
        app, use = state.catalogue.app(key), uses[key]
        if app is not None and app.needs_integration:
            missing.append(
                Missing(
                    app_key=key,
                    app_name=app.name,
                    automation_ids=list(use.automations),
                    automations=using(use),
                    needed_scopes=needed_scopes(app, use),
                )
            )
    return Integrations(items=items, missing=missing)


@router.post(
    "",
    status_code=201,
    summary="Add an integration",
    dependencies=DECLARE_SESSION,
    responses=errors(ErrorKind.CONFLICT),
)
async def add_integration(
    body: IntegrationBody, access: OwnedProject, state: StateDep
) -> IntegrationView:
    """Registers an app in the project."""
    app = state.catalogue.app(body.app_key)
    if app is None:
        raise invalid([("appKey", Message("unknown-app"))])
    _check_client(app, body, complete=True)
    settings = _checked_settings(app, body.settings or {})
    row = Integration(
        id=new_id(),
        project_id=access.project_id,
        app_key=app.key,
        client_id=body.client_id,
        secret=_sealed(state, access.project_id, app.key, body.client_secret),
        settings=_sealed_settings(state, access.project_id, app.key, settings),
        scopes=all_scopes(app) if body.scopes is None else body.scopes,
        signature_tolerance=body.signature_tolerance_seconds,
        created_at=now_ms(),
        updated_at=now_ms(),
    )
    try:
        async with state.database.begin() as session:
            session.add(row)
            await session.flush()
            uses = await uses_of(session, access.project_id)
    except IntegrityError:
        raise ApiError(
            ErrorKind.CONFLICT, f"{app.name} is an integration of this project already: change it."
        ) from None
    return await integration_view(state, row, uses)


@router.patch(
    "/{appKey}",
    summary="Change an integration",
    dependencies=DECLARE_SESSION,
    responses=errors(ErrorKind.NOT_FOUND, ErrorKind.INTEGRATION_NOT_FOUND),
)
async def update_integration(
    app_key: AppKey, body: OAuthClient, access: OwnedProject, state: StateDep
) -> IntegrationView:
    """Changes the OAuth client, the scopes or the settings; what is left out stays.

    `settings` are replaced as a whole, but a secret one that is left out or null stays.
    """
    app = state.catalogue.app(app_key)
    changes: dict[str, Any] = {"updated_at": now_ms()}
    if app is not None:
        _check_client(app, body, complete=False)
    if body.client_id is not None:
        changes["client_id"] = body.client_id
    if body.client_secret is not None:
        changes["secret"] = _sealed(state, access.project_id, app_key, body.client_secret)
    if body.scopes is not None:
        changes["scopes"] = body.scopes
    if "signature_tolerance_seconds" in body.model_fields_set:
        changes["signature_tolerance"] = body.signature_tolerance_seconds
    async with state.database.begin() as session:
        if app is not None and body.settings is not None:
            kept = await _kept_secrets(state, session, access.project_id, app)
            given = {name: value for name, value in body.settings.items() if value is not None}
            settings = _checked_settings(app, {**kept, **given})
            changes["settings"] = _sealed_settings(state, access.project_id, app_key, settings)
        row = await session.scalar(
            update(Integration)
            .where(Integration.project_id == access.project_id, Integration.app_key == app_key)
            .values(changes)
            .returning(Integration)
        )
        uses = await uses_of(session, access.project_id)
    if row is None:
        raise _missing(app_key)
    return await integration_view(state, row, uses)


@router.delete(
    "/{appKey}",
    status_code=204,
    summary="Remove an integration",
    dependencies=DECLARE_SESSION,
    responses=errors(ErrorKind.NOT_FOUND, ErrorKind.INTEGRATION_NOT_FOUND),
)
async def remove_integration(app_key: AppKey, access: OwnedProject, state: StateDep) -> None:
    """Removes the app from the project; connections to it stay, and cannot be used meanwhile."""
    async with state.database.begin() as session:
        removed = await session.scalar(
            delete(Integration)
            .where(Integration.project_id == access.project_id, Integration.app_key == app_key)
            .returning(Integration.id)
        )
    if removed is None:
        raise _missing(app_key)


def _check_client(app: App, client: OAuthClient, *, complete: bool) -> None:
    given = {"clientId": client.client_id, "clientSecret": client.client_secret}
    if needs_client(app):
        lacking = [name for name, value in given.items() if complete and value is None]
        if isinstance(app.auth, OAuth2Auth) and app.auth.token.client_auth == "none":
            lacking = [name for name in lacking if name != "clientSecret"]
        if lacking:
            raise invalid(
                [(name, Message("oauth-client-needed", name=app.name)) for name in lacking]
            )
        return
    if not isinstance(app.auth, OAuth2Auth):
        given["scopes"] = client.scopes  # type: ignore[assignment]  # only looked at for presence
    if unknown := [name for name, value in given.items() if value is not None]:
        raise invalid([(name, Message("oauth-client-unneeded", name=app.name)) for name in unknown])


def needs_client(app: App) -> bool:
    """Whether the developer must register a client at the app."""
    auth = app.auth
    if isinstance(auth, OAuth2Auth):
        return auth.registration is None
    if isinstance(auth, OAuth2GrantAuth):
        return auth.uses_developer_client
    return isinstance(auth, OAuth1Auth)


def _checked_settings(app: App, settings: dict[str, Any]) -> dict[str, str]:
    try:
        return check_form(app.auth.integration_fields, settings)
    except FieldErrors as error:
        raise invalid([(f"settings.{name}", text) for name, text in error.errors.items()]) from None


def _sealed_settings(
    state: State, project_id: str, app_key: str, settings: dict[str, str]
) -> bytes | None:
    if not settings:
        return None
    return seal_settings(state.keyring, project_id, app_key, settings)


async def _kept_secrets(
    state: State, session: AsyncSession, project_id: str, app: App
) -> dict[str, str]:
    row = await session.scalar(
        select(Integration).where(
            Integration.project_id == project_id, Integration.app_key == app.key
        )
    )
    secret = {field.name for field in app.auth.integration_fields if field.is_secret}
    found = unseal_settings(state.keyring, row) if row else {}
    return {name: value for name, value in found.items() if name in secret}


def all_scopes(app: App) -> list[str]:
    """What the app's actions and triggers need, each once: asked for unless others are chosen.

    Not what its options need beside that: end users choose nothing in the editor.
    """
    return scopes_of(app.parts)


def _sealed(state: State, project_id: str, app_key: str, secret: SecretStr | None) -> bytes | None:
    if secret is None:
        return None
    return seal_client_secret(state.keyring, project_id, app_key, secret.get_secret_value())


def _missing(app_key: str) -> ApiError:
    return ApiError(
        ErrorKind.INTEGRATION_NOT_FOUND, f"The project has no integration of {app_key}.", [app_key]
    )
