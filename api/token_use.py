"""When API tokens were last used: noted off the hot path, at most once a minute a token."""

from __future__ import annotations

import asyncio
import logging

from sqlalchemy import update

from store.database import Database
from store.models import ApiToken, now_ms

logger = logging.getLogger(__name__)

INTERVAL_MS = 60_000


class TokenUse:
    """Notes the use of tokens while requests go on."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._writes: dict[str, asyncio.Task[None]] = {}

    def note(self, token_id: str, last_used_at: int | None) -> None:
        """A token was used; `last_used_at` is what its row says."""
        now = now_ms()
        if last_used_at is not None and now - last_used_at < INTERVAL_MS:
            return
        if token_id in self._writes:
            return
        write = asyncio.create_task(self._write(token_id, now))
        self._writes[token_id] = write
        write.add_done_callback(lambda _: self._writes.pop(token_id, None))

    async def aclose(self) -> None:
        """Waits for what is being written."""
        await asyncio.gather(*self._writes.values(), return_exceptions=True)

    async def _write(self, token_id: str, now: int) -> None:
        try:
            async with self._database.begin() as session:
                await session.execute(
                    update(ApiToken).where(ApiToken.id == token_id).values(last_used_at=now)
                )
        except Exception as error:  # a note of this kind may be lost
            logger.warning("The use of a token was not noted: %s", type(error).__name__)
