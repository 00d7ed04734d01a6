"""Functions that take a text apart by a regular expression."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from automations.functions.text import TEXT
from automations.regular import first, matches
from automations.values import Budget, bounded_items

if TYPE_CHECKING:
    from collections.abc import Iterator


def _matches(budget: Budget, text: str, pattern: str) -> Iterator[Any]:
    for count, match in enumerate(matches(pattern, text, budget), 1):
        bounded_items(count)
        yield match


def _groups(budget: Budget, match: Any) -> dict[str, str | None]:
    numbered = [match[0], *match.groups()]
    for group in numbered:
        # A group is cut out of bytes and read again.
        budget.charge(30)
        budget.charge_for(group)
    groups = {str(number): group for number, group in enumerate(numbered)}
    return groups | {_name(name): group for name, group in match.groupdict().items()}


def _name(name: str | bytes) -> str:
    return name.decode() if isinstance(name, bytes) else name


@TEXT.add(
    "regexGroups(string, string) -> any",
    summary="The first match of an RE2 pattern as a map of its groups: `0` is all of it, then "
    "numbers and names; null: none.",
    example=r"""'5 May'.regexGroups('(?P<day>[0-9]+) ([A-Z][a-z]+)')""",
)
def _regex_groups(budget: Budget, text: str, pattern: str) -> dict[str, str | None] | None:
    match = first(pattern, text, budget)
    return None if match is None else _groups(budget, match)


@TEXT.add(
    "regexGroupsAll(string, string) -> list",
    summary="All matches of an RE2 pattern, each as a map of its groups.",
    example=r"""'a=1 b=2'.regexGroupsAll('(?P<k>[a-z])=(?P<v>[0-9])').pluck('v')""",
)
def _regex_groups_all(budget: Budget, text: str, pattern: str) -> list[dict[str, str | None]]:
    return [_groups(budget, match) for match in _matches(budget, text, pattern)]


@TEXT.add(
    "regexSplit(string, string) -> list",
    summary="The parts between the matches of an RE2 pattern.",
    example=r"""'a, b;c'.regexSplit('[,;] *')""",
)
def _regex_split(budget: Budget, text: str, pattern: str) -> list[str]:
    parts, end = [], 0
    for match in _matches(budget, text, pattern):
        # Nothing stands between two places where nothing was matched.
        if match.end() > match.start():
            parts.append(text[end : match.start()])
            end = match.end()
    return [*parts, text[end:]]
