"""When a schedule is due: time zones, the change of clocks, and what was missed."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.catalogue import check_manifests, load_catalogue
from connectors.triggers import ScheduleSource
from connectors.triggers.schedules import (
    MAX_MISSED,
    Due,
    Schedule,
    ScheduleError,
    begin,
    schedule_of,
)

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


def runs(cron: str, zone: str, start: str, count: int) -> list[str]:
    """The next moments, in the local time of the zone."""
    schedule = schedule_of({"cron": cron, "timezone": zone})
    moment, found = ms(start), []
    for _ in range(count):
        moment = schedule.next_after(moment)
        found.append(datetime.fromtimestamp(moment / 1000, ZoneInfo(zone)).isoformat())
    return found


@pytest.mark.parametrize(
    ("zone", "day", "before", "after", "skipped"),
    [
        ("Europe/Berlin", "2026-03-29", "+01:00", "+02:00", "03:00"),
        ("America/New_York", "2026-03-08", "-05:00", "-04:00", "03:00"),
    ],
)
def test_what_falls_into_the_missing_hour_runs_right_after_it(
    zone: str, day: str, before: str, after: str, skipped: str
) -> None:
    eve = (datetime.fromisoformat(day).replace(hour=0)).date().toordinal() - 1
    eve_day = datetime.fromordinal(eve).date().isoformat()
    assert runs("30 2 * * *", zone, f"{eve_day}T00:00:00{before}", 3) == [
        f"{eve_day}T02:30:00{before}",
        f"{day}T{skipped}:00{after}",
        f"{datetime.fromordinal(eve + 2).date().isoformat()}T02:30:00{after}",
    ]


@pytest.mark.parametrize(
    ("zone", "day", "hour", "before", "after"),
    [
        ("Europe/Berlin", "2026-10-25", "02", "+02:00", "+01:00"),
        ("America/New_York", "2026-11-01", "01", "-04:00", "-05:00"),
    ],
)
def test_what_falls_into_the_hour_that_comes_twice_runs_once(
    zone: str, day: str, hour: str, before: str, after: str
) -> None:
    next_day = datetime.fromordinal(datetime.fromisoformat(day).toordinal() + 1).date().isoformat()
    cron = f"30 {int(hour)} * * *"
    expected = [f"{day}T{hour}:30:00{before}", f"{next_day}T{hour}:30:00{after}"]
    assert runs(cron, zone, f"{day}T00:00:00{before}", 2) == expected
    # Also for one who begins to look while the hour comes again.
    assert runs(cron, zone, f"{day}T{hour}:10:00{after}", 1) == expected[1:]


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York"])
def test_each_half_hour_is_each_half_hour_whatever_the_clocks_do(zone: str) -> None:
    schedule = schedule_of({"cron": "*/30 * * * *", "timezone": zone})
    for start in (
        "2026-03-08T00:00:00Z",
        "2026-03-29T00:00:00Z",
        "2026-10-25T00:00:00Z",
        "2026-11-01T00:00:00Z",
    ):
        moments = [ms(start)]
        for _ in range(48):
            moments.append(schedule.next_after(moments[-1]))
        assert {later - earlier for earlier, later in itertools.pairwise(moments)} == {30 * MINUTE}


def test_the_leap_day_comes_each_four_years() -> None:
    assert runs("0 9 29 2 *", "Europe/Istanbul", "2026-01-01T00:00:00Z", 2) == [
        "2028-02-29T09:00:00+03:00",
        "2032-02-29T09:00:00+03:00",
    ]


def test_a_day_of_the_week_follows_the_zone_not_utc() -> None:
    assert runs("0 1 * * MON", "Asia/Tokyo", "2026-11-20T00:00:00Z", 1) == [
        "2026-11-23T01:00:00+09:00"
    ]


@pytest.mark.parametrize(
    ("inputs", "told"),
    [
        ({}, "either `cron` or `every`"),
        ({"cron": "* * * * *", "every": 60}, "either `cron` or `every`"),
        ({"cron": "* * * *"}, "five fields"),
        ({"cron": "0 * * * * *"}, "five fields"),
        ({"cron": 5}, "five fields"),
        ({"cron": "@daily"}, "five fields"),
        ({"cron": "* " * 500}, "five fields"),
        ({"cron": "61 * * * *"}, "bad minute"),
        ({"cron": "0 25 * * *"}, "bad hour"),
        ({"cron": "0 0 * * NEVER"}, "bad day-of-week"),
        ({"cron": "0 0 30 2 *"}, "day-of-month|never comes"),
        ({"cron": "0 9 * * *", "timezone": "Mars/Olympus"}, "no time zone `Mars/Olympus`"),
        ({"cron": "0 9 * * *", "timezone": "../../etc/passwd"}, "no time zone"),
        ({"cron": "0 9 * * *", "timezone": 3}, "no time zone"),
        ({"every": 0}, "from 10 to"),
        ({"every": 9}, "from 10 to"),
        ({"every": 90.5}, "whole number"),
        ({"every": True}, "whole number"),
        ({"every": "60"}, "whole number"),
        ({"every": float("inf")}, "whole number"),
        ({"every": float("nan")}, "whole number"),
        ({"every": 10**12}, "from 10 to"),
    ],
)
def test_what_is_no_schedule_is_told_as_that(inputs: dict[str, Any], told: str) -> None:
    with pytest.raises(ScheduleError, match=told):
        schedule_of(inputs)


@given(
    st.text(max_size=40)
    | st.lists(st.text("0123456789*/-,LW#?MON ", max_size=6), min_size=5, max_size=5).map(" ".join)
)
def test_any_text_is_a_schedule_or_refused(text: str) -> None:
    try:
        schedule = schedule_of({"cron": text, "timezone": "Europe/Berlin"})
    except ScheduleError:
        return
    now = ms("2026-11-24T12:00:00Z")
    assert schedule.next_after(now) > now


def test_only_the_latest_of_the_missed_moments_is_due() -> None:
    schedule = schedule_of({"cron": "0 * * * *"})
    began = ms("2026-11-24T10:20:00Z")
    assert schedule.latest(began, ms("2026-11-24T10:59:59Z")) is None
    assert schedule.latest(began, ms("2026-11-24T11:00:00Z")) == Due(ms("2026-11-24T11:00:00Z"), 0)
    assert schedule.latest(began, ms("2026-11-24T15:30:00Z")) == Due(ms("2026-11-24T15:00:00Z"), 4)
    years = schedule.latest(began, ms("2031-11-24T15:30:00Z"))
    assert years == Due(ms("2031-11-24T15:00:00Z"), MAX_MISSED)


def test_what_is_rare_is_found_after_the_longest_downtime() -> None:
    schedule = schedule_of({"cron": "* * 29 2 *", "timezone": "America/New_York"})
    due = schedule.latest(ms("2020-01-01T00:00:00Z"), ms("2027-06-01T00:00:00Z"))
    assert due == Due(ms("2024-02-29T23:59:00-05:00"), MAX_MISSED)


def test_an_interval_keeps_its_beat_over_a_downtime() -> None:
    schedule = schedule_of({"every": 60})
    assert schedule.next_after(5) == 60_005
    assert schedule.latest(5, 60_004) is None
    assert schedule.latest(5, 60_005) == Due(60_005, 0)
    assert schedule.latest(5, 3 * MINUTE + 59_000) == Due(3 * MINUTE + 5, 2)


@given(
    st.sampled_from(["*/7 * * * *", "30 2 * * *", "15 */6 * * *", "0 0 1 * *", "30 1 * * SUN"]),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]),
    st.integers(ms("2026-01-01T00:00:00Z"), ms("2027-12-31T00:00:00Z")),
    st.integers(0, 40 * DAY),
)
def test_the_latest_moment_is_the_last_of_all_next_ones(
    cron: str, zone: str, began: int, length: int
) -> None:
    schedule = schedule_of({"cron": cron, "timezone": zone})
    moment, found = began, []
    for _ in range(MAX_MISSED):
        moment = schedule.next_after(moment)
        if moment > began + length:
            break
        found.append(moment)
    else:
        return
    due = Due(found[-1], len(found) - 1) if found else None
    assert schedule.latest(began, began + length) == due


def test_the_event_tells_the_moment_in_its_zone() -> None:
    schedule = Schedule("0 9 * * *", None, ZoneInfo("Europe/Istanbul"))
    due = Due(ms("2026-11-24T06:00:00Z"), 2)
    assert schedule.event(due, due.at + 412) == {
        "scheduledAt": "2026-11-24T09:00:00.000+03:00",
        "firedAt": "2026-11-24T09:00:00.412+03:00",
        "timezone": "Europe/Istanbul",
        "missed": 2,
    }


def test_another_schedule_begins_anew() -> None:
    hourly = begin({"cron": "0 * * * *"}, None, 100)
    assert hourly["value"] == 100
    assert begin({"cron": "0 * * * *"}, {**hourly, "value": 70}, 500)["value"] == 70
    assert begin({"cron": "5 * * * *"}, hourly, 500)["value"] == 500


def test_the_built_in_app_holds_what_it_promises() -> None:
    catalogue = load_catalogue()
    assert [fault for fault in check_manifests(catalogue) if fault.startswith("schedule")] == []
    for key in ("schedule.cron", "schedule.interval"):
        trigger = catalogue.trigger(key)
        assert trigger is not None
        assert isinstance(trigger.source, ScheduleSource)
        assert set(trigger.sample) == set(trigger.output_schema["properties"])
        for name in ("scheduledAt", "firedAt"):
            assert datetime.fromisoformat(trigger.sample[name]).astimezone(UTC)
        examples = {
            name: part["examples"][0] for name, part in trigger.input_schema["properties"].items()
        }
        assert schedule_of(examples)
