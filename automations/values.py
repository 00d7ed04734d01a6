"""What expressions compute with: JSON values, moments, durations and bytes, and how much of it.

Whole numbers are Python's int within 64 bits, decimals are float, moments are aware datetimes in
UTC, durations are timedelta. CEL's unsigned numbers and protobuf messages are left out.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_WORK = 700_000
"""Units of work of one evaluation, at most 250 ms and 64 MB on a small machine."""
MAX_TEXT = 4_000_000
"""Characters of a text that an expression makes."""
MAX_ITEMS = 100_000
"""Items of a list that an expression makes."""
BYTES_PER_UNIT = 48
INT_RANGE = (-(2**63), 2**63 - 1)
_INT_LIMIT = float(2**63)
# What may be a whole number with a point or exponent in JSON text.
_POINTLESS = re.compile(r"\.0(?![0-9])|[0-9]e")


class ExpressionError(Exception):
    """An expression is wrong or could not be computed; `message` says what to do."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class MissingError(ExpressionError):
    """There is no value at a path; `default(…)` gives another instead."""


class TooMuchWork(ExpressionError):
    """The budget is spent: nothing in an expression may go on after it."""


class Occasion:
    """When and for what an expression is computed: what `now()` and `uuid()` give.

    It is made of what a run has recorded, so that a replay and a retry see the same.
    """

    __slots__ = ("_count", "_name", "moment")

    def __init__(self, moment: datetime, name: str) -> None:
        self.moment, self._name, self._count = moment, name, 0

    def uuid(self) -> str:
        """Another UUID at each call; made of the name, so no secret."""
        self._count += 1
        digest = hashlib.sha256(f"{self._name}/{self._count}".encode()).digest()
        return str(UUID(bytes=digest[:16], version=4))


OCCASION = "@occasion"
"""Where a scope has its occasion; no expression can name it."""


def failure_of(error: Exception) -> ExpressionError:
    """Whatever was raised while an expression was computed, as an error of the expression."""
    match error:
        case ExpressionError():
            return error
        case RecursionError():
            return ExpressionError("the data is nested too deeply to compute with")
        case _:
            return ExpressionError(f"cannot be computed ({type(error).__name__})")


class Budget:
    """How much work one evaluation may still do. Counted, not timed, so that replays agree.

    A unit is a quarter of a microsecond or 48 bytes, whichever a piece of work takes more of: an
    item gone through or made in a loop of Python, a comparison of two plain values, 48 bytes made.

    Who implements an operator or a function charges **before** it works and before it makes
    anything. A function of the library is charged for each argument and for its result with
    `charge_for` by whoever calls it, which covers one pass over the outermost list, map or text.
    What it does beyond that it charges itself:

    - another pass, or a slow one (a call of the standard library for each item): `charge`;
    - searching a text for another: `charge_search`;
    - going into the items of items (comparing, hashing, writing JSON): `charge_deep`, or
      `order_key`, `frozen`, `equal` and `to_json`, which charge for themselves;
    - sorting: `sorting_keys`.
    """

    __slots__ = ("left", "occasion")

    def __init__(self, units: float = MAX_WORK, occasion: Occasion | None = None) -> None:
        self.left = units
        self.occasion = occasion

    def charge(self, units: float) -> None:
        """Takes units; raises TooMuchWork when none are left."""
        self.left -= units
        if self.left < 0:
            raise TooMuchWork(
                "the expression does too much work: use it on less data, or split it over steps"
            )

    def charge_for(self, value: Any) -> None:
        """Takes what going once over a value costs; not over what is inside its items."""
        if isinstance(value, str | bytes):
            if len(value) >= 16:
                self.charge(bytes_of(value) / BYTES_PER_UNIT)
        elif isinstance(value, list):
            self.charge(2 * len(value))
        elif isinstance(value, dict):
            self.charge(3 * len(value))

    def charge_search(self, text: str | bytes, part: str | bytes) -> None:
        """Takes what finding a text in another costs at worst (CPython's search is quadratic for
        short texts)."""
        steps = len(part) if len(part) < 6 or (len(part) < 100 and len(text) < 30_000) else 8
        self.charge(len(text) * (1 + steps) / 256)

    def charge_deep(self, value: Any) -> None:
        """Takes what going over a value and all that is inside it costs."""
        level = [value]
        while level:
            self.charge(len(level))
            below: list[Any] = []
            for item in level:
                if isinstance(item, list):
                    self.charge(len(item))
                    below.extend(item)
                elif isinstance(item, dict):
                    self.charge(2 * len(item))
                    below.extend(item)
                    below.extend(item.values())
                elif isinstance(item, str | bytes):
                    self.charge(bytes_of(item) / BYTES_PER_UNIT)
            level = below


def bytes_of(text: str | bytes) -> int:
    """The memory that a text takes at most; the same in every process."""
    return len(text) if isinstance(text, bytes) or text.isascii() else 4 * len(text)


class Optional:
    """CEL's optional value: a value or none."""

    __slots__ = ("present", "value")

    def __init__(self, present: bool, value: Any = None) -> None:
        self.present = present
        self.value = value


NONE = Optional(False)


class TypeValue:
    """CEL's value of a type, as `type(x)` gives it."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name


def kind_of(value: Any) -> str:
    """What people call this kind of value."""
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int():
            return "a whole number"
        case float():
            return "a whole number" if value.is_integer() else "a decimal number"
        case str():
            return "text"
        case list():
            return "a list"
        case dict():
            return "a map"
        case datetime():
            return "a timestamp"
        case timedelta():
            return "a duration"
        case bytes():
            return "bytes"
        case Optional():
            return "an optional value"
        case _:
            return "a type"


def whole(value: int) -> int:
    """The number when it fits 64 bits; raises ExpressionError."""
    if not INT_RANGE[0] <= value <= INT_RANGE[1]:
        raise ExpressionError("the whole number does not fit 64 bits: use double(…)")
    return value


def as_read(value: Any) -> Any:
    """A value as it is read from data: 10.0 is the whole number 10, as JSON does not tell them
    apart."""
    if type(value) is float and value.is_integer() and -_INT_LIMIT < value < _INT_LIMIT:
        return int(value)
    return value


def number_text(value: float) -> str:
    """A number as people write it: `1.5`, `100`; with an exponent from 1e21 and below 1e-6."""
    value = as_read(value)
    if isinstance(value, int):
        return str(value)
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    if 1e-6 <= abs(value) < 1e21:
        text = format(Decimal(repr(value)), "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    return repr(value)


def timestamp_text(moment: datetime) -> str:
    """RFC 3339 text in UTC with a Z; parts of a second only where there are any."""
    text = moment.astimezone(UTC).replace(tzinfo=None).isoformat()
    return (text.rstrip("0") if "." in text else text) + "Z"


def plain_text(value: Any) -> str:
    """What `string(…)` makes of a value; raises ExpressionError."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | float():
            return number_text(value)
        case datetime():
            return timestamp_text(value)
        case timedelta():
            return f"{number_text(value.total_seconds())}s"
        case bytes():
            try:
                return value.decode()
            except UnicodeDecodeError:
                raise ExpressionError("the bytes are no UTF-8 text: use base64.encode(…)") from None
        case TypeValue():
            return value.name
    raise ExpressionError(
        f'`string` cannot be made of {kind_of(value)}: use json.encode(…), or default(x, "")'
    )


def text_of(value: Any) -> str:
    """A JSON value inside text: null is empty, lists and maps are JSON."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return number_text(value)
    return json_text(value)


def json_text(value: Any) -> str:
    """A JSON value as JSON text with sorted keys, so that it is the same everywhere.

    Whole numbers are written without a point, whether they are 10 or 10.0. Its size is bounded
    before: by what may come in, or by `to_json`.
    """
    text = _written(value)
    return _written(_all_as_read(value)) if _POINTLESS.search(text) else text


def _written(value: Any) -> str:
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
    except (TypeError, ValueError):
        # Whole numbers beyond 64 bits are JSON, yet unknown to orjson.
        try:
            return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        except (TypeError, ValueError, RecursionError) as error:
            raise ExpressionError("the value cannot be written as JSON") from error


def _all_as_read(value: Any) -> Any:
    if isinstance(value, list):
        items = [_all_as_read(item) for item in value]
        return value if all(map(_is, items, value)) else items
    if isinstance(value, dict):
        entries = {key: _all_as_read(item) for key, item in value.items()}
        return value if all(map(_is, entries.values(), value.values())) else entries
    return as_read(value)


def to_json(value: Any, budget: Budget) -> Any:
    """The value as JSON: moments become RFC 3339 text, durations seconds; raises ExpressionError.

    What is JSON already is given as it is, not copied.
    """
    if value is None or isinstance(value, int):
        return value
    match value:
        case str():
            budget.charge_for(value)
            return value
        case float():
            if not math.isfinite(value):
                raise ExpressionError("the result is not a finite number")
            return as_read(value)
        case list():
            budget.charge(2 * len(value) + 4)
            items = [to_json(item, budget) for item in value]
            return value if all(map(_is, items, value)) else items
        case dict():
            budget.charge(3 * len(value) + 4)
            entries = {_key(key): to_json(item, budget) for key, item in value.items()}
            return value if all(map(_is, entries.values(), value.values())) else entries
        case datetime():
            return timestamp_text(value)
        case timedelta():
            return as_read(value.total_seconds())
        case Optional():
            return to_json(value.value, budget) if value.present else None
        case bytes():
            raise ExpressionError(
                "the result is bytes, not JSON: use string(…) for text, or base64.encode(…)"
            )
        case _:
            raise ExpressionError("the result is a type, not JSON: use string(type(…))")


def _is(left: Any, right: Any) -> bool:
    return left is right


def _key(key: Any) -> str:
    if not isinstance(key, str):
        raise ExpressionError("the keys of a map in the result must be text: use string(…)")
    return key


def equal(left: Any, right: Any, budget: Budget) -> bool:
    """CEL's equality: numbers by value, other kinds never equal to another kind."""
    if isinstance(left, bool) or isinstance(right, bool):
        return bool(left is right)
    if isinstance(left, int | float) and isinstance(right, int | float):
        return bool(left == right)
    if type(left) is not type(right):
        return False
    if isinstance(left, list):
        budget.charge(4 * len(left) + 4)
        return len(left) == len(right) and all(
            equal(a, b, budget) for a, b in zip(left, right, strict=True)
        )
    if isinstance(left, dict):
        budget.charge(4 * len(left) + 4)
        return len(left) == len(right) and all(
            key in right and equal(item, right[key], budget) for key, item in left.items()
        )
    if isinstance(left, Optional):
        return left.present == right.present and equal(left.value, right.value, budget)
    if isinstance(left, TypeValue):
        return bool(left.name == right.name)
    budget.charge_for(left)
    return bool(left == right)


def order_key(value: Any, budget: Budget) -> tuple[int, Any]:
    """Sorts values of any kind in one fixed order: null, bool, numbers, text, moments, others."""
    match value:
        case None:
            return (0, 0)
        case bool():
            return (1, value)
        case int() | float():
            # NaN has no order of its own; it stands before all numbers.
            return (2, -math.inf if math.isnan(value) else value)
        case str():
            return (3, value)
        case datetime():
            return (4, value)
        case timedelta():
            return (5, value)
        case bytes():
            return (6, value)
        case list():
            budget.charge(4 * len(value) + 4)
            return (7, tuple([order_key(item, budget) for item in value]))
        case dict():
            budget.charge(8 * len(value) + 4)
            entries = [(order_key(key, budget), value[key]) for key in value]
            # Keys differ from one another, so that no two values are compared here.
            entries.sort(key=_first)
            return (8, tuple([(key, order_key(item, budget)) for key, item in entries]))
        case _:
            return (9, "")


def _first(entry: tuple[Any, Any]) -> Any:
    return entry[0]


def sorting_keys(values: list[Any], budget: Budget) -> list[tuple[int, Any]]:
    """A key of each value for sorting them; charges for what comparing them costs."""
    before = budget.left
    keys = []
    for value in values:
        budget.charge(4)
        if isinstance(value, str | bytes):
            budget.charge(bytes_of(value) / BYTES_PER_UNIT)
        keys.append(order_key(value, budget))
    # Each level of a merge goes at most once over everything.
    budget.charge((before - budget.left) / 4 * len(values).bit_length())
    return keys


def sorted_keys(value: dict[Any, Any], budget: Budget) -> list[Any]:
    """The keys of a map in their fixed order."""
    budget.charge(len(value))
    if all(map(_is_text, value)):
        return sorted(value)
    keys = list(value)
    order = dict(zip(keys, sorting_keys(keys, budget), strict=True))
    return sorted(keys, key=order.__getitem__)


def _is_text(value: Any) -> bool:
    return type(value) is str


def frozen(value: Any, budget: Budget) -> Any:
    """Something hashable that is the same for equal values."""
    if isinstance(value, bool):
        return ("bool", value)
    if isinstance(value, list):
        budget.charge(4 * len(value) + 4)
        return ("list", tuple([frozen(item, budget) for item in value]))
    if isinstance(value, dict):
        budget.charge(8 * len(value) + 4)
        return ("map", frozenset([(key, frozen(item, budget)) for key, item in value.items()]))
    budget.charge_for(value)
    return value


def joined(parts: Iterable[str], separator: str = "") -> str:
    """The parts as one text of bounded size; raises ExpressionError."""
    parts = list(parts)
    bounded(sum(map(len, parts)) + len(separator) * max(len(parts) - 1, 0))
    return separator.join(parts)


def bounded(characters: int) -> None:
    """Refuses to make a text of more than MAX_TEXT characters."""
    if characters > MAX_TEXT:
        raise ExpressionError(f"the text would have more than {MAX_TEXT:,} characters")


def bounded_items(items: int) -> None:
    """Refuses to make a list of more than MAX_ITEMS items."""
    if items > MAX_ITEMS:
        raise ExpressionError(f"the list would have more than {MAX_ITEMS:,} items")
