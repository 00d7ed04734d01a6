"""What Inlay promises of requests that are too large, too slow or too unclear to be meant well."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn

from api import guard, wire
from api.guard import ONCE, Guard
from api.wire import MAX_HEAD_BYTES, MAX_HEADERS, MAX_URL_BYTES, BoundedProtocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

START = b"GET / HTTP/1.1\r\nhost: x\r\n"


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answers how long the body was."""
    size, more = 0, True
    while more:
        message = await receive()
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(size).encode()})


@pytest.fixture
async def port() -> AsyncIterator[int]:
    config = uvicorn.Config(app, port=0, lifespan="off", log_config=None, http=BoundedProtocol)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    await serving


async def told(port: int, *parts: bytes, pause: float = 0) -> tuple[int, dict[str, Any]]:
    """The status and the error of an answer to what is sent part by part."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause)
        answer = await asyncio.wait_for(reader.read(), 60)
    finally:
        writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body) if head.split()[1] != b"200" else {}


BOUNDED = {
    "one endless header": (431, [START + b"x-a: ", *[b"a" * 8_192] * 100]),
    "a large header at once": (431, [START + b"x-a: " + b"a" * MAX_HEAD_BYTES + b"\r\n\r\n"]),
    "many headers": (431, [START, *[b"a: b\r\n"] * (MAX_HEADERS + 1), b"\r\n"]),
    "an endless name": (431, [START, *[b"a" * 8_192] * 100]),
    "a long URL": (414, [b"GET /" + b"a" * MAX_URL_BYTES + b" HTTP/1.1\r\n\r\n"]),
    "an endless URL": (414, [b"GET /", *[b"a" * 8_192] * 100]),
    "headers behind a body": (
        431,
        [b"POST / HTTP/1.1\r\nhost: x\r\ntrailer: x\r\nx: " + b"y" * MAX_HEAD_BYTES + b"\r\n\r\n"],
    ),
}


@pytest.mark.parametrize(("status", "parts"), BOUNDED.values(), ids=BOUNDED)
async def test_no_url_or_header_is_read_without_an_end(
    port: int, status: int, parts: list[bytes]
) -> None:
    got, error = await told(port, *parts)
    assert got == status
    assert (error["code"], error["name"]) == (1, "INVALID PARAMETER")
    assert "send less" in error["message"]


UNCLEAR = {
    "two lengths": START + b"content-length: 1\r\ncontent-length: 2\r\n\r\nab",
    "one length twice": START + b"content-length: 1\r\ncontent-length: 1\r\n\r\na",
    "a length and chunks": START
    + b"content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "a list of lengths": START + b"content-length: 1, 1\r\n\r\na",
    "a length below nothing": START + b"content-length: -1\r\n\r\n",
    "a folded header": START + b"a: b\r\n c: d\r\n\r\n",
    "a name with a space": START + b"content-length : 1\r\n\r\na",
    "no HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\r\n\r\n",
}


@pytest.mark.parametrize("request_", UNCLEAR.values(), ids=UNCLEAR)
async def test_a_request_that_leaves_open_where_it_ends_is_refused(
    port: int, request_: bytes
) -> None:
    status, error = await told(port, request_)
    assert (status, error["code"], error["name"]) == (400, 1, "INVALID PARAMETER")
    assert "Content-Length" in error["message"]


async def guarded(path: str, query: bytes, *names: bytes) -> tuple[int, str]:
    """How a request with these headers is answered, and what is said."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request", "body": b""}

    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "query_string": query,
        "headers": [(name, b"1") for name in names],
    }
    await Guard(app)(scope, receive, send)
    return sent[0]["status"], sent[1]["body"].decode()


@pytest.mark.parametrize("name", sorted(ONCE))
async def test_two_of_a_header_of_which_one_is_meant_are_refused(name: bytes) -> None:
    for path in ("/api/v1/ipaas/automations/a/run", "/api/v1/hooks/secret", "/connect/secret"):
        status, said = await guarded(path, b"", b"accept", name, name)
        assert status == 400
        assert f"header {name.decode().title()} stands in the request more than once" in said
        assert (await guarded(path, b"", b"accept", b"accept", name))[0] == 200


@pytest.mark.parametrize(
    "query", [b"limit=1&limit=2", b"a=&a", b"%61=1&a=1", b"a=1&b=2&a=1", b"%b2=%ff&%b2="]
)
async def test_a_name_that_stands_in_a_query_twice_is_refused(query: bytes) -> None:
    status, said = await guarded("/api/v1/projects", query)
    assert status == 400
    assert "in the query stands in the request more than once" in said
    # There, others say what a query holds, and all of it is kept.
    for path in ("/api/v1/hooks/secret", "/api/v1/callbacks/token/step"):
        assert (await guarded(path, query))[0] == 200


class Name(str):
    """A name in a query that counts how often it is compared."""

    __slots__ = ()
    compared = 0

    def __eq__(self, other: object) -> bool:
        Name.compared += 1
        return str.__eq__(self, other)

    __hash__ = str.__hash__


async def test_names_in_a_query_are_not_compared_each_with_each(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = [Name(number) for number in range(4_000)]
    monkeypatch.setattr(guard, "parse_qsl", lambda *_, **__: [(name, "") for name in names])
    assert (await guarded("/api/v1/projects", b"many"))[0] == 200
    assert Name.compared < len(names)


async def test_nobody_holds_a_connection_with_headers_that_do_not_end(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "HEAD_SECONDS", 0.3)
    for parts in ([b""], [START, b"a: b\r\n"], [b"GET / HT"]):
        assert (await told(port, *parts))[0] == 408


async def test_nobody_holds_a_connection_with_a_body_that_does_not_end(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "BODY_SECONDS", 0.3)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nabc")
    assert await asyncio.wait_for(reader.read(), 60) == b""
    writer.close()


async def test_what_is_within_bounds_is_served_one_after_the_other(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    large = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 300000\r\n\r\n" + b"a" * 300_000
    padded = START + b"x-a: " + b"a" * 30_000 + b"\r\n\r\n"
    for sent, size in ((padded, b"0"), (large, b"300000"), (padded, b"0")):
        writer.write(sent)
        await writer.drain()
        answer = await asyncio.wait_for(reader.readuntil(b"0\r\n\r\n"), 60)
        assert answer.startswith(b"HTTP/1.1 200")
        assert b"\r\n" + size + b"\r\n" in answer
    writer.close()
