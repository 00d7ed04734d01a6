"""CEL's own operators and functions, computed on plain Python values.

Where CEL has no result for a whole number beside a decimal (`2 * 1.5`), the result is decimal here:
JSON does not tell 2 from 2.0, so an expression must not fail with the data of one day.
"""

from __future__ import annotations

import math
import operator
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from automations.functions.time import calendar_field
from automations.regular import first
from automations.values import (
    BYTES_PER_UNIT,
    INT_RANGE,
    NONE,
    Budget,
    ExpressionError,
    MissingError,
    Optional,
    TypeValue,
    as_read,
    bounded,
    bounded_items,
    bytes_of,
    equal,
    kind_of,
    plain_text,
    sorted_keys,
    whole,
)

if TYPE_CHECKING:
    from collections.abc import Callable

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MAX_DURATION = timedelta(days=3_652_500)
"""CEL's longest duration, about 10,000 years."""


MAX_DIGITS = 400
"""Characters of a text that `double` reads."""
MISSING_COST = 16
"""Units that an error costs which an expression may catch."""
MAX_NAMED = 100
"""Keys of the largest map of which an error names any; of a larger one it tells their number."""
MAX_SHOWN = 80
"""Characters of a key in an error."""


def describe_missing(
    path: tuple[str, ...] | None, field: str, value: dict[Any, Any], budget: Budget
) -> str:
    """Says that a map has no such field, and what to write instead."""
    budget.charge(MISSING_COST)
    field = field[:MAX_SHOWN]
    if path == ("steps",):
        return f"step `{field}` has not run"
    where = f"`{'.'.join(path)}`" if path else "the map"
    if len(value) > MAX_NAMED:
        has = f"it has {len(value)} others"
    else:
        names = [str(key)[:MAX_SHOWN] for key in sorted_keys(value, budget)[:20]]
        has = f"it has {', '.join(names)}" if names else "it is empty"
    place = ".".join(path) if path else "x"
    return f"{where} has no `{field}` ({has}); write {place}.?{field}.orValue(…) where it may miss"


def access(container: Any, key: Any) -> Optional:
    """The optional value at a key or index."""
    if isinstance(container, Optional):
        return access(container.value, key) if container.present else NONE
    key = as_read(key)
    if isinstance(container, dict) and isinstance(key, str | int) and key in container:
        return Optional(True, as_read(container[key]))
    if isinstance(container, list) and _is_index(key) and 0 <= key < len(container):
        return Optional(True, as_read(container[key]))
    return NONE


def _index(budget: Budget, container: Any, key: Any) -> Any:
    if isinstance(container, Optional):
        return access(container, key)
    key = as_read(key)
    if isinstance(container, dict):
        if isinstance(key, str | int) and key in container:
            return as_read(container[key])
        raise MissingError(describe_missing(None, str(key), container, budget))
    if isinstance(container, list):
        if not _is_index(key):
            raise ExpressionError(f"the index of a list is a whole number, not {kind_of(key)}")
        if 0 <= key < len(container):
            return as_read(container[key])
        raise MissingError(f"there is no item {key} in a list of {len(container)} (from 0)")
    raise ExpressionError(f"{kind_of(container)} has no items: `[…]` takes a list or a map")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_index(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _arithmetic(
    sign: str, whole_operation: Callable[[int, int], int], decimal: Callable[[float, float], float]
) -> Callable[[Budget, Any, Any], Any]:
    def run(budget: Budget, left: Any, right: Any) -> Any:
        if _is_number(left) and _is_number(right):
            if isinstance(left, int) and isinstance(right, int):
                return whole(whole_operation(left, right))
            return decimal(float(left), float(right))
        return _on_others(sign, budget, left, right)

    return run


def _on_others(sign: str, budget: Budget, left: Any, right: Any) -> Any:
    match sign, left, right:
        case "+", str(), str():
            bounded(len(left) + len(right))
            budget.charge((bytes_of(left) + bytes_of(right)) / BYTES_PER_UNIT)
            return left + right
        case "+", bytes(), bytes():
            bounded(len(left) + len(right))
            budget.charge((bytes_of(left) + bytes_of(right)) / BYTES_PER_UNIT)
            return left + right
        case "+", list(), list():
            bounded_items(len(left) + len(right))
            budget.charge((len(left) + len(right)) / 4)
            return left + right
        case "+", (datetime() | timedelta()), (datetime() | timedelta()):
            if not (isinstance(left, datetime) and isinstance(right, datetime)):
                return _in_range(operator.add, left, right)
        case "-", datetime(), (datetime() | timedelta()):
            return _in_range(operator.sub, left, right)
        case "-", timedelta(), timedelta():
            return _in_range(operator.sub, left, right)
    hint = ""
    if left is None or right is None:
        hint = "; default(x, y) gives y for null"
    elif sign == "+" and (isinstance(left, str) or isinstance(right, str)):
        hint = ": use string(…) to make text of a value"
    raise ExpressionError(f"`{sign}` cannot take {kind_of(left)} and {kind_of(right)}{hint}")


def _in_range(operation: Callable[[Any, Any], Any], left: Any, right: Any) -> Any:
    try:
        result = operation(left, right)
    except OverflowError:
        raise ExpressionError("the moment is not within the years 1 to 9999") from None
    if isinstance(result, timedelta) and abs(result) > MAX_DURATION:
        raise ExpressionError("the duration is longer than 10,000 years")
    return result


def _divide_whole(left: int, right: int) -> int:
    if right == 0:
        raise ExpressionError("division by zero")
    quotient = abs(left) // abs(right)
    return quotient if (left < 0) == (right < 0) else -quotient


def _divide(budget: Budget, left: Any, right: Any) -> Any:
    """Divides numbers of which one comes from data, where 10 and 10.0 are the same."""
    if not (_is_number(left) and _is_number(right)):
        raise ExpressionError(f"`/` cannot take {kind_of(left)} and {kind_of(right)}")
    if right == 0:
        if isinstance(right, int):
            raise ExpressionError("division by zero")
        # 0.0 is never data, but written or made by double(…): IEEE 754, as CEL has it.
        return math.copysign(math.inf, left) * math.copysign(1, right) if left else math.nan
    if isinstance(left, int) and isinstance(right, int) and left % right == 0:
        # Exact beyond the 53 bits of a decimal, too.
        return whole(left // right)
    return left / right


def _remainder(budget: Budget, left: Any, right: Any) -> Any:
    if not (_is_index(left) and _is_index(right)):
        raise ExpressionError(f"`%` takes whole numbers, not {kind_of(left)} and {kind_of(right)}")
    return left - right * _divide_whole(left, right)


def _negate(budget: Budget, value: Any) -> Any:
    if not _is_number(value):
        raise ExpressionError(f"`-` takes a number, not {kind_of(value)}")
    return whole(-value) if isinstance(value, int) else -value


def _not(budget: Budget, value: Any) -> bool:
    if isinstance(value, bool):
        return not value
    raise ExpressionError(f"`!` takes true or false, not {kind_of(value)}")


def _ordering(sign: str, compare: Callable[[Any, Any], bool]) -> Callable[[Budget, Any, Any], bool]:
    def run(budget: Budget, left: Any, right: Any) -> bool:
        comparable = (_is_number(left) and _is_number(right)) or (
            type(left) is type(right)
            and isinstance(left, str | bool | bytes | datetime | timedelta)
        )
        if not comparable:
            raise ExpressionError(f"`{sign}` cannot compare {kind_of(left)} and {kind_of(right)}")
        budget.charge_for(left)
        return compare(left, right)

    return run


def _contained(budget: Budget, item: Any, container: Any) -> bool:
    if isinstance(container, dict):
        key = as_read(item)
        return isinstance(key, str | int) and key in container
    if isinstance(container, list):
        budget.charge(3 * len(container))
        return any(equal(item, other, budget) for other in container)
    hint = "; use text.contains(…)" if isinstance(container, str) else ""
    raise ExpressionError(f"`in` takes a list or a map, not {kind_of(container)}{hint}")


def _size(budget: Budget, value: Any) -> int:
    if isinstance(value, str | bytes | list | dict):
        return len(value)
    raise ExpressionError(f"`size` takes text, a list or a map, not {kind_of(value)}")


def _on_texts(name: str, test: Callable[[str, str], bool]) -> Callable[[Budget, Any, Any], bool]:
    def run(budget: Budget, text: Any, part: Any) -> bool:
        if not (isinstance(text, str) and isinstance(part, str)):
            wrong = part if isinstance(text, str) else text
            raise ExpressionError(f"`{name}` takes text, not {kind_of(wrong)}")
        budget.charge_search(text, part)
        return test(text, part)

    return run


def _matches(budget: Budget, text: Any, pattern: Any) -> bool:
    if not (isinstance(text, str) and isinstance(pattern, str)):
        wrong = pattern if isinstance(text, str) else text
        raise ExpressionError(f"`matches` takes text, not {kind_of(wrong)}")
    return first(pattern, text, budget) is not None


def _to_int(budget: Budget, value: Any) -> int:
    match value:
        case int() if _is_number(value):
            return whole(value)
        case float():
            if not math.isfinite(value):
                raise ExpressionError("the number is not finite")
            # The smallest number stands for all that a decimal cannot tell from it.
            return whole(int(value)) if value > INT_RANGE[0] else whole(INT_RANGE[0] - 1)
        case str():
            if not re.fullmatch(r"[+-]?[0-9]{1,20}", value):
                raise ExpressionError("the text is no whole number, so int(…) cannot read it")
            return whole(int(value))
        case datetime():
            return (value - EPOCH) // timedelta(seconds=1)
    raise ExpressionError(f"`int` cannot be made of {kind_of(value)}")


def _to_double(budget: Budget, value: Any) -> float:
    if isinstance(value, str):
        number = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"
        if len(value) > MAX_DIGITS or not re.fullmatch(number, value):
            raise ExpressionError("the text is no number, so double(…) cannot read it")
        return float(value)
    if _is_number(value):
        return float(value)
    raise ExpressionError(f"`double` cannot be made of {kind_of(value)}")


_TRUE = ("true", "TRUE", "True", "t", "1")
_FALSE = ("false", "FALSE", "False", "f", "0")


def _to_bool(budget: Budget, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value in (*_TRUE, *_FALSE):
        return value in _TRUE
    raise ExpressionError(f"`bool` cannot be made of this ({kind_of(value)})")


def _to_bytes(budget: Budget, value: Any) -> bytes:
    if isinstance(value, str | bytes):
        budget.charge_for(value)
        return value.encode() if isinstance(value, str) else value
    raise ExpressionError(f"`bytes` cannot be made of {kind_of(value)}")


_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d")


def _to_timestamp(budget: Budget, value: Any) -> datetime:
    if isinstance(value, datetime):
        return value
    budget.charge(8)
    try:
        if (
            isinstance(value, str)
            and len(value) <= MAX_DIGITS
            and re.match(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d", value)
        ):
            # More than microseconds are cut off.
            moment = datetime.fromisoformat(
                re.sub(r"(\.\d{6})\d+", r"\1", value[:MAX_DIGITS].upper())
            )
            if moment.tzinfo is not None:
                return moment.astimezone(UTC)
        if _is_number(value):
            return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    raise ExpressionError(
        "`timestamp` takes text like 2026-01-31T09:00:00Z or 2026-01-31T09:00:00+03:00, or seconds "
        "since 1970; use time.parse(…) for other formats"
    )


_PART = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(h|ms|m|s|us|ns)")
_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}


def _to_duration(budget: Budget, value: Any) -> timedelta:
    if isinstance(value, timedelta):
        return value
    if isinstance(value, str) and len(value) < 100:
        sign, text = (-1, value[1:]) if value.startswith("-") else (1, value.removeprefix("+"))
        parts = _PART.findall(text)
        if parts and "".join(number + unit for number, unit in parts) == text:
            seconds = sum(float(number) * _SECONDS[unit] for number, unit in parts)
            if seconds <= MAX_DURATION.total_seconds():
                return sign * timedelta(seconds=seconds)
    raise ExpressionError('`duration` takes text like "90s", "1h30m" or "250ms"')


_TYPE_OF = {
    type(None): "null_type",
    bool: "bool",
    int: "int",
    float: "double",
    str: "string",
    bytes: "bytes",
    list: "list",
    dict: "map",
    datetime: "timestamp",
    timedelta: "duration",
    Optional: "optional_type",
}


def _duration_field(value: timedelta, divisor: float) -> int:
    return int(value.total_seconds() / divisor)


_DURATION_FIELDS = {"getHours": 3600.0, "getMinutes": 60.0, "getSeconds": 1.0}


def _field(name: str) -> Callable[..., int]:
    def run(budget: Budget, value: Any, zone: Any = "UTC") -> int:
        if isinstance(value, timedelta) and name in _DURATION_FIELDS:
            return _duration_field(value, _DURATION_FIELDS[name])
        if isinstance(value, timedelta) and name == "getMilliseconds":
            return int(math.fmod(value // timedelta(microseconds=1) / 1000, 1000))
        if not isinstance(value, datetime):
            raise ExpressionError(
                f"`{name}` takes a timestamp, not {kind_of(value)}: use timestamp(…)"
            )
        return calendar_field(name, value, zone)

    return run


def _has_value(budget: Budget, value: Any) -> bool:
    return _an_optional(value).present


def _value(budget: Budget, value: Any) -> Any:
    if not _an_optional(value).present:
        raise ExpressionError("the optional value is none: use orValue(…)")
    return value.value


def _an_optional(value: Any) -> Optional:
    if isinstance(value, Optional):
        return value
    raise ExpressionError(f"an optional value is needed, such as a.?b, not {kind_of(value)}")


def _of_non_zero(budget: Budget, value: Any) -> Optional:
    zero = value is None or value == 0 or value in ("", b"", [], {}, timedelta())
    return NONE if zero else Optional(True, value)


CALLS: dict[str, Callable[..., Any]] = {
    "_+_": _arithmetic("+", operator.add, operator.add),
    "_-_": _arithmetic("-", operator.sub, operator.sub),
    "_*_": _arithmetic("*", operator.mul, operator.mul),
    "_/_": _divide,
    "divide whole": _arithmetic("/", _divide_whole, operator.truediv),
    "_%_": _remainder,
    "-_": _negate,
    "!_": _not,
    "_==_": lambda budget, left, right: equal(left, right, budget),
    "_!=_": lambda budget, left, right: not equal(left, right, budget),
    "_<_": _ordering("<", operator.lt),
    "_<=_": _ordering("<=", operator.le),
    "_>_": _ordering(">", operator.gt),
    "_>=_": _ordering(">=", operator.ge),
    "_[_]": _index,
    "_?._": lambda budget, container, key: access(container, key),
    "_[?_]": lambda budget, container, key: access(container, key),
    "@in": _contained,
    "size": _size,
    "contains": _on_texts("contains", operator.contains),
    "startsWith": _on_texts("startsWith", str.startswith),
    "endsWith": _on_texts("endsWith", str.endswith),
    "matches": _matches,
    "int": _to_int,
    "double": _to_double,
    "string": lambda budget, value: plain_text(value),
    "bool": _to_bool,
    "bytes": _to_bytes,
    "timestamp": _to_timestamp,
    "duration": _to_duration,
    "dyn": lambda budget, value: value,
    "type": lambda budget, value: TypeValue(_TYPE_OF.get(type(value), "type")),
    "hasValue": _has_value,
    "value": _value,
    "optional.of": lambda budget, value: Optional(True, value),
    "optional.none": lambda budget: NONE,
    "optional.ofNonZeroValue": _of_non_zero,
    **{
        name: _field(name)
        for name in (
            "getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear", "getFullYear", "getHours",
            "getMilliseconds", "getMinutes", "getMonth", "getSeconds",
        )
    },
}  # fmt: skip
