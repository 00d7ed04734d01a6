"""Passwords: Argon2id (RFC 9106) in threads, and a brake on guessing."""

from __future__ import annotations

import time
from collections import OrderedDict

import anyio
from anyio import CapacityLimiter, to_thread
from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

MAX_FAILURES = 5
WINDOW = 900.0
"""Seconds in which so many failures are allowed for one email from one address."""
MAX_TRACKED = 10_000
_NOBODYS_HASH = (
    "$argon2id$v=19$m=65536,t=3,p=4"
    "$5jhXclyehLrJ6tWC7Erpag$bOg6d8j3YcPzvNGhkYbdJ3KI1XxK7IJ/JPzKy9OqFFw"
)
"""Of a random password: checked for an email that is unknown, so that the answer takes as long."""
PARALLEL = 2
"""Each hash takes 64 MiB and a core for some tens of milliseconds."""


class TooManyAttemptsError(Exception):
    """Somebody guesses; `retry_after` is in seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__("too many failed sign-ins")
        self.retry_after = retry_after


class Passwords:
    """Makes and checks password hashes."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher()
        self._limiter: CapacityLimiter | None = None
        self._failures: OrderedDict[tuple[str, str], list[float]] = OrderedDict()

    async def hash(self, password: str) -> str:
        """The hash to keep."""
        return await to_thread.run_sync(self._hasher.hash, password, limiter=self._limit())

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Whether this is the password; takes as long for an account that is not there (None), or
        has no password (empty)."""
        right = await to_thread.run_sync(
            self._verify, password_hash or _NOBODYS_HASH, password, limiter=self._limit()
        )
        return right and bool(password_hash)

    def check_attempts(self, email: str, address: str) -> None:
        """Raises TooManyAttemptsError after too many failures."""
        failures = self._recent((email, address))
        if len(failures) >= MAX_FAILURES:
            raise TooManyAttemptsError(int(failures[0] + WINDOW - time.monotonic()) + 1)

    def failed(self, email: str, address: str) -> None:
        """Notes a failure."""
        key = (email, address)
        self._failures[key] = [*self._recent(key), time.monotonic()]
        self._failures.move_to_end(key)
        while len(self._failures) > MAX_TRACKED:
            self._failures.popitem(last=False)

    def succeeded(self, email: str, address: str) -> None:
        """Forgets the failures."""
        self._failures.pop((email, address), None)

    def _recent(self, key: tuple[str, str]) -> list[float]:
        since = time.monotonic() - WINDOW
        return [moment for moment in self._failures.get(key, ()) if moment > since]

    def _limit(self) -> anyio.CapacityLimiter:
        if self._limiter is None:
            self._limiter = CapacityLimiter(PARALLEL)
        return self._limiter

    def _verify(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except VerificationError:
            return False
