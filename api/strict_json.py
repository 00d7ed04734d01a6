"""JSON in and out: strict about what comes in, fast about what goes out."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from typing import Any

import orjson
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response

MAX_DEPTH = 64
"""Levels of lists and objects; Pydantic, databases and payloads all bear more than that."""


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


def parse(body: bytes) -> Any:
    """The value of a JSON text (RFC 8259).

    Raises InvalidJsonError for what is no JSON in UTF-8, for NaN and lone surrogates, for what is
    nested deeper than MAX_DEPTH, and for the character NUL, which PostgreSQL cannot store.
    """
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InvalidJsonError(f"no valid JSON: {error.msg} (character {error.pos})") from None
    # Both counts are cheap and rarely say yes, so that most bodies are not walked.
    if body.count(b"{") + body.count(b"[") > MAX_DEPTH or b"\\u0000" in body:
        _check(value)
    return value


def _check(value: Any) -> None:
    level, depth = [value], 0
    while level:
        depth += 1
        below: list[Any] = []
        for item in level:
            if isinstance(item, str):
                if "\x00" in item:
                    raise InvalidJsonError("the character NUL (\\u0000) is not allowed in texts")
            elif isinstance(item, dict):
                below.extend(item)
                below.extend(item.values())
            elif isinstance(item, list):
                below.extend(item)
        if depth > MAX_DEPTH + 1:
            raise InvalidJsonError(f"nested deeper than {MAX_DEPTH} levels")
        level = below


class JsonRequest(Request):
    """A request whose body is read by `parse`."""

    async def json(self) -> Any:
        """The value of the body; a fault becomes the answer for faulty requests."""
        try:
            return parse(await self.body())
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
