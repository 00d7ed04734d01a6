"""Asking apps for news and watching the clock, for as long as a registration is wanted.

One activity goes on for ever: after each look it fails on purpose, to be tried again when the next
look is due. So a registration's history does not grow, whatever it finds. Runs are started here,
and the cursor moves only when they exist: a crash at any point repeats work and doubles no run.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from itertools import islice
from typing import NoReturn

from sqlalchemy.exc import SQLAlchemyError
from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory
from temporalio.service import RPCError

from activities.calling import HEARTBEAT_SECONDS, ConnectedCalls
from connections.accounts import Connections
from connectors.catalogue import Catalogue
from connectors.credential import Credential
from connectors.failures import ComponentError
from connectors.http import OutgoingHttp
from connectors.triggers import Poll, ScheduleSource
from connectors.triggers.polling import (
    PASSING,
    Asker,
    Event,
    News,
    Polled,
    ask,
    interval_of,
    poll_of,
)
from connectors.triggers.rates import Busy, Rate, Rates, until_turn
from connectors.triggers.schedules import ScheduleError, begin, schedule_of
from store.database import Database
from store.encryption import DecryptionError, Keyring
from store.models import Registration, now_ms
from store.outages import StoreUnavailable
from store.polls import (
    StartedEvent,
    book_poll,
    book_rejected,
    book_trouble,
    is_wanted,
    move_cursor,
    read_registration,
)
from store.registrations import HookSecret, unseal_hook
from temporal.event_runs import EventRuns, NotPublished
from workflows.registration import POLL

logger = logging.getLogger(__name__)

AT_ONCE = 100
"""Looks that a process has under way: the worker's other slots are left to runs."""
STARTS_AT_ONCE = 8
ROUND_SECONDS = 240.0
"""After so long, what is still there is left to the next look."""
SHOWN_AFTER = 3
"""Failures in a row after which the registration says what is wrong."""
FIRST_WAIT, LAST_WAIT = 5.0, 600.0
"""Seconds after a failure that may pass, twice as long each time."""
FIRST_LONG_WAIT, LAST_LONG_WAIT = 60.0, 3_600.0
"""The same after one that somebody has to mend."""
SHOWN_FAULTS = 3
MAX_MESSAGE = 1_000
LONGEST_SLEEP = 3_600.0
"""A schedule looks at the clock at least so often: somebody may have set it."""


class _Trouble(Exception):
    """The look came to nothing; `wait` is in seconds, where somebody told it."""

    def __init__(self, message: str, *, may_pass: bool, wait: float = 0.0) -> None:
        super().__init__(message)
        self.message = message
        self.may_pass = may_pass
        self.wait = wait


class Polling:
    """The activity of all registrations that are polled or scheduled."""

    def __init__(
        self,
        database: Database,
        keyring: Keyring,
        catalogue: Catalogue,
        connections: Connections,
        http: OutgoingHttp,
        runs: EventRuns,
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._catalogue = catalogue
        self._calls = ConnectedCalls(connections)
        self._http = http
        self._runs = runs
        self._rates = Rates()
        self._under_way = 0

    @activity.defn(name=POLL)
    async def poll(self, registration_id: str) -> None:
        """Returns when something else than looking must be done; else fails until the next look."""
        if self._under_way >= AT_ONCE:
            _again(random.uniform(0.5, 3.0))  # noqa: S311 - spreads load
        failures = next(iter(activity.info().heartbeat_details), 0)
        self._under_way += 1
        try:
            async with _heartbeats(failures):
                wait = await self._look(registration_id, failures)
        except (RPCError, StoreUnavailable, SQLAlchemyError, OSError) as error:
            # Ours, not the app's: nothing is said of it in the registration.
            reason = getattr(error, "orig", None) or error
            logger.warning("Registration %s could not be looked at: %s", registration_id, reason)
            wait = _wait(failures, FIRST_WAIT, LAST_WAIT)
            activity.heartbeat(failures + 1)
        finally:
            self._under_way -= 1
        if wait is not None:
            _again(wait)

    async def _look(self, registration_id: str, failures: int) -> float | None:
        """Seconds until the next look; None: something else must be done."""
        row = await read_registration(self._database, registration_id)
        faults: list[str] = []
        # What was there when the activity began, the workflow has seen.
        if row is None or not is_wanted(row, is_first=activity.info().attempt == 1):
            return None
        try:
            wait = await self._looked(row, faults, failures)
        except Busy as busy:
            return busy.seconds * random.uniform(1.0, 1.5)  # noqa: S311 - spreads load
        except _Trouble as trouble:
            return await self._troubled(row, trouble, failures)
        except ApplicationError as error:
            if error.type != "connection":
                unusable = _Trouble(error.message, may_pass=True)
                return await self._troubled(row, unusable, failures)
            message = error.message[:1].upper() + error.message[1:]
            await book_trouble(self._database, row, message, state="needs-connection")
            return None
        told = _faulty(faults) if faults else None
        await book_poll(self._database, row, now_ms() + int(wait * 1000), told)
        if failures:
            activity.heartbeat(0)
        return wait

    async def _looked(self, row: Registration, faults: list[str], failures: int) -> float:
        """Seconds until the next look; what could not be read is added to `faults`."""
        trigger = self._catalogue.trigger(row.trigger)
        if trigger is None:
            raise _Trouble(f"No connector here has the trigger {row.trigger}.", may_pass=False)
        if isinstance(trigger.source, ScheduleSource):
            return await self._watch_clock(row)
        rules = poll_of(trigger)
        if rules is None:
            raise _Trouble(f"{trigger.name} is not asked for news.", may_pass=False)
        end = time.monotonic() + ROUND_SECONDS
        while await self._ask(row, rules, faults, failures):
            if time.monotonic() > end:
                return 0.0
        interval = interval_of(rules, row.inputs or {})
        return until_turn(row.id, interval, now_ms())

    async def _ask(self, row: Registration, rules: Poll, faults: list[str], failures: int) -> bool:
        """One poll and its runs; True when there is more than it could read."""
        secret = self._secret(row)
        assert secret.progress.ask is not None  # noqa: S101 - it is what is polled
        trigger = self._catalogue.trigger(row.trigger)
        assert trigger is not None  # noqa: S101 - looked at before
        owner = secret.progress.ask.owner
        rate = self._rates.of((row.app_key, row.project_id, owner), trigger.app.rate_limit)

        async def asked(credential: Credential | None) -> Polled:
            asker = Asker(
                trigger,
                row.inputs or {},
                credential,
                self._http.of(row.project_id),
                secret.subscription,
                owner,
            )
            return await ask(asker, row.cursor, rate.gate(), insists=failures < SHOWN_AFTER)

        try:
            polled = await self._calls.call((row.project_id, owner, row.app_key), asked)
            for news in polled.news:
                if not await self._take(row, news):
                    # Another look was faster, or something else is wanted now.
                    raise Busy(1.0)
            faults += await self._tell_faults(row, polled)
        except ComponentError as error:
            raise self._trouble_of(error, rate, interval_of(rules, row.inputs or {})) from None
        return polled.has_more

    async def _tell_faults(self, row: Registration, polled: Polled) -> list[str]:
        """What is wrong with items that could not be read; each is logged once."""
        said = [(f"{fault.name}: {fault.why}", fault) for fault in polled.faults]
        fresh = [(text, one.record) for text, one in said if one.mark not in polled.told]
        if fresh:
            await book_rejected(self._database, self._keyring, row.id, fresh)
        return [text for text, _ in said]

    def _trouble_of(self, error: ComponentError, rate: Rate, interval: int) -> _Trouble:
        wait = error.retry_after or 0.0
        if error.kind == "rate_limited":
            rate.block(wait or FIRST_WAIT)
            wait = max(wait, float(interval))
        return _Trouble(error.message, may_pass=error.kind in PASSING, wait=wait)

    def _secret(self, row: Registration) -> HookSecret:
        try:
            secret = unseal_hook(self._keyring, row)
        except DecryptionError as error:
            raise _Trouble(f"The registration cannot be read: {error}", may_pass=True) from None
        if secret is None or secret.progress.ask is None:
            raise _Trouble("The registration is not subscribed yet.", may_pass=True)
        return secret

    async def _watch_clock(self, row: Registration) -> float:
        try:
            schedule = schedule_of(row.inputs or {})
        except ScheduleError as error:
            raise _Trouble(f"The schedule is not valid: {error}.", may_pass=False) from None
        now = now_ms()
        state = begin(row.inputs or {}, row.cursor, now)
        due = schedule.latest(state["value"], now)
        events: tuple[Event, ...] = ()
        if due is not None:
            key = f"{state['of']} {due.at}"
            events = (Event(key, schedule.event(due, now)),)
            state = {**state, "value": due.at}
        if not await self._take(row, News(events, state)):
            raise Busy(1.0)
        return min(max(0, schedule.next_after(state["value"]) - now_ms()) / 1000, LONGEST_SLEEP)

    async def _take(self, row: Registration, news: News) -> bool:
        """Starts the runs, then moves the cursor; False when somebody else moved it."""
        started: list[StartedEvent] = []
        left = iter(news.events)
        while part := list(islice(left, STARTS_AT_ONCE)):
            started += await self._start(row, part)
        if not started and news.cursor == row.cursor:
            return True
        return await move_cursor(self._database, self._keyring, row, news.cursor, started)

    async def _start(self, row: Registration, events: Sequence[Event]) -> list[StartedEvent]:
        try:
            runs = await asyncio.gather(
                *(self._runs.start(row, event.key, event.payload) for event in events)
            )
        except NotPublished:
            message = "The automation has no published version: publish it, or unregister."
            raise _Trouble(message, may_pass=False) from None
        except RuntimeError as error:
            raise OSError(f"Temporal cannot be reached: {error}") from error
        return [
            StartedEvent(run.run_id, event.payload, run.is_new)
            for run, event in zip(runs, events, strict=True)
        ]

    async def _troubled(self, row: Registration, trouble: _Trouble, failures: int) -> float:
        """Says what is wrong where it lasts or somebody must mend it, and how long to wait."""
        if trouble.may_pass:
            wait = max(trouble.wait, _wait(failures, FIRST_WAIT, LAST_WAIT))
        else:
            wait = max(trouble.wait, _wait(failures, FIRST_LONG_WAIT, LAST_LONG_WAIT))
        state = None if trouble.may_pass else "failing"
        is_shown = not trouble.may_pass or failures + 1 >= SHOWN_AFTER
        await book_trouble(
            self._database,
            row,
            trouble.message if is_shown else None,
            state=state,
            next_poll_at=now_ms() + int(wait * 1000),
        )
        if failures + 1 == SHOWN_AFTER:
            logger.warning("Registration %s gets no news: %s", row.id, trouble.message)
        activity.heartbeat(failures + 1)
        return wait


def _faulty(faults: Sequence[str]) -> str:
    """The message of a registration whose app shows items that cannot be read."""
    shown = dict.fromkeys(faults)
    more = len(shown) - SHOWN_FAULTS
    told = "; ".join(list(shown)[:SHOWN_FAULTS]) + (f"; and {more} more" if more > 0 else "")
    return f"All others run, but these could not be read: {told}."[:MAX_MESSAGE]


def _wait(failures: int, first: float, last: float) -> float:
    wait = min(first * 2.0 ** min(failures, 20), last)
    return wait * random.uniform(0.8, 1.2)  # noqa: S311 - spreads load


def _again(seconds: float) -> NoReturn:
    raise ApplicationError(
        "Looked; the next look is due later.",
        type="again",
        next_retry_delay=timedelta(seconds=max(seconds, 0.01)),
        category=ApplicationErrorCategory.BENIGN,
    )


@asynccontextmanager
async def _heartbeats(failures: int) -> AsyncIterator[None]:
    """Tells Temporal that the worker lives, and what the next try is to know."""

    async def beat() -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            activity.heartbeat(failures)

    task = asyncio.create_task(beat())
    try:
        yield
    finally:
        task.cancel()
