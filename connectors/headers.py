"""Which headers a definition, a manifest or an input may put into an outgoing request."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_OURS = {
    "connection",
    "content-length",
    "expect",
    "host",
    "http2-settings",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
}
"""They say where a message goes and where it ends, or concern one connection alone (RFC 9110,
7.6.1; RFC 9112, 6): whoever sets them could have one request taken for two."""


class HeaderError(ValueError):
    """A header that is not sent; the message names it, never its value."""


def check_name(name: str) -> str:
    """The name itself; raises `HeaderError` for one that is no token, or not theirs to set."""
    if not _TOKEN.fullmatch(name):
        raise HeaderError(f"{name!r} is no name of a header")
    # Servers that hand headers on as variables take an underscore for a hyphen.
    plain = name.lower().replace("_", "-")
    if plain in _OURS or plain.startswith("proxy-"):
        raise HeaderError(f"the header {name!r} is set by Inlay alone: leave it out")
    return name


def check_value(name: str, value: str) -> str:
    """The value itself; raises `HeaderError` for one that HTTP cannot carry."""
    if not value.isascii() or not value.isprintable():
        raise HeaderError(f"the header {name!r} holds characters that HTTP cannot carry")
    return value


HeaderName = Annotated[str, AfterValidator(check_name)]
"""The name of a header in a manifest."""
