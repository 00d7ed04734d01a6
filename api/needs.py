"""What a definition needs and its project has not: integrations, and accounts of the developer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sqlalchemy import select

from api.state import State
from automations.definition import (
    AppStep,
    AppTrigger,
    CallStep,
    Definition,
    Step,
    child_blocks,
    walk,
)
from automations.faults import Fault
from automations.messages import Message
from store.models import DEVELOPER, Connection, Integration

_SHOWN = 10


@dataclass
class _Use:
    """Where a definition uses an app."""

    path: str
    """Of the first place."""
    users: list[str] = field(default_factory=list)
    own: list[str] = field(default_factory=list)
    """Those that run with the developer's own account."""


async def lacking(
    state: State, project_id: str, definition: Definition, called: Mapping[str, Definition]
) -> list[Fault]:
    """A warning for each app that is no integration of the project, or to which the developer has
    connected no account although steps run with it; each app once."""
    uses: dict[str, _Use] = {}
    for key, path, name, is_own in _uses(definition, called):
        app = state.catalogue.app(key)
        # Else the app has neither accounts nor anything that the project could enter.
        if app is not None and app.needs_integration:
            use = uses.setdefault(key, _Use(path))
            by_account = is_own and app.auth.type != "none"
            for names in (use.users, use.own) if by_account else (use.users,):
                if name not in names:
                    names.append(name)
    if not uses:
        return []
    async with state.database() as session:
        integrations = set(
            await session.scalars(
                select(Integration.app_key).where(
                    Integration.project_id == project_id, Integration.app_key.in_(uses)
                )
            )
        )
        connected = set(
            await session.scalars(
                select(Connection.app_key).where(
                    Connection.project_id == project_id,
                    Connection.user_id == DEVELOPER,
                    Connection.status == "connected",
                    Connection.app_key.in_(uses),
                )
            )
        )
    found = []
    for key, use in uses.items():
        app = state.catalogue.app(key)
        if key not in integrations:
            code, names, verbs = "app-not-added", use.users, ("needs", "need")
        elif use.own and key not in connected:
            code, names, verbs = "account-not-connected", use.own, ("runs", "run")
        else:
            continue
        told = Message(
            code,
            name=app.name if app else key,
            app=key,
            **_listed(names),
            need=Message(verbs[len(names) > 1]),
        )
        found.append(Fault(use.path, told, is_warning=True))
    return found


def _uses(
    definition: Definition, called: Mapping[str, Definition]
) -> Iterator[tuple[str, str, str, bool]]:
    """Each use of an app: its key, the place, what people call it, whether by the own account."""
    trigger = definition.trigger
    if isinstance(trigger, AppTrigger):
        key = trigger.component.partition(".")[0]
        is_own = not trigger.replace_end_user_connection
        yield key, "trigger.component", "trigger", is_own
    for step, path in _with_paths(definition.steps, "steps"):
        name = f"“{step.name or step.id}”"
        if isinstance(step, AppStep):
            key = step.component.partition(".")[0]
            yield key, f"{path}.component", name, not step.replace_end_user_connection
        elif isinstance(step, CallStep):
            for inner in _steps_called(step.automation_id, called):
                key = inner.component.partition(".")[0]
                place = f"{path}.automationId"
                yield key, place, name, not inner.replace_end_user_connection


def _steps_called(automation_id: str, called: Mapping[str, Definition]) -> Iterator[AppStep]:
    """The actions of an automation, and of those that it calls."""
    waiting, seen = [automation_id], {automation_id}
    while waiting:
        definition = called.get(waiting.pop())
        for step in walk(definition.steps) if definition else []:
            if isinstance(step, AppStep):
                yield step
            elif isinstance(step, CallStep) and step.automation_id not in seen:
                seen.add(step.automation_id)
                waiting.append(step.automation_id)


def _with_paths(steps: list[Step], path: str) -> Iterator[tuple[Step, str]]:
    for index, step in enumerate(steps):
        here = f"{path}[{index}]"
        yield step, here
        for name, block in child_blocks(step):
            yield from _with_paths(block, f"{here}.{name}")


def _listed(names: list[str]) -> dict[str, str | Message]:
    """Names with the last one, or how many more there are, apart."""
    *shown, last = names[: _SHOWN + 1]
    if len(names) > _SHOWN:
        more = Message("and-more", count=len(names) - _SHOWN)
    elif shown:
        more = Message("and-last", last=last)
    else:
        return {"users": last}
    return {"users": ", ".join(shown), "more": more}
