"""What requests carry and what answers hold: mappings, bodies, and their decoding."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import orjson

from connectors.urls import UrlError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import httpx

    from connectors.request import Content
    from connectors.templates import Template


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
    """The body as a value: JSON, else text; bytes that are no text as base64; nothing as null."""
    content = response.content
    if not content:
        return None
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind.endswith(("/json", "+json")) or (not kind and content[:1] in b"{["):
        try:
            return orjson.loads(content)
        except orjson.JSONDecodeError:
            pass
    if (
        kind.startswith("text/")
        or not kind
        or kind.endswith(("json", "xml", "x-www-form-urlencoded"))
    ):
        return response.text
    try:
        return content.decode()
    except UnicodeDecodeError:
        return {"contentType": kind, "base64": base64.b64encode(content).decode()}
