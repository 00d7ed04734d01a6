"""Which apps a definition uses, also one that is not valid yet."""

from __future__ import annotations

from typing import Any


def app_keys_of(definition: Any) -> set[str]:
    """The keys of the apps whose components stand anywhere in a definition."""
    found: set[str] = set()
    waiting = [definition]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            component = part.get("component")
            if part.get("type") == "app" and isinstance(component, str) and "." in component:
                found.add(component.partition(".")[0])
            waiting.extend(part.values())
        elif isinstance(part, list):
            waiting.extend(part)
    return found
