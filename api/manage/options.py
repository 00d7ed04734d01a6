"""What inputs can be chosen from: the calendars or channels of the developer's account."""

from __future__ import annotations

import base64
import binascii
import json
import math
from typing import Annotated, Any

import orjson
from fastapi import APIRouter
from pydantic import Field

from api.accounts import require_integrations
from api.auth import DECLARE_ANY, AnyAccess
from api.documentation import OF_PROJECT, errors
from api.errors import ApiError, ErrorKind, invalid
from api.schemas import Model, Page
from api.state import StateDep
from api.strict_json import JsonRoute
from automations.messages import Message
from connections.calling import call
from connections.errors import (
    ConnectionInvalid,
    ConnectionMissing,
    ConnectionProblem,
    IntegrationIncomplete,
)
from connectors.choices import Choices, list_choices
from connectors.credential import Credential
from connectors.failures import ComponentError
from connectors.manifest import App, AppPart, Options
from store.encryption import DecryptionError, Keyring
from store.models import DEVELOPER

router = APIRouter(
    prefix="/projects/{projectId}",
    tags=["catalogue"],
    dependencies=DECLARE_ANY,
    responses=OF_PROJECT,
    route_class=JsonRoute,
)


class OptionsBody(Model):
    """Which input's options are wanted, and what is entered already."""

    component: Annotated[str, Field(max_length=200)] = Field(
        description="The key of a component or of a trigger.",
        examples=["google-calendar.create-event"],
    )
    input: Annotated[str, Field(max_length=200)] = Field(examples=["calendarId"])
    inputs: dict[str, Any] = Field(
        default_factory=dict, description="The inputs so far; `dependsOn` tells which are needed."
    )
    search: Annotated[str, Field(max_length=200)] = Field(
        "", description="Has an effect only where the catalogue says `isSearched`."
    )
    cursor: Annotated[str, Field(max_length=16_384)] | None = Field(
        None, description="`nextCursor` of the page before, which fits only the same question."
    )


class OptionView(Model):
    """One value that the input can have."""

    value: Any = Field(description="What the input becomes; an item of it, where it is a list.")
    label: str
    description: str | None


@router.post(
    "/options",
    summary="List what an input can be chosen from",
    responses=errors(
        ErrorKind.INTEGRATION_NOT_FOUND,
        ErrorKind.CONNECTION_NOT_FOUND,
        ErrorKind.END_USER_NOT_CONNECTED,
        ErrorKind.CONFLICT,
    ),
)
async def list_options(body: OptionsBody, access: AnyAccess, state: StateDep) -> Page[OptionView]:
    """Asks the app, with the developer's own connection of the project.

    217: the connection is broken and must be made again. 409: the app refuses; `details.kind` tells
    how, as docs/connectors.md lists it.
    """
    part = state.catalogue.component(body.component) or state.catalogue.trigger(body.component)
    if part is None:
        raise invalid([("component", Message("unknown-component"))])
    options = part.app.options_of(part, body.input)
    if options is None:
        raise invalid([("input", Message("no-options"))])
    needed = _needed(part, options, body.inputs)
    question = [access.project_id, body.component, body.input, needed, body.search]
    place = _opened(state.keyring, body.cursor, question) if body.cursor else None
    if part.app.needs_integration:
        await require_integrations(state, access.project_id, [part.app_key])

    async def ask(credential: Credential | None) -> Choices:
        return await list_choices(
            part,
            body.input,
            needed,
            credential,
            state.connections.resources.http.of(access.project_id),
            search=body.search,
            place=place,
        )

    owner = (access.project_id, DEVELOPER, part.app_key)
    try:
        found = await call(state.connections, owner, ask)
    except ComponentError as error:
        raise _refusal(part.app, options, error) from None
    except ConnectionProblem as error:
        raise _unusable(part.app, error) from None
    return Page(
        items=[
            OptionView(value=choice.value, label=choice.label, description=choice.description)
            for choice in found.items
        ],
        next_cursor=_sealed(state.keyring, found.place, question) if found.place else None,
    )


def _needed(part: AppPart, options: Options, inputs: dict[str, Any]) -> dict[str, Any]:
    """The inputs that the options depend on; raises code 1 with those that are not known yet."""
    found: dict[str, Any] = {}
    faults = []
    for name in options.depends_on:
        value = inputs.get(name)
        if value is None:
            value = part.input_schema["properties"][name].get("default")
        if value in (None, ""):
            faults.append((f"inputs.{name}", Message("input-first")))
        elif isinstance(value, str) and "{{" in value:
            faults.append((f"inputs.{name}", Message("input-computed")))
        else:
            found[name] = value
    if faults:
        raise invalid(faults)
    return found


def _refusal(app: App, options: Options, error: ComponentError) -> ApiError:
    """What the app did not give, in its words, and what to do."""
    match error.kind:
        case "rate_limited" | "transient":
            after = {"retry-after": str(math.ceil(error.retry_after or 2))}
            return ApiError(ErrorKind.UNAVAILABLE, f"{error.message} Try again.", headers=after)
        case "invalid_input" | "not_found" if options.depends_on:
            names = " and ".join(options.depends_on)
            message = Message("app-refused-options", text=error.message, names=names)
            return invalid([(f"inputs.{name}", message) for name in options.depends_on], message)
        case "not_permitted" if options.scopes:
            told = (
                f"{error.message} Choosing needs {', '.join(options.scopes)}: add it to the scopes "
                f"of {app.name} (Settings → Integrations), then reconnect your account."
            )
            details = {"kind": error.kind, "scopes": options.scopes}
            return ApiError(ErrorKind.CONFLICT, told, details)
    return ApiError(ErrorKind.CONFLICT, error.message, {"kind": error.kind})


def _unusable(app: App, error: ConnectionProblem) -> ApiError:
    if isinstance(error, ConnectionMissing):
        kind, message = ErrorKind.CONNECTION_NOT_FOUND, f"Connect your own {app.name} account."
    elif isinstance(error, ConnectionInvalid):
        kind, message = ErrorKind.END_USER_NOT_CONNECTED, error.message
    elif isinstance(error, IntegrationIncomplete):
        kind, message = ErrorKind.INTEGRATION_NOT_FOUND, error.message
    else:
        kind, message = ErrorKind.UNAVAILABLE, f"{error.message} Try again."
    return ApiError(kind, message, [app.key])


def _sealed(keyring: Keyring, place: dict[str, Any], question: list[Any]) -> str:
    # An address of the app may stand in it, so nobody else may write one.
    sealed = keyring.encrypt(json.dumps(place).encode(), _context(question))
    return base64.urlsafe_b64encode(sealed).decode()


def _opened(keyring: Keyring, cursor: str, question: list[Any]) -> dict[str, Any]:
    try:
        opened = keyring.decrypt(base64.urlsafe_b64decode(cursor), _context(question))
    except (DecryptionError, binascii.Error, ValueError):
        raise invalid([("cursor", Message("options-cursor-unknown"))]) from None
    place: dict[str, Any] = json.loads(opened)
    return place


def _context(question: list[Any]) -> bytes:
    return b"options:" + orjson.dumps(question, option=orjson.OPT_SORT_KEYS)
