"""One request of an app as it came, and what templates see of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import orjson

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MAX_FIELDS = 2_000
"""Of a form or a query."""
MAX_DEPTH = 64
"""Levels of lists and objects in a body."""

FORM = "application/x-www-form-urlencoded"
TEXTS = ("text/", "application/xml")
READABLE = ("/json", "+json", "+xml")


class Refused(Exception):
    """The delivery is not taken: an HTTP status from 400 to 499, and why, without a secret."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(frozen=True)
class Delivery:
    """An HTTP request of whatever server framework.

    `url` is what the app called: it must be the address as the app sees it, before any proxy.
    `headers` may hold a name several times. The repr shows neither URL nor contents: both may hold
    secrets.
    """

    id: str
    """Of our own, new for each request."""
    method: str
    url: str = field(repr=False)
    path: str = field(repr=False)
    query: str = field(repr=False)
    """As it came, percent-encoded, without the question mark."""
    headers: Sequence[tuple[str, str]] = field(repr=False)
    body: bytes = field(repr=False)


def request_scope(delivery: Delivery) -> dict[str, Any]:
    """`request` as templates see it; `id` tells it from every other request.

    `headers` has names in lower case; values of the same name are joined by a comma (RFC 9110,
    5.3). `query` and `form` hold text, or a list of texts where a name came several times. `json`
    is null unless the body is JSON, `form` is empty unless it is a form. A body that is no UTF-8
    has surrogates in `body`, so that signatures can be checked. Raises Refused.
    """
    headers: dict[str, str] = {}
    for name, value in delivery.headers:
        key = name.lower()
        headers[key] = f"{headers[key]}, {value}" if key in headers else value
    kind = _kind(headers)
    return {
        "id": delivery.id,
        "method": delivery.method,
        "url": delivery.url,
        "path": delivery.path,
        "query": _fields("query", delivery.query),
        "headers": headers,
        "body": delivery.body.decode("utf-8", "surrogateescape"),
        "json": _json(delivery.body) if _is_json(kind, delivery.body) else None,
        "form": _form(delivery.body) if kind == FORM else {},
    }


def content_of(request: Mapping[str, Any]) -> Any:
    """The body as a value: JSON, a form's fields, or text; null where there is none.

    Raises Refused for bodies of kinds that cannot be read, and for what is no text.
    """
    if request["json"] is not None:
        return request["json"]
    body: str = request["body"]
    if not body:
        return None
    kind = _kind(request["headers"])
    if kind and kind != FORM and not kind.startswith(TEXTS) and not kind.endswith(READABLE):
        raise Refused(415, "the body's content type is not taken: send JSON, a form or text")
    if not body.isascii():
        try:
            body.encode()
        except UnicodeEncodeError:
            raise Refused(400, "the body is no text in UTF-8") from None
    if "\x00" in body:
        raise Refused(400, "the character NUL is not allowed in a body")
    return request["form"] or body


def _kind(headers: Mapping[str, str]) -> str:
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def _is_json(kind: str, body: bytes) -> bool:
    if kind.endswith(("/json", "+json")):
        return bool(body.strip())
    # Some apps say nothing of what they send, or that it is text.
    return kind in {"", "text/plain"} and body.lstrip()[:1] in {b"{", b"["} and _parses(body)


def _parses(body: bytes) -> bool:
    try:
        _json(body)
    except Refused:
        return False
    return True


def _json(body: bytes) -> Any:
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Refused(400, f"the body is no valid JSON: {error.msg}") from None
    # Both counts are cheap and rarely say yes, so that most bodies are not walked.
    if body.count(b"{") + body.count(b"[") > MAX_DEPTH or b"\\u0000" in body:
        _check(value)
    return value


def _check(value: Any) -> None:
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        below: list[Any] = []
        for item in level:
            if isinstance(item, str) and "\x00" in item:
                raise Refused(400, "the character NUL is not allowed in a body")
            if isinstance(item, dict):
                below += [*item, *item.values()]
            elif isinstance(item, list):
                below += item
        if not below:
            return
        level = below
    raise Refused(400, f"the body is nested deeper than {MAX_DEPTH} levels")


def _form(body: bytes) -> dict[str, Any]:
    try:
        return _fields("form", body.decode())
    except UnicodeDecodeError:
        raise Refused(400, "the form is no text in UTF-8") from None


def _fields(what: str, text: str) -> dict[str, Any]:
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except ValueError:
        raise Refused(400, f"the {what} has more than {MAX_FIELDS} fields") from None
    found: dict[str, Any] = {}
    for name, value in pairs:
        if "\x00" in name or "\x00" in value:
            raise Refused(400, f"the character NUL is not allowed in a {what}")
        if name not in found:
            found[name] = value
        elif isinstance(found[name], list):
            found[name].append(value)
        else:
            found[name] = [found[name], value]
    return found
