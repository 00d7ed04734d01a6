"""What is found in a definition, and where: as a path for programs, in names for people."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from automations.messages import Message

Titles = Callable[[str], Mapping[str, str]]
"""The titles of a component's or a trigger's inputs by name, for its key."""


@dataclass(frozen=True)
class StepName:
    """The step that something is found in."""

    id: str
    name: str
    """What people call it; the id where it has no name."""


@dataclass(frozen=True)
class Fault:
    """What is wrong, and where: `steps[0].inputs.title`."""

    path: str
    message: Message
    is_warning: bool = False
    """It may be meant like this: the definition can be published and run all the same."""
    step: StepName | None = None
    """The innermost step around the place; None: the trigger, the result, or the whole."""
    field: str | None = None
    """What people call the place in that step, such as the title of an input; None: all of it."""

    @property
    def sentence(self) -> str:
        """The message with the place in people's names."""
        where = f"Step “{self.step.name}”" if self.step else ""
        if self.field:
            where = f"{where}, {self.field}" if where else self.field
        return f"{where}: {self.message}" if where else self.message


def located(faults: Iterable[Fault], definition: Any, titles: Titles) -> list[Fault]:
    """The faults with the names of their places, in the definition's order, each once.

    `definition` may be any JSON.
    """
    found = {(fault.path, fault.message): fault for fault in faults}
    known: dict[int, dict[str, int]] = {}
    orders = {path: _order(definition, path, known) for path, _ in found}
    return [
        _named(fault, definition, titles)
        for fault in sorted(found.values(), key=lambda fault: orders[fault.path])
    ]


_STEP = re.compile(r"steps\[(\d+)\]")
_BLOCK = re.compile(r"\.(branches|cases)\[(\d+)\]\.steps\[(\d+)\]|\.([a-z]+)\[(\d+)\]")
_BLOCKS = frozenset({"otherwise", "default", "steps"})


def _named(fault: Fault, definition: Any, titles: Titles) -> Fault:
    step, rest = _innermost(definition, fault.path)
    if step is None:
        part, _, inside = fault.path.partition(".")
        if part == "trigger":
            trigger = definition.get("trigger") if isinstance(definition, dict) else None
            label = _label(inside, trigger if isinstance(trigger, dict) else {}, titles)
            return replace(fault, field=f"trigger, {label}" if label else "trigger")
        is_result = re.match(r"result\b", part)
        return replace(fault, field=fault.path if is_result else None)
    step_id, name = (
        text.strip() if isinstance(text := step.get(key), str) else "" for key in ("id", "name")
    )
    label = _label(rest.lstrip("."), step, titles)
    return replace(
        fault,
        step=StepName(step_id, (name or step_id or "without an id")[:200]),
        field=label or None,
    )


def _innermost(definition: Any, path: str) -> tuple[dict[str, Any] | None, str]:
    """The innermost step at a path, and the path inside it; None: there is none."""
    match = _STEP.match(path)
    found: dict[str, Any] | None = None
    rest, block = path, _get(definition, "steps")
    index = int(match[1]) if match else -1
    while match:
        step = block[index] if isinstance(block, list) and index < len(block) else None
        if not isinstance(step, dict):
            break
        found, rest = step, rest[match.end() :]
        match = _BLOCK.match(rest)
        if match and match[1]:
            part = _get(step, match[1])
            number = int(match[2])
            inside = part[number] if isinstance(part, list) and number < len(part) else None
            block, index = _get(inside, "steps"), int(match[3])
        elif match and match[4] in _BLOCKS:
            block, index = _get(step, match[4]), int(match[5])
        else:
            break
    return found, rest


def _label(place: str, owner: dict[str, Any], titles: Titles) -> str:
    """What people call a place in a step or a trigger."""
    if match := re.match(r"(branches|cases)\[(\d+)\]\.?(.*)", place, re.DOTALL):
        part = _get(owner, match[1])
        number = int(match[2])
        entry = part[number] if isinstance(part, list) and number < len(part) else None
        name = _get(entry, "name")
        word = "branch" if match[1] == "branches" else "case"
        called = f"{word} “{name}”" if isinstance(name, str) and name else f"{word} {number + 1}"
        return f"{called}, `{match[3]}`" if match[3] else called
    part, _, name = place.partition(".")
    if part == "inputs" and name:
        key = owner.get("component")
        known = titles(key) if isinstance(key, str) else {}
        for whole in sorted(known, key=len, reverse=True):
            if name == whole or name.startswith((f"{whole}.", f"{whole}[")):
                inside = name[len(whole) :].lstrip(".")
                return f"input “{known[whole]}”" + (f", `{inside}`" if inside else "")
        return f"input `{name}`"
    if part in {"values", "data"} and name:
        return f"{'value' if part == 'values' else 'data'} `{name}`"
    return f"`{place}`" if place else ""


def _places(value: Any, known: dict[int, dict[str, int]]) -> dict[str, int]:
    """Which place each name has in a map; looked up once for each."""
    if not isinstance(value, dict):
        return {}
    if id(value) not in known:
        known[id(value)] = {name: place for place, name in enumerate(value)}
    return known[id(value)]


def _order(definition: Any, path: str, known: dict[int, dict[str, int]]) -> tuple[int, ...]:
    """Where a path stands in a definition, to sort by; what is not there stands last."""
    order: list[int] = []
    here, rest = definition, path
    if path:
        parts = ("trigger", "steps", "result")
        first = re.match(r"\w*", path)
        head = first[0] if first else ""
        order.append(parts.index(head) if head in parts else len(parts))
        here, rest = _get(definition, head), path[len(head) :]
    while rest:
        if index := re.match(r"\[(\d+)\]", rest):
            number = int(index[1])
            order.append(number)
            here = here[number] if isinstance(here, list) and number < len(here) else None
            rest = rest[index.end() :]
            continue
        rest = rest.removeprefix(".")
        places = _places(here, known)
        # A name may hold a dot itself.
        ends = [match.start() for match in re.finditer(r"[.\[]", rest)]
        name = next(
            (rest[:end] for end in [len(rest), *reversed(ends)] if rest[:end] in places), ""
        )
        if not name:
            order.append(len(places))
            break
        order.append(places[name])
        here, rest = here[name], rest[len(name) :]
    return tuple(order)


def _get(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None
