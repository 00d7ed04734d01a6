"""Routes 7 and 8 of the contract: register a user to an automation's trigger, and end that."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import Field
from starlette.responses import Response

from api.auth import TokenAccess, token_hash_of
from api.documentation import errors
from api.errors import ErrorKind
from api.idempotency import Once, RequestKey
from api.launch import Target, target_of_token
from api.registrations import register, unregister
from api.schemas import AutomationId, Model
from api.state import StateDep
from api.strict_json import JsonRoute
from api.user_ids import GivenUserId
from store.models import DEVELOPER

router = APIRouter(route_class=JsonRoute)

REGISTER_ERRORS = (
    ErrorKind.INVALID_PARAMETER,
    ErrorKind.AUTOMATION_NOT_DEPLOYED,
    ErrorKind.AUTOMATION_NOT_FOUND,
    ErrorKind.TRIGGER_NOT_FOUND,
    ErrorKind.MISSING_PROJECT_INTEGRATION,
    ErrorKind.END_USER_NOT_CONNECTED,
    ErrorKind.USER_NOT_FOUND,
    ErrorKind.IDEMPOTENCY_CONFLICT,
    ErrorKind.UNAVAILABLE,
)
_EMPTY: dict[int | str, dict[str, Any]] = {200: {"description": "Done; the body is empty."}}

WhoseId = Annotated[
    GivenUserId | None,
    Field(
        description="The end user; left out: the registration is the developer's own.",
        examples=["user-42"],
    ),
]


class RegisterBody(Model):
    """Who is registered, and with what."""

    user_id: WhoseId = None
    data: dict[str, Any] = Field(
        description="Reaches the trigger's inputs and each run as `data`.",
        examples=[{"project": "Website"}],
    )


class UnregisterBody(Model):
    """Whose registration ends."""

    user_id: WhoseId = None


async def _target(request: Request, automation_id: AutomationId, state: StateDep) -> Target:
    return await target_of_token(state, token_hash_of(request), automation_id)


@router.post(
    "/automations/{automationId}/register",
    summary="Register a user",
    response_class=Response,
    responses={**errors(*REGISTER_ERRORS), **_EMPTY},
)
async def register_user(
    target: Annotated[Target, Depends(_target)],
    body: RegisterBody,
    state: StateDep,
    key: RequestKey,
) -> Response:
    """Subscribes the user to the automation's trigger: from now on its events start runs.

    Answers when the app has subscribed us. Registering again brings new `data` and keeps the one
    subscription. What the app refuses is an error, and nothing is left behind.

    With an `Idempotency-Key` the same request may come again for a day, and late: once it has
    succeeded it changes nothing any more, not even where the user was unregistered since. The same
    key with another request is refused (906).
    """
    once = None if key is None else Once(state, target.project_id, key)
    known = None if once is None else await once.recall()
    if known is not None and known.is_done:
        return Response()
    # Registering is done once by itself: only its success needs to be known.
    await register(state, target, body.user_id, body.data)
    if once is not None:
        await once.claim()
        await once.finish()
    return Response()


@router.post(
    "/automations/{automationId}/unregister",
    summary="Unregister a user",
    response_class=Response,
    responses=_EMPTY,
)
async def unregister_user(
    automation_id: AutomationId, access: TokenAccess, body: UnregisterBody, state: StateDep
) -> Response:
    """Ends the subscription, at the app, too: where that is away, it is told when it is back.

    Unregistering what is not registered succeeds.
    """
    await unregister(state, access.project_id, automation_id, body.user_id or DEVELOPER)
    return Response()
