"""A server that stands for an app: it records what arrives and answers what a test tells it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from connectors.catalogue import BUILT_IN, read_app
from connectors.executor import execute
from connectors.manifest import App

if TYPE_CHECKING:
    from collections.abc import Callable

    from connectors.credential import Credential
    from connectors.http import OutgoingHttp


@dataclass
class Arrived:
    method: str
    path: str
    query: list[tuple[str, str]]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def form(self) -> list[tuple[str, str]]:
        return parse_qsl(self.body.decode(), keep_blank_values=True)


@dataclass
class Answer:
    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Vendor:
    """`answers` are given in order; the last one stays."""

    url: str = ""
    arrived: list[Arrived] = field(default_factory=list)
    answers: list[Answer | Callable[[Arrived], Answer]] = field(default_factory=lambda: [Answer()])

    def answer(self, *answers: Answer | Callable[[Arrived], Answer]) -> None:
        self.answers = list(answers)
        self.arrived.clear()

    @property
    def last(self) -> Arrived:
        return self.arrived[-1]


def built_in(key: str, base_url: str) -> App:
    """A built-in app, as it is but for its address."""
    return App.model_validate({**read_app(BUILT_IN / key), "base_url": base_url})


class Caller:
    """Runs components of one app."""

    def __init__(self, app: App, credential: Credential | None, http: OutgoingHttp) -> None:
        self.app = app
        self.credential = credential
        self.http = http

    async def __call__(self, name: str, /, **inputs: Any) -> Any:
        component = next(c for c in self.app.components if c.key == f"{self.app.key}.{name}")
        return await execute(
            component, inputs, self.credential, self.http, idempotency_key="run-1/step/0"
        )
