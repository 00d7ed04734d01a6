"""Deleting a project while deliveries, runs and registrations of it may still be booked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from store.models import Project, WebhookEndpoint
from store.outages import StoreUnavailable

if TYPE_CHECKING:
    from store.database import Database

ATTEMPTS = 3
DEADLOCK_DETECTED = "40P01"
"""SQLSTATE (PostgreSQL, appendix A): of two that wait for each other, this one was ended."""


async def remove_project(database: Database, project_id: str) -> None:
    """Deletes a project with all that belongs to it; nothing happens if there is none."""
    for attempts_left in reversed(range(ATTEMPTS)):
        try:
            async with database.begin() as session:
                # Deliveries lock the endpoint, then its notifications; the cascade would not.
                await session.execute(
                    select(WebhookEndpoint.project_id)
                    .where(WebhookEndpoint.project_id == project_id)
                    .with_for_update()
                )
                await session.execute(delete(Project).where(Project.id == project_id))
        except StoreUnavailable as error:
            # What is booked of a project locks rows of many tables, in the order in which it
            # happened; whoever has not been ended commits soon.
            if not attempts_left or getattr(error.__cause__, "sqlstate", None) != DEADLOCK_DETECTED:
                raise
        else:
            return
