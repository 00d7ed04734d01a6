"""The automations that an automation calls, directly or not, in their published versions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from api.published import Compiled
from api.state import State
from store.models import Automation, AutomationVersion


@dataclass(frozen=True, slots=True)
class Called:
    """One called automation."""

    name: str
    version: int
    compiled: Compiled


async def called_automations(
    state: State, project_id: str, automation_ids: Iterable[str]
) -> dict[str, Called | None]:
    """The automations of these ids and all that they call, by id.

    None stands for one that the project has, but has not published; what it has not is left out.
    """
    found: dict[str, Called | None] = {}
    asked: set[str] = set()
    wanted = set(automation_ids)
    while wanted:
        asked |= wanted
        async with state.database() as session:
            rows = (
                await session.execute(
                    select(Automation.id, Automation.name, Automation.published_version).where(
                        Automation.project_id == project_id, Automation.id.in_(wanted)
                    )
                )
            ).all()
        wanted = set()
        for automation_id, name, number in rows:
            if number is None:
                found[automation_id] = None
                continue
            compiled = await published_version(state, automation_id, number)
            found[automation_id] = Called(name, number, compiled)
            wanted |= compiled.calls - asked
    return found


async def published_version(state: State, automation_id: str, number: int) -> Compiled:
    """A published version, compiled; read from the database when it is not known here."""
    known = state.versions.get(automation_id, number)
    if known is not None:
        return known
    async with state.database() as session:
        definition: Any = await session.scalar(
            select(AutomationVersion.definition).where(
                AutomationVersion.automation_id == automation_id,
                AutomationVersion.number == number,
            )
        )
    return await state.versions.add(automation_id, number, definition)
