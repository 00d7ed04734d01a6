"""When subscriptions are renewed and failures tried again, and what a trigger's source needs."""

from __future__ import annotations

import random

from activities.registration_goals import Goal
from connectors.triggers import (
    InboundSource,
    PollSource,
    ScheduleSource,
    Source,
    Subscription,
    WebhookSource,
)
from store.models import now_ms
from store.registrations import Ask, Leftover

FIRST_WAIT, LAST_WAIT = 10.0, 3_600.0
"""Seconds after a failure until the next try: twice as long each time."""
JITTER = 0.2
RENEW_AT = (0.7, 0.8)
"""The part of a subscription's life after which it is renewed: not all at once."""


def subscription_of(source: Source) -> Subscription | None:
    """How an app is asked to deliver, where it is asked."""
    return source.subscription if isinstance(source, WebhookSource) else None


def renewal_of(registration_id: str, ask: Ask) -> int | None:
    """When a subscription is to be renewed (ms since the epoch); None: never."""
    if ask.expires_at is None:
        return None
    first, last = RENEW_AT
    part = first + (last - first) * random.Random(registration_id).random()  # noqa: S311 - spreads
    return ask.made_at + int((ask.expires_at - ask.made_at) * part)


def fitting(leftovers: list[Leftover], goal: Goal, public_url: str) -> Leftover | None:
    """One that is still alive: a version that is taken back finds its subscription again."""
    for leftover in reversed(leftovers):
        alive = leftover.expires_at is None or leftover.expires_at > now_ms()
        is_usable = leftover.answered and alive and not has_moved(leftover, public_url)
        if is_usable and goal.is_met_by(leftover):
            return leftover
    return None


def has_moved(ask: Ask, public_url: str) -> bool:
    """Whether the app delivers to where this installation is not reached any more."""
    return ask.public_url is not None and ask.public_url != public_url


def has_url(source: Source) -> bool:
    """Whether events come to a URL of the registration's own."""
    return isinstance(source, WebhookSource | InboundSource)


def is_polled(source: Source) -> bool:
    """Whether the app, or the clock, is asked for news."""
    if isinstance(source, WebhookSource):
        return source.poll is not None
    return isinstance(source, PollSource | ScheduleSource)


def wait_after(failures: int) -> float:
    """Seconds until the next try after so many failures in a row."""
    wait = min(FIRST_WAIT * 2.0 ** min(failures - 1, 20), LAST_WAIT)
    return wait * (1 - JITTER * random.random())  # noqa: S311 - spreads load


def wait_ms_after(age_ms: int) -> int:
    """As `wait_after`, for what has been waiting for so long."""
    return int(min(max(FIRST_WAIT * 1000, age_ms), LAST_WAIT * 1000))
