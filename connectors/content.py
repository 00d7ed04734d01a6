"""What requests carry and what answers hold: mappings, bodies, and their decoding."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any

from automations import json_text
from automations.json_text import DepthError, JsonError
from connectors.charsets import CharsetError, is_json, kind_of, legible, text_of
from connectors.http import TooLargeError
from connectors.urls import UrlError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import httpx

    from connectors.request import Content
    from connectors.templates import Template

_TEXTS = ("xml", "x-www-form-urlencoded", "javascript", "yaml", "csv", "ndjson", "jsonl", "lines")
"""Ends of media types that are text although they do not begin with `text/`."""
_JSON_LINES = {
    "application/x-ndjson",
    "application/ndjson",
    "application/jsonl",
    "application/x-jsonlines",
    "application/jsonlines",
    "text/x-ndjson",
}
_UNSAID = {
    "",
    "text/plain",
    "text/html",
    "text/javascript",
    "application/javascript",
    "application/octet-stream",
    "binary/octet-stream",
}
"""What servers say that do not look at what they send."""
_ESCAPE = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"  # a pair of surrogates
    r"|(?P<lone>\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\."
)


def mapping(template: Template, scope: Mapping[str, Any]) -> dict[str, Any]:
    """The value of a template that must be a mapping, without declared nulls."""
    value = template.resolve_declared(scope)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise UrlError("query and headers must be mappings of names to values")
    return value


def flat(values: Any) -> dict[str, Any]:
    """A flat mapping of scalars and lists of scalars, as queries and forms carry it."""
    if not isinstance(values, dict):
        raise UrlError("query and form must be mappings of names to values")
    found: dict[str, Any] = {}
    for name, value in values.items():
        if value is None:
            continue
        items: Iterable[Any] = value if isinstance(value, list) else [value]
        if any(isinstance(item, dict | list) for item in items):
            raise UrlError(f"{name!r} must be text, a number, true or false, or a list of these")
        found[str(name)] = value
    return found


def filled(content: Content, scope: Mapping[str, Any], added: Mapping[str, Any]) -> dict[str, Any]:
    """The body as arguments of `OutgoingHttp.build`, with `added` among its members.

    Raises `UrlError` for two kinds of body, or where nothing can be added to.
    """
    json, form, body = (
        part.resolve_declared(scope) if part is not None else None
        for part in (content.json_body, content.form, content.body)
    )
    if sum(part is not None for part in (json, form, body)) > 1:
        raise UrlError("give only one kind of body")
    text = body if isinstance(body, str) else None
    if body is not None and text is None:
        json = body
    if added and form is not None:
        form = {**form, **added}
    elif added:
        if text is not None or not isinstance(json or {}, dict):
            raise UrlError("the credential belongs into the body, which must be a JSON object")
        json = {**(json or {}), **added}
    return {"json": json, "data": None if form is None else flat(form), "content": text}


def decoded(response: httpx.Response) -> Any:
    """The body as a value: JSON, else text; bytes that are no text as base64; nothing as null.

    JSON is also what begins like it and says that it is text, or bytes, or nothing; of JSON lines
    the list. Text is read in its charset (`connectors.charsets`); a whole number beyond 64 bits is
    the text of its digits, and so is whatever JSON text knows no number for. Raises `TooLargeError`
    for JSON that is nested too deeply.
    """
    content = response.content
    if not content:
        return None
    header = response.headers.get("content-type", "")
    kind = kind_of(header)
    if is_json(kind) or kind.startswith("text/") or kind.endswith(_TEXTS):
        text = legible(content, header)
    else:
        try:
            text = text_of(content, header)
        except CharsetError:
            return {"contentType": kind, "base64": base64.b64encode(content).decode()}
    try:
        if kind in _JSON_LINES:
            return [json_value(line) for line in text.split("\n") if line.strip()]
        if is_json(kind) and not text.strip():
            return None
        if is_json(kind) or (kind in _UNSAID and text.lstrip()[:1] in {"{", "["}):
            return json_value(text)
    except JsonError:
        pass
    return text


def json_value(text: str) -> Any:
    """The value of a JSON text of an app.

    Half of a pair of surrogates, as programs write that cut texts, is U+FFFD; NaN, the infinities
    and numbers too large for a decimal are text. Raises JsonError, and TooLargeError for what is
    nested too deeply.
    """
    try:
        return json_text.read(text)
    except DepthError as error:
        raise TooLargeError(f"the answer is {error}") from None
    except JsonError:
        mended = _ESCAPE.sub(lambda found: r"\ufffd" if found["lone"] else found[0], text)
    try:
        return json_text.read_whatever_number(mended)
    except DepthError as error:
        raise TooLargeError(f"the answer is {error}") from None
