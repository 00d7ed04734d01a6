"""How many bytes of commands one workflow task carries: Temporal's servers take 4 MiB at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

MAX_TASK_BYTES = 1024 * 1024
INLINE_BYTES = 128 * 1024
"""The most that one payload adds: a larger one leaves the history (`temporal.large_payloads`)."""


class Outgoing:
    """The commands of one workflow that its current task may have to carry.

    What was answered has been carried; how much more has been is not told, so that `send`, which
    ends the task, is awaited where too much may have gathered.
    """

    def __init__(self, send: Callable[[], Awaitable[None]]) -> None:
        self._send = send
        self._bytes = 0
        self._sent = 0
        self._sending: asyncio.Future[None] | None = None

    @asynccontextmanager
    async def carrying(self, size: int) -> AsyncIterator[None]:
        """Waits for room for a command of so many bytes; inside, it is given and answered."""
        size = min(size, INLINE_BYTES)
        while self._bytes and self._bytes + size > MAX_TASK_BYTES:
            await self._end_task()
        self._bytes += size
        task = self._sent
        try:
            yield
        finally:
            if task == self._sent:
                self._bytes -= size

    async def _end_task(self) -> None:
        if self._sending is None:
            self._sending = asyncio.ensure_future(self._send())
        sending = self._sending
        await asyncio.shield(sending)
        if self._sending is sending:
            self._sending, self._bytes, self._sent = None, 0, self._sent + 1
