"""Functions that take addresses (URLs) apart and put them together."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

from automations.functions.registry import Section
from automations.values import (
    Budget,
    ExpressionError,
    bounded,
    bounded_items,
    bytes_of,
    kind_of,
    sorted_keys,
    text_of,
    to_json,
)

ADDRESSES = Section("Addresses (URLs)")
_PARTS = ("scheme", "user", "host", "port", "path", "query", "fragment")
_PATH = "/%:@!$&'()*+,;=~-._"
"""What stands in a path as it is (RFC 3986, 3.3); `%` begins what is encoded already."""


@ADDRESSES.add(
    "url.encode(string) -> string",
    summary="Percent-encoded, for one part of an address.",
    example='url.encode("a b/c")',
)
def _encode(budget: Budget, text: str) -> str:
    bounded(3 * len(text))
    budget.charge(bytes_of(text) / 2)
    return quote(text, safe="", errors="replace")


@ADDRESSES.add(
    "url.decode(string) -> string",
    summary="The text that is percent-encoded.",
    example='url.decode("a%20b")',
)
def _decode(budget: Budget, text: str) -> str:
    budget.charge(len(text) / 8 + 8 * text.count("%"))
    return unquote(text)


@ADDRESSES.add(
    "url.query(map) -> string",
    summary="The query of an address, keys in order; null is left out, a list repeats its key.",
    example='url.query({"q": "a b", "page": 2})',
)
def _query(budget: Budget, values: dict[Any, Any]) -> str:
    pairs, size = [], 0
    for key in sorted_keys(values, budget):
        items = values[key] if isinstance(values[key], list) else [values[key]]
        for item in items:
            budget.charge(24)
            if isinstance(item, list | dict):
                raise ExpressionError(f"a query takes texts and numbers, not {kind_of(item)}")
            if item is not None:
                pairs.append((text_of(to_json(key, budget)), text_of(to_json(item, budget))))
                size += 3 * sum(map(len, pairs[-1]))
                budget.charge(sum(map(bytes_of, pairs[-1])) / 2)
                bounded(size)
    return urlencode(pairs, errors="replace")


@ADDRESSES.add(
    "url.parseQuery(string) -> map",
    summary="The values of a query or a form, as texts; of a key that comes again a list.",
    example='url.parseQuery("q=a+b&tag=1&tag=2")',
)
def _parse_query(budget: Budget, text: str) -> dict[str, Any]:
    pairs = text.count("&") + 1
    bounded_items(pairs)
    budget.charge(24 * pairs + len(text) / 8 + 8 * text.count("%"))
    found: dict[str, Any] = {}
    for key, value in parse_qsl(text.removeprefix("?"), keep_blank_values=True):
        if key not in found:
            found[key] = value
        elif isinstance(found[key], list):
            found[key].append(value)
        else:
            found[key] = [found[key], value]
    return found


@ADDRESSES.add(
    "url.parse(string) -> map",
    summary="The parts of an address: `scheme`, `user`, `host`, `port`, `path`, `query` (a map), "
    "`fragment`; null where one is missing.",
    example='url.parse("https://example.com:8080/a%20b?page=2#top")',
)
def _parse(budget: Budget, text: str) -> dict[str, Any]:
    budget.charge(20 + len(text) / 4)
    try:
        parts = urlsplit(text.strip())
        port = parts.port
    except ValueError:
        raise ExpressionError("the text is no address, so url.parse(…) cannot read it") from None
    return {
        "scheme": parts.scheme or None,
        "user": parts.netloc.rpartition("@")[0] or None,
        "host": parts.hostname,
        "port": port,
        "path": parts.path,
        "query": _parse_query(budget, parts.query) if parts.query else {},
        "fragment": parts.fragment or None,
    }


@ADDRESSES.add(
    "url.build(map) -> string",
    summary="The address of such parts; `query` may be a map or text.",
    example='url.build({"scheme": "https", "host": "example.com", "path": "/a b", '
    '"query": {"page": 2}})',
)
def _build(budget: Budget, parts: dict[Any, Any]) -> str:
    for name in parts:
        if name not in _PARTS:
            raise ExpressionError(
                f"an address has no part `{str(name)[:40]}`: there are {', '.join(_PARTS)}"
            )
    budget.charge(40 + sum(map(bytes_of, filter(_is_text, parts.values()))) / 2)
    query = parts.get("query")
    if isinstance(query, dict):
        query = _query(budget, query)
    given = {name: _part(name, parts.get(name)) for name in _PARTS if name != "query"}
    if not given["host"] and (given["port"] or given["user"]):
        raise ExpressionError("an address with a port or a user has a `host`")
    host = f"[{given['host']}]" if ":" in given["host"] else given["host"]
    place = (f"{given['user']}@" if given["user"] else "") + host
    place += f":{given['port']}" if given["port"] else ""
    path = quote(given["path"], safe=_PATH, errors="replace")
    if place and path and not path.startswith("/"):
        path = f"/{path}"
    fragment = quote(given["fragment"], safe=f"{_PATH}?", errors="replace")
    return urlunsplit((given["scheme"], place, path, _part("query", query), fragment))


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _part(name: str, value: Any) -> str:
    if value is None:
        return ""
    is_number = isinstance(value, int) and not isinstance(value, bool)
    if not (isinstance(value, str) or (name == "port" and is_number)):
        raise ExpressionError(f"`{name}` of an address is text, not {kind_of(value)}")
    text = str(value)
    if name in ("scheme", "user", "host", "port") and set(text) & set("/?#\\@ \t\r\n"):
        raise ExpressionError(f"`{name}` of an address cannot be `{text[:60]}`")
    return text
