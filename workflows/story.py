"""What operators read of a run in the Temporal UI: where it is, and the last of what it has done.

It lives in the workflow's memory and is asked for by a query, so that steps that need no activity
(conditions, loops, variables) are seen there without an event of the history. It names steps and
branches and holds no values.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from temporalio import workflow

if TYPE_CHECKING:
    from automations.host import Trace

LINES = 30
"""So many of the last steps are listed, the newest first."""


class Story:
    """The current details of one workflow."""

    def __init__(self) -> None:
        self._now = ""
        self._done: deque[str] = deque(maxlen=LINES)

    def now(self, text: str) -> None:
        """What the run does from now on, in Markdown."""
        self._now = text
        self._show()

    def done(self, line: str) -> None:
        """A step that is over."""
        self._done.appendleft(f"- {line}")
        self._show()

    def record(self, trace: Trace) -> None:
        """A step that was done without an activity."""
        self.done(_line(trace))

    def _show(self) -> None:
        text = self._now
        if self._done:
            text += "\n\nThe last steps:\n\n" + "\n".join(self._done)
        workflow.set_current_details(text)


def _line(trace: Trace) -> str:
    place, output = trace.place, trace.output
    label, kind = place.label, place.step.type
    if trace.error is not None:
        return f"**{label}** ({kind}) failed"
    return f"**{label}** ({kind}){_what(kind, output)}"


def _what(kind: str, output: Any) -> str:
    if kind in {"condition", "switch"} and isinstance(output, dict):
        return f": branch “{output.get('branch')}”"
    if kind == "set" and isinstance(output, dict):
        return f": {', '.join(output)}"
    if kind == "for-each" and isinstance(output, list):
        return f": {len(output)} items"
    return ""
