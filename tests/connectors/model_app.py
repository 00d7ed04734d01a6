"""An app that lists items, in this process: what a poll sees of it is exact and at once."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import httpx
import orjson

from connectors.manifest import App
from connectors.triggers.polling import Asker, News, Polled, ask, left_behind

if TYPE_CHECKING:
    from collections.abc import Callable

    from connectors.http import OutgoingHttp
    from connectors.manifest import Trigger


def polled_trigger(poll: dict[str, Any], *inputs: str, **of_app: Any) -> Trigger:
    """A trigger of an app at http://model.test that is polled so; `inputs` are texts."""
    poll = {"items": "body.items", "id": "item.id", **poll}
    if "pagination" in poll:
        poll["items"] = "records"
    trigger: dict[str, Any] = {"key": "model.new", "name": "New item"}
    trigger["source"] = {"type": "poll", "poll": poll}
    if inputs:
        properties = {name: {"type": "string"} for name in inputs}
        trigger["input_schema"] = {"type": "object", "properties": properties}
    app = {"key": "model", "name": "Model", "base_url": "http://model.test", "triggers": [trigger]}
    return App.model_validate({**app, **of_app}).triggers[0]


PAGES = {"type": "cursor", "records": "body.items", "next": "body.next", "param": "page"}


@dataclass
class ModelApp:
    """`answer` is given the query of each request."""

    answer: Callable[[dict[str, str]], Any]
    asked: list[dict[str, str]] = field(default_factory=list)

    def build(self, method: str, url: str, **parts: Any) -> httpx.Request:
        return httpx.Request(method, url, params=parts.get("params"))

    async def send(self, request: httpx.Request, **_: Any) -> httpx.Response:
        query = dict(request.url.params)
        self.asked.append(query)
        found = self.answer(query)
        if not isinstance(found, httpx.Response):
            found = httpx.Response(200, json=found)
        found.request = request
        return found


class Poller:
    """Polls a model, and keeps the cursor as a database would: as JSON."""

    def __init__(self, trigger: Trigger, app: ModelApp, **inputs: Any) -> None:
        self.trigger, self.app, self.inputs = trigger, app, inputs
        self.state: Any = None
        self.has_more = False
        self.insists = True

    def change(self, **inputs: Any) -> None:
        """Has the registration ask by other inputs."""
        self.state = left_behind(self.state, self.inputs, {})
        self.inputs = inputs

    async def polled(self) -> Polled:
        async def at_once() -> None:
            pass

        http = cast("OutgoingHttp", self.app)
        asker = Asker(self.trigger, self.inputs, None, http, {})
        return await ask(asker, self.state, at_once, insists=self.insists)

    async def news(self) -> list[News]:
        polled = await self.polled()
        self.has_more = polled.has_more
        return list(polled.news)

    async def poll(self) -> list[Any]:
        """What all events hold, the cursor moved behind them; asks until there is no more."""
        found: list[Any] = []
        while True:
            for news in await self.news():
                found += [event.payload for event in news.events]
                self.state = orjson.loads(orjson.dumps(news.cursor))
            if not self.has_more:
                return found

    def run(self) -> list[Any]:
        return asyncio.run(self.poll())


def paged(items: list[Any], query: dict[str, str], size: int) -> dict[str, Any]:
    """One page of a list."""
    start = int(query.get("page", 0))
    more = start + size < len(items)
    return {"items": items[start : start + size], "next": str(start + size) if more else None}
