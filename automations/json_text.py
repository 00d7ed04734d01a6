"""JSON text as values: strict, bounded in depth and in values, and no number changed.

Whole numbers within 64 bits are int, decimals are float. A number beyond 64 bits, or beyond the
largest decimal, is the text of its digits, since neither databases nor other programs keep it as a
number. Of a name that stands twice in an object the last counts.
"""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any

import orjson

from automations.bounds import MAX_DEPTH, MAX_VALUES_READ

if TYPE_CHECKING:
    from collections.abc import Callable

_INT64 = (-(2**63), 2**63 - 1)
# What may be a number of 16 digits or more before its point: in a float it could lose some.
_LONG_NUMBER = re.compile(r"(?:\A|[:,\[\s])-?[0-9]{16}")
_LONG_NUMBER_BYTES = re.compile(_LONG_NUMBER.pattern.encode())
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
# A text, which holds no value; an empty list or map, whose bracket has none behind it; a mark.
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[{]\s*+[\]}]|([,:\[{])', re.DOTALL)
_TOKEN_BYTES = re.compile(_TOKEN.pattern.encode(), re.DOTALL)
AT_ONCE_VALUES = 20_000
AT_ONCE_BYTES = 4 * 1024 * 1024
"""What is read at once, in some 10 ms; of more, other threads have their turns meanwhile."""
VALUES_AN_OBJECT = 50
"""Where an object has no more on the average, other threads need not wait for long."""


class JsonError(ValueError):
    """A text that is not taken; the message says why and where."""


class DepthError(JsonError):
    """A text that is nested too deeply, or has too many values."""


def read(content: bytes | str) -> Any:
    """The value of a JSON text (RFC 8259), in UTF-8 where it is bytes; a byte order mark is taken.

    A large text may be read beside an event loop, in a thread: the loop has its turns. Raises
    JsonError for what is no JSON, for NaN and for lone surrogates, and DepthError for what is
    nested deeper than MAX_DEPTH or has more than MAX_VALUES_READ values.
    """
    if isinstance(content, str):
        content = content.removeprefix("\ufeff")
    else:
        content = content.removeprefix(b"\xef\xbb\xbf")
    marks = _marks(content)
    if marks > MAX_VALUES_READ and _has_more_values(content, MAX_VALUES_READ):
        raise DepthError(f"larger than {MAX_VALUES_READ:,} values: send less at once")
    if marks > AT_ONCE_VALUES or len(content) > AT_ONCE_BYTES:
        return _in_turns(content)
    try:
        value = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        if "depth limit" in error.msg:
            raise DepthError(f"nested deeper than {MAX_DEPTH} levels") from None
        if "infinity" not in error.msg:
            raise JsonError(f"no valid JSON: {error.msg} (character {error.pos})") from None
        return _in_turns(content)
    # Counting is cheap and rarely says yes, so that most texts are not walked.
    if _count(content, "{[") > MAX_DEPTH:
        check_depth(value)
    long = _LONG_NUMBER if isinstance(content, str) else _LONG_NUMBER_BYTES
    if long.search(content):  # type: ignore[arg-type]
        text = content if isinstance(content, str) else content.decode()
        return json.loads(text, parse_int=_whole, parse_float=_decimal)
    return value


def read_whatever_number(text: str) -> Any:
    """As `read`, of what must not be refused: NaN and the infinities are the texts that they were
    written as."""
    try:
        return read(text)
    except DepthError:
        raise
    except JsonError:
        return _in_turns(text.removeprefix("\ufeff"), str)


class _InTurns(json.JSONDecoder):
    """Reads as the standard library does. Its C code keeps the interpreter to itself but for the
    functions that it calls: where it has few objects to call one for, it is not used."""

    def __init__(self, constant: Callable[[str], Any], *, has_objects: bool) -> None:
        super().__init__(
            object_hook=_as_it_is,
            parse_int=_whole,
            parse_float=_decimal,
            parse_constant=constant,
        )
        if has_objects:
            return
        self.scan_once = json.scanner.py_make_scanner(self)  # type: ignore[attr-defined]


def _as_it_is(value: Any) -> Any:
    # Between calls of functions of Python other threads may have their turns.
    return value


def _in_turns(content: bytes | str, constant: Callable[[str], Any] | None = None) -> Any:
    """The same value, more slowly; other threads have their turns meanwhile."""
    try:
        text = content if isinstance(content, str) else content.decode()
        if not text.isascii():
            text.encode()  # refuses lone surrogates
        has_objects = text.count("{") * VALUES_AN_OBJECT > _marks(text)
        value = _InTurns(constant or _no_constant, has_objects=has_objects).decode(text)
        check_depth(value)
        if _SURROGATE.search(text):
            _check_texts(value)
    except RecursionError:
        raise DepthError(f"nested deeper than {MAX_DEPTH} levels") from None
    except json.JSONDecodeError as error:
        raise JsonError(f"no valid JSON: {error.msg} (character {error.pos})") from None
    except UnicodeError:
        raise JsonError("no valid JSON: text that is no Unicode") from None
    return value


def _check_texts(value: Any) -> None:
    """Raises UnicodeError where a text has half of a pair of surrogates."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            item.encode()
        elif isinstance(item, dict):
            waiting.extend(item)
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)


def _count(content: bytes | str, characters: str) -> int:
    if isinstance(content, str):
        return sum(map(content.count, characters))
    return sum(content.count(character.encode()) for character in characters)


def _marks(content: bytes | str) -> int:
    """No fewer than the values of a text: one stands behind each of these, but in texts."""
    return 1 + _count(content, ",:[{")


def _has_more_values(content: bytes | str, limit: int) -> bool:
    tokens = _TOKEN if isinstance(content, str) else _TOKEN_BYTES
    found = 1
    for token in tokens.finditer(content):  # type: ignore[arg-type]
        found += token.lastindex is not None
        if found > limit:
            return True
    return False


def _no_constant(name: str) -> Any:
    raise JsonError(f"no valid JSON: {name} is no number")


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
    return digits if math.isinf(number) else number
