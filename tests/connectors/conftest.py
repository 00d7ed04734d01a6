"""A server that stands for an app: it records what arrives and answers what a test tells it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from connectors.addresses import AllowedHosts
from connectors.catalogue import BUILT_IN, read_app
from connectors.executor import execute
from connectors.http import OutgoingHttp
from connectors.manifest import App

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from connectors.credential import Credential


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


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    vendor = Vendor()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            length = int(self.headers.get("content-length", 0))
            parts = urlsplit(self.path)
            arrived = Arrived(
                self.command,
                parts.path,
                parse_qsl(parts.query, keep_blank_values=True),
                {name.lower(): value for name, value in self.headers.items()},
                self.rfile.read(length),
            )
            vendor.arrived.append(arrived)
            chosen = vendor.answers.pop(0) if len(vendor.answers) > 1 else vendor.answers[0]
            answer = chosen(arrived) if callable(chosen) else chosen
            body = answer.body
            headers = dict(answer.headers)
            if body is not None and not isinstance(body, bytes):
                body = json.dumps(body).encode()
                headers.setdefault("Content-Type", "application/json")
            self.send_response(answer.status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any  # noqa: N815 - the base's names

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's name
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    vendor.url = f"http://127.0.0.1:{server.server_port}"
    yield vendor
    server.shutdown()
    server.server_close()


@pytest.fixture
async def http() -> AsyncIterator[OutgoingHttp]:
    async with OutgoingHttp(AllowedHosts.parse("127.0.0.1")) as client:
        yield client


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
