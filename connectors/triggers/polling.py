"""Asks an app what is new since the last time, page by page.

Nothing here is kept: what comes of it are events and the cursors that belong to them, which the
caller moves once their runs exist.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from automations.expressions import ExpressionError
from connectors.client import AppClient, UnusableCredential
from connectors.failures import ComponentError, judge, scrub
from connectors.http import OutgoingError, OutgoingHttp, RefusedError, TooLargeError
from connectors.masking import secrets_in
from connectors.pagination import PageError, Pages
from connectors.scope import moment
from connectors.triggers.cursors import (
    MAX_MARKS,
    Cursor,
    Fault,
    Garbage,
    Item,
    Reading,
    asked_from,
    check_token,
    mark_of,
    order_of,
)
from connectors.triggers.sources import Poll, PollSource, WebhookSource
from connectors.urls import UrlError

if TYPE_CHECKING:
    import httpx

    from connectors.credential import Credential
    from connectors.manifest import ErrorKind, Trigger

logger = logging.getLogger(__name__)

PASSING = {"rate_limited", "transient", "conflict", "reauth"}
"""Kinds of errors that may pass by themselves. A connection that was rejected is told otherwise."""
TIMEOUT = 30.0
"""Seconds for one page."""
MAX_PAGES = 1_000
"""Of one poll: a longer list cannot be read."""
LONGEST = 86_400
MAX_ROUNDS = 20
"""Polls of a list that another one takes the place of, to see all that is new there."""
_EARLIER = "earlier"

Gate = Callable[[], Awaitable[None]]
"""Awaited before each request: until the app's rate limit allows it."""


@dataclass(frozen=True)
class Asker:
    """Who asks, and by what."""

    trigger: Trigger
    inputs: Mapping[str, Any]
    credential: Credential | None
    http: OutgoingHttp
    subscription: Mapping[str, Any]
    """What the app told of the subscription, where a webhook says when to poll."""
    owner: str = ""
    """Whose connection it is; another one's list is another list."""


@dataclass(frozen=True)
class Event:
    """What becomes one run; `key` is the same whenever it is told again."""

    key: str
    payload: Any


@dataclass(frozen=True)
class News:
    """Events, the oldest first, and the cursor (JSON) that they lead to."""

    events: tuple[Event, ...]
    cursor: dict[str, Any]


@dataclass(frozen=True)
class Polled:
    """What a poll gave: `news` in order, one after the other, the first of them the oldest."""

    news: Iterator[News]
    has_more: bool
    """There is more than one poll reads: ask again at once."""
    faults: list[Fault]
    """Items that cannot be read while others can; grows while `news` is gone through."""
    told: frozenset[str] = frozenset()
    """Marks of those of them that were there the last time."""


def poll_of(trigger: Trigger) -> Poll | None:
    """How the trigger's app is asked for news, if it is asked at all."""
    source = trigger.source
    return source.poll if isinstance(source, PollSource | WebhookSource) else None


def interval_of(poll: Poll, inputs: Mapping[str, Any]) -> int:
    """Seconds between two polls; the input `interval` may only make it longer."""
    wanted = inputs.get("interval")
    if isinstance(wanted, int | float) and poll.interval < wanted <= LONGEST:
        return int(wanted)
    return poll.interval


def left_behind(
    state: Any, inputs: Mapping[str, Any], subscription: Mapping[str, Any]
) -> dict[str, Any] | None:
    """The state (JSON) of a list that takes the place of the one with these inputs, of which
    `state` was reached; None where nothing had been reached there."""
    if not isinstance(state, dict) or state.get("starting"):
        return None
    if _EARLIER in state:
        # The list between them was never read.
        return state
    return {_EARLIER: {"inputs": inputs, "subscription": subscription, "state": state}}


async def ask(asker: Asker, state: Any, gate: Gate, *, insists: bool = True) -> Polled:
    """One poll from the place that `state`, the registration's cursor, tells.

    Where another list was asked before (`left_behind`), what is new on it is asked for a last time:
    what of it this list has, too, is news. `insists`: a failure of that which may pass is raised;
    else what was new there is given up.

    Raises ComponentError, also while `news` is gone through. An answer that does not hold what the
    manifest says is `transient`: the next one may. No state then moves.
    """
    asking = _Asking(asker, state, gate)
    if isinstance(state, dict) and _EARLIER in state:
        await asking.take_over(state[_EARLIER], insists=insists)
    with _Told(asking):
        return await asking.poll()


class _Asking:
    """One poll under way."""

    def __init__(self, asker: Asker, state: Any, gate: Gate) -> None:
        poll = poll_of(asker.trigger)
        assert poll is not None  # noqa: S101 - the caller asks only those that are polled
        self.asker, self.rules, self.gate = asker, poll, gate
        self.secrets: Sequence[str] = ()
        self.of = _list_of(asker, poll)
        self.cursor = Cursor.load(state, self.of)
        self.client: AppClient | None = None

    async def take_over(self, earlier: Mapping[str, Any], *, insists: bool) -> None:
        """Waits for what is new on the list that was asked before, with what it was asked."""
        asker = replace(self.asker, inputs=earlier["inputs"], subscription=earlier["subscription"])
        before = _Asking(asker, earlier["state"], self.gate)
        if before.of == self.of:
            self.cursor = before.cursor
        if before.of == self.of or before.cursor is None:
            return
        try:
            with _Told(before):
                waited = await before.unseen()
        except ComponentError as error:
            if error.kind == "reauth" or (insists and error.kind in PASSING):
                raise
            logger.warning("What was new by the inputs before is not known: %s", error.message)
            return
        self.cursor = Cursor(self.of, is_starting=True, before=before.of, waited=waited)

    async def unseen(self) -> tuple[str, ...]:
        """Marks of all that is new now, the oldest first."""
        marks: list[str] = []
        for _ in range(MAX_ROUNDS):
            reading, token = await self._reading()
            for batch in reading.batches(token):
                marks += [item.mark for item in batch.items]
                self.cursor = batch.cursor
            if reading.is_complete:
                break
        return tuple(marks[-MAX_MARKS:])

    async def poll(self) -> Polled:
        """Reads the pages."""
        told = frozenset(self.cursor.faults if self.cursor else ())
        reading, token = await self._reading()
        return Polled(self._news(reading, token), not reading.is_complete, reading.faults, told)

    async def _reading(self) -> tuple[Reading, str | int | None]:
        """The pages, and the app's new token; one that is too old is left behind."""
        asker = self.asker
        self.client = AppClient(
            asker.trigger.app,
            asker.credential,
            asker.http,
            timeout=TIMEOUT,
            hidden=secrets_in(asker.trigger.input_schema, asker.inputs),
        )
        self.secrets = self.client.secrets
        reading = Reading(self.rules, self.of, self.cursor)
        seen = await self._read(reading)
        if seen is None:
            reading = Reading(self.rules, self.of, self.cursor, is_reset=True)
            seen = await self._read(reading)
        if seen is None:
            raise Garbage("it takes no token any more, not even a new one")
        token = check_token(self.rules.token.find(seen)) if self.rules.token else None
        return reading, token

    async def _read(self, reading: Reading) -> dict[str, Any] | None:
        """The last page's answer; None where the app says that the token is too old."""
        rules = self.rules.pagination
        pages = None
        if rules is not None:
            # How far to read is told by what is known, not by a number of records.
            whole = {"limit": None, "max_pages": MAX_PAGES, "max_records": MAX_PAGES * 100_000}
            pages = Pages(rules.model_copy(update=whole), self.asker.inputs)
        may_reset = self.cursor is not None and self.cursor.token is not None
        last: dict[str, Any] | None = None
        while True:
            response, seen = await self._exchange(pages, is_reset=reading.is_reset)
            is_too_old = seen["status"] in self.rules.reset_statuses
            if is_too_old and may_reset and not reading.is_reset:
                return None
            if pages is not None and pages.is_over(seen["status"]):
                reading.is_complete = True
                return last
            self._judge(seen)
            last = seen
            items = self._items(seen, reading.faults)
            goes_on = reading.take(items, rules.max_pages if rules else 1)
            if pages is None:
                return seen
            before = len(pages.records)
            more = pages.take(seen, response.url)
            # Only their number is still needed, for offsets.
            pages.records[before:] = [None] * (len(pages.records) - before)
            if pages.truncated and not (self._is_by_ids and self.rules.order == "newest_first"):
                raise Garbage(f"it has more than {MAX_PAGES} pages: the poll must ask for less")
            if not more:
                reading.is_complete = True
            if not more or not goes_on:
                return seen

    @property
    def _is_by_ids(self) -> bool:
        return self.rules.token is None and self.rules.value is None

    def _items(self, seen: dict[str, Any], faults: list[Fault]) -> list[Item]:
        """The items of a page that can be read; the others become `faults`, unless all would."""
        pagination = self.rules.pagination
        if pagination is not None:
            seen = {**seen, "records": _list(pagination.records, seen)}
        read = [self._item(*one) for one in enumerate(_list(self.rules.items, seen), 1)]
        wrong = [item for item in read if isinstance(item, Fault)]
        if wrong and len(wrong) == len(read):
            raise Garbage(f"{wrong[0].name}: {wrong[0].why}")
        faults += wrong
        return [item for item in read if isinstance(item, Item)]

    async def _exchange(
        self, pages: Pages | None, *, is_reset: bool
    ) -> tuple[httpx.Response, dict[str, Any]]:
        assert self.client is not None  # noqa: S101 - made before
        await self.gate()
        cursor = self.cursor
        scope = {
            **self.client.scope,
            **moment(),
            "inputs": self.asker.inputs,
            "subscription": self.asker.subscription,
            "cursor": {
                "value": None if is_reset else asked_from(cursor, self.rules.overlap),
                "token": None if is_reset or cursor is None else cursor.token,
            },
        }
        page = pages.query if pages else None
        url = pages.url if pages else None
        return await self.client.exchange(
            self.rules.request, scope, headers={}, page=page, page_url=url
        )

    def _judge(self, seen: Mapping[str, Any]) -> None:
        verdict = judge(self.asker.trigger.app, (), seen, self.secrets)
        if verdict is not None:
            raise self.failure(verdict.kind, verdict.what, verdict.retry_after)

    def _item(self, number: int, record: Any) -> Item | Fault | None:
        """An item as cursors see it; None for one that is ignored and has no place."""
        scope = {"item": record, "inputs": self.asker.inputs}
        ignore = self.rules.ignore
        is_ignored = ignore is not None and ignore.find(scope) is True
        name = f"item {number} of the list"
        try:
            identity = self.rules.id.evaluate(scope)
            mark_of(identity, None)
            name = f"item {str(identity)[:100]!r}"
            value = self.rules.value.evaluate(scope) if self.rules.value else None
            order = order_of(value) if self.rules.value else None
        except (ExpressionError, Garbage) as error:
            if is_ignored:
                return None
            why = str(error)
            if isinstance(error, ExpressionError):
                why = f"it lacks its id or value ({why})"
            return Fault(name, why, record)
        return Item(mark_of(identity, order), order, value, record, is_ignored, name)

    def _news(self, reading: Reading, token: str | int | None) -> Iterator[News]:
        with _Told(self):
            for batch in reading.batches(token):
                yield News(tuple(self._events(batch.items, reading.faults)), batch.cursor.dump())

    def _events(self, items: Sequence[Item], faults: list[Fault]) -> list[Event]:
        """The events of items; an item of which none can be made becomes a fault, unless all do."""
        events: list[Event] = []
        wrong: list[Fault] = []
        first: Exception | None = None
        for item in items:
            try:
                events.append(self._event(item))
            except (ExpressionError, Garbage) as error:
                first = first or error
                wrong.append(Fault(item.name, str(error), item.record))
        if first is not None and not events:
            raise first
        faults += wrong
        return events

    def _event(self, item: Item) -> Event:
        scope = {"item": item.record, "inputs": self.asker.inputs}
        key: Any = item.mark
        if self.rules.dedupe is not None:
            key = self.rules.dedupe.resolve(scope)
            if key in (None, "") or isinstance(key, list | dict | bool):
                raise Garbage("an item has nothing to tell it from others by (`dedupe`)")
        elif item.order is None and self.rules.token is not None:
            # The same item may change twice, so its id alone would hide the second change.
            place = self.cursor.token if self.cursor else None
            key = f"{key} {_digest([place, item.record])[:32]}"
        # A run that the list before had begun when it was left is not made twice.
        is_waited = self.cursor is not None and item.mark in self.cursor.waited
        of = self.cursor.before if self.cursor and is_waited else self.of
        return Event(f"{of} {key}", self.rules.emit.resolve(scope))

    def failure(self, kind: ErrorKind, what: str, after: float | None = None) -> ComponentError:
        """An error that names the app and the trigger, and shows no secret."""
        trigger = self.asker.trigger
        text = scrub(what.strip().rstrip("."), self.secrets)
        return ComponentError(kind, f"{trigger.app.name}, {trigger.name}: {text}.", after)


class _Told:
    """Says of each thing that can go wrong what it means."""

    def __init__(self, asking: _Asking) -> None:
        self._asking = asking

    def __enter__(self) -> None:
        pass

    def __exit__(self, _type: object, error: BaseException | None, _trace: object) -> None:
        failure = self._asking.failure
        match error:
            case UnusableCredential():
                raise failure("reauth", str(error)) from None
            case Garbage() | PageError():
                raise failure("transient", f"the answer is of no use: {error}") from None
            case UrlError():
                raise failure("invalid_input", str(error)) from None
            case ExpressionError():
                what = f"the app's manifest does not fit these inputs or this answer ({error})"
                raise failure("fatal", what) from None
            case RefusedError() | TooLargeError():
                raise failure("fatal", str(error)) from None
            case OutgoingError():
                raise failure("transient", str(error)) from None


def _list(expression: Any, scope: Mapping[str, Any]) -> list[Any]:
    try:
        found = expression.evaluate(scope)
    except ExpressionError as error:
        raise Garbage(f"it holds no list of items ({error})") from None
    if not isinstance(found, list):
        raise Garbage("it holds no list of items")
    return found


def _list_of(asker: Asker, poll: Poll) -> str:
    """Names the list that a cursor belongs to: another account's or filter's has other items."""
    told = "token" if poll.token else "value" if poll.value else "ids"
    inputs = {name: value for name, value in asker.inputs.items() if name != "interval"}
    parts = [asker.trigger.key, told, asker.owner, inputs]
    return _digest(parts)[:12]


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
