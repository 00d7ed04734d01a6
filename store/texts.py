"""Text as every database can keep it.

PostgreSQL keeps no NUL in text or JSON, no half of a surrogate pair and no number that is none
(NaN, Infinity); apps send all of them. What cannot be kept is replaced by U+FFFD, or is written as
text, before it is stored: whatever is written goes through here.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

from sqlalchemy import String, Text
from sqlalchemy.types import TypeDecorator

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_UNKEPT = re.compile("[\x00\ud800-\udfff]")
_UNKEPT_ESCAPE = re.compile(r"\\u(?:0000|d[89a-f])")


class ShortText(TypeDecorator[str]):
    """VARCHAR whose values every database can keep."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:
        """The value as it is stored."""
        return None if value is None else kept(value)


class LongText(ShortText):
    """The same for TEXT."""

    impl = Text
    cache_ok = True


def kept(text: str) -> str:
    """The text, with U+FFFD for each character that cannot be stored."""
    # Most texts are ASCII, which is known without a look at each character.
    if text.isascii() and "\x00" not in text:
        return text
    return _UNKEPT.sub(REPLACEMENT, text)


def to_json(value: Any) -> str:
    """JSON of a value as it is stored.

    Raises TypeError and RecursionError for what is no JSON, or is nested too deeply to be written.
    """
    try:
        text = json.dumps(value, allow_nan=False)
    except ValueError:
        return json.dumps(kept_value(value))
    if _UNKEPT_ESCAPE.search(text) is None:
        return text
    return json.dumps(kept_value(value))


def kept_value(value: Any) -> Any:
    """The JSON value, with all that cannot be kept replaced."""
    match value:
        case str():
            return kept(value)
        case float() if not math.isfinite(value):
            return str(value)
        case dict():
            return {kept_value(key): kept_value(item) for key, item in value.items()}
        case list() | tuple():
            return [kept_value(item) for item in value]
        case _:
            return value
