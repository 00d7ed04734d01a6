"""How far polling has come, and what of an answer is new after it. Pure.

Three ways to tell: by the app's own token, by a value that grows, by ids alone. All of them keep
marks: what was seen at the boundary, so that nothing there is lost and nothing comes twice.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from connectors.triggers.sources import Poll

RING = 1_000
"""So many of the last ids are remembered where nothing else tells what is new."""
MAX_MARKS = 10_000
"""Marks of equal values; what is seen beyond them is asked for again, and known by its run."""
MAX_FAULTS = 100
"""Items that cannot be read, of one poll, which are told once only."""
BATCH = 200
"""Events after which the cursor moves when there are many."""
MAX_TOKEN = 8_192
_NUMBER = re.compile(r"-?\d{1,20}(\.\d{1,8})?", re.ASCII)
_MAX_NUMBER = 10**20
"""With its fraction it keeps within the digits that decimals are computed with."""
_PLAIN_ID = 40
_SINCE_1990 = Decimal("0.35")
"""The part of the time since 1970 that had passed by then, in this century."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Garbage(Exception):
    """An answer that holds not what the manifest says; the message tells what."""


@dataclass(frozen=True)
class Order:
    """The place of a value among others: a number, or a moment in seconds since 1970."""

    kind: Literal["number", "moment"]
    at: Decimal


@dataclass(frozen=True)
class Item:
    """One item of an answer. `record` is left out where it cannot be news."""

    mark: str
    """Tells this item, in this state, from all others."""
    order: Order | None = None
    value: Any = None
    record: Any = field(default=None, compare=False)
    is_ignored: bool = False
    name: str = field(default="", compare=False)
    """Its id, for people."""


@dataclass(frozen=True)
class Fault:
    """An item that cannot be read, so that it can be neither new nor known."""

    name: str
    """Its id, or its place in the answer, for people."""
    why: str
    record: Any = field(default=None, compare=False, repr=False)

    @property
    def mark(self) -> str:
        """Tells it from others, wherever in the list it stands."""
        told = json.dumps([self.why, self.record], sort_keys=True, default=str)
        return hashlib.sha256(told.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Cursor:
    """`value` is the newest one seen, as the app wrote it; `ids` are marks, the oldest first.

    A moment that has not come yet is no place to go on from: what comes before it would be taken
    for old. `value` is then the newest that has come; what is ahead is known by its mark.
    """

    of: str = ""
    """Of which list this is the place; that of another one is worth nothing."""
    token: str | int | None = None
    value: Any = None
    ids: tuple[str, ...] = ()
    is_starting: bool = False
    """The list is being read for the first time: nothing of it is news."""
    faults: tuple[str, ...] = ()
    """Marks of items that could not be read the last time."""
    before: str = ""
    """Which list this one takes the place of, while it is starting."""
    waited: tuple[str, ...] = ()
    """Marks of what was new there and has no run yet: it is news here, too."""

    @classmethod
    def load(cls, state: Any, of: str) -> Cursor | None:
        """The cursor of a JSON state; None where there is none of this list."""
        if not isinstance(state, dict) or state.get("of") != of:
            return None
        return cls(
            of,
            state.get("token"),
            state.get("value"),
            tuple(state.get("ids", ())),
            bool(state.get("starting", False)),
            tuple(state.get("faults", ())),
            state.get("before", ""),
            tuple(state.get("waited", ())),
        )

    def dump(self) -> dict[str, Any]:
        """The state as JSON."""
        state: dict[str, Any] = {"of": self.of, "ids": list(self.ids)}
        if self.token is not None:
            state["token"] = self.token
        if self.value is not None:
            state["value"] = self.value
        if self.is_starting:
            state["starting"] = True
        if self.faults:
            state["faults"] = list(self.faults)
        if self.waited:
            state |= {"before": self.before, "waited": list(self.waited)}
        return state

    @property
    def order(self) -> Order | None:
        """The place of `value`."""
        return None if self.value is None else order_of(self.value)


@dataclass(frozen=True)
class Batch:
    """News, the oldest first, and the cursor once each of them has its run."""

    items: tuple[Item, ...]
    cursor: Cursor


@dataclass(frozen=True)
class Clock:
    """How values tell the time, where they do."""

    kind: Literal["number", "moment"]
    at: Decimal
    """Now, as values tell it."""

    @classmethod
    def of(cls, order: Order, now: float) -> Clock | None:
        """The clock of a value that has come; None where it tells no time.

        Numbers are seconds or milliseconds since 1970 where they lie between 1990 and now: ids and
        counters hardly do.
        """
        seconds = Decimal(repr(round(now, 3)))
        if order.kind == "moment":
            return cls("moment", seconds)
        for here in (seconds, seconds * 1000):
            if here * _SINCE_1990 <= order.at <= here:
                return cls("number", Decimal(int(here)))
        return None

    def is_ahead(self, order: Order) -> bool:
        """Whether a value has not come yet."""
        return order.kind == self.kind and order.at > self.at

    @property
    def value(self) -> Any:
        """Now, written as such a value."""
        return _moment_text(self.at) if self.kind == "moment" else int(self.at)


def order_of(value: Any) -> Order:
    """The place of a value of an item; raises `Garbage` for what cannot be compared.

    Numbers, also as text; moments of RFC 3339 or RFC 5322 (3.3), in UTC where they name no zone.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        # False for what is no number, too.
        if -_MAX_NUMBER < value < _MAX_NUMBER:
            return Order("number", Decimal(repr(value)))
        raise Garbage("a number is too large to be compared")
    if isinstance(value, str) and len(value) <= 100:
        if _NUMBER.fullmatch(value):
            return Order("number", Decimal(value))
        for read in (datetime.fromisoformat, parsedate_to_datetime):
            try:
                moment = read(value)
            except (ValueError, OverflowError, TypeError, IndexError):
                continue
            since = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH
            micros = Decimal(since.microseconds) / 1_000_000
            return Order("moment", since.days * 86_400 + since.seconds + micros)
    raise Garbage("a value is neither a number nor a moment that can be compared")


def mark_of(identity: Any, order: Order | None) -> str:
    """The mark of an item; raises `Garbage` for what is no id."""
    if isinstance(identity, float) and identity.is_integer():
        identity = int(identity)
    is_number = isinstance(identity, int) and not isinstance(identity, bool)
    if not (is_number and abs(identity) < _MAX_NUMBER) and not (
        isinstance(identity, str) and identity
    ):
        raise Garbage("an item has no id: text or a whole number is expected")
    text = str(identity)
    if len(text) > _PLAIN_ID or not text.isascii() or not text.isprintable():
        text = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return text if order is None else f"{_written(order.at)} {text}"


def check_token(token: Any) -> str | int:
    """The app's own cursor; raises `Garbage` for what cannot be one."""
    fits = isinstance(token, str) and 0 < len(token) <= MAX_TOKEN and token.isprintable()
    if not fits and (isinstance(token, bool) or not isinstance(token, int)):
        raise Garbage("it holds no token that says where to go on")
    return token  # type: ignore[no-any-return]  # text or a number, as checked


def asked_from(cursor: Cursor | None, overlap: int) -> Any:
    """What the request is to ask from: the newest value, lower by the overlap."""
    if cursor is None or cursor.value is None or overlap == 0:
        return None if cursor is None else cursor.value
    order = order_of(cursor.value)
    lower = order.at - overlap
    if order.kind == "moment":
        return _moment_text(lower)
    if isinstance(cursor.value, str):
        return _written(lower)
    return cursor.value - overlap


def _moment_text(seconds: Decimal) -> str:
    try:
        moment = _EPOCH + timedelta(microseconds=int(seconds * 1_000_000))
    except OverflowError:
        moment = datetime.min.replace(tzinfo=UTC)
    return moment.isoformat().replace("+00:00", "Z")


@dataclass
class Reading:
    """Takes the pages of one poll and says when to stop, and what is new at the end.

    `cursor` is None at the first poll, of which nothing is news but what it waits for. `is_reset`:
    the app has forgotten the token, so the list is read as a whole and compared with what is known.
    """

    poll: Poll
    of: str
    cursor: Cursor | None
    is_reset: bool = False
    now: float = field(default_factory=lambda: time.time())
    """Seconds since 1970."""
    items: list[Item] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    is_complete: bool = True
    _is_sorted: bool = True

    def __post_init__(self) -> None:
        """Prepares what each item is compared with."""
        self._start = self.cursor or Cursor(self.of, is_starting=True)
        self._known = set(self._start.ids)
        self._waited = set(self._start.waited)
        order = self._start.order
        self._kind = order.kind if order else None
        self._clock = Clock.of(order, self.now) if order else None
        if order is not None and self._clock is not None and self._clock.is_ahead(order):
            self._start = replace(self._start, value=self._clock.value)
            order = self._start.order
        self._floor = None if order is None else order.at - self.poll.overlap
        self._fresh = 0
        self._pages = 0

    def take(self, page: Sequence[Item], max_pages: int) -> bool:
        """Takes a page; False when what lies behind it need not be read now.

        `max_pages`: after so many, a list of which the oldest come first is left for the next poll.
        """
        self._pages += 1
        page = self._comparable(page)
        for item in page:
            self._check_order(item)
            is_new = self._is_fresh(item)
            self._fresh += is_new
            self.items.append(item if is_new else replace(item, record=None))
        if not page:
            return True
        if self.poll.value is not None and self.poll.token is None:
            return self._goes_on_by_value(max_pages)
        if self.poll.token is None and self.poll.order == "newest_first":
            if self._start.is_starting:
                return len(self.items) < RING
            return self.items[-1].mark not in self._known
        return True

    def batches(self, token: str | int | None = None) -> Iterator[Batch]:
        """What is new, in parts of which each has its cursor; at least one part.

        `token` is the app's new one. Raises `Garbage` when ids cannot tell what is new.
        """
        if self.poll.token is not None:
            batches: Iterable[Batch] = [self._by_token(token)]
        elif self.poll.value is not None:
            batches = self._by_value()
        else:
            batches = self._by_ids()
        marks = tuple(sorted({fault.mark for fault in self.faults})[:MAX_FAULTS])
        for batch in batches:
            cursor = replace(batch.cursor, faults=marks)
            if not cursor.is_starting:
                cursor = replace(cursor, before="", waited=())
            yield replace(batch, cursor=cursor)

    def _comparable(self, page: Sequence[Item]) -> list[Item]:
        """The items whose values are of one kind; others are faults, unless all are."""
        kinds = Counter(item.order.kind for item in page if item.order is not None)
        if self._kind is None and kinds:
            self._kind = kinds.most_common(1)[0][0]
        fitting = [one for one in page if one.order is None or one.order.kind == self._kind]
        if page and not fitting:
            raise Garbage("its values are now numbers, now moments")
        for item in page:
            if item.order is not None and item.order.kind != self._kind:
                why = f"its value {item.value!r:.60} is no {self._kind} as those of the others"
                self.faults.append(Fault(item.name, why, item.record))
        if self._clock is None and (places := [one.order for one in fitting if one.order]):
            middle = sorted(places, key=lambda order: order.at)[len(places) // 2]
            self._clock = Clock.of(middle, self.now)
        return fitting

    def _check_order(self, item: Item) -> None:
        if item.order is None:
            return
        if self.items and self.items[-1].order is not None:
            before, now = self.items[-1].order.at, item.order.at
            falls = now < before if self.poll.order == "oldest_first" else now > before
            self._is_sorted = self._is_sorted and not falls

    def _is_fresh(self, item: Item) -> bool:
        """Whether it may be news; what only its place in the list tells is not judged here."""
        if self._start.is_starting:
            return item.mark in self._waited
        if item.mark in self._known:
            # The app tells of a change of the item.
            return self.poll.token is not None and self.poll.value is None and not self.is_reset
        by_floor = self.poll.token is None or self.is_reset
        if by_floor and item.order is not None and self._floor is not None:
            return item.order.at >= self._floor
        return True

    def _goes_on_by_value(self, max_pages: int) -> bool:
        """Stops only where the app keeps the order that the manifest tells."""
        last, first = self.items[-1].order, self.items[0].order
        if not self._is_sorted or last is None or first is None:
            return True
        if self.poll.order == "newest_first":
            floor = self._floor
            if floor is None and self._start.is_starting:
                waited = [_place(mark) for mark in self._waited]
                floor = min([self._come(first) - self.poll.overlap, *waited])
            return floor is None or last.at >= floor
        if self.poll.order == "oldest_first":
            known = self._start.order
            has_progress = (first if known is None else known).at < self._reached
            if has_progress and (self._pages >= max_pages or self._fresh >= BATCH):
                self.is_complete = False
                return False
        return True

    def _by_value(self) -> Iterator[Batch]:
        cursor = self._start
        if cursor.is_starting:
            marks = [item for item in self.items if not item.is_ignored]
            passed = self._passed(cursor, _ascending(marks), _ascending(self.items))
            waited = _ascending(_distinct(item for item in marks if self._is_fresh(item)))
            yield Batch(tuple(waited), replace(passed, is_starting=not self.is_complete))
            return
        # A list that is sorted downwards shows of equal values the newest first.
        shown = self.items[::-1] if self._falls() else self.items
        fresh = _ascending(_distinct(item for item in shown if self._is_fresh(item)))
        for start in range(0, max(len(fresh), 1), BATCH):
            part = fresh[start : start + BATCH]
            news = [item for item in part if not item.is_ignored]
            cursor = self._passed(cursor, news, part)
            yield Batch(tuple(news), cursor)

    @property
    def _reached(self) -> Decimal:
        """The highest value that has come."""
        places = (item.order for item in self.items if item.order is not None)
        come = [place.at for place in places if not self._clock or not self._clock.is_ahead(place)]
        return max(come, default=Decimal("-Infinity"))

    def _come(self, order: Order) -> Decimal:
        """The place itself, or now, where it is ahead."""
        is_ahead = self._clock is not None and self._clock.is_ahead(order)
        return self._clock.at if is_ahead and self._clock else order.at

    def _falls(self) -> bool:
        if self.poll.order is not None or not self.items:
            return self.poll.order == "newest_first"
        first, last = self.items[0].order, self.items[-1].order
        return first is not None and last is not None and first.at > last.at

    def _passed(self, cursor: Cursor, marked: Sequence[Item], seen: Sequence[Item]) -> Cursor:
        """The cursor behind what was seen; marks are kept of what may be shown again."""
        newest, order = cursor.value, cursor.order
        for item in reversed(seen):
            if item.order is None or (order is not None and item.order.at <= order.at):
                break
            if self._clock is None or not self._clock.is_ahead(item.order):
                newest, order = item.value, item.order
                break
        else:
            if seen and order is None and self._clock is not None:
                newest = self._clock.value
                order = order_of(newest)
        if order is None:
            return cursor
        floor = order.at - self.poll.overlap
        marks = [*cursor.ids, *(item.mark for item in marked)]
        kept = [mark for mark in dict.fromkeys(marks) if _place(mark) >= floor]
        return replace(cursor, value=newest, ids=tuple(kept[-MAX_MARKS:]))

    def _by_token(self, token: str | int | None) -> Batch:
        """The app says what is new, but for the first poll and where it forgot the token."""
        seen = [item for item in self.items if not item.is_ignored]
        news: list[Item] = []
        has_values = self.poll.value is not None
        # Without values, ids tell what is new only while all of them are remembered.
        if not self.is_reset or has_values or len(self._start.ids) < RING:
            news = [item for item in seen if self._is_fresh(item)]
        if has_values:
            news = _ascending(_distinct(news))
            passed = self._passed(self._start, _ascending(seen), _ascending(self.items))
        else:
            ids = _ring(self._start.ids, [item.mark for item in seen])
            passed = replace(self._start, ids=ids)
        return Batch(tuple(news), replace(passed, token=token, is_starting=False))

    def _by_ids(self) -> Iterator[Batch]:
        listed = _distinct(item for item in self.items if not item.is_ignored)
        if self.poll.order == "oldest_first":
            listed.reverse()
        if self.poll.order is None and len(listed) > RING:
            raise Garbage(
                f"it lists more than {RING} items, so ids alone cannot tell which are new: the"
                " manifest needs `order` or `value`"
            )
        cursor = replace(self._start, is_starting=False)
        news = [item for item in listed[: self._end_of_news(listed)] if self._is_fresh(item)]
        news.reverse()
        marks = [item.mark for item in reversed(listed)]
        last = max(0, (len(news) - 1) // BATCH)
        for number in range(last):
            part = news[number * BATCH : (number + 1) * BATCH]
            cursor = replace(cursor, ids=_ring(cursor.ids, [item.mark for item in part]))
            yield Batch(tuple(part), cursor)
        yield Batch(tuple(news[last * BATCH :]), replace(cursor, ids=_ring(cursor.ids, marks)))

    def _end_of_news(self, listed: Sequence[Item]) -> int:
        """Behind the last known item, a sorted list only shows what was there before."""
        known = [at for at, item in enumerate(listed) if item.mark in self._known]
        return known[-1] if known and self.poll.order is not None else len(listed)


def _ring(ids: Sequence[str], seen: Sequence[str]) -> tuple[str, ...]:
    """The last marks; what is shown now is kept rather than what is not."""
    now = set(seen)
    return tuple([*(mark for mark in ids if mark not in now), *dict.fromkeys(seen)][-RING:])


def _distinct(items: Iterable[Item]) -> list[Item]:
    return list({item.mark: item for item in items}.values())


def _ascending(items: Iterable[Item]) -> list[Item]:
    return sorted(items, key=lambda item: item.order.at if item.order else Decimal(0))


def _place(mark: str) -> Decimal:
    """The place that a mark of an item with a value tells."""
    return Decimal(mark.partition(" ")[0])


def _written(number: Decimal) -> str:
    return format(number.normalize(), "f")
