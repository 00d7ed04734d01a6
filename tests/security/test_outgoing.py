"""What Inlay promises of the requests that it sends to apps."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from connectors.addresses import AllowedHosts
from connectors.catalogue import catalogue_of
from connectors.executor import execute
from connectors.failures import ComponentError
from connectors.http import OutgoingHttp, RefusedError
from connectors.manifest import App

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\nset-cookie: id=7\r\n\r\n"
FRAMING = [
    "Content-Length",
    "Transfer-Encoding",
    "transfer-encoding",
    "Transfer_Encoding",
    "Connection",
    "Keep-Alive",
    "TE",
    "Trailer",
    "Upgrade",
    "Expect",
    "Host",
    "HTTP2-Settings",
    "Proxy-Authorization",
    "Proxy_Connection",
    "X Y",
    "X:Y",
    "X\r\nY",
    "",
    ":authority",
    "Ünicode",
]


@dataclass
class Upstream:
    """A server that says of each request on which of its connections it came."""

    url: str
    leftover: bytes = b""
    """What it sends behind each of its answers."""
    heads: list[str] = field(default_factory=list)
    connections: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        number = self.connections
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                self.heads.append(head.decode())
                writer.write(ANSWER + b"%4d" % number + self.leftover)
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()


@asynccontextmanager
async def upstream(leftover: bytes = b"") -> AsyncIterator[Upstream]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await there.serve(reader, writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    there = Upstream(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", leftover)
    async with server:
        yield there


@pytest.fixture
async def http() -> AsyncIterator[OutgoingHttp]:
    async with OutgoingHttp(AllowedHosts.parse("127.0.0.1"), plain_http=True) as http:
        yield http


async def send(http: OutgoingHttp, url: str, **inputs: Any) -> Any:
    """The component `http.request`."""
    component = catalogue_of("").component("http.request")
    assert component is not None
    return await execute(component, {"url": url, **inputs}, None, http, idempotency_key="k")


@pytest.mark.parametrize("name", FRAMING)
async def test_a_step_cannot_say_where_a_request_ends_or_whom_it_is_for(
    http: OutgoingHttp, name: str
) -> None:
    async with upstream() as there:
        with pytest.raises(ComponentError, match="header") as refused:
            await send(http, there.url, method="POST", body="x", headers={name: "5"})
    assert refused.value.kind == "invalid_input"
    assert there.heads == []


@pytest.mark.parametrize("value", ["a\r\nX-More: 1", "a\nb", "a\x00b", "é", "a\x7fb"])
async def test_a_value_cannot_become_a_second_header(http: OutgoingHttp, value: str) -> None:
    async with upstream() as there:
        with pytest.raises(ComponentError, match="cannot carry"):
            await send(http, there.url, headers={"X-Note": value})
    assert there.heads == []


async def test_no_header_is_sent_twice(http: OutgoingHttp) -> None:
    async with upstream() as there:
        with pytest.raises(ComponentError, match="twice"):
            await send(http, there.url, headers={"X-Id": "1", "x-id": "2"})
    assert there.heads == []


@pytest.mark.parametrize("name", ["Transfer-Encoding", "Host"])
async def test_the_door_itself_refuses_what_any_other_part_would_send(
    http: OutgoingHttp, name: str
) -> None:
    with pytest.raises(RefusedError, match=name):
        await http.request("GET", "http://127.0.0.1/", headers={name: "x"})


@pytest.mark.parametrize(
    "part",
    [
        {"headers": {"Content-Length": "3"}},
        {
            "auth": {
                "type": "api_key",
                "fields": [{"name": "key"}],
                "apply": [{"in": "header", "name": "Host", "template": "{{ fields.key }}"}],
            }
        },
        {
            "components": [
                {
                    "key": "shop.act",
                    "name": "Act",
                    "request": {"path": "/", "headers": {"Connection": "close"}},
                }
            ]
        },
        {
            "components": [
                {
                    "key": "shop.act",
                    "name": "Act",
                    "request": {"path": "/"},
                    "idempotency_header": "Upgrade",
                }
            ]
        },
    ],
)
def test_a_manifest_with_such_a_header_is_no_manifest(part: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="set by Inlay alone"):
        App.model_validate({"key": "shop", "name": "Shop", "base_url": "https://s.example", **part})


async def test_no_connection_serves_two_projects(http: OutgoingHttp) -> None:
    async with upstream() as there:
        used = [
            (await http.of(project).request("GET", there.url)).text.strip()
            for project in ("one", "two", "one", "two")
        ]
        assert used == ["1", "2", "1", "2"]


async def test_what_follows_an_answer_is_no_other_requests_answer(http: OutgoingHttp) -> None:
    async with upstream(leftover=ANSWER + b"evil") as there:
        for expected in ("1", "2", "3"):
            answer = await http.of("one").request("GET", there.url)
            assert answer.text.strip() == expected


async def test_no_cookie_goes_from_one_answer_into_the_next_request(http: OutgoingHttp) -> None:
    async with upstream() as there:
        for _ in range(2):
            await http.of("one").request("GET", there.url)
        assert "cookie" not in "".join(there.heads).lower()


async def test_connections_of_projects_that_rest_are_closed(
    http: OutgoingHttp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.http.MAX_PROJECTS", 2)
    async with upstream() as there:
        for project in ("one", "two", "three", "one"):
            await http.of(project).request("GET", there.url)
        assert there.connections == 4
