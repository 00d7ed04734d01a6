"""Integrations of a project as the API answers them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from api.accounts import OAUTH
from api.manage.refusals import Refusal, refusal_of
from api.schemas import Model, Timestamp
from api.state import State
from api.used_apps import Use, needed_scopes
from connections.app_hooks import app_hook_secret, has_app_hook, hook_url
from connections.integrations import redirect_uri, unseal_settings
from connectors.manifest import App
from store.encryption import DecryptionError
from store.models import Integration

NeededScopes = Annotated[
    list[str],
    Field(description="What the project's automations use of the app needs these scopes."),
]


class Using(Model):
    """An automation that uses an app, in its draft or its published version."""

    automation_id: str
    name: str


class IntegrationView(Model):
    """An app of the project; the client's secret is never shown."""

    app_key: str
    app_name: str
    auth_type: str
    client_id: str | None
    has_client_secret: bool
    scopes: list[str]
    settings: dict[str, str | None] = Field(
        description="What the developer entered beside the client; null where it is a secret."
    )
    redirect_uri: str | None = Field(
        description="To be registered at an OAuth app, exactly so; null for other apps."
    )
    hook_url: str | None = Field(
        None,
        description=(
            "To be entered at an app that tells all its events to one URL; null for other apps. "
            "Whoever knows it can send events that the app does not sign."
        ),
    )
    signature_tolerance_seconds: int | None = Field(
        None,
        description="By how much the moment of a signed delivery may differ from now; null: as the "
        "app's connector says.",
    )
    rejected: int = Field(0, description="How many deliveries to `hookUrl` were refused.")
    last_refusal: Refusal | None = Field(None, description="Of the last of them.")
    used_by: list[Using]
    needed_scopes: NeededScopes
    missing_scopes: list[str] = Field(
        description="Needed, but not among `scopes`: what is used fails for want of permission."
    )
    created_at: Timestamp
    updated_at: Timestamp


class Missing(Model):
    """An app that automations use although it is no integration of the project."""

    app_key: str
    app_name: str
    automation_ids: list[str]
    automations: list[Using]
    needed_scopes: NeededScopes


class Integrations(Model):
    """The project's apps, and those that it lacks."""

    items: list[IntegrationView]
    missing: list[Missing]


def using(use: Use) -> list[Using]:
    """The automations of a use, as they are shown."""
    return [Using(automation_id=key, name=name) for key, name in use.automations.items()]


async def integration_view(state: State, row: Integration, uses: dict[str, Use]) -> IntegrationView:
    """A row as it is shown; `uses` as of `uses_of`."""
    app = state.catalogue.app(row.app_key)
    use = uses.get(row.app_key, Use())
    oauth = app is not None and app.auth.type in OAUTH
    needed = needed_scopes(app, use) if app is not None else []
    hook = None
    if app is not None and has_app_hook(app):
        hook = await app_hook_secret(state.database, state.keyring, row)
    return IntegrationView(
        app_key=row.app_key,
        app_name=app.name if app else row.app_key,
        auth_type=app.auth.type if app else "unknown",
        client_id=row.client_id,
        has_client_secret=row.secret is not None,
        scopes=row.scopes,
        settings=_shown_settings(state, row, app),
        redirect_uri=redirect_uri(state.settings) if oauth else None,
        hook_url=hook_url(state.settings, hook) if hook else None,
        signature_tolerance_seconds=row.signature_tolerance,
        rejected=row.rejected,
        last_refusal=refusal_of(row),
        used_by=using(use),
        needed_scopes=needed,
        missing_scopes=[scope for scope in needed if scope not in row.scopes],
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _shown_settings(state: State, row: Integration, app: App | None) -> dict[str, str | None]:
    if row.settings is None or app is None:
        return {}
    try:
        found = unseal_settings(state.keyring, row)
    except DecryptionError:
        return dict.fromkeys((field.name for field in app.auth.integration_fields), None)
    secret = {field.name for field in app.auth.integration_fields if field.is_secret}
    return {name: None if name in secret else value for name, value in found.items()}
