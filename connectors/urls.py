"""URLs with places for values, filled so that no value can change where a request goes.

`https://{site}.example.com/v1/users/{userId}`: a value in the path is one percent-encoded segment;
a value in the host is one label; a value that is the whole host, or the whole URL, is checked.
Template syntax: level 1 of RFC 6570, as in OpenAPI and Google Discovery.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

_PLACE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
_BASE = re.compile(rf"{_PLACE.pattern}(?=/|$)")
"""A place at the start of a template: its value is a URL of its own."""
_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_HOST = re.compile(rf"{_LABEL.pattern}(\.{_LABEL.pattern})*(:[0-9]{{1,5}})?")


class UrlError(ValueError):
    """A value does not fit into its place of a URL: `place`, where it is one."""

    def __init__(self, message: str, place: str | None = None) -> None:
        super().__init__(message)
        self.place = place


def places(template: str) -> list[str]:
    """The names of the values that a template asks for, in order."""
    return _PLACE.findall(template)


def without_places(template: str) -> str:
    """The template's own text."""
    return _PLACE.sub("", template)


def open_places(template: str) -> list[str]:
    """The names whose values are a whole host, its domain, or a whole URL: they say where a
    request goes."""
    if base := _BASE.match(template):
        return [base.group(1)]
    host = template.partition("://")[2].partition("/")[0]
    # Behind the last place a domain of the manifest's own must stand: `.example.com`.
    domain = host.rpartition("}")[2].partition(":")[0]
    return places(host) if domain.count(".") < 2 else []


def expand_path(template: str, values: Mapping[str, Any]) -> str:
    """The path with each value as one percent-encoded segment (RFC 3986, 3.3).

    Raises `UrlError` for a value that is missing, empty, `.` or `..`, or not a scalar.
    """

    def fill(match: re.Match[str]) -> str:
        name = match.group(1)
        text = _text(name, values.get(name))
        if text in {".", ".."}:
            raise UrlError(f"`{name}` may not be {text!r}", name)
        return quote(text, safe="")

    return _PLACE.sub(fill, template)


def expand_url(template: str, values: Mapping[str, Any]) -> str:
    """An absolute http(s) URL; the values may come from an end user.

    Raises `UrlError` when a value would change the host or the path in a way that the template's
    author did not mean, or when the outcome is no absolute http(s) URL.
    """
    if base := _BASE.match(template):
        return _expand_base(base.group(1), template[base.end() :], values)
    scheme, separator, rest = template.partition("://")
    if not separator:
        raise UrlError(f"{template!r} is not an absolute URL")
    host, slash, path = rest.partition("/")

    def fill(match: re.Match[str]) -> str:
        name = match.group(1)
        text = _text(name, values.get(name))
        form, meaning = (_HOST, "a host name") if match.group() == host else (_LABEL, "a name")
        if not form.fullmatch(text):
            raise UrlError(f"`{name}` must be {meaning} (letters, digits and hyphens)", name)
        return text

    filled = f"{scheme}://{_PLACE.sub(fill, host)}{slash}{expand_path(path, values)}"
    return check_url(filled).rstrip("/")


def _expand_base(name: str, path: str, values: Mapping[str, Any]) -> str:
    url = check_url(_text(name, values.get(name)))
    if path and ("?" in url or "#" in url):
        raise UrlError(f"`{name}` may have neither query nor fragment", name)
    return (url.rstrip("/") + expand_path(path, values)).rstrip("/")


def check_url(url: str) -> str:
    """The URL itself if it is absolute http(s) and holds no user info; else raises `UrlError`."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise UrlError("the URL cannot be read") from error
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise UrlError("the URL must begin with https:// (or http://) and name a host")
    if parts.username is not None or parts.password is not None:
        raise UrlError("the URL may not hold a user name or password")
    if port == 0 or any(ord(c) <= 32 or c in "\\\x7f" for c in url):
        raise UrlError("the URL holds a character or port that is not allowed")
    return url


def _text(name: str, value: Any) -> str:
    if value is None or value == "":
        raise UrlError(f"`{name}` is needed and may not be empty", name)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if not isinstance(value, str | int | float):
        raise UrlError(f"`{name}` must be text or a number", name)
    return str(value)
