"""The URLs that apps deliver events to."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Path, Request
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from temporalio.service import RPCError, RPCStatusCode

from api.documentation import errors
from api.errors import Error, ErrorKind, not_found
from api.hook_events import AppEvents, RegistrationEvents
from api.hook_targets import NotReady, RegistrationTarget, is_idle
from api.state import State, StateDep
from api.strict_json import JsonResponse
from connectors.codings import CODINGS, UnpackedTooLargeError
from connectors.triggers.delivery import Delivery, Refused, request_scope, unpack
from connectors.triggers.receiving import Handshaken
from store.encryption import DecryptionError
from store.models import new_id
from store.outages import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from api.hook_targets import Target
    from connectors.triggers.receiving import Answer

logger = logging.getLogger(__name__)

LARGE_BYTES = 1_048_576
SMALL_BYTES = 65_536
"""Of a body, packed or not, which takes some milliseconds at most to unpack and read."""
LARGE_AT_A_TIME = 4
"""So many large deliveries a process reads at once; what more come are told to come again."""
READ_SECONDS = 10.0
"""For the whole body; whoever sends it more slowly is let go."""
MAX_HEADERS = 100
MAX_HEADER_BYTES = 32_768
RETRY_AFTER = "5"
METHODS = ["GET", "PUT", "PATCH", "DELETE", "HEAD"]
"""Beside POST: which of them a hook takes, its trigger says."""

AWAY = (StoreUnavailable, SQLAlchemyError, OSError, RPCError, RuntimeError, TimeoutError)
"""What is raised while the database or Temporal cannot do its work."""

NAMES = {
    400: (1, "INVALID PARAMETER", "The body is no valid JSON."),
    401: (401, "SIGNATURE INVALID", "The signature does not fit the delivery."),
    404: (404, "NOT FOUND", "There is no such hook."),
    405: (405, "METHOD NOT ALLOWED", "This hook is called by POST, not GET."),
    408: (408, "TIMED OUT", "The body did not come within 10 s."),
    410: (410, "GONE", "The registration of this hook was ended."),
    413: (1, "INVALID PARAMETER", "The body is larger than 26214400 bytes."),
    415: (415, "UNSUPPORTED MEDIA TYPE", "Send JSON, a form or text."),
    431: (431, "HEADERS TOO LARGE", "The headers are larger than 32768 bytes."),
}
"""What a refused delivery is answered: code and name of the error, and an example."""

_large = 0
"""Large deliveries that this process reads now."""

router = APIRouter(prefix="/api/v1/hooks", tags=["callbacks"])


def _documented() -> dict[int | str, dict[str, Any]]:
    found: dict[int | str, dict[str, Any]] = {}
    for status, (code, name, message) in NAMES.items():
        value = {"code": code, "name": name, "message": message}
        found[status] = {
            "model": Error,
            "description": f"{code} {name}",
            "content": {"application/json": {"examples": {name: {"value": value}}}},
        }
    answered = "What the app expects; nothing where it expects nothing."
    return {200: {"description": answered}, **found, **errors(ErrorKind.UNAVAILABLE)}


@router.post(
    "/{secret}",
    summary="Deliver an event",
    operation_id="deliverEvent",
    response_class=Response,
    responses=_documented(),
)
@router.api_route("/{secret}", methods=METHODS, include_in_schema=False)
async def deliver(
    secret: Annotated[str, Path(max_length=200, description="Of the URL given to the app.")],
    request: Request,
    state: StateDep,
) -> Response:
    """Takes what an app delivers: JSON, a form or text, as the trigger's manifest says.

    It is acknowledged when each of its events has its run, or is held durably until it has; a
    delivery that is not acknowledged may be sent again, and becomes no second run. Other methods
    than POST are taken where the trigger knows them.
    """
    try:
        return await _deliver(secret, request, state)
    except (NotReady, DecryptionError, *AWAY) as error:
        if isinstance(error, RecursionError):
            raise
        logger.warning("A delivery could not be taken now: %s", type(error).__name__)
        return JsonResponse(
            {
                "code": ErrorKind.UNAVAILABLE.code,
                "name": ErrorKind.UNAVAILABLE.title,
                "message": "Whether the delivery was taken is not known: send it again. An event "
                "that was taken becomes no second run.",
            },
            503,
            {"retry-after": RETRY_AFTER},
        )


async def _deliver(secret: str, request: Request, state: State) -> Response:
    target, is_fresh = await state.hook_targets.find(secret)
    if not is_fresh and is_idle(target):
        # It may have been resumed since: what comes now must not be skipped.
        target, is_fresh = await state.hook_targets.find(secret, fresh=True)
    if target is None:
        raise not_found("hook")
    try:
        delivery = await _read(request, state)
        if len(delivery.body) <= SMALL_BYTES:
            scope = request_scope(delivery)
        else:
            # A large form takes seconds, which other requests need not wait for.
            scope = await asyncio.to_thread(request_scope, delivery)
        try:
            answer = await _take(target, scope, state)
        except Refused:
            if is_fresh:
                raise
            # What is remembered may be some seconds old: a secret may be new, a pause over.
            target, _ = await state.hook_targets.find(secret, fresh=True)
            if target is None:
                raise not_found("hook") from None
            answer = await _take(target, scope, state)
    except Refused as refused:
        reason = f"{refused.status}: {refused.message}"
        if isinstance(target, RegistrationTarget):
            state.event_log.add(target.registration.id, "rejected", message=reason)
        elif target is not None:
            state.event_log.refuse_app(target.integration_id, reason)
        return _refusal(refused, target)
    return Response(answer.body, answer.status, dict(answer.headers))


async def _take(target: Target, request: dict[str, Any], state: State) -> Answer:
    """Does what is to be done with a delivery; raises Refused, and what is raised by AWAY."""
    events: RegistrationEvents | AppEvents
    if isinstance(target, RegistrationTarget):
        events, received = await asyncio.to_thread(_received, target, request, state)
    else:
        events = AppEvents(target, {"request": request, **target.context}, state)
        received = await asyncio.to_thread(events.receive, time.time())
    if isinstance(received, Handshaken):
        if received.kept:
            await state.hook_targets.keep(target, received.kept)
        return received.answer
    try:
        return await events.start(received)
    except RPCError as error:
        if error.status != RPCStatusCode.INVALID_ARGUMENT:
            raise
        raise Refused(413, "an event is larger than a run can take") from None


def _received(
    target: RegistrationTarget, request: dict[str, Any], state: State
) -> tuple[RegistrationEvents, Any]:
    """What a registration's delivery is, by the subscription that it is signed for."""
    refusal: Refused | None = None
    for context in (target.context, *target.earlier):
        events = RegistrationEvents(target, {"request": request, **context}, state)
        try:
            return events, events.receive(time.time())
        except Refused as refused:
            if refused.status != 401:
                raise
            refusal = refusal or refused
    assert refusal is not None  # noqa: S101 - there is at least one context
    raise refusal


async def _read(request: Request, state: State) -> Delivery:
    """The delivery with its whole body; raises Refused."""
    raw = request.scope["headers"]
    size = sum(len(name) + len(value) for name, value in raw)
    if len(raw) > MAX_HEADERS or size > MAX_HEADER_BYTES:
        raise Refused(431, f"more than {MAX_HEADERS} headers, or {MAX_HEADER_BYTES} bytes of them")
    limit = state.settings.max_delivery_bytes
    sent = await _body(request, limit)
    body = await _unpacked(sent, ", ".join(request.headers.getlist("content-encoding")), limit)
    path = request.scope.get("raw_path", b"").partition(b"?")[0].decode("latin-1")
    query = request.scope["query_string"].decode("latin-1")
    public = state.settings.public_url.rstrip("/") + (path or request.url.path)
    return Delivery(
        id=new_id(),
        method=request.method,
        # As the app called it: a proxy may have another name and scheme for it.
        url=f"{public}?{query}" if query else public,
        path=path,
        query=query,
        headers=[(name.decode("latin-1"), value.decode("latin-1")) for name, value in raw],
        body=body,
        packed=None if body is sent else sent,
    )


async def _unpacked(sent: bytes, coding: str, limit: int) -> bytes:
    """The body itself where it is not packed; raises Refused, and NotReady as `_body`."""
    if not coding or not sent:
        return sent
    if len(sent) <= LARGE_BYTES:
        with contextlib.suppress(UnpackedTooLargeError):
            if len(sent) <= SMALL_BYTES:
                return unpack(sent, coding, min(limit, LARGE_BYTES))
            return await asyncio.to_thread(unpack, sent, coding, min(limit, LARGE_BYTES))
    try:
        with _place_for_large():
            return await asyncio.to_thread(unpack, sent, coding, limit)
    except UnpackedTooLargeError:
        raise _too_large(limit) from None


async def _body(request: Request, limit: int) -> bytes:
    """The whole body; raises Refused, and NotReady where too many large ones come at once."""
    length = request.headers.get("content-length", "0")
    if length.isdecimal() and int(length[:20]) > limit:
        raise _too_large(limit)
    parts: list[bytes] = []
    size = 0
    async with contextlib.AsyncExitStack() as place:
        try:
            async with asyncio.timeout(READ_SECONDS):
                async for part in request.stream():
                    if size <= LARGE_BYTES < size + len(part):
                        place.enter_context(_place_for_large())
                    size += len(part)
                    if size > limit:
                        raise _too_large(limit)
                    parts.append(part)
        except TimeoutError:
            raise Refused(408, f"the body did not come within {READ_SECONDS:g} s") from None
        except ClientDisconnect:
            raise Refused(400, "the connection was closed before the body had come") from None
    return b"".join(parts)


@contextlib.contextmanager
def _place_for_large() -> Iterator[None]:
    global _large
    if _large >= LARGE_AT_A_TIME:
        raise NotReady
    _large += 1
    try:
        yield
    finally:
        _large -= 1


def _too_large(limit: int) -> Refused:
    return Refused(
        413, f"the body is larger than {limit} bytes: send less, or raise INLAY_MAX_DELIVERY_BYTES"
    )


def _refusal(refused: Refused, target: Target | None) -> Response:
    code, name, _ = NAMES[refused.status]
    message = f"{refused.message[:1].upper()}{refused.message[1:]}."
    headers = {}
    if refused.status == 405 and isinstance(target, RegistrationTarget):
        headers["allow"] = ", ".join(target.incoming.methods)
    if refused.status == 415:
        headers["accept-encoding"] = ", ".join(CODINGS)  # RFC 9110, 15.5.16
    return JsonResponse({"code": code, "name": name, "message": message}, refused.status, headers)
