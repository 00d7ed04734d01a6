"""`Idempotency-Key`: a request that is sent again is not done again.

Source: the Internet-Draft "The Idempotency-Key HTTP Header Field" of the IETF's HTTPAPI group.
"""

from __future__ import annotations

import hashlib
from typing import Annotated

from fastapi import Depends, Header, Request
from sqlalchemy import select

from api.errors import ApiError, ErrorKind, invalid
from api.runs import RunAnswer
from api.state import State
from automations.messages import Message
from store import idempotency
from store.idempotency import KeyUsedOtherwise, Known
from store.models import Run

MAX_KEY = 255

_KeyHeader = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="Any text of up to 255 visible ASCII characters, new for each request: for a "
        "day, the same request with the same key is not done again, and gets the first one's "
        "answer.",
        examples=["order-4711"],
    ),
]


async def _request_key(request: Request, key: _KeyHeader = None) -> tuple[str, str] | None:
    """The digests of the key and of the request that it stands for; None without a key."""
    if key is None:
        return None
    if not 0 < len(key) <= MAX_KEY or any(not " " < character <= "~" for character in key):
        raise invalid([("Idempotency-Key", Message("idempotency-key", limit=MAX_KEY))])
    content = request.url.path.encode() + b"\x00" + await request.body()
    return hashlib.sha256(key.encode()).hexdigest(), hashlib.sha256(content).hexdigest()


RequestKey = Annotated[tuple[str, str] | None, Depends(_request_key)]


class Once:
    """One request under its sender's key."""

    def __init__(self, state: State, project_id: str, key: tuple[str, str]) -> None:
        self._state = state
        self._request = idempotency.Request(project_id, *key)

    async def recall(self) -> Known | None:
        """What came of the request before; raises code 906 when the key stands for another."""
        try:
            return await idempotency.recall(self._state.database, self._request)
        except KeyUsedOtherwise:
            raise _conflict() from None

    async def claim(self, run_id: str = "") -> Known:
        """The same, written down if it is new: to be called before anything is started.

        `run_id`: that of a run which the request starts.
        """
        try:
            return await idempotency.claim(self._state.database, self._request, run_id)
        except KeyUsedOtherwise:
            raise _conflict() from None

    async def finish(self) -> None:
        """Keeps that the request was answered with success."""
        await idempotency.finish(self._state.database, self._request)

    async def answer_of(self, run_id: str, account_id: str) -> RunAnswer | None:
        """What became of the run, waiting for its end or pause; None: it was never started."""
        query = select(Run.status, Run.message, Run.result).where(Run.id == run_id)
        async with self._state.database() as session:
            row = (await session.execute(query)).one_or_none()
        if row is not None and row.status != "running":
            return RunAnswer(run_id, row.status, row.message, row.result)
        if not await self._state.runs.was_started(run_id):
            return None
        return await self._state.runs.join(run_id, self._request.project_id, account_id)


def _conflict() -> ApiError:
    return ApiError(
        ErrorKind.IDEMPOTENCY_CONFLICT,
        "This Idempotency-Key was used for another request within the last day: send a new one.",
    )
