"""The published automations that a definition calls, directly or not, as a run takes them along."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select

from store.database import Database
from store.models import Automation, AutomationVersion
from workflows.payloads import CalledAutomation


async def called_automations(
    database: Database, project_id: str, definition: dict[str, Any]
) -> dict[str, CalledAutomation]:
    """By id; what is not published is left out, and its step fails when it is come to."""
    found: dict[str, CalledAutomation] = {}
    asked: set[str] = set()
    wanted = set(_calls(definition))
    while wanted:
        asked |= wanted
        query = (
            select(
                Automation.id,
                Automation.name,
                AutomationVersion.number,
                AutomationVersion.definition,
            )
            .join(
                AutomationVersion,
                (AutomationVersion.automation_id == Automation.id)
                & (AutomationVersion.number == Automation.published_version),
            )
            .where(Automation.project_id == project_id, Automation.id.in_(wanted))
        )
        async with database() as session:
            rows = (await session.execute(query)).all()
        wanted = set()
        for automation_id, name, number, content in rows:
            found[automation_id] = CalledAutomation(name=name, version=number, definition=content)
            wanted |= set(_calls(content)) - asked
    return found


def _calls(part: Any) -> Iterator[str]:
    """The ids of the automations that steps anywhere in a definition call."""
    if isinstance(part, dict):
        if part.get("type") == "call" and isinstance(part.get("automationId"), str):
            yield part["automationId"]
        for item in part.values():
            yield from _calls(item)
    elif isinstance(part, list):
        for item in part:
            yield from _calls(item)
