"""Strict reading of requests, shared by all endpoints."""

from __future__ import annotations

import base64
import binascii
import hmac
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import orjson

from tests.provider.state import Refused
from tests.provider.switches import ANY

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from starlette.requests import Request


def single(pairs: Iterable[tuple[str, str]], *, page: bool = False) -> dict[str, str]:
    """Parameters by name; RFC 6749 (3.1, 3.2) allows none to come twice."""
    values: dict[str, str] = {}
    for name, value in pairs:
        if name in values:
            raise Refused(f"the parameter {name} came twice", page=page)
        values[name] = value
    return values


def media_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def form_body(request: Request) -> dict[str, str]:
    """The body as a form; another content type is refused."""
    if media_type(request) != "application/x-www-form-urlencoded":
        raise Refused(f"the content type {media_type(request)!r} is no form")
    try:
        text = (await request.body()).decode()
        pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text))
    except ValueError:
        raise Refused("the body is no form") from None
    return single(pairs)


async def json_body(request: Request) -> dict[str, Any]:
    """The body as a JSON object; another content type is refused."""
    if media_type(request) != "application/json":
        raise Refused(f"the content type {media_type(request)!r} is not JSON")
    try:
        body = orjson.loads(await request.body())
    except orjson.JSONDecodeError:
        raise Refused("the body is no JSON") from None
    if not isinstance(body, dict):
        raise Refused("the body is no JSON object")
    return body


def demand(
    kind: str, values: Mapping[str, Any], wanted: Mapping[str, Any], *, page: bool = False
) -> None:
    """Refuses unless `values` has all that is `wanted`."""
    for name, value in wanted.items():
        got = values.get(name)
        if (not got) if value == ANY else got != value:
            raise Refused(f"the {kind} {name} must be {value!r} and is {got!r}", page=page)


def demand_headers(request: Request, wanted: Mapping[str, str]) -> None:
    demand("header", request.headers, wanted)


def only(kind: str, values: Iterable[str], allowed: set[str], *, page: bool = False) -> None:
    """Refuses what nobody asked for."""
    if surplus := sorted(set(values) - allowed):
        raise Refused(f"the {kind} {surplus[0]} was not asked for", page=page)


def basic(request: Request) -> tuple[str, str] | None:
    """The user and the password of HTTP Basic (RFC 7617), or None."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise Refused("no valid Basic header", "invalid_client", 401) from None
    if not colon:
        raise Refused("no valid Basic header", "invalid_client", 401)
    return user, password


def same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())
