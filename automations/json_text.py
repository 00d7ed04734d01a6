"""JSON text as values: strict, bounded in depth, and no number changed.

Whole numbers within 64 bits are int, decimals are float. A whole number beyond 64 bits is the text
of its digits, since neither databases nor other programs keep it as a number.
"""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any

import orjson

from automations.bounds import MAX_DEPTH

if TYPE_CHECKING:
    from collections.abc import Callable

_INT64 = (-(2**63), 2**63 - 1)
# What may be a number of 16 digits or more before its point: in a float it could lose some.
_LONG_NUMBER = re.compile(r"(?:\A|[:,\[\s])-?[0-9]{16}")
_LONG_NUMBER_BYTES = re.compile(_LONG_NUMBER.pattern.encode())


class JsonError(ValueError):
    """A text that is not taken; the message says why and where."""


class DepthError(JsonError):
    """A text that is nested too deeply."""


def read(content: bytes | str) -> Any:
    """The value of a JSON text (RFC 8259), in UTF-8 where it is bytes; a byte order mark is taken.

    Raises JsonError for what is no JSON, for NaN, for numbers too large for a decimal, for lone
    surrogates, and DepthError for what is nested deeper than MAX_DEPTH.
    """
    if isinstance(content, str):
        content = content.removeprefix("\ufeff")
    else:
        content = content.removeprefix(b"\xef\xbb\xbf")
    try:
        value = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        if "depth limit" in error.msg:
            raise DepthError(f"nested deeper than {MAX_DEPTH} levels") from None
        if "infinity" not in error.msg:
            raise JsonError(f"no valid JSON: {error.msg} (character {error.pos})") from None
        return _endless(content)
    # Counting is cheap and rarely says yes, so that most texts are not walked.
    if _opened(content) > MAX_DEPTH:
        check_depth(value)
    long = _LONG_NUMBER if isinstance(content, str) else _LONG_NUMBER_BYTES
    if long.search(content):  # type: ignore[arg-type]
        text = content if isinstance(content, str) else content.decode()
        return json.loads(text, parse_int=_whole, parse_float=_decimal)
    return value


def read_whatever_number(text: str) -> Any:
    """As `read`, of what must not be refused: NaN, the infinities, and numbers too large for a
    decimal are the texts that they were written as."""
    try:
        return read(text)
    except DepthError:
        raise
    except JsonError:
        return _endless(text.removeprefix("\ufeff"), str, _decimal_or_text)


def _endless(
    content: bytes | str,
    constant: Callable[[str], Any] | None = None,
    decimal: Callable[[str], Any] | None = None,
) -> Any:
    """The value of a JSON text that has a number of hundreds of digits."""
    try:
        text = content if isinstance(content, str) else content.decode()
        value = json.loads(
            text,
            parse_int=_whole,
            parse_float=decimal or _decimal,
            parse_constant=constant or _no_constant,
        )
        check_depth(value)
        orjson.dumps(value)  # refuses lone surrogates
    except RecursionError:
        raise DepthError(f"nested deeper than {MAX_DEPTH} levels") from None
    except json.JSONDecodeError as error:
        raise JsonError(f"no valid JSON: {error.msg} (character {error.pos})") from None
    except (UnicodeDecodeError, TypeError):
        raise JsonError("no valid JSON: text that is no Unicode") from None
    return value


def _no_constant(name: str) -> Any:
    raise JsonError(f"no valid JSON: {name} is no number")


def _opened(content: bytes | str) -> int:
    if isinstance(content, str):
        return content.count("{") + content.count("[")
    return content.count(b"{") + content.count(b"[")


def check_depth(value: Any) -> None:
    """Raises DepthError where a value is nested deeper than MAX_DEPTH."""
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for item in level
            for inner in (item.values() if isinstance(item, dict) else item)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return
    raise DepthError(f"nested deeper than {MAX_DEPTH} levels")


def _whole(digits: str) -> int | str:
    # Python refuses to read more than some thousand digits.
    if len(digits) > 20:
        return digits
    number = int(digits)
    return number if _INT64[0] <= number <= _INT64[1] else digits


def _decimal(digits: str) -> float | int | str:
    # 9007199254740993.0 is a whole number, whose last digit a float would change.
    whole, _, fraction = digits.partition(".")
    if fraction and not fraction.strip("0"):
        return _whole(whole)
    number = float(digits)
    if math.isinf(number):
        raise JsonError(f"no valid JSON: the number {digits[:20]}… is too large for a decimal")
    return number


def _decimal_or_text(digits: str) -> float | int | str:
    try:
        return _decimal(digits)
    except JsonError:
        return digits
