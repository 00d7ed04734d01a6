"""Time zones: those of the package tzdata, never those of the operating system.

Systems have databases of different years or none, so a schedule and an expression, or two workers,
would not agree on a moment.
"""

from __future__ import annotations

import re
from datetime import UTC, timedelta, timezone
from functools import cache, lru_cache
from importlib import resources
from zoneinfo import ZoneInfo

from automations.messages import Message, message_of
from automations.values import ExpressionError

_OFFSET = re.compile(r"([+-]?)(\d\d):?(\d\d)", re.ASCII)


@cache
def zone_names() -> frozenset[str]:
    """The names of the IANA database, such as Europe/Istanbul."""
    return frozenset(resources.files("tzdata").joinpath("zones").read_text("ascii").split())


@lru_cache(maxsize=1024)
def named_zone(name: str) -> ZoneInfo:
    """The time zone of an IANA name; raises ExpressionError."""
    if name not in zone_names():
        other = next((known for known in zone_names() if known.lower() == name.lower()), None)
        hint = Message("zone-near", near=other) if other else Message("zone-example")
        raise ExpressionError(Message("no-time-zone", name=name[:60], hint=hint))
    file = resources.files("tzdata").joinpath("zoneinfo", *name.split("/"))
    with file.open("rb") as content:
        return ZoneInfo.from_file(content, key=name)


@lru_cache(maxsize=1024)
def zone_of(name: str) -> ZoneInfo | timezone:
    """The time zone of an IANA name, or of an offset such as +03:00; raises ExpressionError."""
    if name in ("UTC", "Z", ""):
        return UTC
    if offset := _OFFSET.fullmatch(name):
        hours, minutes = int(offset[2]), int(offset[3])
        if hours < 24 and minutes < 60:
            sign = -1 if offset[1] == "-" else 1
            return timezone(sign * timedelta(hours=hours, minutes=minutes))
    try:
        return named_zone(name)
    except ExpressionError as error:
        told = message_of(error.message)
        if told.params.get("hint") == "zone-example":
            told = Message("no-time-zone", name=name[:60], hint=Message("zone-or-offset"))
        raise ExpressionError(told) from None
