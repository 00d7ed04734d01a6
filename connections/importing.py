"""Tokens that a developer got elsewhere (route 4 of the contract)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from automations.messages import Message
from connections.errors import FieldErrors
from connections.forms import check_fields
from connections.sealed import Stored, refresh_time
from connectors.auth import OAuth1Auth, OAuth2Auth
from connectors.credential import Credential
from store.models import now_ms

if TYPE_CHECKING:
    from connectors.manifest import App

FIRST_MS = 100_000_000_000
"""A moment before 1973: who gives one has counted seconds."""


@dataclass(frozen=True)
class ImportedTokens:
    """What the developer gives; `expires_at` in ms since the epoch, None: perpetual."""

    access_token: str = field(repr=False)
    scopes: list[str]
    refresh_token: str | None = field(default=None, repr=False)
    expires_at: int | None = None
    oauth1_token: str | None = field(default=None, repr=False)
    access_token_secret: str | None = field(default=None, repr=False)
    fields: dict[str, Any] = field(default_factory=dict, repr=False)
    captured: dict[str, str] = field(default_factory=dict)
    """What the app told beside the tokens, and its requests need."""


def imported(app: App, tokens: ImportedTokens) -> Credential:
    """The credential of these tokens; raises `FieldErrors` for what does not fit the app."""
    auth = app.auth
    errors: dict[str, Message] = {}
    if isinstance(auth, OAuth1Auth):
        _check_oauth1(tokens, errors)
    elif isinstance(auth, OAuth2Auth):
        _check_oauth2(tokens, errors)
    else:
        raise FieldErrors({"appKey": Message("no-tokens-taken", name=app.name)})
    known = {*auth.captured, *(name for step in auth.verify for name in step.captured)}
    if isinstance(auth, OAuth2Auth):
        known |= set(auth.callback.captured)
    for name in tokens.captured:
        if name not in known:
            errors[f"captured.{name[:64]}"] = Message("not-captured", name=app.name)
    fields: dict[str, str] = {}
    try:
        fields = check_fields(app, tokens.fields)
    except FieldErrors as wrong:
        errors |= {f"connectionFields.{name}": text for name, text in wrong.errors.items()}
    if errors:
        raise FieldErrors(errors)
    is_oauth1 = isinstance(auth, OAuth1Auth)
    return Credential(
        auth_type=auth.type,
        fields=fields,
        access_token=(tokens.oauth1_token if is_oauth1 else None) or tokens.access_token,
        refresh_token=tokens.refresh_token,
        token_secret=tokens.access_token_secret,
        expires_at=tokens.expires_at,
        captured=dict(tokens.captured),
    )


def imported_life(app: App, credential: Credential) -> Stored:
    """The credential with the moment at which it is to be renewed; it may have ended already."""
    auth = app.auth
    ahead = auth.refresh.ahead if isinstance(auth, OAuth2Auth) and auth.refresh else None
    return Stored(credential, refresh_time(now_ms(), credential.expires_at, ahead))


def _check_oauth1(tokens: ImportedTokens, errors: dict[str, Message]) -> None:
    if not tokens.access_token_secret:
        errors["accessTokenSecret"] = Message("token-secret-needed")
    if tokens.refresh_token is not None:
        errors["refreshToken"] = Message("no-refresh-token")


def _check_oauth2(tokens: ImportedTokens, errors: dict[str, Message]) -> None:
    for name, value in (
        ("oauth1Token", tokens.oauth1_token),
        ("accessTokenSecret", tokens.access_token_secret),
    ):
        if value is not None:
            errors[name] = Message("not-of-oauth-2")
    if tokens.expires_at is None:
        return
    if tokens.expires_at < FIRST_MS:
        errors["expiresAt"] = Message("not-milliseconds")
    elif tokens.refresh_token is None and tokens.expires_at <= now_ms():
        errors["expiresAt"] = Message("token-ended")
