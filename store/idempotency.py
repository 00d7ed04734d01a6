"""Requests that are sent twice and done once: by the sender's key, for a day.

The row is written before anything is started, with the id of the run that the request starts: who
sends the request again after a crash anywhere in between starts the same run, which Temporal does
only once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete, select, update

from store.database import insert_for
from store.models import IdempotentRequest, now_ms

if TYPE_CHECKING:
    from store.database import Database

KEPT_MS = 86_400_000
"""How long the same key stands for the same request."""


class KeyUsedOtherwise(Exception):
    """The key stands for another request."""


@dataclass(frozen=True)
class Request:
    """A request under its sender's key; `key` and `content` are digests."""

    project_id: str
    key: str
    content: str


@dataclass(frozen=True)
class Known:
    """What is known of a request that came before."""

    run_id: str
    is_done: bool


async def recall(database: Database, request: Request) -> Known | None:
    """What came of the same request within a day; None: it is new. Raises KeyUsedOtherwise."""
    query = select(IdempotentRequest).where(
        IdempotentRequest.project_id == request.project_id,
        IdempotentRequest.key == request.key,
        IdempotentRequest.created_at > now_ms() - KEPT_MS,
    )
    async with database() as session:
        row = await session.scalar(query)
    return None if row is None else _known(row, request)


async def claim(database: Database, request: Request, run_id: str) -> Known:
    """Writes the request down unless it is known; of several at once all get the same run.

    `run_id`: the run's, where the request is new.

    Raises KeyUsedOtherwise.
    """
    now = now_ms()
    values = {
        "project_id": request.project_id,
        "key": request.key,
        "request": request.content,
        "run_id": run_id,
        "is_done": False,
        "created_at": now,
    }
    async with database.begin() as session:
        statement = insert_for(session)(IdempotentRequest).values(values)
        # One that is older than a day makes place.
        await session.execute(
            statement.on_conflict_do_update(
                index_elements=[IdempotentRequest.project_id, IdempotentRequest.key],
                set_={
                    name: statement.excluded[name]
                    for name in ("request", "run_id", "is_done", "created_at")
                },
                where=IdempotentRequest.created_at <= now - KEPT_MS,
            )
        )
        row = await session.get_one(IdempotentRequest, (request.project_id, request.key))
    return _known(row, request)


async def finish(database: Database, request: Request) -> None:
    """The request was answered with success."""
    async with database.begin() as session:
        await session.execute(
            update(IdempotentRequest)
            .where(
                IdempotentRequest.project_id == request.project_id,
                IdempotentRequest.key == request.key,
            )
            .values(is_done=True)
        )


async def purge(database: Database) -> None:
    """Removes what is older than a day."""
    async with database.begin() as session:
        await session.execute(
            delete(IdempotentRequest).where(IdempotentRequest.created_at <= now_ms() - KEPT_MS)
        )


def _known(row: IdempotentRequest, request: Request) -> Known:
    if row.request != request.content:
        raise KeyUsedOtherwise
    return Known(row.run_id, row.is_done)
