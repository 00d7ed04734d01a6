"""What a poll finds new, and what it leaves alone, whatever the app does meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from connectors.failures import ComponentError
from connectors.triggers import cursors
from connectors.triggers.cursors import RING, Cursor, Garbage, asked_from, mark_of, order_of
from tests.connectors.model_app import PAGES, ModelApp, Poller, paged, polled_trigger

ASK = {"path": "/items"}
SINCE = {"path": "/items", "query": {"since": "{{ cursor.value }}"}}


def item(number: int, at: Any = None) -> dict[str, Any]:
    return {"id": number} if at is None else {"id": number, "at": at}


def ids(events: list[Any]) -> list[int]:
    return [event["id"] for event in events]


def always(answer: Any, _: dict[str, str]) -> Any:
    return answer


class Listing:
    """An app with one list, which a test changes."""

    def __init__(self, items: list[Any], *, size: int | None = None, filters: bool = False) -> None:
        self.items = items
        self.size = size
        self.filters = filters
        self.app = ModelApp(self.answer)

    def answer(self, query: dict[str, str]) -> Any:
        items = self.items
        if self.filters and query.get("since"):
            items = [one for one in items if str(one["at"]) >= query["since"]]
        return {"items": items} if self.size is None else paged(items, query, self.size)

    def poller(self, **poll: Any) -> Poller:
        pages = {} if self.size is None else {"pagination": PAGES}
        return Poller(polled_trigger({"request": ASK, **pages, **poll}), self.app)


async def test_the_first_poll_finds_the_place_and_emits_nothing() -> None:
    listing = Listing([item(1, 10), item(2, 20)])
    for poll in ({"value": "item.at"}, {}):
        poller = listing.poller(**poll)
        assert await poller.poll() == []
        assert await poller.poll() == []


async def test_what_comes_after_an_empty_list_is_new() -> None:
    listing = Listing([])
    for poll in ({"value": "item.at"}, {"value": "item.at", "order": "newest_first"}, {}):
        listing.items = []
        poller = listing.poller(**poll)
        assert await poller.poll() == []
        listing.items = [item(2, 20), item(1, 10)]
        assert ids(await poller.poll()) == [1, 2]


@pytest.mark.parametrize("order", ["newest_first", "oldest_first", None])
async def test_many_pages_after_an_empty_list_are_all_new(order: str | None) -> None:
    listing = Listing([], size=2)
    poller = listing.poller(value="item.at", order=order)
    await poller.poll()
    listing.items = [item(number, number) for number in range(9)]
    if order == "newest_first":
        listing.items.reverse()
    assert ids(await poller.poll()) == list(range(9))


async def test_equal_values_at_the_boundary_are_told_apart_by_their_ids() -> None:
    listing = Listing([item(1, "2026-01-01T00:00:00Z")], filters=True)
    poller = listing.poller(value="item.at", request=SINCE)
    await poller.poll()
    listing.items.append(item(2, "2026-01-01T00:00:00Z"))
    assert ids(await poller.poll()) == [2]
    assert listing.app.asked[-1] == {"since": "2026-01-01T00:00:00Z"}
    listing.items += [item(3, "2026-01-01T00:00:00Z"), item(4, "2026-01-01T00:00:01Z")]
    assert ids(await poller.poll()) == [3, 4]
    assert await poller.poll() == []


async def test_an_app_that_ignores_the_filter_floods_nobody() -> None:
    listing = Listing([item(number, number) for number in range(100)])
    poller = listing.poller(value="item.at")
    await poller.poll()
    listing.items += [item(50, 50), item(200, 200), item(7, 7)]
    assert ids(await poller.poll()) == [200]


async def test_late_items_are_found_within_the_overlap() -> None:
    listing = Listing([item(1, "2026-01-01T00:01:00+01:00")], filters=True)
    poller = listing.poller(value="item.at", request=SINCE, overlap=60)
    await poller.poll()
    listing.items.insert(0, item(2, "2025-12-31T23:00:30Z"))
    listing.items.insert(0, item(3, "2025-12-31T22:59:00Z"))
    assert ids(await poller.poll()) == [2]
    assert listing.app.asked[-1] == {"since": "2025-12-31T23:00:00Z"}
    assert await poller.poll() == []


async def test_an_update_within_the_overlap_is_one_more_event() -> None:
    listing = Listing([item(1, 100)])
    poller = listing.poller(value="item.at", overlap=50)
    await poller.poll()
    listing.items = [item(1, 101)]
    assert ids(await poller.poll()) == [1]
    listing.items = [item(1, 102)]
    assert ids(await poller.poll()) == [1]
    assert await poller.poll() == []


@pytest.mark.parametrize("order", ["newest_first", None])
async def test_a_deleted_newest_item_is_no_flood(order: str | None) -> None:
    listing = Listing([item(number) for number in range(50, 0, -1)], size=10)
    poller = listing.poller(order=order)
    await poller.poll()
    for _ in range(20):
        del listing.items[0]
        assert await poller.poll() == []
    listing.items.insert(0, item(99))
    assert ids(await poller.poll()) == [99]


async def test_a_list_longer_than_what_is_remembered_floods_nobody_when_it_shrinks() -> None:
    listing = Listing([item(number) for number in range(3 * RING, 0, -1)], size=100)
    poller = listing.poller(order="newest_first")
    await poller.poll()
    assert len(listing.app.asked) == RING // 100
    del listing.items[: RING // 2]
    assert await poller.poll() == []
    del listing.items[: RING // 4]
    listing.items.insert(0, item(9_999))
    assert ids(await poller.poll()) == [9_999]


async def test_reordering_is_no_news() -> None:
    listing = Listing([item(number) for number in range(30)])
    poller = listing.poller()
    await poller.poll()
    listing.items.reverse()
    assert await poller.poll() == []
    listing.items.insert(15, item(99))
    assert ids(await poller.poll()) == [99]


async def test_a_pinned_item_hides_nothing() -> None:
    listing = Listing([item(0), *(item(number) for number in range(20, 0, -1))], size=5)
    poller = listing.poller(order="newest_first")
    await poller.poll()
    listing.items[1:1] = [item(number) for number in range(40, 20, -1)]
    assert ids(await poller.poll()) == list(range(21, 41))


async def test_ids_alone_need_an_order_in_a_long_list() -> None:
    listing = Listing([item(number) for number in range(RING + 1)], size=500)
    with pytest.raises(ComponentError, match="needs `order` or `value`"):
        await listing.poller().poll()


@pytest.mark.parametrize("order", ["oldest_first", "newest_first", None])
async def test_more_pages_than_a_poll_reads_lose_nothing(order: str | None) -> None:
    listing = Listing([item(0, 0)], size=10)
    poller = listing.poller(value="item.at", order=order, pagination={**PAGES, "max_pages": 3})
    await poller.poll()
    news = [item(number, number // 3) for number in range(3, 1_000)]
    listing.items += news
    if order != "oldest_first":
        listing.items.reverse()
    found = await poller.poll()
    assert sorted(ids(found)) == ids(news)
    assert [event["at"] for event in found] == [event["at"] for event in news]
    assert await poller.poll() == []


@pytest.mark.parametrize("poll", [{"value": "item.at"}, {"order": "newest_first"}])
@pytest.mark.parametrize("parts", [1, 2, 3])
async def test_a_crash_between_two_parts_of_the_news_loses_none_of_the_rest(
    poll: dict[str, Any], parts: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cursors, "BATCH", 3)
    listing = Listing([])
    poller = listing.poller(**poll)
    await poller.poll()
    listing.items = [item(number, number) for number in range(9, -1, -1)]
    done: list[int] = []
    for news in (await poller.news())[:parts]:
        done += [event.payload["id"] for event in news.events]
        poller.state = news.cursor
    assert done == list(range(3 * parts))
    assert ids(await poller.poll()) == list(range(3 * parts, 10))
    assert await poller.poll() == []


async def test_an_old_list_is_passed_over_in_parts() -> None:
    listing = Listing([item(number, number) for number in range(500)], size=10, filters=True)
    poller = listing.poller(
        value="item.at",
        order="oldest_first",
        request=ASK,
        pagination={**PAGES, "max_pages": 2},
    )
    for news in await poller.news():
        assert not news.events
        poller.state = news.cursor
    assert poller.has_more
    assert await poller.poll() == []
    listing.items.append(item(500, 500))
    assert ids(await poller.poll()) == [500]


async def test_newest_first_reads_down_to_what_is_known() -> None:
    listing = Listing([item(number, number) for number in range(1_000, 0, -1)], size=10)
    poller = listing.poller(value="item.at", order="newest_first")
    await poller.poll()
    assert len(listing.app.asked) == 1
    listing.items[:0] = [item(number, number) for number in range(1_025, 1_000, -1)]
    listing.app.asked.clear()
    assert ids(await poller.poll()) == list(range(1_001, 1_026))
    assert len(listing.app.asked) == 3


async def test_a_list_that_is_not_sorted_as_told_is_read_to_its_end() -> None:
    listing = Listing([item(number, number) for number in range(30, 0, -1)], size=5)
    poller = listing.poller(value="item.at", order="newest_first")
    await poller.poll()
    listing.items = [item(3, 3), item(40, 40), *listing.items, item(41, 41)]
    assert ids(await poller.poll()) == [40, 41]


async def test_ignored_items_are_passed_over_and_may_become_news() -> None:
    listing = Listing([item(1, 1)])
    poller = listing.poller(value="item.at", ignore="has(item.draft) && item.draft")
    await poller.poll()
    listing.items = [item(1, 1), {**item(2, 2), "draft": True}, {"draft": True}]
    assert await poller.poll() == []
    assert poller.state["value"] == 2
    listing.items = [item(1, 1), item(2, 2)]
    assert ids(await poller.poll()) == [2]


class TokenApp:
    """An app that keeps the place: a token is a position in its log of changes."""

    def __init__(self) -> None:
        self.log: list[dict[str, Any]] = []
        self.forgotten = 0
        """Tokens below it are too old."""
        self.app = ModelApp(self.answer)

    def answer(self, query: dict[str, str]) -> Any:
        token = query.get("token")
        if token is None:
            latest = {change["id"]: change for change in self.log}
            return {"items": list(latest.values()), "token": f"t{len(self.log)}"}
        if int(token[1:]) < self.forgotten:
            return httpx.Response(410, json={"error": "too old"})
        return {"items": self.log[int(token[1:]) :], "token": f"t{len(self.log)}"}

    def poller(self, **poll: Any) -> Poller:
        request = {"path": "/changes", "query": {"token": "{{ cursor.token }}"}}
        return Poller(polled_trigger({"request": request, "token": "body.token", **poll}), self.app)


@pytest.mark.parametrize("poll", [{}, {"value": "item.at"}])
async def test_by_token_each_change_is_one_event(poll: dict[str, Any]) -> None:
    app = TokenApp()
    app.log = [item(1, 1), item(2, 2)]
    poller = app.poller(**poll)
    assert await poller.poll() == []
    assert await poller.poll() == []
    app.log += [item(1, 3), item(3, 4)]
    assert ids(await poller.poll()) == [1, 3]
    app.log += [item(1, 5)]
    keys = [event.key for news in await poller.news() for event in news.events]
    again = [event.key for news in await poller.news() for event in news.events]
    assert keys == again
    assert ids(await poller.poll()) == [1]
    app.log += [item(1, 6)]
    assert keys != [event.key for news in await poller.news() for event in news.events]


async def test_a_token_that_is_too_old_is_taken_anew_without_a_flood() -> None:
    app = TokenApp()
    app.log = [item(number, number) for number in range(5)]
    by_value, by_ids = app.poller(value="item.at"), app.poller()
    await by_value.poll()
    await by_ids.poll()
    app.log += [item(9, 9), item(1, 10)]
    app.forgotten = len(app.log)
    assert ids(await by_value.poll()) == [9, 1]
    assert ids(await by_ids.poll()) == [9]
    assert await by_value.poll() == await by_ids.poll() == []
    app.log += [item(2, 20)]
    assert ids(await by_value.poll()) == ids(await by_ids.poll()) == [2]


async def test_ids_that_are_not_all_remembered_flood_nobody_at_a_new_token() -> None:
    app = TokenApp()
    app.log = [item(number) for number in range(RING + 500)]
    poller = app.poller()
    await poller.poll()
    app.log += [item(number) for number in range(5_000, 5_010)]
    app.forgotten = len(app.log)
    assert await poller.poll() == []
    app.log += [item(6_000)]
    assert ids(await poller.poll()) == [6_000]


async def test_an_app_that_refuses_every_token_is_an_error() -> None:
    app = TokenApp()
    poller = app.poller()
    await poller.poll()
    app.app.answer = lambda _: httpx.Response(410)
    before = poller.state
    with pytest.raises(ComponentError, match="410"):
        await poller.poll()
    assert poller.state == before


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({"items": None}, "no list of items"),
        ({"items": {"a": 1}}, "no list of items"),
        ({}, "no list of items"),
        ([], "no list of items"),
        (httpx.Response(200, text="<html>Down for maintenance</html>"), "no list of items"),
        ({"items": [{"at": 5}]}, "lacks its id"),
        ({"items": [{"id": 5}]}, "lacks its id or value"),
        ({"items": [{"id": None, "at": 5}]}, "has no id"),
        ({"items": [{"id": {"a": 1}, "at": 5}]}, "has no id"),
        ({"items": [{"id": 1, "at": "soon"}]}, "neither a number nor a moment"),
        ({"items": [{"id": 1, "at": None}]}, "neither a number nor a moment"),
        ({"items": [7]}, "lacks its id"),
        (httpx.Response(500, text="oops"), "answered 500: oops"),
    ],
)
@pytest.mark.parametrize("is_first", [True, False])
async def test_garbage_is_told_and_moves_nothing(answer: Any, told: str, is_first: bool) -> None:
    listing = Listing([item(1, 1)])
    poller = listing.poller(value="item.at")
    if not is_first:
        await poller.poll()
    before = poller.state
    listing.app.answer = lambda _: answer
    with pytest.raises(ComponentError, match=told) as caught:
        await poller.poll()
    assert caught.value.kind == "transient"
    assert str(caught.value).startswith("Model, New item: ")
    assert poller.state == before
    listing.app.answer = listing.answer
    listing.items.append(item(2, 2))
    if not is_first:
        assert ids(await poller.poll()) == [2]


@pytest.mark.parametrize("token", [None, "", True, {"a": 1}, "x" * 10_000, "a\x00b"])
async def test_a_token_that_is_none_moves_nothing(token: Any) -> None:
    app = TokenApp()
    poller = app.poller()
    await poller.poll()
    before = poller.state
    app.app.answer = lambda _: {"items": [item(1)], "token": token}
    with pytest.raises(ComponentError, match="no token"):
        await poller.poll()
    assert poller.state == before


async def test_pages_that_never_end_are_an_error() -> None:
    app = ModelApp(lambda query: {"items": [], "next": "same"})
    poller = Poller(polled_trigger({"request": ASK, "pagination": PAGES}), app)
    with pytest.raises(ComponentError, match="same next page twice"):
        await poller.poll()
    endless = ModelApp(lambda query: {"items": [], "next": str(int(query.get("page", 0)) + 1)})
    poller = Poller(polled_trigger({"request": ASK, "pagination": PAGES}), endless)
    with pytest.raises(ComponentError, match="more than 1000 pages"):
        await poller.poll()
    assert poller.state is None


async def test_offsets_count_all_records() -> None:
    pagination = {"type": "offset", "records": "body", "param": "offset", "page_size": 4}
    rows = [item(number, number) for number in range(10)]

    def answer(query: dict[str, str]) -> Any:
        start = int(query.get("offset", 0))
        return rows[start : start + 4]

    poll = {"request": ASK, "pagination": pagination, "value": "item.at"}
    poller = Poller(polled_trigger(poll), ModelApp(answer))
    await poller.poll()
    assert poller.state["value"] == 9
    rows += [item(number, number) for number in range(10, 15)]
    assert ids(await poller.poll()) == [10, 11, 12, 13, 14]


async def test_other_inputs_are_another_list() -> None:
    listing = Listing([item(1, 1)])
    poller = listing.poller(value="item.at")
    await poller.poll()
    listing.items = [item(7, 7)]
    poller.inputs = {"folder": "other", "interval": 60}
    assert await poller.poll() == []
    poller.inputs = {"folder": "other", "interval": 900}
    listing.items.append(item(8, 8))
    assert ids(await poller.poll()) == [8]


async def test_a_manifest_may_say_what_makes_events_the_same() -> None:
    listing = Listing([])
    poller = listing.poller(value="item.at", dedupe="{{ item.id }}", emit={"n": "{{ item.id }}"})
    await poller.poll()
    listing.items = [item(1, 1), item(1, 2)]
    events = [event for news in await poller.news() for event in news.events]
    assert [event.payload for event in events] == [{"n": 1}, {"n": 1}]
    assert events[0].key == events[1].key


async def test_a_manifest_that_does_not_fit_is_told_as_that() -> None:
    listing = Listing([])
    poller = listing.poller(value="item.at", emit="{{ item.nowhere }}")
    await poller.poll()
    listing.items = [item(1, 1)]
    with pytest.raises(ComponentError, match="manifest does not fit") as caught:
        await poller.poll()
    assert caught.value.kind == "fatal"


def test_moments_are_compared_across_zones_and_formats() -> None:
    same = ["2026-01-02T03:04:05Z", "2026-01-02T04:04:05+01:00", "Fri, 02 Jan 2026 03:04:05 +0000"]
    assert len({order_of(text) for text in same}) == 1
    assert order_of("1700000000.000100").at < order_of("1700000000.000200").at
    assert order_of(5) == order_of(5.0) == order_of("5")
    assert mark_of(1, order_of(5)) == mark_of("1", order_of("5.0"))
    assert asked_from(Cursor(value="1700000000.5"), 1) == "1699999999.5"
    assert asked_from(Cursor(value="0001-01-01T00:00:01Z"), 60) == "0001-01-01T00:00:00Z"


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["id", "at", "items"]), inner),
    max_leaves=8,
)


@given(ANYTHING)
def test_every_value_has_a_place_or_is_refused(value: Any) -> None:
    for read in (order_of, lambda value: mark_of(value, None)):
        with contextlib.suppress(Garbage):
            read(value)


@settings(max_examples=200, deadline=None)
@given(st.lists(ANYTHING, max_size=4), st.sampled_from([{}, {"value": "item.at"}]))
def test_every_answer_is_news_or_an_error(bodies: list[Any], poll: dict[str, Any]) -> None:
    listing = Listing([item(1, 1)])
    poller = listing.poller(**poll)
    poller.run()
    for body in bodies:
        before = poller.state
        content = json.dumps(body).encode("utf-8", "replace")
        answer = httpx.Response(200, content=content, headers={"content-type": "application/json"})
        listing.app.answer = functools.partial(always, answer)
        try:
            poller.run()
        except ComponentError:
            assert poller.state == before


class Model(RuleBasedStateMachine):
    """An app whose items come, change and go, and polls that crash wherever they may.

    Every item, in each state that it had when a poll could see it, must be told exactly once,
    given that a run is known by its event's key.
    """

    order: str | None = None
    size: int | None = 3
    filters = True
    has_value = True
    overlap = 0

    @initialize(count=st.integers(0, 7))
    def begin(self, count: int) -> None:
        self.clock, self.number = 100, 0
        self.rows: list[dict[str, Any]] = []
        self.runs: list[str] = []
        self.told: dict[str, Any] = {}
        self.expected: dict[str, None] = {}
        self.loop = asyncio.new_event_loop()
        self.model = ModelApp(self.answer)
        request = SINCE if self.filters else ASK
        poll: dict[str, Any] = {"request": request, "order": self.order}
        if self.has_value:
            poll |= {"value": "item.at", "overlap": self.overlap}
        if self.size is not None:
            poll["pagination"] = {**PAGES, "max_pages": 2}
        self.poller = Poller(polled_trigger(poll), self.model)
        for _ in range(count):
            self.insert()
        self.look()
        assert not self.runs
        self.expected.clear()

    def teardown(self) -> None:
        if hasattr(self, "loop"):
            self.loop.close()

    def answer(self, query: dict[str, str]) -> Any:
        rows = sorted(self.rows, key=lambda row: row["at"])
        if query.get("since"):
            rows = [row for row in rows if row["at"] >= int(query["since"])]
        if self.order != "oldest_first":
            rows.reverse()
        return {"items": rows} if self.size is None else paged(rows, query, self.size)

    def insert(self, lag: int = 0) -> None:
        self.number += 1
        self.rows.append(item(self.number, self.clock - lag))
        self.expect(self.rows[-1])

    def expect(self, row: dict[str, Any]) -> None:
        self.expected[f"{row['id']}@{row['at']}" if self.has_value else str(row["id"])] = None

    def forget(self, row: dict[str, Any]) -> None:
        """What went before a poll could see it need not be told."""
        key = f"{row['id']}@{row['at']}" if self.has_value else str(row["id"])
        if key not in self.seen:
            self.expected.pop(key, None)

    @property
    def seen(self) -> set[str]:
        return set(self.told.values())

    @rule(step=st.integers(0, 2))
    def pass_time(self, step: int) -> None:
        self.clock += step

    @rule(count=st.integers(1, 8))
    def come(self, count: int) -> None:
        for _ in range(count):
            self.insert()

    @precondition(lambda self: self.overlap > 0)
    @rule(lag=st.integers(1, 3))
    def come_late(self, lag: int) -> None:
        self.insert(min(lag, self.overlap))

    @precondition(lambda self: self.rows and self.has_value)
    @rule(data=st.data())
    def change(self, data: st.DataObject) -> None:
        at = data.draw(st.integers(0, len(self.rows) - 1))
        self.forget(self.rows[at])
        self.rows[at] = item(self.rows[at]["id"], self.clock)
        if f"{self.rows[at]['id']}@{self.clock}" not in self.baseline:
            self.expect(self.rows[at])

    @precondition(lambda self: self.rows)
    @rule(data=st.data())
    def go(self, data: st.DataObject) -> None:
        at = data.draw(st.integers(0, len(self.rows) - 1))
        self.forget(self.rows[at])
        del self.rows[at]

    @rule(crash_at=st.none() | st.integers(0, 30), is_moved=st.booleans())
    def poll(self, crash_at: int | None, is_moved: bool) -> None:
        self.look(crash_at, is_moved=is_moved)

    def look(self, crash_at: int | None = None, *, is_moved: bool = True) -> None:
        """A poll; it crashes after so many runs, or when the last run of a part exists."""
        if not hasattr(self, "baseline"):
            self.baseline = {f"{row['id']}@{row['at']}" for row in self.rows}
        for _ in range(1_000):
            for news in self.loop.run_until_complete(self.poller.news()):
                for event in news.events:
                    if crash_at == 0:
                        return
                    crash_at = None if crash_at is None else crash_at - 1
                    self.start(event.key, event.payload)
                if crash_at == 0 and not is_moved:
                    return
                self.poller.state = news.cursor
                if crash_at == 0:
                    return
            if not self.poller.has_more:
                return
        raise AssertionError("the poll never comes to its end")

    def start(self, key: str, payload: Any) -> None:
        if key in self.told:
            return
        name = f"{payload['id']}@{payload['at']}" if self.has_value else str(payload["id"])
        self.told[key] = name
        self.runs.append(name)

    @invariant()
    def nothing_is_told_twice(self) -> None:
        assert len(set(getattr(self, "runs", []))) == len(getattr(self, "runs", []))

    @rule()
    def everything_is_told(self) -> None:
        self.look()
        assert set(self.expected) == set(self.runs)


CASES = [
    {"order": "oldest_first"},
    {"order": "newest_first"},
    {"order": None},
    {"order": None, "size": None},
    {"order": None, "overlap": 3},
    {"order": "newest_first", "overlap": 3},
    {"order": "oldest_first", "overlap": 3},
    {"order": "oldest_first", "filters": False},
    {"order": "newest_first", "filters": False},
    {"order": "newest_first", "has_value": False, "filters": False},
    {"order": "oldest_first", "has_value": False, "filters": False},
    {"order": None, "has_value": False, "filters": False, "size": None},
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_each_item_is_told_exactly_once_whatever_crashes(
    case: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cursors, "BATCH", 3)
    machine = type("Case", (Model,), case)
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=60,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.parametrize("order", ["newest_first", "oldest_first", None])
@pytest.mark.parametrize("when", ["first", "later"])
@pytest.mark.parametrize("unit", ["moment", "seconds", "milliseconds"])
async def test_what_is_dated_ahead_stops_nothing(unit: str, when: str, order: str | None) -> None:
    def at(hours: float) -> Any:
        moment = datetime.now(UTC) + timedelta(hours=hours)
        if unit == "moment":
            return moment.isoformat()
        return int(moment.timestamp() * (1000 if unit == "milliseconds" else 1))

    listing = Listing([item(1, at(-3)), item(2, at(-2))])
    poller = listing.poller(value="item.at", order=order)

    def show(*items: Any) -> None:
        listing.items = sorted([*listing.items, *items], key=lambda one: str(one["at"]))
        if order == "newest_first":
            listing.items.reverse()

    ahead = item(3, at(24 * 365))
    if when == "first":
        show(ahead)
    assert await poller.poll() == []
    if when == "later":
        show(ahead)
        assert ids(await poller.poll()) == [3]
    show(item(4, at(-1)))
    assert ids(await poller.poll()) == [4]
    assert await poller.poll() == []
    show(item(5, at(0)))
    assert ids(await poller.poll()) == [5]


async def test_a_list_of_which_all_is_ahead_has_a_place_too() -> None:
    listing = Listing([item(1, "2999-01-01T00:00:00Z")])
    poller = listing.poller(value="item.at")
    assert await poller.poll() == []
    listing.items.append(item(2, (datetime.now(UTC) + timedelta(seconds=1)).isoformat()))
    assert ids(await poller.poll()) == [2]
    assert await poller.poll() == []


async def test_a_cursor_that_is_ahead_already_is_brought_back() -> None:
    listing = Listing([item(1, "2999-01-01T00:00:00Z")])
    poller = listing.poller(value="item.at")
    await poller.poll()
    poller.state |= {"value": "2999-01-01T00:00:00Z"}
    listing.items.append(item(2, (datetime.now(UTC) + timedelta(seconds=1)).isoformat()))
    assert ids(await poller.poll()) == [2]


async def test_numbers_that_tell_no_time_are_never_ahead() -> None:
    listing = Listing([item(1, 2_500_000_000), item(2, 7)])
    poller = listing.poller(value="item.at")
    await poller.poll()
    listing.items += [item(3, 2_500_000_001), item(4, 1_000)]
    assert ids(await poller.poll()) == [3]


@pytest.mark.parametrize("order", ["newest_first", "oldest_first", None])
@pytest.mark.parametrize(
    ("odd", "what"),
    [
        ({"id": 9, "at": None}, "item '9': a value is neither a number nor a moment"),
        ({"id": 9, "at": "2026-01-01"}, "item '9': its value '2026-01-01' is no number"),
        ({"id": 9, "at": {"a": 1}}, "item '9': a value is neither"),
        ({"id": 9}, "item '9': it lacks its id or value"),
        ({"id": None, "at": 3}, "item 3 of the list: an item has no id"),
        ("text", "item 3 of the list: "),
    ],
)
async def test_an_item_that_cannot_be_read_stops_no_other(
    odd: Any, what: str, order: str | None
) -> None:
    listing = Listing([item(1, 10), item(2, 15), odd, item(4, 17), item(5, 20)])
    if order == "newest_first":
        listing.items.reverse()
    poller = listing.poller(value="item.at", order=order)
    assert await poller.poll() == []
    listing.items.insert(0 if order == "newest_first" else 5, item(3, 30))
    polled = await poller.polled()
    assert ids([event.payload for news in polled.news for event in news.events]) == [3]
    place = "item 4" if order == "newest_first" else "item 3"
    what = what.replace("item 3", place)
    assert [f"{one.name}: {one.why}"[: len(what)] for one in polled.faults] == [what]
    # It is told once, as long as it is what it is.
    assert {one.mark for one in polled.faults} == polled.told


async def test_an_item_that_can_be_read_at_last_is_new() -> None:
    listing = Listing([item(1, 10), {"id": 2, "at": None}])
    poller = listing.poller(value="item.at")
    await poller.poll()
    listing.items[1]["at"] = 20
    assert ids(await poller.poll()) == [2]


async def test_an_item_of_which_no_event_can_be_made_stops_no_other() -> None:
    listing = Listing([item(1, 10)])
    poller = listing.poller(value="item.at", dedupe="{{ item.key }}")
    await poller.poll()
    listing.items += [{"id": 2, "at": 20, "key": None}, {"id": 3, "at": 30, "key": "k"}]
    polled = await poller.polled()
    assert ids([event.payload for news in polled.news for event in news.events]) == [3]
    assert [one.name for one in polled.faults] == ["item '2'"]


async def test_values_that_are_all_of_another_kind_than_before_are_of_no_use() -> None:
    listing = Listing([item(1, 1)])
    poller = listing.poller(value="item.at")
    await poller.poll()
    listing.items = [item(1, "2026-01-01")]
    with pytest.raises(ComponentError, match="now numbers, now moments"):
        await poller.poll()


async def test_a_list_of_which_nothing_can_be_read_is_of_no_use() -> None:
    listing = Listing([{"id": 1, "at": None}, {"id": 2, "at": None}])
    with pytest.raises(ComponentError, match="item '1': a value is neither"):
        await listing.poller(value="item.at").poll()
