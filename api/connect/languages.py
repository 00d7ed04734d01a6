"""The words of the connect pages, and the language that they are in.

A text is one sentence, or a list of which the first is taken whose `{placeholders}` are all known.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from string import Formatter
from typing import Any

from automations.messages import Message, word
from connectors.catalogue import ENGLISH

FOLDER = Path(__file__).parent / "locales"
DEFAULT = ENGLISH
CATALOGUES: dict[str, dict[str, Any]] = {
    file.stem: json.loads(file.read_text("utf-8")) for file in sorted(FOLDER.glob("*.json"))
}
"""By language; each has the same keys."""
FAULTS: dict[str, dict[str, str]] = {
    file.stem: json.loads(file.read_text("utf-8"))
    for file in sorted((FOLDER / "faults").glob("*.json"))
}
"""Templates of the codes of faults in a form (`automations.messages`), by language: the messages
themselves are English."""


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


def field_error(message: Message, words: Words) -> tuple[str, str]:
    """What is wrong with a field, in the language of `words` if it knows the code; and in which."""
    catalogue = FAULTS.get(words.language, {})
    if message.code not in catalogue:
        return message, DEFAULT
    group = catalogue["word-thousands"]
    return word(catalogue, message.code, message.params, group), words.language
