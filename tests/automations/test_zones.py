"""Time zones and the calendar: one source for all, whatever the operating system knows."""

from __future__ import annotations

import zoneinfo
from datetime import UTC, datetime, timedelta
from importlib import resources
from typing import TYPE_CHECKING, Any

import pytest

from api.manage.statistics import _Chart
from automations.expressions import ExpressionError, compile_expression
from automations.zones import named_zone, zone_names, zone_of
from connectors.triggers.schedules import ScheduleError, schedule_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NINE = datetime(2026, 12, 1, 9, tzinfo=UTC)


@pytest.fixture(params=["America/Vancouver", "Europe/Berlin", "America/Argentina/Ushuaia"])
def zone(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A zone that the operating system takes for UTC."""
    name = str(request.param)
    file = tmp_path / name
    file.parent.mkdir(parents=True)
    file.write_bytes((resources.files("tzdata") / "zoneinfo" / "UTC").read_bytes())
    zoneinfo.reset_tzpath([str(tmp_path)])
    zoneinfo.ZoneInfo.clear_cache()
    named_zone.cache_clear()
    zone_of.cache_clear()
    assert not datetime(2026, 12, 1, tzinfo=zoneinfo.ZoneInfo(name)).utcoffset()
    yield name
    zoneinfo.reset_tzpath()
    zoneinfo.ZoneInfo.clear_cache()


def test_schedules_expressions_and_statistics_ask_the_same_package(zone: str) -> None:
    parse = f'time.parse("2026-12-01 09:00", "yyyy-MM-dd HH:mm", "{zone}")'
    expected = datetime.fromisoformat(compile_expression(parse).evaluate({}))
    assert expected != NINE
    schedule = schedule_of({"cron": "0 9 * * *", "timezone": zone})
    day_before = int((expected - timedelta(hours=20)).timestamp() * 1000)
    assert schedule.next_after(day_before) == expected.timestamp() * 1000
    begin = datetime.fromtimestamp(_Chart(named_zone(zone), 1)._begins[0] / 1000, UTC)
    start = f'time.startOf(timestamp("{begin.isoformat()}"), "day", "{zone}")'
    assert datetime.fromisoformat(compile_expression(start).evaluate({})) == begin
    hours = f'timestamp("2026-12-01T09:00:00Z").getHours("{zone}")'
    assert compile_expression(hours).evaluate({}) == NINE.astimezone(zone_of(zone)).hour


def test_vancouver_keeps_its_summer_time_in_december_2026() -> None:
    schedule = schedule_of({"cron": "0 9 * * *", "timezone": "America/Vancouver"})
    found = datetime.fromtimestamp(schedule.next_after(int(NINE.timestamp() * 1000)) / 1000, UTC)
    assert found == datetime(2026, 12, 1, 16, tzinfo=UTC)


def test_every_zone_of_the_package_can_be_used() -> None:
    for name in zone_names():
        assert named_zone(name).key == name


@pytest.mark.parametrize(
    "name",
    [
        "europe/istanbul", "EUROPE/ISTANBUL", "../../etc/passwd", "/etc/localtime", "Europe/",
        "Europe", "Europe/Istanbul/", "zone.tab", "tzdata.zi", "Istanbul", "Europe/Istanbul\0",
        "e" * 500, "+3", "+24:00",
    ],
)  # fmt: skip
def test_a_bad_name_is_told_everywhere(name: str) -> None:
    with pytest.raises(ExpressionError, match="there is no time zone"):
        zone_of(name)
    with pytest.raises(ScheduleError, match="there is no time zone"):
        schedule_of({"cron": "0 9 * * *", "timezone": name})
    if name.lower() == "europe/istanbul":
        with pytest.raises(ExpressionError, match="did you mean Europe/Istanbul"):
            zone_of(name)


def _given(source: str) -> Any:
    return compile_expression(source).evaluate({})


def _moment(text: str) -> str:
    return f'time.parse("{text}", "yyyy-MM-dd HH:mm", "Europe/Berlin")'


@pytest.mark.parametrize(
    ("later", "earlier", "unit", "value"),
    [
        ("2026-03-30 00:00", "2026-03-28 00:00", "days", 2),
        ("2026-10-26 00:00", "2026-10-24 00:00", "days", 2),
        ("2026-10-24 00:00", "2026-10-26 00:00", "days", -2),
        ("2026-03-29 12:00", "2026-03-29 00:00", "days", 0.5),
        ("2026-04-04 12:00", "2026-03-28 12:00", "weeks", 1),
        ("2026-11-01 12:00", "2026-10-18 12:00", "weeks", 2),
        ("2026-10-25 23:00", "2026-09-25 23:00", "months", 1),
        ("2026-12-31 00:00", "2026-03-31 00:00", "quarters", 3),
        ("2026-03-30 00:00", "2026-03-29 00:00", "hours", 23),
        ("2026-10-26 00:00", "2026-10-25 00:00", "hours", 25),
    ],
)
def test_days_in_a_zone_are_days_of_its_calendar(
    later: str, earlier: str, unit: str, value: float
) -> None:
    source = f'time.diff({_moment(later)}, {_moment(earlier)}, "{unit}", "Europe/Berlin")'
    assert _given(source) == value
    if value == int(value) and unit != "hours":
        back = f'time.add({_moment(earlier)}, {int(value)}, "{unit}", "Europe/Berlin")'
        assert _given(back) == _given(_moment(later))


@pytest.mark.parametrize(
    ("unit", "start", "end"),
    [
        ("year", "2025-12-31T23:00:00Z", "2026-12-31T22:59:59.999Z"),
        ("quarter", "2026-09-30T22:00:00Z", "2026-12-31T22:59:59.999Z"),
        ("month", "2026-09-30T22:00:00Z", "2026-10-31T22:59:59.999Z"),
        ("week", "2026-10-18T22:00:00Z", "2026-10-25T22:59:59.999Z"),
        ("day", "2026-10-24T22:00:00Z", "2026-10-25T22:59:59.999Z"),
        ("hour", "2026-10-25T00:00:00Z", "2026-10-25T00:59:59.999Z"),
        ("minute", "2026-10-25T00:30:00Z", "2026-10-25T00:30:59.999Z"),
    ],
)
def test_units_have_a_start_and_an_end_also_where_clocks_change(
    unit: str, start: str, end: str
) -> None:
    moment = 'timestamp("2026-10-25T00:30:10Z")'
    assert _given(f'time.startOf({moment}, "{unit}", "Europe/Berlin")') == start
    assert _given(f'time.endOf({moment}, "{unit}", "Europe/Berlin")') == end
