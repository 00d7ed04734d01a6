"""Time as a trigger: cron in a time zone, or each so many seconds. Pure.

Around the change of clocks, cron keeps Debian's rules, as cronsim does
(https://github.com/cuu508/cronsim): what falls into the hour that is left out runs right after it,
what falls into the hour that comes twice runs once; what runs each hour or more often is not
touched.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from automations.values import ExpressionError
from automations.zones import named_zone

MIN_EVERY, MAX_EVERY = 10, 366 * 86_400
"""Seconds."""
MAX_CRON = 200
"""Characters."""
MAX_MISSED = 1_000
"""More missed moments are not counted."""
LOOK_BACK = tuple(timedelta(days=days) for days in (1 / 24, 1, 40, 400, 3_000))
"""How far back the latest moment is looked for, the near past first."""


class ScheduleError(ValueError):
    """The inputs are no schedule; the message says what to correct."""


@dataclass(frozen=True)
class Due:
    """A moment that has come, in ms since the epoch, and how many before it were missed."""

    at: int
    missed: int


@dataclass(frozen=True)
class Schedule:
    """Either `cron` in `zone`, or `every` seconds. Moments are in ms since the epoch."""

    cron: str | None
    every: int | None
    zone: ZoneInfo

    def next_after(self, moment: int) -> int:
        """The first moment after this one, at which the schedule last ran or began."""
        if self.every is not None:
            return moment + self.every * 1000
        return next(self._moments(moment))

    def latest(self, after: int, now: int) -> Due | None:
        """The last moment that has come by `now`, if there is one after `after`."""
        if self.every is not None:
            count = (now - after) // (self.every * 1000)
            if count < 1:
                return None
            return Due(after + count * self.every * 1000, min(count - 1, MAX_MISSED))
        count, last = 0, None
        for moment in self._moments(after):
            if moment > now:
                return None if last is None else Due(last, count - 1)
            if count > MAX_MISSED:
                break
            count, last = count + 1, moment
        return Due(self._last_before(now), MAX_MISSED)

    def event(self, due: Due, now: int) -> dict[str, Any]:
        """What the run gets: moments in RFC 3339, in the schedule's zone."""
        return {
            "scheduledAt": self._written(due.at),
            "firedAt": self._written(now),
            "timezone": self.zone.key,
            "missed": due.missed,
        }

    def _moments(self, after: int) -> Iterator[int]:
        assert self.cron is not None  # noqa: S101 - the other kind is computed
        start = datetime.fromtimestamp(after // 1000, UTC).astimezone(self.zone)
        for found in CronSim(self.cron, start):
            moment = int(found.timestamp()) * 1000
            # In the hour that comes twice, the library may begin with what was before.
            if moment > after:
                yield moment

    def _last_before(self, now: int) -> int:
        last = now
        for back in LOOK_BACK:
            found = False
            for moment in self._moments(now - int(back.total_seconds()) * 1000):
                if moment > now:
                    break
                found, last = True, moment
            if found:
                break
        return last

    def _written(self, moment: int) -> str:
        text = datetime.fromtimestamp(moment / 1000, self.zone).isoformat(timespec="milliseconds")
        return text.replace("+00:00", "Z")


def schedule_of(inputs: Mapping[str, Any]) -> Schedule:
    """The schedule of a trigger's inputs: `cron` with `timezone`, or `every`.

    Raises ScheduleError.
    """
    cron, every = inputs.get("cron"), inputs.get("every")
    if (cron is None) == (every is None):
        raise ScheduleError("give either `cron` or `every`")
    if every is not None:
        return Schedule(None, _checked_every(every), named_zone("UTC"))
    return Schedule(_checked_cron(cron), None, _checked_zone(inputs.get("timezone")))


def begin(inputs: Mapping[str, Any], state: Any, now: int) -> dict[str, Any]:
    """The cursor (JSON) of a schedule: `value` is when it last ran, or when it began."""
    of = hashlib.sha256(json.dumps(dict(inputs), sort_keys=True).encode()).hexdigest()[:12]
    if isinstance(state, dict) and state.get("of") == of:
        return state
    return {"of": of, "value": now}


def _checked_every(every: Any) -> int:
    is_number = isinstance(every, int | float) and not isinstance(every, bool)
    # False for what is no number or endless, too.
    if not is_number or not MIN_EVERY <= every <= MAX_EVERY or every != int(every):
        raise ScheduleError(f"`every` is a whole number of seconds from {MIN_EVERY} to {MAX_EVERY}")
    return int(every)


def _checked_cron(cron: Any) -> str:
    if not isinstance(cron, str) or len(cron) > MAX_CRON or len(cron.split()) != 5:
        raise ScheduleError(
            "`cron` has five fields: minute, hour, day of the month, month, day of the week;"
            " for example 0 9 * * MON-FRI"
        )
    try:
        next(CronSim(cron, datetime(2024, 1, 1, tzinfo=UTC)))
    except CronSimError as error:
        raise ScheduleError(f"`cron` cannot be read: {str(error).lower()} in {cron!r}") from None
    except (StopIteration, RuntimeError):
        raise ScheduleError(f"`cron` names a day that never comes: {cron!r}") from None
    return cron


def _checked_zone(name: Any) -> ZoneInfo:
    if name is None:
        return named_zone("UTC")
    if not isinstance(name, str):
        raise ScheduleError(f"there is no time zone {name!r}: use a name such as Europe/Istanbul")
    try:
        return named_zone(name)
    except ExpressionError as error:
        raise ScheduleError(error.message) from None
