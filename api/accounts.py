"""Connections as routes handle them, for end users and for the developer alike."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints
from sqlalchemy import select

from api.errors import ApiError, ErrorKind, invalid
from api.registrations import connection_changed
from api.runs import EngineUnavailable
from api.schemas import Model, Timestamp
from api.state import State
from api.user_ids import GivenUserId
from automations.messages import Message, message_of
from connections.accounts import ConnectionDetails
from connections.errors import (
    CheckUnavailable,
    CredentialRejected,
    FieldErrors,
    IntegrationIncomplete,
)
from connections.importing import ImportedTokens
from connections.links import ReturnUrlError
from connectors.manifest import App
from store.models import DEVELOPER, Integration

logger = logging.getLogger(__name__)

ConnectionStatus = Literal["connected", "not-connected", "invalid"]
MAX_APP_KEYS = 100
OAUTH = {"oauth2", "oauth1"}
"""Kinds of authentication that go by a link and not by a form."""

Token = Annotated[str, Field(min_length=1, max_length=65_536, pattern=r"^[\x21-\x7e]+$")]


ConnectionFields = Annotated[
    dict[str, Any],
    Field(
        description="The form's values, by the names that `credential-info` tells.",
        examples=[{"apiKey": "key-of-the-user"}],
    ),
]
ReturnUrl = Annotated[
    str,
    Field(
        min_length=1,
        max_length=2048,
        description="Where the user's browser goes afterwards; its origin must be among the "
        "project's `allowedOrigins`.",
        examples=["https://shop.example.com/settings"],
    ),
]
Language = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=35)
]


class LinkBody(Model):
    """A connect link that is wanted."""

    connection_fields: ConnectionFields = Field(
        default_factory=dict,
        description="Values of the form that are known already: they are not asked again.",
    )
    return_url: ReturnUrl | None = None
    language: Language | None = Field(
        None, description="Of the page; left out: that of the browser.", examples=["tr"]
    )


class ConnectBody(LinkBody):
    """The values of an app's form; for an OAuth app, how the link is to be."""


class ConnectLinkView(Model):
    """A page at which one account is connected."""

    url: str = Field(examples=["https://inlay.example.com/connect/…"])
    expires_at: Timestamp


class ImportBody(Model):
    """Tokens that were issued to the project's own OAuth client elsewhere."""

    user_id: GivenUserId
    app_key: Annotated[str, Field(min_length=1, max_length=64)]
    scopes: list[Annotated[str, Field(max_length=500)]] = Field(max_length=200)
    access_token: Token
    refresh_token: Token | None = Field(None, description="Left out: the token is never renewed.")
    expires_at: Annotated[int, Field(ge=0, le=253_402_300_799_999)] | None = Field(
        None, description="Milliseconds since 1970. Left out: the token does not end."
    )
    oauth1_token: Token | None = Field(None, alias="oauth1Token")
    access_token_secret: Token | None = Field(None, description="Of an OAuth 1 app.")
    connection_fields: ConnectionFields = Field(default_factory=dict)
    captured: dict[str, Annotated[str, Field(max_length=2048)]] = Field(
        default_factory=dict,
        description="What the app told beside the tokens, where its requests need it.",
        max_length=50,
    )


async def require_user(state: State, project_id: str, user_id: str) -> None:
    """Raises code 1000 for an end user who has never been seen."""
    if not await state.connections.knows_user(project_id, user_id):
        raise unknown_user(user_id)


def unknown_user(user_id: str) -> ApiError:
    """Code 1000, for an end user who has never been seen."""
    return ApiError(
        ErrorKind.USER_NOT_FOUND,
        f"There is no record of the user “{user_id}”: the first connection makes one.",
    )


async def require_integrations(state: State, project_id: str, app_keys: Sequence[str]) -> list[App]:
    """The apps; raises code 600 for those that are not integrations of the project."""
    async with state.database() as session:
        rows = await session.scalars(
            select(Integration.app_key).where(
                Integration.project_id == project_id, Integration.app_key.in_(app_keys)
            )
        )
        registered = set(rows)
    apps = [app for key in app_keys if key in registered and (app := state.catalogue.app(key))]
    if len(apps) < len(app_keys):
        known = {app.key for app in apps}
        missing = [key for key in app_keys if key not in known]
        raise ApiError(
            ErrorKind.INTEGRATION_NOT_FOUND,
            f"The project has no integration of {', '.join(missing)}: add it in the project's "
            "settings.",
            missing,
        )
    return apps


def split_app_keys(text: str) -> list[str]:
    """The keys of a comma separated list, each once; raises code 1 for none or too many."""
    keys = list(dict.fromkeys(key for part in text.split(",") if (key := part.strip())))
    if not keys:
        raise invalid([("appKeys", Message("app-keys-missing"))])
    if len(keys) > MAX_APP_KEYS:
        raise invalid([("appKeys", Message("app-keys-too-many", limit=MAX_APP_KEYS))])
    return keys


async def connection_details(
    state: State, project_id: str, user_id: str, app_key: str
) -> ConnectionDetails:
    """One connection; raises code 209 when there is none."""
    found = await state.connections.details(project_id, user_id, app_key)
    if found is None:
        raise _no_connection(user_id, app_key)
    return found


async def connect(
    state: State, project_id: str, user_id: str, app_key: str, body: ConnectBody | None
) -> str | None:
    """Connects with the form's values, or gives the link at which an OAuth app is connected.

    Raises code 600, code 1 with a sentence for each field that is wrong or when the app does not
    take the values, and 503 when the app could not be asked.
    """
    body = body or ConnectBody()
    (app,) = await require_integrations(state, project_id, [app_key])
    if app.auth.type in OAUTH:
        if body.connection_fields and not app.auth.fields:
            raise invalid([("connectionFields", Message("connected-by-link"))])
        return (await connect_link(state, project_id, user_id, app_key, body)).url
    _refuse_no_auth(app)
    with _told(app_key, "connectionFields"):
        await state.connections.connect_with_fields(
            project_id, user_id, app_key, body.connection_fields
        )
    await restored(state, project_id, user_id, app_key)
    return None


async def connect_link(
    state: State, project_id: str, user_id: str, app_key: str, body: LinkBody | None
) -> ConnectLinkView:
    """A link to the hosted page of any app that needs a connection; raises code 600 and 1."""
    body = body or LinkBody()
    (app,) = await require_integrations(state, project_id, [app_key])
    _refuse_no_auth(app)
    with _told(app_key, "connectionFields"):
        link = await state.links.create(
            project_id,
            user_id,
            app_key,
            fields=body.connection_fields,
            return_url=body.return_url,
            language=body.language,
        )
    return ConnectLinkView(url=link.url, expires_at=link.expires_at)


async def import_tokens(state: State, project_id: str, body: ImportBody) -> None:
    """Stores tokens of the developer's; raises code 600 and code 1."""
    (app,) = await require_integrations(state, project_id, [body.app_key])
    tokens = ImportedTokens(
        access_token=body.access_token,
        scopes=body.scopes,
        refresh_token=body.refresh_token,
        expires_at=body.expires_at,
        oauth1_token=body.oauth1_token,
        access_token_secret=body.access_token_secret,
        fields=body.connection_fields,
        captured=dict(body.captured),
    )
    with _told(app.key, ""):
        await state.connections.import_tokens(project_id, body.user_id, app.key, tokens)
    await restored(state, project_id, body.user_id, app.key)


@contextmanager
def _told(app_key: str, path: str) -> Iterator[None]:
    """Turns what was wrong with an account into the API's errors."""
    try:
        yield
    except FieldErrors as error:
        faults = [(f"{path}.{name}" if path else name, text) for name, text in error.errors.items()]
        raise invalid(faults) from None
    except CredentialRejected as error:
        raise invalid([(path or "accessToken", message_of(error.message))], error.message) from None
    except ReturnUrlError as error:
        raise invalid([("returnUrl", error.message)]) from None
    except CheckUnavailable as error:
        raise ApiError(ErrorKind.UNAVAILABLE, error.message) from None
    except IntegrationIncomplete as error:
        raise ApiError(ErrorKind.INTEGRATION_NOT_FOUND, error.message, [app_key]) from None


def _refuse_no_auth(app: App) -> None:
    if app.auth.type == "none":
        raise invalid([("appKey", Message("no-connection-needed"))])


async def restored(state: State, project_id: str, user_id: str, app_key: str) -> None:
    """Lets runs and registrations go on that wait for this connection, which is good again."""
    await connection_changed(state, project_id, user_id, app_key)
    try:
        await state.runs.connection_restored(project_id, user_id, app_key)
    except EngineUnavailable:
        # The connection stands; a worker tells the runs when Temporal is back.
        logger.warning("Runs that wait for %s were not told that it is connected", app_key)


async def disconnect(state: State, project_id: str, user_id: str, app_key: str) -> None:
    """Deletes a connection; raises code 209 when there is none.

    Registrations that use it stay, and say that they need it.
    """
    if not await state.connections.delete(project_id, user_id, app_key):
        raise _no_connection(user_id, app_key)
    await connection_changed(state, project_id, user_id, app_key)


def _no_connection(user_id: str, app_key: str) -> ApiError:
    whose = "The developer has" if user_id == DEVELOPER else f"The user “{user_id}” has"
    return ApiError(ErrorKind.CONNECTION_NOT_FOUND, f"{whose} not connected {app_key}.")
