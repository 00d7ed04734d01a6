"""Passwords: Argon2id (RFC 9106) in threads, and which ones are good enough to be new."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

import anyio
from anyio import CapacityLimiter, to_thread
from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from zxcvbn import zxcvbn  # type: ignore[import-untyped]  # it ships no types

from automations.messages import CATALOGUE, Message

_NOBODYS_HASH = (
    "$argon2id$v=19$m=65536,t=3,p=4"
    "$5jhXclyehLrJ6tWC7Erpag$bOg6d8j3YcPzvNGhkYbdJ3KI1XxK7IJ/JPzKy9OqFFw"
)
"""Of a random password: checked for an email that is unknown, so that the answer takes as long."""
PARALLEL = 2
"""Each hash takes 64 MiB and a core for some tens of milliseconds."""
MAX_WAITING = 20
"""Hashes that strangers may have waiting; whoever comes then is asked to come again."""
GOOD_SCORE = 3
"""Of zxcvbn's 0 to 4: safe from who has the hash and some patience (10^8 to 10^10 guesses)."""
MAX_RATED = 72
"""Characters that zxcvbn looks at."""


class BusyError(Exception):
    """Too many sign in at this moment."""


class Passwords:
    """Makes and checks password hashes."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher()
        self._limiters: tuple[CapacityLimiter, CapacityLimiter] | None = None
        self._strangers = 0

    async def hash(self, password: str) -> str:
        """The hash to keep; raises BusyError."""
        with self._queued():
            return await to_thread.run_sync(self._hasher.hash, password, limiter=self._limits()[0])

    async def verify(
        self, password_hash: str | None, password: str, *, is_known: bool = False
    ) -> bool:
        """Whether this is the password; takes as long for an account that is not there (None), or
        has no password (empty).

        `is_known`: this is no stranger, so that no stranger keeps them waiting. Raises BusyError.
        """
        strangers, known = self._limits()
        with nullcontext() if is_known else self._queued():
            right = await to_thread.run_sync(
                self._verify,
                password_hash or _NOBODYS_HASH,
                password,
                limiter=known if is_known else strangers,
            )
        return right and bool(password_hash)

    @contextmanager
    def _queued(self) -> Iterator[None]:
        if self._strangers >= PARALLEL + MAX_WAITING:
            raise BusyError
        self._strangers += 1
        try:
            yield
        finally:
            self._strangers -= 1

    def _limits(self) -> tuple[anyio.CapacityLimiter, anyio.CapacityLimiter]:
        if self._limiters is None:
            self._limiters = CapacityLimiter(PARALLEL), CapacityLimiter(1)
        return self._limiters

    def _verify(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except VerificationError:
            return False


async def weakness_of(password: str, *about: str) -> Message | None:
    """What is wrong with a new password and what to do; None: nothing.

    `about` is what others know of its owner: email and name. Measured by zxcvbn (Wheeler, USENIX
    Security 2016).
    """
    known = [part for text in about for part in (text, *text.replace("@", " ").split()) if part]
    rated = await to_thread.run_sync(lambda: zxcvbn(password[:MAX_RATED], user_inputs=known))
    if rated["score"] >= GOOD_SCORE:
        return None
    warning = rated["feedback"]["warning"].rstrip(".")
    return Message("weak-password", why=Message(_WEAKNESSES.get(warning, "weak-easy")))


_WEAKNESSES = {text: code for code, text in CATALOGUE.items() if code.startswith("weak-")}
"""The codes of zxcvbn's warnings."""
