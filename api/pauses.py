"""Hears of pauses: one look into the book serves all callers who wait."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict

from store.database import Database
from store.pauses import paused_runs

logger = logging.getLogger(__name__)

INTERVAL = 0.1
"""Seconds between looks. Most runs end before the first, so that it costs them nothing."""


class PauseWatch:
    """Tells who waits for a run that it has paused."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: defaultdict[str, set[asyncio.Future[str]]] = defaultdict(set)
        """By run, since several callers may have sent one request under one key."""
        self._watcher: asyncio.Task[None] | None = None

    async def wait(self, run_id: str) -> str:
        """Returns when the run has paused, with the message that says what it waits for."""
        paused: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._waiting[run_id].add(paused)
        if self._watcher is None:
            self._watcher = asyncio.create_task(self._watch())
        try:
            return await paused
        finally:
            self._waiting[run_id].discard(paused)
            if not self._waiting[run_id]:
                del self._waiting[run_id]

    async def _watch(self) -> None:
        try:
            while True:
                await asyncio.sleep(INTERVAL)
                if not self._waiting:
                    return
                try:
                    found = await paused_runs(self._database, list(self._waiting))
                except Exception as error:  # a database that is away must not end the watch
                    logger.warning("Pauses could not be read: %s", error)
                    continue
                for run_id, message in found.items():
                    for paused in self._waiting.get(run_id, ()):
                        if not paused.done():
                            paused.set_result(message)
        finally:
            self._watcher = None
