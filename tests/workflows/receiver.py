"""A developer's webhook endpoint on loopback: it keeps what arrives and answers as it is told."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Arrived:
    """One request."""

    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def signatures_of(self, secrets: list[str]) -> str:
        """The header that these secrets give, computed with nothing but the standard library."""
        signed = b".".join(
            [self.id.encode(), self.headers["webhook-timestamp"].encode(), self.body]
        )
        digests = [
            hmac.digest(base64.b64decode(secret.removeprefix("whsec_")), signed, hashlib.sha256)
            for secret in secrets
        ]
        return " ".join("v1," + base64.b64encode(digest).decode() for digest in digests)


@dataclass
class Receiver:
    """`answers` are statuses given in order, the last for ever; 0 never answers."""

    url: str = ""
    answers: list[int] = field(default_factory=lambda: [204])
    delay: float = 0.0
    arrived: list[Arrived] = field(default_factory=list)
    news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def until(self, count: int, seconds: float = 30) -> list[Arrived]:
        """Waits until so many requests have arrived in all."""
        async with asyncio.timeout(seconds), self.news:
            await self.news.wait_for(lambda: len(self.arrived) >= count)
        return self.arrived

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            pairs = (line.partition(":") for line in head[1:] if line)
            headers = {name.lower(): value.strip() for name, _, value in pairs}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            async with self.news:
                self.arrived.append(Arrived(headers, body))
                self.news.notify_all()
            status = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
            await asyncio.sleep(self.delay)
            if status:
                more = f"location: {self.url}/elsewhere\r\n" if 300 <= status < 400 else ""
                answer = (
                    f"HTTP/1.1 {status} X\r\n{more}content-length: 0\r\nconnection: close\r\n\r\n"
                )
                writer.write(answer.encode())
                await writer.drain()
            else:
                await reader.read()
        finally:
            writer.close()


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield receiver
    server.close()
