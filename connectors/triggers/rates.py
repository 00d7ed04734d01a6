"""How fast and when apps are asked: a bucket an app and connection owner, shared in a process."""

from __future__ import annotations

import asyncio
import hashlib
import time
from itertools import chain, repeat
from typing import TYPE_CHECKING

from aiolimiter import AsyncLimiter

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from connectors.manifest import RateLimit

KEPT = 1_000
"""Beyond so many buckets, those that say nothing (full, not blocked) are thrown away."""

FIRST_SECONDS, LATER_SECONDS = 2.0, 300.0
"""How long a poll waits for its first request, and for another: then it has something to lose."""

Owner = tuple[str, str, str]
"""The app's key, the project, and whose connection it is."""


class Busy(Exception):
    """The app may not be asked for so many `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


class Rate:
    """What one connection may ask of its app."""

    def __init__(self, limit: RateLimit | None) -> None:
        self._limiter = None if limit is None else _limiter(limit)
        self._blocked_until = 0.0

    @property
    def is_idle(self) -> bool:
        """Whether a new one would say the same."""
        limiter = self._limiter
        is_full = limiter is None or limiter.has_capacity(limiter.max_rate)
        return is_full and time.monotonic() >= self._blocked_until

    async def wait(self, at_most: float) -> None:
        """Until one request may be sent; raises Busy when that takes longer than `at_most`."""
        blocked = self._blocked_until - time.monotonic()
        if blocked > 0:
            raise Busy(blocked)
        if self._limiter is None:
            return
        try:
            async with asyncio.timeout(at_most):
                await self._limiter.acquire()
        except TimeoutError:
            raise Busy(max(at_most, self._limiter.time_period)) from None

    def gate(self) -> Callable[[], Awaitable[None]]:
        """What one poll awaits before each of its requests; raises Busy."""
        waits = chain([FIRST_SECONDS], repeat(LATER_SECONDS))
        return lambda: self.wait(next(waits))

    def block(self, seconds: float) -> None:
        """The app said that it wants no request for so long."""
        self._blocked_until = max(self._blocked_until, time.monotonic() + seconds)


class Rates:
    """The buckets of a process."""

    def __init__(self) -> None:
        self._rates: dict[Owner, Rate] = {}

    def of(self, owner: Owner, limit: RateLimit | None) -> Rate:
        """The bucket of an owner."""
        rate = self._rates.get(owner)
        if rate is None:
            if len(self._rates) >= KEPT:
                self._rates = {key: one for key, one in self._rates.items() if not one.is_idle}
            rate = self._rates[owner] = Rate(limit)
        return rate


def _limiter(limit: RateLimit) -> AsyncLimiter:
    """Never more than `requests` within any `seconds`.

    A leaky bucket lets a burst through and then its rate; so that both together keep the limit, the
    burst is half of it and the rate gives the other half.
    """
    burst = max(1, limit.requests // 2)
    rest = max(1, limit.requests - burst)
    return AsyncLimiter(burst, burst * limit.seconds / rest)


def until_turn(registration_id: str, interval: int, now: int) -> float:
    """Seconds from `now` (ms) until the next of the registration's moments, each `interval` apart.

    They are spread by its id: however many were registered or woken at once, soon no second of the
    interval sees more of them than any other.
    """
    period = interval * 1000
    phase = int.from_bytes(hashlib.sha256(registration_id.encode()).digest()[:8]) % period
    wait = (phase - now) % period
    # Else a look that came a little early would be followed by another.
    return (wait if wait >= period // 10 else wait + period) / 1000
