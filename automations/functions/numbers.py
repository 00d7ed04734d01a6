"""Functions on numbers, and what to take where a value is missing."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from automations.functions.registry import Section
from automations.values import Budget, ExpressionError, Optional, whole

NUMBERS = Section("Numbers and defaults")
MAX_DIGITS = 15


def finite(value: float) -> float:
    """The number, unless it is endless or none; raises ExpressionError."""
    if not math.isfinite(value):
        raise ExpressionError("the number is not finite")
    return value


@NUMBERS.add(
    "default(any, any) -> any",
    summary="The first value, or the second where the first is null (or an empty optional).",
    example='default(null, "none")',
)
def _default(budget: Budget, value: Any, fallback: Any) -> Any:
    if isinstance(value, Optional):
        value = value.value
    return fallback if value is None else value


@NUMBERS.add("abs(number) -> number", summary="Without its sign.", example="abs(-2)")
def _abs(budget: Budget, value: float) -> float:
    return whole(abs(value)) if isinstance(value, int) else abs(value)


@NUMBERS.add("ceil(number) -> int", summary="The next whole number above.", example="ceil(1.2)")
def _ceil(budget: Budget, value: float) -> int:
    return whole(math.ceil(finite(value)))


@NUMBERS.add("floor(number) -> int", summary="The next whole number below.", example="floor(1.8)")
def _floor(budget: Budget, value: float) -> int:
    return whole(math.floor(finite(value)))


@NUMBERS.add(
    "round(number) -> int",
    "round(number, int) -> double",
    summary="Rounded, halves away from zero; with so many digits after the point.",
    example="round(2.345, 2)",
)
def _round(budget: Budget, value: float, digits: int | None = None) -> float:
    budget.charge(6)
    if digits is None:
        return whole(int(Decimal(repr(finite(value))).to_integral_value(ROUND_HALF_UP)))
    if not 0 <= digits <= MAX_DIGITS:
        raise ExpressionError(f"`round` takes 0 to {MAX_DIGITS} digits")
    number = Decimal(repr(finite(float(value))))
    if abs(number) >= Decimal(10) ** MAX_DIGITS:
        return float(value)
    return float(number.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP))


@NUMBERS.add(
    "fixed(number, int) -> string",
    summary="Text with exactly so many digits after the point.",
    example="fixed(2.5, 2)",
)
def _fixed(budget: Budget, value: float, digits: int) -> str:
    budget.charge(6)
    if not 0 <= digits <= MAX_DIGITS:
        raise ExpressionError(f"`fixed` takes 0 to {MAX_DIGITS} digits")
    number = Decimal(repr(finite(value)))
    if abs(number) < Decimal(10) ** MAX_DIGITS:
        number = number.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    return format(number, f".{digits}f")


@NUMBERS.add(
    "clamp(number, number, number) -> number",
    summary="Not below the second and not above the third number.",
    example="clamp(12, 0, 10)",
)
def _clamp(budget: Budget, value: float, low: float, high: float) -> float:
    return max(low, min(value, high))


@NUMBERS.add("pow(number, number) -> double", summary="To a power.", example="pow(2, 10)")
def _pow(budget: Budget, base: float, exponent: float) -> float:
    try:
        return finite(math.pow(base, exponent))
    except (OverflowError, ValueError):
        raise ExpressionError("the power is no finite real number") from None


@NUMBERS.add("sqrt(number) -> double", summary="The square root.", example="sqrt(9)")
def _sqrt(budget: Budget, value: float) -> float:
    if value < 0:
        raise ExpressionError("there is no square root of a number below 0")
    return math.sqrt(value)
