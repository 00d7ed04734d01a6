"""A project can be deleted while something of it is being booked."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select, text, update

from store.models import Notification, Project, Run, WebhookEndpoint, now_ms
from store.notifications import book_failure, notify
from store.projects import remove_project
from store.webhooks import book_health

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from store.database import Database


@pytest.fixture
async def project_id(database: Database, project: Project) -> str:
    """The project, with an endpoint and a run."""
    async with database.begin() as session:
        session.add(WebhookEndpoint(project_id=project.id, secret=b"x"))
        session.add(
            Run(
                id="run-1",
                project_id=project.id,
                automation_id="a",
                version=1,
                user_id="u",
                trigger="manual",
                started_at=now_ms(),
            )
        )
    return project.id


async def removing(
    session: AsyncSession, database: Database, project_id: str
) -> asyncio.Task[None]:
    """The removal, as far as it comes while `session` holds its locks."""
    if session.get_bind().dialect.name == "postgresql":
        # Should both wait for each other, the removal is what the server ends.
        await session.execute(text("SET LOCAL deadlock_timeout = '30s'"))
    removal = asyncio.create_task(remove_project(database, project_id))
    await asyncio.wait([removal], timeout=0.5)
    assert not removal.done()
    return removal


async def rows(database: Database) -> int:
    async with database() as session:
        counts = [
            await session.scalar(select(func.count()).select_from(table))
            for table in (Project, WebhookEndpoint, Notification, Run)
        ]
    return sum(count or 0 for count in counts)


async def test_while_a_delivery_is_booked(database: Database, project_id: str) -> None:
    async with database.begin() as session:
        notification_id = await notify(session, project_id, "webhook.test", {})
    async with database.begin() as session:
        await book_health(session, project_id, "It answered 500.", now_ms())
        removal = await removing(session, database, project_id)
        await book_failure(session, notification_id, 500, "It answered 500.", now_ms())
    await removal
    assert await rows(database) == 0


async def test_while_the_end_of_a_run_is_booked(database: Database, project_id: str) -> None:
    async with database.begin() as session:
        await session.execute(update(Run).where(Run.id == "run-1").values(status="completed"))
        removal = await removing(session, database, project_id)
        await notify(session, project_id, "run.completed", {"runId": "run-1"})
    await removal
    assert await rows(database) == 0


async def test_one_that_is_not_there(database: Database, project_id: str) -> None:
    await remove_project(database, "another")
    assert await rows(database) == 3
