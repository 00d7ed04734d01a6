"""What came before the inputs of a trigger changed has its run if it fits the new ones, too."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from connectors.failures import ComponentError
from tests.connectors.model_app import PAGES, ModelApp, Poller, paged, polled_trigger

WAYS: dict[str, dict[str, Any]] = {
    "ids": {},
    "ids, the newest first": {"order": "newest_first"},
    "values": {"value": "item.at"},
    "values, the newest first": {"value": "item.at", "order": "newest_first"},
    "values, the oldest first": {"value": "item.at", "order": "oldest_first"},
    "values and tokens": {"value": "item.at", "token": "body.token"},
    "tokens": {"token": "body.token"},
}


LABELLED = {"label": "{{ inputs.label }}", "token": "{{ cursor.token }}"}


class Board:
    """An app that lists the items that have a label, those behind a token where it is given one."""

    def __init__(self, way: dict[str, Any]) -> None:
        self.items: list[dict[str, Any]] = []
        self.is_falling = way.get("order") == "newest_first" or not way
        self.broken: set[str] = set()
        request = {"path": "/items", "query": LABELLED}
        trigger = polled_trigger({"request": request, "pagination": PAGES, **way}, "label")
        self.poller = Poller(trigger, ModelApp(self.answer), label="a")

    def add(self, number: int, labels: str) -> None:
        self.items.append({"id": number, "at": number, "labels": labels})

    def answer(self, query: dict[str, str]) -> Any:
        if query["label"] in self.broken:
            return httpx.Response(503)
        behind = self.items[int(query.get("token", 0)) :]
        found = [one for one in behind if query["label"] in one["labels"]]
        page = paged(found[::-1] if self.is_falling else found, query, 2)
        return {**page, "token": len(self.items)}

    async def poll(self) -> list[int]:
        return [event["id"] for event in await self.poller.poll()]


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
async def test_what_came_before_the_change_runs_if_it_fits_and_nothing_older(
    way: dict[str, Any],
) -> None:
    board = Board(way)
    for number in range(1, 8):
        board.add(number, "ab")
    assert await board.poll() == []
    board.add(11, "a")
    board.add(12, "ab")
    board.add(13, "b")
    for number in range(14, 20):
        board.add(number, "ab")
    board.poller.change(label="b")
    assert await board.poll() == [12, *range(14, 20)]
    board.add(20, "ab")
    assert await board.poll() == [20]
    assert await board.poll() == []


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
async def test_two_changes_between_two_polls_lose_nothing_either(way: dict[str, Any]) -> None:
    board = Board(way)
    board.add(1, "abc")
    assert await board.poll() == []
    board.add(2, "abc")
    board.poller.change(label="c")
    board.poller.change(label="b")
    assert await board.poll() == [2]


async def test_a_registration_that_never_polled_has_nothing_that_came_before() -> None:
    board = Board({})
    board.add(1, "ab")
    board.poller.change(label="b")
    assert await board.poll() == []


async def test_another_interval_is_no_other_list() -> None:
    board = Board({})
    board.add(1, "a")
    await board.poll()
    board.add(2, "a")
    board.poller.change(label="a", interval=900)
    assert await board.poll() == [2]


async def test_a_run_that_was_started_before_the_change_is_not_started_again() -> None:
    board = Board({"value": "item.at"})
    board.add(1, "ab")
    await board.poll()
    board.add(2, "ab")
    # The worker died behind the start, before the cursor moved.
    (started,) = [event.key for news in await board.poller.news() for event in news.events]
    board.poller.change(label="b")
    (again,) = [event.key for news in await board.poller.news() for event in news.events]
    assert again == started


async def test_the_old_list_is_insisted_on_only_for_a_while() -> None:
    board = Board({})
    board.add(1, "ab")
    await board.poll()
    board.add(2, "ab")
    board.poller.change(label="b")
    board.broken = {"a"}
    with pytest.raises(ComponentError, match="503"):
        await board.poll()
    board.broken = set()
    assert await board.poll() == [2]
    board.add(3, "ab")
    board.poller.change(label="a")
    board.broken = {"b"}
    board.poller.insists = False
    assert await board.poll() == []
    board.add(4, "a")
    assert await board.poll() == [4]
