"""Guesses, counted in the database before anything is checked, so that no race lets more through.

What is counted is known by a digest only: nobody reads here who tried to sign in from where.
"""

from __future__ import annotations

import hashlib
import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import case, delete, select, update

from store.database import insert_for
from store.models import Attempt, now_ms

if TYPE_CHECKING:
    from store.database import Database

WINDOW_MS = 900_000
"""In which attempts count together; it begins with the first."""
KNOWN_MS = 30 * 86_400_000
"""How long an address is known from which somebody has signed in."""
PURGED_AT_ONCE = 100


@dataclass(frozen=True)
class Limit:
    """How many attempts one subject has in a window."""

    key: str
    most: int


class TooManyAttemptsError(Exception):
    """Somebody guesses; `retry_after` is in seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__("too many attempts")
        self.retry_after = retry_after


def key_of(*parts: str) -> str:
    """The name under which attempts of a subject are counted."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def network_of(address: str) -> str:
    """What counts as one place: an IPv4 address, or the 64 bits that one site of IPv6 has."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)


async def count_attempt(database: Database, limits: list[Limit]) -> None:
    """Counts one attempt against each limit; raises TooManyAttemptsError where one is exceeded."""
    now = now_ms()
    longest = 0
    async with database.begin() as session:
        insert = insert_for(session)
        # In one order everywhere, so that two transactions never wait for each other.
        for limit in sorted(limits, key=lambda limit: limit.key):
            begins = Attempt.until <= now
            counted = (
                insert(Attempt)
                .values(key=limit.key, count=1, until=now + WINDOW_MS)
                .on_conflict_do_update(
                    index_elements=[Attempt.key],
                    set_={
                        "count": case((begins, 1), else_=Attempt.count + 1),
                        "until": case((begins, now + WINDOW_MS), else_=Attempt.until),
                    },
                )
                .returning(Attempt.count, Attempt.until)
            )
            count, until = (await session.execute(counted)).one()
            if count > limit.most:
                longest = max(longest, until - now)
        old = (
            select(Attempt.key)
            .where(Attempt.until <= now)
            .limit(PURGED_AT_ONCE)
            # What another one counts at this moment is not old any more.
            .with_for_update(skip_locked=True)
            .cte()
        )
        await session.execute(
            delete(Attempt).where(Attempt.key.in_(select(old.c.key))),
            execution_options={"synchronize_session": False},
        )
    if longest:
        raise TooManyAttemptsError(longest // 1000 + 1)


async def forget_attempt(database: Database, limits: list[Limit]) -> None:
    """One attempt was no guess: it counts no more."""
    async with database.begin() as session:
        for limit in sorted(limits, key=lambda limit: limit.key):
            await session.execute(
                update(Attempt)
                .where(Attempt.key == limit.key, Attempt.count > 0)
                .values(count=Attempt.count - 1),
                execution_options={"synchronize_session": False},
            )


async def remember(database: Database, key: str) -> None:
    """From now on `is_known` for a while."""
    until = now_ms() + KNOWN_MS
    async with database.begin() as session:
        statement = insert_for(session)(Attempt).values(key=key, count=0, until=until)
        await session.execute(
            statement.on_conflict_do_update(index_elements=[Attempt.key], set_={"until": until})
        )


async def is_known(database: Database, key: str) -> bool:
    """Whether `remember` was told of it."""
    async with database() as session:
        query = select(Attempt.key).where(Attempt.key == key, Attempt.until > now_ms())
        return await session.scalar(query) is not None
