"""Moments as text by a pattern, and back, in the names of a language."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from automations.functions.locales import locale_of
from automations.functions.time import TIME, local
from automations.messages import Message, message_of
from automations.values import Budget, ExpressionError
from automations.zones import zone_of

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_PATTERN = 100
MAX_WRITTEN = 400
"""Characters of a text that is read."""


@dataclass(frozen=True)
class Names:
    """The names of a language, January and Monday first."""

    months: tuple[str, ...]
    short_months: tuple[str, ...]
    lone_months: tuple[str, ...]
    """As they stand without a day, where a language tells the two apart."""
    days: tuple[str, ...]
    short_days: tuple[str, ...]
    halves: tuple[str, str]


@lru_cache(maxsize=64)
def names_of(locale: str) -> Names:
    """The names of a locale; of English where it is empty. Raises ExpressionError."""
    if not locale:
        months = tuple(calendar.month_name[1:])
        days = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
        short_months = tuple(name[:3] for name in months)
        return Names(months, short_months, months, days, tuple(d[:3] for d in days), ("AM", "PM"))
    known: Any = locale_of(locale)
    months, days = known.months, known.days["format"]
    halves = known.day_periods["format"]["abbreviated"]
    return Names(
        tuple(months["format"]["wide"][number] for number in range(1, 13)),
        tuple(months["format"]["abbreviated"][number] for number in range(1, 13)),
        tuple(months["stand-alone"]["wide"][number] for number in range(1, 13)),
        tuple(days["wide"][number] for number in range(7)),
        tuple(days["abbreviated"][number] for number in range(7)),
        (halves["am"], halves["pm"]),
    )


_TOKEN = re.compile(
    r"'((?:[^']|'')*)'|yyyy|yy|MMMM|MMM|MM|M|LLLL|dd|d|EEEE|EEE|HH|H|hh|h|mm|m|ss|s|SSS|a|XXX"
    r"|[A-Za-z]|.",
    re.DOTALL,
)
_WRITE: dict[str, Callable[[datetime, Names], str]] = {
    "yyyy": lambda t, n: f"{t.year:04}",
    "yy": lambda t, n: f"{t.year % 100:02}",
    "MMMM": lambda t, n: n.months[t.month - 1],
    "MMM": lambda t, n: n.short_months[t.month - 1],
    "MM": lambda t, n: f"{t.month:02}",
    "M": lambda t, n: str(t.month),
    "LLLL": lambda t, n: n.lone_months[t.month - 1],
    "dd": lambda t, n: f"{t.day:02}",
    "d": lambda t, n: str(t.day),
    "EEEE": lambda t, n: n.days[t.weekday()],
    "EEE": lambda t, n: n.short_days[t.weekday()],
    "HH": lambda t, n: f"{t.hour:02}",
    "H": lambda t, n: str(t.hour),
    "hh": lambda t, n: f"{(t.hour + 11) % 12 + 1:02}",
    "h": lambda t, n: str((t.hour + 11) % 12 + 1),
    "mm": lambda t, n: f"{t.minute:02}",
    "m": lambda t, n: str(t.minute),
    "ss": lambda t, n: f"{t.second:02}",
    "s": lambda t, n: str(t.second),
    "SSS": lambda t, n: f"{t.microsecond // 1000:03}",
    "a": lambda t, n: n.halves[t.hour >= 12],
    "XXX": lambda t, n: "Z" if not t.utcoffset() else t.isoformat()[-6:],
}
_READ = {
    "yyyy": r"(?P<year>\d{4})",
    "MM": r"(?P<month>\d\d)",
    "M": r"(?P<month>\d\d?)",
    "dd": r"(?P<day>\d\d)",
    "d": r"(?P<day>\d\d?)",
    "HH": r"(?P<hour>\d\d)",
    "H": r"(?P<hour>\d\d?)",
    "hh": r"(?P<half_hour>\d\d)",
    "h": r"(?P<half_hour>\d\d?)",
    "mm": r"(?P<minute>\d\d)",
    "m": r"(?P<minute>\d\d?)",
    "ss": r"(?P<second>\d\d)",
    "s": r"(?P<second>\d\d?)",
    "SSS": r"(?P<millisecond>\d{3})",
    "XXX": r"(?P<offset>Z|[+-]\d\d:?\d\d)",
}
_NAMED: dict[str, Callable[[Names], tuple[str, tuple[str, ...]]]] = {
    "MMMM": lambda n: ("month_name", n.months),
    "MMM": lambda n: ("month_name", n.short_months),
    "LLLL": lambda n: ("month_name", n.lone_months),
    "EEEE": lambda n: ("day_name", n.days),
    "EEE": lambda n: ("day_name", n.short_days),
    "a": lambda n: ("half", n.halves),
}


@lru_cache(maxsize=512)
def _tokens(pattern: str) -> tuple[tuple[str, str], ...]:
    if len(pattern) > MAX_PATTERN:
        raise ExpressionError(f"the pattern is longer than {MAX_PATTERN} characters")
    found = []
    for match in _TOKEN.finditer(pattern):
        text = match[0]
        if text in _WRITE:
            found.append(("token", text))
        elif match[1] is not None:
            found.append(("text", match[1].replace("''", "'") or "'"))
        elif text.isascii() and text.isalpha():
            known = ", ".join(_WRITE)
            raise ExpressionError(
                f"the pattern has `{text}`, which means nothing: use {known}; other letters stand "
                "between single quotes"
            )
        else:
            found.append(("text", text))
    return tuple(found)


def doubt_of(pattern: str) -> Message | None:
    """What is likely wrong with a pattern that is written out; None: nothing."""
    try:
        parts = {text for kind, text in _tokens(pattern) if kind == "token"}
    except ExpressionError as error:
        return message_of(error.message)
    has_hours = bool(parts & {"HH", "H", "hh", "h"})
    if parts & {"mm", "m"} and not has_hours:
        return Message("pattern-minutes")
    if has_hours and parts & {"MM", "M"} and not parts & {"dd", "d", "mm", "m"}:
        return Message("pattern-months")
    return None


@TIME.add(
    "time.format(timestamp, string) -> string",
    "time.format(timestamp, string, string) -> string",
    "time.format(timestamp, string, string, string) -> string",
    summary="Text by a pattern of yyyy yy MMMM MMM MM M LLLL dd d EEEE EEE HH H hh h mm m ss s SSS "
    "a XXX (other letters between single quotes), in a zone, with the names of a locale. LLLL is "
    "the name of a month that stands alone.",
    example='time.format(timestamp("2026-01-31T09:05:00Z"), "EEEE, d MMMM yyyy, HH:mm", '
    '"Europe/Istanbul", "tr")',
)
def _format(
    budget: Budget, moment: datetime, pattern: str, zone: str = "UTC", locale: str = ""
) -> str:
    budget.charge(25)
    there, names = local(moment, zone), names_of(locale)
    return "".join(
        _WRITE[text](there, names) if kind == "token" else text for kind, text in _tokens(pattern)
    )


@lru_cache(maxsize=512)
def _reader(pattern: str, locale: str) -> re.Pattern[str]:
    parts = []
    for kind, text in _tokens(pattern):
        if kind == "text":
            parts.append(re.escape(text))
        elif text in _NAMED:
            part, names = _NAMED[text](names_of(locale))
            longest_first = sorted(map(re.escape, names), key=len, reverse=True)
            parts.append(f"(?P<{part}>{'|'.join(longest_first)})")
        elif text in _READ:
            parts.append(_READ[text])
        else:
            raise ExpressionError(f"`{text}` cannot be read: write yyyy")
    try:
        return re.compile("".join(parts), re.IGNORECASE)
    except re.error:
        raise ExpressionError("the pattern has the same part twice") from None


@TIME.add(
    "time.parse(string, string) -> timestamp",
    "time.parse(string, string, string) -> timestamp",
    "time.parse(string, string, string, string) -> timestamp",
    summary="The moment that text writes by such a pattern, read in a zone unless it has XXX, with "
    "the names of a locale.",
    example='time.parse("31.01.2026 12:00", "dd.MM.yyyy HH:mm", "Europe/Istanbul")',
)
def _parse(
    budget: Budget, text: str, pattern: str, zone: str = "UTC", locale: str = ""
) -> datetime:
    budget.charge(50)
    match = _reader(pattern, locale).fullmatch(text.strip()) if len(text) <= MAX_WRITTEN else None
    if match is None:
        raise ExpressionError(f"the text is not written like `{pattern}`")
    parts = {name: value for name, value in match.groupdict().items() if value is not None}
    names = names_of(locale)
    hour = int(parts.get("hour", 0))
    if "half_hour" in parts:
        is_later = _same(parts.get("half", ""), names.halves[1])
        hour = int(parts["half_hour"]) % 12 + (12 if is_later else 0)
    month = int(parts.get("month", 1))
    if "month_name" in parts:
        every = (names.months, names.short_months, names.lone_months)
        month = next(
            number
            for number in range(1, 13)
            if any(_same(parts["month_name"], known[number - 1]) for known in every)
        )
    try:
        there = datetime(
            int(parts.get("year", 1970)),
            month,
            int(parts.get("day", 1)),
            hour,
            int(parts.get("minute", 0)),
            int(parts.get("second", 0)),
            int(parts.get("millisecond", 0)) * 1000,
            zone_of(parts.get("offset", zone)),
        )
        return there.astimezone(UTC)
    except (OverflowError, ValueError):
        raise ExpressionError(f"the text is written like `{pattern}`, but is no date") from None


def _same(left: str, right: str) -> bool:
    # As the pattern compares them: capitals do not count, but for letters of Turkish.
    return re.fullmatch(re.escape(right), left, re.IGNORECASE) is not None
