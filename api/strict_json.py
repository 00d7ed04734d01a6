"""JSON in and out: strict about what comes in, fast about what goes out."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any

import orjson
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

from connectors.triggers.delivery import Refused, read_json

SMALL_BYTES = 32_768
"""A body that is read at once; a larger one may take as long as other requests need not wait."""

MAX_NAMES = 200
"""Names in the outermost object of a body; `data` in it has as many as it likes."""


class JsonResponse(Response):
    """A JSON answer written by orjson."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """The bytes of the body."""
        try:
            return orjson.dumps(content)
        except TypeError:
            # Integers beyond 64 bits and lone surrogates: an app may have answered with them.
            return json.dumps(content, allow_nan=False).encode()


class InvalidJsonError(ValueError):
    """A body that is not taken; the message says why."""


def parse(body: bytes, content_type: str = "application/json") -> Any:
    """The value of a JSON text (RFC 8259) in its charset; a byte order mark is taken.

    A whole number beyond 64 bits is the text of its digits. Raises InvalidJsonError for what is no
    JSON, for NaN and lone surrogates, for what is nested too deeply, and for the character NUL,
    which PostgreSQL cannot store.
    """
    try:
        return read_json(body, content_type)
    except Refused as refused:
        raise InvalidJsonError(refused.message.removeprefix("the body is ")) from None


class JsonRequest(Request):
    """A request whose body is read by `parse`."""

    async def json(self) -> Any:
        """The value of the body; a fault becomes the answer for faulty requests."""
        body, kind = await self.body(), self.headers.get("content-type", "")
        try:
            if len(body) <= SMALL_BYTES:
                value = parse(body, kind)
            else:
                value = await asyncio.to_thread(parse, body, kind)
            # Each that no request knows would become a fault of its own.
            if isinstance(value, dict) and len(value) > MAX_NAMES:
                raise InvalidJsonError(f"an object with more than {MAX_NAMES} names")
            return value
        except InvalidJsonError as error:
            # The one error that FastAPI takes for a fault of the request.
            raise json.JSONDecodeError(str(error), "", 0) from None


class JsonRoute(APIRoute):
    """A route whose handler gets a JsonRequest."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's own handler, behind the strict request."""
        handle = super().get_route_handler()

        async def strict(request: Request) -> Response:
            return await handle(JsonRequest(request.scope, request.receive))

        return strict
