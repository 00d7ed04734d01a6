"""The brake on guessing: each try counts before it is checked, and no stranger blocks anybody.

Three things are counted in a window of fifteen minutes: one account from one place, one place, and
one account from anywhere. A place from which somebody has signed in to the account before is held
to the first alone: whoever guesses from elsewhere cannot lock its people out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from api.errors import ApiError, ErrorKind
from store.attempts import (
    Limit,
    TooManyAttemptsError,
    count_attempt,
    forget_attempt,
    is_known,
    key_of,
    network_of,
    remember,
)

if TYPE_CHECKING:
    from fastapi import Request

    from store.database import Database

OF_ACCOUNT_HERE = 5
OF_PLACE = 50
OF_ACCOUNT = 100
OF_FEATURE = 20
"""For what belongs to no account: signing up, coming back from an OpenID provider."""


@dataclass(frozen=True)
class Try:
    """One try that was counted."""

    limits: list[Limit]
    known: str
    is_known: bool
    """Somebody has signed in to this account from this place before."""


async def try_account(database: Database, account: str, request: Request) -> Try:
    """Counts a try to be somebody; raises code 902. `account` is the email, or the id."""
    place = caller_place(request)
    limits = [Limit(key_of("account here", account, place), OF_ACCOUNT_HERE)]
    known = key_of("known", account, place)
    has_been_here = await is_known(database, known)
    if not has_been_here:
        limits.append(Limit(key_of("place", place), OF_PLACE))
        limits.append(Limit(key_of("account", account), OF_ACCOUNT))
    await _count(database, limits)
    return Try(limits, known, has_been_here)


async def try_feature(database: Database, feature: str, request: Request, most: int) -> Try:
    """Counts a try that is of no account yet; raises code 902."""
    limits = [Limit(key_of(feature, caller_place(request)), most)]
    await _count(database, limits)
    return Try(limits, "", is_known=False)


async def was_right(database: Database, attempt: Try) -> None:
    """It was no guess."""
    await forget_attempt(database, attempt.limits)
    if attempt.known:
        await remember(database, attempt.known)


def caller_place(request: Request) -> str:
    """Where a request comes from; behind a proxy only where INLAY_TRUSTED_PROXIES names it."""
    return network_of(request.client.host) if request.client else ""


async def _count(database: Database, limits: list[Limit]) -> None:
    try:
        await count_attempt(database, limits)
    except TooManyAttemptsError as error:
        raise ApiError(
            ErrorKind.TOO_MANY_ATTEMPTS,
            f"Too many failed tries: try again in {error.retry_after} seconds.",
            headers={"retry-after": str(error.retry_after)},
        ) from None
