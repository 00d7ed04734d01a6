"""Which apps a project's automations use, also in drafts that are not valid yet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from connectors.manifest import App, AppPart
from connectors.options import Options
from store.models import Automation, AutomationVersion


@dataclass
class Use:
    """How the automations of a project use one app."""

    automations: dict[str, str] = field(default_factory=dict)
    """Names by id, the oldest automation first."""
    components: set[str] = field(default_factory=set)
    """Keys of actions and triggers."""


async def uses_of(session: AsyncSession, project_id: str) -> dict[str, Use]:
    """By app key: what the drafts and the published versions of the project use."""
    rows = await session.execute(
        select(Automation.id, Automation.name, Automation.draft, AutomationVersion.definition)
        .outerjoin(
            AutomationVersion,
            (AutomationVersion.automation_id == Automation.id)
            & (AutomationVersion.number == Automation.published_version),
        )
        .where(Automation.project_id == project_id)
        .order_by(Automation.id)
    )
    uses: dict[str, Use] = {}
    for automation_id, name, draft, published in rows:
        for component in _components_of([draft, published]):
            use = uses.setdefault(component.partition(".")[0], Use())
            use.automations[automation_id] = name
            use.components.add(component)
    return uses


def needed_scopes(app: App, use: Use) -> list[str]:
    """The OAuth scopes that what is used of an app needs, each once, in the manifest's order."""
    return scopes_of(part for part in app.parts if part.key in use.components)


def scopes_of(parts: Iterable[AppPart | Options]) -> list[str]:
    """The OAuth scopes that parts of an app need, each once."""
    return list(dict.fromkeys(scope for part in parts for scope in part.scopes))


def _components_of(definition: Any) -> set[str]:
    found: set[str] = set()
    waiting = [definition]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            component = part.get("component")
            if part.get("type") == "app" and isinstance(component, str) and "." in component:
                found.add(component)
            waiting.extend(part.values())
        elif isinstance(part, list):
            waiting.extend(part)
    return found
