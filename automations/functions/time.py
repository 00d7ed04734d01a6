"""Functions on moments. Time zones come from the package tzdata, so every machine has the same.

Nothing here reads a clock: `now()` is the moment of a run's step.
"""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from automations.functions.registry import Section
from automations.values import Budget, ExpressionError, kind_of, number_text
from automations.zones import zone_of

if TYPE_CHECKING:
    from collections.abc import Callable

TIME = Section("Dates and times")
_SECONDS = {"weeks": 604_800, "days": 86_400, "hours": 3600, "minutes": 60, "seconds": 1}
_CALENDAR = {"years": 12, "quarters": 3, "months": 1}
_WALL_CLOCK = ("weeks", "days")


def local(moment: datetime, zone: Any) -> datetime:
    """The moment as the clocks of a zone show it; raises ExpressionError."""
    if not isinstance(zone, str):
        raise ExpressionError(f"a time zone is text, not {kind_of(zone)}")
    try:
        return moment.astimezone(zone_of(zone))
    except OverflowError:
        raise ExpressionError("the moment is not within the years 1 to 9999 there") from None


def calendar_field(name: str, moment: datetime, zone: Any) -> int:
    """What CEL's accessors such as `getHours` give; months and days count from 0 as CEL has it."""
    there = local(moment, zone)
    fields: dict[str, Callable[[], int]] = {
        "getFullYear": lambda: there.year,
        "getMonth": lambda: there.month - 1,
        "getDate": lambda: there.day,
        "getDayOfMonth": lambda: there.day - 1,
        "getDayOfWeek": lambda: there.isoweekday() % 7,
        "getDayOfYear": lambda: there.timetuple().tm_yday - 1,
        "getHours": lambda: there.hour,
        "getMinutes": lambda: there.minute,
        "getSeconds": lambda: there.second,
        "getMilliseconds": lambda: there.microsecond // 1000,
    }
    return fields[name]()


def _utc(there: datetime) -> datetime:
    try:
        return there.astimezone(UTC)
    except OverflowError:
        raise ExpressionError("the moment is not within the years 1 to 9999") from None


def _unit(unit: str) -> str:
    name = unit if unit.endswith("s") else f"{unit}s"
    if name not in _SECONDS and name not in _CALENDAR:
        known = ", ".join((*_CALENDAR, *_SECONDS))
        raise ExpressionError(f"there is no unit `{unit[:30]}`: use {known}")
    return name


@TIME.add(
    "now() -> timestamp",
    summary="The moment at which the step is run; the same in all of the step's values.",
    example="now()",
)
def _now(budget: Budget) -> datetime:
    if budget.occasion is None:
        raise ExpressionError("there is no `now()` here: it is the moment at which a step is run")
    return budget.occasion.moment


@TIME.add(
    "time.add(timestamp, int, string) -> timestamp",
    "time.add(timestamp, int, string, string) -> timestamp",
    summary="Later (or below 0 earlier) by years, quarters, months, weeks, days, hours, minutes or "
    "seconds. A zone keeps its wall clock over days and longer units.",
    example='time.add(timestamp("2026-01-31T09:00:00Z"), 1, "months")',
)
def _add(budget: Budget, moment: datetime, amount: int, unit: str, zone: str = "UTC") -> datetime:
    name, there = _unit(unit), local(moment, zone)
    try:
        if name in _CALENDAR:
            return _utc(_add_months(there, amount * _CALENDAR[name]))
        step = timedelta(seconds=amount * _SECONDS[name])
        if name in _WALL_CLOCK:
            return _utc(there + step)
        return moment + step
    except (OverflowError, ValueError):
        raise ExpressionError("the moment is not within the years 1 to 9999") from None


def _add_months(there: datetime, amount: int) -> datetime:
    months = there.year * 12 + there.month - 1 + amount
    year, month = months // 12, months % 12 + 1
    if not 1 <= year <= 9999:
        raise OverflowError
    # The last day of a shorter month stands for days that it does not have.
    day = min(there.day, calendar.monthrange(year, month)[1])
    return there.replace(year=year, month=month, day=day)


@TIME.add(
    "time.diff(timestamp, timestamp, string) -> number",
    "time.diff(timestamp, timestamp, string, string) -> number",
    summary="How many units lie from the second to the first; whole years, quarters and months, "
    "others with their part. In a zone, days and weeks are those of its calendar.",
    example='time.diff(timestamp("2026-01-02T12:00:00Z"), timestamp("2026-01-01T00:00:00Z"), '
    '"days")',
)
def _diff(
    budget: Budget, later: datetime, earlier: datetime, unit: str, zone: str = "UTC"
) -> float:
    name = _unit(unit)
    first, second = local(earlier, zone), local(later, zone)
    if name in _WALL_CLOCK:
        # A day is a day of the calendar there, whether it has 23, 24 or 25 hours.
        elapsed = second.replace(tzinfo=None) - first.replace(tzinfo=None)
        if (elapsed < timedelta()) != (later < earlier):
            elapsed = timedelta()
        return elapsed / timedelta(seconds=_SECONDS[name])
    if name not in _CALENDAR:
        return (later - earlier) / timedelta(seconds=_SECONDS[name])
    if later < earlier:
        return -float(_diff(budget, earlier, later, unit, zone))
    months = (second.year - first.year) * 12 + second.month - first.month
    if months and _add_months(first, months) > second:
        months -= 1
    return months // _CALENDAR[name]


@TIME.add(
    "time.startOf(timestamp, string) -> timestamp",
    "time.startOf(timestamp, string, string) -> timestamp",
    summary="When the year, quarter, month, week (Monday), day, hour or minute began, in a zone.",
    example='time.startOf(timestamp("2026-03-10T22:30:00Z"), "day", "Europe/Istanbul")',
)
def _start_of(budget: Budget, moment: datetime, unit: str, zone: str = "UTC") -> datetime:
    return _utc(_start(local(moment, zone), _unit(unit)))


@TIME.add(
    "time.endOf(timestamp, string) -> timestamp",
    "time.endOf(timestamp, string, string) -> timestamp",
    summary="The last millisecond of the year, quarter, month, week, day, hour or minute, in a "
    "zone.",
    example='time.endOf(timestamp("2026-02-10T09:00:00Z"), "month")',
)
def _end_of(budget: Budget, moment: datetime, unit: str, zone: str = "UTC") -> datetime:
    name = _unit(unit)
    start = _start(local(moment, zone), name)
    try:
        if name in _CALENDAR:
            following = _add_months(start, _CALENDAR[name])
        else:
            step = timedelta(seconds=_SECONDS[name])
            # Hours and shorter units pass; days and weeks are counted by the calendar.
            is_long = name in _WALL_CLOCK
            following = start + step if is_long else (_utc(start) + step).astimezone(start.tzinfo)
        return _utc(following) - timedelta(milliseconds=1)
    except OverflowError:
        raise ExpressionError("the moment is not within the years 1 to 9999") from None


def _start(there: datetime, name: str) -> datetime:
    if name == "weeks":
        try:
            there -= timedelta(days=there.weekday())
        except OverflowError:
            raise ExpressionError("the moment is not within the years 1 to 9999") from None
    if name == "quarters":
        there = there.replace(month=there.month - (there.month - 1) % 3, day=1)
    order = ("years", "months", "days", "hours", "minutes", "seconds")
    fields = ("month", "day", "hour", "minute", "second", "microsecond")
    kept = order.index({"weeks": "days", "quarters": "months"}.get(name, name))
    zeros = {field: int(field in ("month", "day")) for field in fields[kept:]}
    if kept <= order.index("days"):
        # A day that begins in the hour that clocks repeat begins the first time.
        zeros["fold"] = 0
    return there.replace(**zeros)  # type: ignore[arg-type]


@TIME.add(
    "time.quarter(timestamp) -> int",
    "time.quarter(timestamp, string) -> int",
    summary="The quarter of the year in a zone, 1 to 4.",
    example='time.quarter(timestamp("2026-05-10T09:00:00Z"))',
)
def _quarter(budget: Budget, moment: datetime, zone: str = "UTC") -> int:
    return (local(moment, zone).month + 2) // 3


@TIME.add(
    "time.iso(timestamp, string) -> string",
    summary="RFC 3339 text with the offset of a zone.",
    example='time.iso(timestamp("2026-01-31T09:00:00Z"), "Europe/Istanbul")',
)
def _iso(budget: Budget, moment: datetime, zone: str) -> str:
    return local(moment, zone).isoformat()


@TIME.add(
    "time.weekday(timestamp) -> int",
    "time.weekday(timestamp, string) -> int",
    summary="The day of the week in a zone: 1 is Monday, 7 Sunday.",
    example='time.weekday(timestamp("2026-01-31T09:00:00Z"))',
)
def _weekday(budget: Budget, moment: datetime, zone: str = "UTC") -> int:
    return local(moment, zone).isoweekday()


@TIME.add(
    "time.week(timestamp) -> int",
    "time.week(timestamp, string) -> int",
    summary="The number of the week by ISO 8601, in a zone.",
    example='time.week(timestamp("2026-01-31T09:00:00Z"))',
)
def _week(budget: Budget, moment: datetime, zone: str = "UTC") -> int:
    there = local(moment, zone)
    return date(there.year, there.month, there.day).isocalendar().week


@TIME.add(
    "time.epoch(timestamp) -> number",
    summary="Seconds since 1970, with their part.",
    example='time.epoch(timestamp("2026-01-31T09:00:00Z"))',
)
def _epoch(budget: Budget, moment: datetime) -> float:
    return moment.timestamp()


@TIME.add(
    "time.seconds(duration) -> number",
    summary="The seconds of a duration, with their part.",
    example='time.seconds(duration("1m30s"))',
)
def _seconds_of(budget: Budget, value: timedelta) -> float:
    return value.total_seconds()


@TIME.add(
    "time.words(duration) -> string",
    summary="A duration as people write it, to the second.",
    example='time.words(duration("26h5m"))',
)
def _words(budget: Budget, value: timedelta) -> str:
    left, parts = abs(int(value.total_seconds())), []
    for letter, seconds in (("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)):
        if left >= seconds:
            parts.append(f"{number_text(left // seconds)}{letter}")
            left %= seconds
    return ("-" if value < timedelta() else "") + (" ".join(parts) or "0s")
