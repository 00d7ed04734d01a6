"""Prints the tables of docs/expressions.md: `python -m automations.functions`."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime

from automations.expressions import compile_expression
from automations.functions import SECTIONS
from automations.values import OCCASION, Occasion


def _example() -> Occasion:
    return Occasion(datetime(2026, 1, 31, 9, tzinfo=UTC), "example")


def tables() -> str:
    """All functions by section, each with an example and what it gives."""
    lines: list[str] = []
    for section in SECTIONS:
        lines += [
            f"### {section.title}",
            "",
            "| function | what it gives | example |",
            "| --- | --- | --- |",
        ]
        for function in section.functions.values():
            value = json.dumps(
                compile_expression(function.example).evaluate({OCCASION: _example()}),
                ensure_ascii=False,
            )
            cells = (function.usage, function.summary, f"`{function.example}` → `{value}`")
            lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(tables())
