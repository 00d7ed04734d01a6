"""The words of the connect pages, and the language that they are in.

A text is one sentence, or a list of which the first is taken whose `{placeholders}` are all known.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from string import Formatter
from typing import Any

FOLDER = Path(__file__).parent / "locales"
DEFAULT = "en"
CATALOGUES: dict[str, dict[str, Any]] = {
    file.stem: json.loads(file.read_text("utf-8")) for file in sorted(FOLDER.glob("*.json"))
}
"""By language; each has the same keys."""


def placeholders(text: str) -> set[str]:
    """The names in braces."""
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@dataclass(frozen=True)
class Words:
    """The texts of one language."""

    language: str

    def __call__(self, key: str, **values: str | None) -> str:
        """The text of `key` with `values` filled in; what is None or empty is not known."""
        text = CATALOGUES[self.language][key]
        known = {name: value for name, value in values.items() if value}
        variants = [text] if isinstance(text, str) else text
        chosen = next(v for v in variants if placeholders(v) <= known.keys())
        return str(chosen.format_map(known))


def choose(*wishes: str | None, accept: str | None) -> str:
    """The first of `wishes` that there are words for, else what the browser prefers most.

    `accept` is the header Accept-Language (RFC 9110, 12.5.4). A region is ignored: `tr-CY` is `tr`.
    """
    for wish in (*wishes, *_preferred(accept or "")):
        language = (wish or "")[:35].replace("_", "-").partition("-")[0].strip().lower()
        if language in CATALOGUES:
            return language
    return DEFAULT


def _preferred(accept: str) -> list[str]:
    weighed: list[tuple[float, str]] = []
    for part in accept[:1000].split(","):
        language, _, weight = part.partition(";")
        found = re.fullmatch(r"\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*", weight) if weight else None
        quality = float(found.group(1)) if found else 0.0 if weight else 1.0
        if quality > 0:
            weighed.append((quality, language))
    return [language for _, language in sorted(weighed, key=lambda item: -item[0])]


def _matchers() -> list[tuple[str, re.Pattern[str]]]:
    matchers = []
    for key, text in CATALOGUES[DEFAULT].items():
        if key.startswith("field_error."):
            parts = [
                re.escape(literal) + (f"(?P<{name}>.+)" if name else "")
                for literal, name, _, _ in Formatter().parse(text)
            ]
            matchers.append((key, re.compile("".join(parts), re.DOTALL)))
    return matchers


_FIELD_ERRORS = _matchers()


def field_error(sentence: str, words: Words) -> tuple[str, str]:
    """A sentence of `connections.forms` in the language of `words`, and the language it is in.

    A sentence that the catalogue does not have stays English.
    """
    for key, pattern in _FIELD_ERRORS:
        if found := pattern.fullmatch(sentence):
            return words(key, **found.groupdict()), words.language
    return sentence, DEFAULT
