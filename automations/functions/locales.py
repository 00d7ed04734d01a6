"""Numbers and names as they are written in a language and country (CLDR, by the package babel).

Babel is imported when it is first asked for: most automations never do.
"""

from __future__ import annotations

import re
from copy import copy
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from automations.functions.numbers import MAX_DIGITS, NUMBERS, finite
from automations.values import Budget, ExpressionError, as_read, whole

if TYPE_CHECKING:
    from babel import Locale

MAX_NUMBER = 100
"""Characters of a text that is read as a number."""
_LOCALE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,3}")
_PLAIN = re.compile(r"([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
# A sign, a currency, the number, and a currency.
_AMOUNT = re.compile(
    r"[\u200e\u200f]*([-+\u2212]?)\s*([^-+\d]{0,8}?)\s*([0-9.](?:.*[0-9.])?)([^\d]{0,8})", re.DOTALL
)


@lru_cache(maxsize=64)
def locale_of(name: str) -> Locale:
    """The locale of a name such as `de` or `pt-BR`; raises ExpressionError."""
    from babel import Locale, UnknownLocaleError

    try:
        if _LOCALE.fullmatch(name):
            return Locale.parse(name.replace("-", "_"))
    except (UnknownLocaleError, ValueError, TypeError):
        pass
    raise ExpressionError(
        f"there is no locale `{name[:40]}`: use a language such as de, or one with its country "
        "such as pt-BR"
    )


@NUMBERS.add(
    "number.parse(string) -> number",
    "number.parse(string, string) -> number",
    "number.parse(string, string, any) -> any",
    summary="The number that a text writes, with the thousands separators and decimal comma of a "
    "locale; the third argument instead where it writes none.",
    example='number.parse("1.234,5 €", "de")',
)
def _parse(budget: Budget, text: str, locale: str = "", *otherwise: Any) -> Any:
    budget.charge(60)
    found = _number(text, locale)
    try:
        if found is not None:
            return _plain(found)
    except ExpressionError:
        if not otherwise:
            raise
    if otherwise:
        return otherwise[0]
    raise ExpressionError(
        "the text is no number; number.parse(text, locale, 0) gives 0 where it is none"
    )


def _number(text: str, name: str) -> Decimal | None:
    locale = locale_of(name) if name else None
    if len(text) > MAX_NUMBER:
        return None
    parts = _AMOUNT.fullmatch(text.strip())
    if parts is None or not all(_is_money(parts[side], locale) for side in (2, 4)):
        return None
    number = re.sub(r"\s", "", parts[3])
    if locale is not None:
        number = _without_groups(number, locale)
    sign = "-" if parts[1] in ("-", "\u2212") else ""
    return Decimal(sign + number) if _PLAIN.fullmatch(number) else None


def _is_money(text: str, locale: Locale | None) -> bool:
    """Whether what stands beside a number says the currency: its sign, or its code."""
    text = text.strip()
    # TL is what people in Turkey write, and CLDR does not know.
    if not text or re.fullmatch(r"[A-Z]{3}|[$£¥¢\u20a0-\u20cf]|TL", text):
        return True
    return locale is not None and text in locale.currency_symbols.values()


def _without_groups(number: str, locale: Locale) -> str:
    """The digits with a point; empty where the groups are not those of the locale."""
    symbols = locale.number_symbols["latn"]
    # Typewriters have no apostrophe as books have it.
    group = symbols["group"].replace("\u2019", "'").strip()
    whole_part, point, fraction = number.replace("\u2019", "'").partition(symbols["decimal"])
    if group and group in whole_part:
        last, others = locale.decimal_formats[None].grouping
        separator = re.escape(group)
        groups = rf"[0-9]{{1,{others}}}({separator}[0-9]{{{others}}})*{separator}[0-9]{{{last}}}"
        if not re.fullmatch(groups, whole_part):
            return ""
        whole_part = whole_part.replace(group, "")
    return f"{whole_part}.{fraction}" if point else whole_part


def _plain(number: Decimal) -> float:
    exact = finite(float(number))
    if number == number.to_integral_value() and "E" not in str(number):
        return whole(int(number))
    return exact


@NUMBERS.add(
    "number.format(number, string) -> string",
    "number.format(number, string, int) -> string",
    summary="A number as a locale writes it, with thousands separators; with exactly so many "
    "digits after the point.",
    example='number.format(1234567.5, "de", 2)',
)
def _format(budget: Budget, value: float, locale: str, digits: int | None = None) -> str:
    budget.charge(100)
    pattern = copy(locale_of(locale).decimal_formats[None])
    if digits is None:
        return str(pattern.apply(_exact(value), locale_of(locale)))
    if not 0 <= digits <= MAX_DIGITS:
        raise ExpressionError(f"`number.format` takes 0 to {MAX_DIGITS} digits")
    rounded = _rounded(value, digits)
    pattern.frac_prec = (digits, digits)
    return str(pattern.apply(rounded, locale_of(locale)))


@NUMBERS.add(
    "number.currency(number, string, string) -> string",
    summary="An amount of a currency (ISO 4217) as a locale writes it.",
    example='number.currency(1234.5, "EUR", "de")',
)
def _currency(budget: Budget, value: float, currency: str, locale: str) -> str:
    budget.charge(200)
    from babel.numbers import format_currency, get_currency_precision, is_currency

    if not (re.fullmatch(r"[A-Z]{3}", currency) and is_currency(currency)):
        raise ExpressionError(f"there is no currency `{currency[:20]}`: use a code such as EUR")
    rounded = _rounded(value, get_currency_precision(currency))
    return str(format_currency(rounded, currency, locale=locale_of(locale)))


def _exact(value: float) -> Decimal:
    return Decimal(repr(as_read(finite(value))))


def _rounded(value: float, digits: int) -> Decimal:
    number = _exact(value)
    if abs(number) >= Decimal(10) ** MAX_DIGITS:
        return number
    return number.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
