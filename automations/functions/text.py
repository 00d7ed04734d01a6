"""Functions on text."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

import re2  # type: ignore[import-untyped]

from automations.functions.registry import Section
from automations.regular import first, matches
from automations.values import (
    Budget,
    ExpressionError,
    bounded,
    bounded_items,
    equal,
    joined,
    kind_of,
    plain_text,
)

TEXT = Section("Text")


@TEXT.add("upper(string) -> string", summary="In capitals.", example='"ada".upper()')
def _upper(budget: Budget, text: str) -> str:
    return text.upper()


@TEXT.add("lower(string) -> string", summary="In small letters.", example='"ADA".lower()')
def _lower(budget: Budget, text: str) -> str:
    return text.lower()


@TEXT.add(
    "capitalize(string) -> string",
    summary="The first letter in capitals, the rest as it is.",
    example='"ada Lovelace".capitalize()',
)
def _capitalize(budget: Budget, text: str) -> str:
    return text[:1].upper() + text[1:]


@TEXT.add("trim(string) -> string", summary="Without space at both ends.", example='" a ".trim()')
def _trim(budget: Budget, text: str) -> str:
    return text.strip()


@TEXT.add(
    "split(string, string) -> list",
    "split(string, string, int) -> list",
    summary="The parts between separators; at most so many parts, the last with the rest.",
    example='"a,b,c".split(",", 2)',
)
def _split(budget: Budget, text: str, separator: str, limit: int = -1) -> list[str]:
    budget.charge_search(text, separator)
    bounded_items(text.count(separator) + 1)
    if limit == 0:
        return []
    if not separator:
        most = len(text) if limit < 0 else limit - 1
        return [*text[:most], *([text[most:]] if text[most:] else [])]
    return text.split(separator, limit - 1 if limit > 0 else -1)


@TEXT.add(
    "replace(string, string, string) -> string",
    "replace(string, string, string, int) -> string",
    summary="With each occurrence of a text, or only so many, replaced by another.",
    example='"a-b-c".replace("-", "+")',
)
def _replace(budget: Budget, text: str, old: str, new: str, limit: int = -1) -> str:
    budget.charge_search(text, old)
    bounded(len(text) + text.count(old) * max(len(new) - len(old), 0))
    return text.replace(old, new, limit)


@TEXT.add(
    "join(list) -> string",
    "join(list, string) -> string",
    summary="The items as one text, with a separator between them; null counts as empty text.",
    example='["a", "b"].join(", ")',
)
def _join(budget: Budget, items: list[Any], separator: str = "") -> str:
    budget.charge(4 * len(items))
    for item in items:
        if isinstance(item, list | dict | bytes):
            raise ExpressionError(f"`join` takes texts and numbers, not {kind_of(item)}")
    return joined(("" if item is None else plain_text(item) for item in items), separator)


@TEXT.add(
    "substring(string, int) -> string",
    "substring(string, int, int) -> string",
    summary="From one position (from 0) up to another, not included.",
    example='"inlay".substring(0, 2)',
)
def _substring(budget: Budget, text: str, start: int, end: int | None = None) -> str:
    end = len(text) if end is None else end
    if not 0 <= start <= end <= len(text):
        raise ExpressionError(
            f"`substring` from {start} to {end} is outside a text of {len(text)} characters; "
            "truncate(…) cuts only what is there"
        )
    return text[start:end]


@TEXT.add(
    "truncate(string, int) -> string",
    "truncate(string, int, string) -> string",
    summary="At most so many characters, the ending included where text is cut.",
    example='"a long story".truncate(8, "…")',
)
def _truncate(budget: Budget, text: str, length: int, ending: str = "") -> str:
    if len(text) <= max(length, 0):
        return text
    return text[: max(length - len(ending), 0)] + ending[: max(length, 0)]


@TEXT.add(
    "charAt(string, int) -> string",
    summary="The character at a position (from 0); empty at the end.",
    example='"abc".charAt(1)',
)
def _char_at(budget: Budget, text: str, position: int) -> str:
    _check_position(text, position)
    return text[position : position + 1]


@TEXT.add(
    "indexOf(string, string) -> int",
    "indexOf(string, string, int) -> int",
    "indexOf(list, any) -> int",
    summary="Where a text first stands in another (from a position on), or an item in a list; "
    "-1: nowhere.",
    example='"banana".indexOf("an", 2)',
)
def _index_of(budget: Budget, value: Any, part: Any, start: int = 0) -> int:
    if isinstance(value, list):
        found = (place for place, item in enumerate(value) if equal(item, part, budget))
        return next(found, -1)
    budget.charge_search(value, part)
    _check_position(value, start)
    return int(value.find(part, start))


@TEXT.add(
    "lastIndexOf(string, string) -> int",
    "lastIndexOf(string, string, int) -> int",
    "lastIndexOf(list, any) -> int",
    summary="Where a text last stands in another (at a position or before), or an item in a list; "
    "-1: nowhere.",
    example='"banana".lastIndexOf("an")',
)
def _last_index_of(budget: Budget, value: Any, part: Any, start: int | None = None) -> int:
    if isinstance(value, list):
        budget.charge(2 * len(value))
        found = (i for i in reversed(range(len(value))) if equal(value[i], part, budget))
        return next(found, -1)
    budget.charge_search(value, part)
    if start is not None:
        _check_position(value, start)
        value = value[: start + len(part)]
    # Searching from the end takes the square of the characters, from the start it does not.
    place = value[::-1].find(part[::-1])
    return -1 if place < 0 else len(value) - len(part) - place


def _check_position(text: str, position: int) -> None:
    if not 0 <= position <= len(text):
        raise ExpressionError(f"there is no position {position} in a text of {len(text)}")


@TEXT.add(
    "before(string, string) -> string",
    summary="What stands before the first separator; the whole text where there is none.",
    example='"ada@example.com".before("@")',
)
def _before(budget: Budget, text: str, separator: str) -> str:
    budget.charge_search(text, separator)
    return text.partition(separator)[0] if separator else text


@TEXT.add(
    "after(string, string) -> string",
    summary="What stands after the first separator; empty where there is none.",
    example='"ada@example.com".after("@")',
)
def _after(budget: Budget, text: str, separator: str) -> str:
    budget.charge_search(text, separator)
    return text.partition(separator)[2] if separator else text


@TEXT.add("lines(string) -> list", summary="The lines of a text.", example='"a\\nb".lines()')
def _lines(budget: Budget, text: str) -> list[str]:
    bounded_items(text.count("\n"))
    lines = text.splitlines()
    bounded_items(len(lines))
    return lines


@TEXT.add(
    "repeat(string, int) -> string",
    summary="The text so many times.",
    example='"ab".repeat(3)',
)
def _repeat(budget: Budget, text: str, times: int) -> str:
    bounded(len(text) * max(times, 0))
    return text * times


@TEXT.add(
    "padStart(string, int, string) -> string",
    summary="Filled up at the start to so many characters.",
    example='"7".padStart(3, "0")',
)
def _pad_start(budget: Budget, text: str, length: int, fill: str) -> str:
    return _filling(text, length, fill) + text


@TEXT.add(
    "padEnd(string, int, string) -> string",
    summary="Filled up at the end to so many characters.",
    example='"7".padEnd(3, ".")',
)
def _pad_end(budget: Budget, text: str, length: int, fill: str) -> str:
    return text + _filling(text, length, fill)


def _filling(text: str, length: int, fill: str) -> str:
    if not fill:
        raise ExpressionError("there is nothing to fill up with: the last argument is empty")
    bounded(length)
    missing = max(length - len(text), 0)
    return (fill * (missing // len(fill) + 1))[:missing]


@TEXT.add(
    "slug(string) -> string",
    summary="Small letters, digits and hyphens only, for addresses.",
    example='"Déjà vu, Ada!".slug()',
)
def _slug(budget: Budget, text: str) -> str:
    budget.charge(len(text))
    # The Turkish dotless i has no decomposition.
    plain = (
        unicodedata.normalize("NFKD", text.replace("\u0131", "i"))
        .encode("ascii", "ignore")
        .decode()
    )
    return re.sub("[^a-z0-9]+", "-", plain.lower()).strip("-")


@TEXT.add(
    "uuid() -> string",
    summary="Another random identifier (UUID) at each call, the same one when a step is repeated; "
    "not secret.",
    example="uuid()",
)
def _uuid(budget: Budget) -> str:
    if budget.occasion is None:
        raise ExpressionError("there is no `uuid()` here: a step that is run has one")
    return budget.occasion.uuid()


@TEXT.add(
    "regexReplace(string, string, string) -> string",
    summary="With each match of an RE2 pattern replaced; `\\1` is the first group.",
    example=r"""'a1b22'.regexReplace('[0-9]+', '#')""",
)
def _regex_replace(budget: Budget, text: str, pattern: str, replacement: str) -> str:
    # A group can hold the whole text, so that each match may add all of it for each `\1`.
    groups = replacement.count("\\")
    pieces, end, size = [], 0, 0
    for match in matches(pattern, text, budget):
        try:
            piece = match.expand(replacement) if groups else replacement
        except (re2.error, IndexError):
            raise ExpressionError("the replacement names a group that is not there") from None
        pieces += [text[end : match.start()], piece]
        end = match.end()
        size += len(piece)
        bounded(size)
        budget.charge_for(piece)
    return joined([*pieces, text[end:]])


@TEXT.add(
    "regexExtract(string, string) -> any",
    summary="The first match of an RE2 pattern (its first group, where it has one), or null.",
    example=r"""'Order #123'.regexExtract('#([0-9]+)')""",
)
def _regex_extract(budget: Budget, text: str, pattern: str) -> str | None:
    match = first(pattern, text, budget)
    return None if match is None else match[1 if match.re.groups else 0]


@TEXT.add(
    "regexExtractAll(string, string) -> list",
    summary="All matches of an RE2 pattern (their first groups, where it has one).",
    example=r"""'a1b22'.regexExtractAll('[0-9]+')""",
)
def _regex_extract_all(budget: Budget, text: str, pattern: str) -> list[str | None]:
    found = []
    for match in matches(pattern, text, budget):
        found.append(match[1 if match.re.groups else 0])
    bounded_items(len(found))
    return found
