"""One request of an app as it came, and what templates see of it."""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote_plus

from automations import json_text
from automations.json_text import JsonError
from connectors.charsets import (
    LEGACY,
    CharsetError,
    charset_of,
    codec_of,
    is_json,
    kind_of,
    text_of,
)
from connectors.codings import (
    CODINGS,
    CodingError,
    UnpackedTooLargeError,
    coding_of,
    unpacked,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MAX_FIELDS = 2_000
"""Of a form or a query."""

FORM = "application/x-www-form-urlencoded"
TEXTS = ("text/", "application/xml")
_OWN_CHARSET = re.compile(r"(?:\A|&)_charset_=([^&]+)")
_BYTES = re.compile("[\udc80-\udcff]+")
READABLE = ("/json", "+json", "-json", "+xml")


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
    """Unpacked, where it came in a content coding."""
    packed: bytes | None = field(default=None, repr=False)
    """As it came then."""


def request_scope(delivery: Delivery) -> dict[str, Any]:
    """`request` as templates see it; `id` tells it from every other request.

    `headers` has names in lower case; values of the same name are joined by a comma (RFC 9110,
    5.3). `query` and `form` hold text, or a list of texts where a name came several times. `json`
    is null unless the body is JSON, `form` is empty unless it is a form; both are read in the
    body's charset. `body` is what signatures are made of, byte for byte: a byte order mark stands
    in it, and surrogates where it is no UTF-8. `packed` is the same of a body that came in a
    content coding, before it was unpacked; else null. Raises Refused.
    """
    headers: dict[str, str] = {}
    for name, value in delivery.headers:
        key = name.lower()
        headers[key] = f"{headers[key]}, {value}" if key in headers else value
    content, header = delivery.body, headers.get("content-type", "")
    return {
        "id": delivery.id,
        "method": delivery.method,
        "url": delivery.url,
        "path": delivery.path,
        "query": read_query(delivery.query),
        "headers": headers,
        "body": content.decode("utf-8", "surrogateescape"),
        "packed": delivery.packed and delivery.packed.decode("utf-8", "surrogateescape"),
        "json": read_json(content, header) if _holds_json(content, header) else None,
        "form": read_form(content, header) if kind_of(header) == FORM else {},
    }


def content_of(request: Mapping[str, Any]) -> Any:
    """The body as a value: JSON, a form's fields, or text; null where there is none.

    Raises Refused for bodies of kinds that cannot be read, and for what is no text.
    """
    body: str = request["body"]
    header = request["headers"].get("content-type", "")
    kind = kind_of(header)
    if request["json"] is not None or is_json(kind):  # JSON's own null is no text.
        return request["json"]
    if not body:
        return None
    if kind and kind != FORM and not kind.startswith(TEXTS) and not kind.endswith(READABLE):
        raise Refused(415, "the body's content type is not taken: send JSON, a form or text")
    return request["form"] or read_text(body.encode("utf-8", "surrogateescape"), header)


def unpack(body: bytes, content_encoding: str, limit: int) -> bytes:
    """A body without its content coding, if it has one; raises Refused and UnpackedTooLargeError.

    `limit` is in bytes, unpacked.
    """
    try:
        coding = coding_of(content_encoding)
    except CodingError as error:
        taken = " or ".join(CODINGS)
        raise Refused(415, f"{error}: send the body as it is, or packed by {taken}") from None
    try:
        return unpacked(body, coding, limit)
    except UnpackedTooLargeError:
        raise
    except CodingError as error:
        raise Refused(400, str(error)) from None


def read_json(content: bytes, content_type: str) -> Any:
    """The value of a JSON body in its charset; raises Refused.

    A whole number beyond 64 bits is the text of its digits.
    """
    text = _text(content, content_type)
    try:
        value = json_text.read(text)
    except JsonError as error:
        raise Refused(400, f"the body is {error}") from None
    if "\\u0000" in text:
        _check(value)
    return value


def read_form(content: bytes, content_type: str) -> dict[str, Any]:
    """The fields of a form in its charset; raises Refused.

    What stands behind percent signs is in the charset of the header, else in that of the form's own
    field `_charset_` (HTML, 4.10.22.5).
    """
    text = _text(content, content_type).removeprefix("%EF%BB%BF")
    told = charset_of(content_type) or next(iter(_OWN_CHARSET.findall(text)), "utf-8")
    declared = codec_of(unquote_plus(told)) or "utf-8"
    # Those bytes are of a charset that has ASCII in it.
    return _fields("form", text, "utf-8" if declared.startswith(("utf-16", "utf-32")) else declared)


def read_query(query: str) -> dict[str, Any]:
    """The fields of a query as it came: text, or a list of texts; raises Refused."""
    return _fields("query", query, "utf-8")


def read_text(content: bytes, content_type: str) -> str:
    """A body as text, in its charset; raises Refused."""
    text = _text(content, content_type)
    if "\x00" in text:
        raise Refused(400, "the character NUL is not allowed in a body")
    return text


def _text(content: bytes, content_type: str) -> str:
    try:
        return text_of(content, content_type)
    except CharsetError as error:
        raise Refused(400, str(error)) from None


def _holds_json(content: bytes, content_type: str) -> bool:
    kind = kind_of(content_type)
    try:
        text = text_of(content, content_type) if is_json(kind) or kind in {"", "text/plain"} else ""
        if is_json(kind):
            return bool(text.strip())
        # Some apps say nothing of what they send, or that it is text.
        return text.lstrip()[:1] in {"{", "["} and read_json(content, content_type) is not None
    except (CharsetError, Refused):
        return is_json(kind)


def _check(value: Any) -> None:
    level = [value]
    while level:
        below: list[Any] = []
        for item in level:
            if isinstance(item, str) and "\x00" in item:
                raise Refused(400, "the character NUL is not allowed in a body")
            if isinstance(item, dict):
                below += [*item, *item.values()]
            elif isinstance(item, list):
                below += item
        level = below


def _fields(what: str, text: str, codec: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in _pairs(what, text, codec):
        if "\x00" in name or "\x00" in value:
            raise Refused(400, f"the character NUL is not allowed in a {what}")
        if name not in found:
            found[name] = value
        elif isinstance(found[name], list):
            found[name].append(value)
        else:
            found[name] = [found[name], value]
    return found


def _pairs(what: str, text: str, codec: str) -> list[tuple[str, str]]:
    charsets = tuple(dict.fromkeys((codec, "utf-8", *LEGACY)))
    try:
        # Bytes behind percent signs stay bytes: each field may be of another program's making.
        pairs = parse_qsl(
            text,
            keep_blank_values=True,
            max_num_fields=MAX_FIELDS,
            encoding="ascii",
            errors="surrogateescape",
        )
    except ValueError:
        raise Refused(400, f"the {what} has more than {MAX_FIELDS} fields") from None
    return [(_legible(name, charsets), _legible(value, charsets)) for name, value in pairs]


def _legible(text: str, charsets: tuple[str, ...]) -> str:
    """A text whose bytes beyond ASCII are surrogates, in the first charset that fits."""
    if text.isascii():
        return text
    for charset in charsets:
        with contextlib.suppress(UnicodeError):
            return text.encode(charset, "surrogateescape").decode(charset)
    # It is written in two: by a program in one, and by percent signs in another.
    return _BYTES.sub(lambda run: _legible(run[0], charsets), text)
