"""The database's own failures, told apart from refusals of what is written and from all others.

Where the database cannot be reached or cannot do its work (it stops, starts, is full, is a copy
that only reads, has ended this one of two transactions that waited for each other), whoever uses it
gets `StoreUnavailable`, and never a driver's error: nothing else in the process raises it, so that
a database that refuses a connection is not taken for an app that does. What the database refuses
for what it says (a constraint, a value that it cannot hold) stays an error of SQLAlchemy.
"""

from __future__ import annotations

import asyncio
import logging
import random
import sqlite3
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy.pool import AsyncAdaptedQueuePool, QueuePool

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sqlalchemy.engine.interfaces import DBAPIModule, ExceptionContext
    from sqlalchemy.pool import PoolProxiedConnection

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

REFUSED_DATA = frozenset({"21", "22", "23", "54"})
"""Classes of SQLSTATE (PostgreSQL, appendix A) that judge the values: what was refused once will be
refused again. All others may pass by themselves or by the operator's hand."""
FIRST_WAIT, LAST_WAIT = 0.1, 1.0
"""Seconds between tries, twice as long each time."""


class StoreUnavailable(Exception):
    """The database cannot do its work at the moment; whether a commit under way came about is not
    known. The message holds neither SQL nor values."""


_COMMITS: ContextVar[list[str] | None] = ContextVar("commits", default=None)
"""What was tried to commit for one request; the same list for all that is done for it."""


class OutageAwarePool(AsyncAdaptedQueuePool):
    """Connections to a database that may be away."""

    def connect(self) -> PoolProxiedConnection:
        """A connection; raises StoreUnavailable where none can be had."""
        return _connected(super().connect)


class OutageAwareThreadPool(QueuePool):
    """The same for threads."""

    def connect(self) -> PoolProxiedConnection:
        """A connection; raises StoreUnavailable where none can be had."""
        return _connected(super().connect)


def tell_outages(context: ExceptionContext) -> StoreUnavailable | None:
    """Listens to an engine's `handle_error`: what to raise in place of the driver's error."""
    error = context.original_exception
    if context.is_pre_ping or not isinstance(error, Exception):
        return None
    if isinstance(error, StoreUnavailable) or _is_refusal(error, context.dialect.loaded_dbapi):
        return None
    return _unavailable(error)


def watch_commits() -> None:
    """From here on, `was_anything_committed` tells of this task and of those that it makes."""
    _COMMITS.set([])


def was_anything_committed() -> bool:
    """Whether a commit came about since `watch_commits`, or may have."""
    return bool(_COMMITS.get())


def note_commit(_connection: Any) -> None:
    """Listens to an engine's `commit`, which is told of before it is tried."""
    commits = _COMMITS.get()
    if commits is not None:
        commits.append("tried")


async def outlast(
    operation: Callable[[], Awaitable[Result]],
    *,
    on_outage: Callable[[], None] = lambda: None,
) -> Result:
    """What `operation` gives, tried until the database does its work; the rest it raises.

    `operation` must bear being done twice: a commit whose answer was lost may have come about.
    `on_outage` is called when the first try has failed. Cancellation ends it.
    """
    wait, told = FIRST_WAIT, False
    while True:
        try:
            return await operation()
        except StoreUnavailable as error:
            if not told:
                told = True
                logger.warning("Waits for the database: %s", error)
                on_outage()
        await asyncio.sleep(wait * random.uniform(0.5, 1.0))  # noqa: S311 - spreads load
        wait = min(wait * 2, LAST_WAIT)


def _connected(connect: Callable[[], PoolProxiedConnection]) -> PoolProxiedConnection:
    try:
        return connect()
    except StoreUnavailable:
        raise
    except Exception as error:  # whatever keeps us from it, its place says what it is
        raise _unavailable(error) from error


def _unavailable(error: BaseException) -> StoreUnavailable:
    # A driver's words name the fault and no value: those stand in its `detail`.
    words = str(error).partition("\n")[0].strip()
    return StoreUnavailable(f"{type(error).__name__}: {words}" if words else type(error).__name__)


def _is_refusal(error: Exception, dbapi: DBAPIModule | None) -> bool:
    """Whether it is what was asked that is wrong."""
    if dbapi is None or not isinstance(error, dbapi.Error):
        # What no driver has seen yet, such as a value that is no JSON; or else the network.
        is_drivers = type(error).__module__.partition(".")[0] == "asyncpg"
        return not isinstance(error, OSError) and not is_drivers
    state: Any = getattr(error, "sqlstate", None)
    if state:
        return str(state)[:2] in REFUSED_DATA
    if isinstance(error, dbapi.IntegrityError | sqlite3.IntegrityError | sqlite3.DataError):
        return True
    # asyncpg refuses values that cannot be sent; sqlite3 those that it cannot bind.
    is_unsendable = isinstance(error.__cause__, ValueError)
    return is_unsendable or "binding parameter" in str(error)
