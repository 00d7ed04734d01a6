"""Bounds of everything that comes in, is computed, and travels, in one place.

Beyond a bound stands a sentence: a refused request, or a failed step.
"""

from __future__ import annotations

from typing import Any

from automations.messages import Message

MAX_DEPTH = 64
"""Levels of lists and maps in what comes in: answers, deliveries, data, bodies, JSON text."""
MAX_DEPTH_MADE = 128
"""Levels in what a run makes of it; the payloads of workflows bear 190, with their own levels."""
MAX_BYTES = 32 * 1024 * 1024
"""JSON of one value in a run: of a step's inputs, of an output, of a result."""
MAX_RESULT_VALUES = 250_000
"""Values in what a run gives in the end: one answer of the API, which may not hold up others."""
MAX_BYTES_HELD = 64 * 1024 * 1024
"""JSON of all that the steps of one run have made and may still be read."""
MAX_VALUES = 500_000
"""Texts, numbers, lists and maps in one value, which takes some hundred bytes for each."""
MAX_VALUES_READ = 2_000_000
"""Values and names in a JSON text that comes in."""
MAX_MESSAGE = 2_000
"""Characters of a sentence about an error or a pause."""


class OutOfBoundsError(ValueError):
    """A value is nested too deeply or is too large; the message says which bound."""

    def __init__(self, message: Message) -> None:
        super().__init__(message)
        self.message = message

    def __reduce__(self) -> tuple[type[OutOfBoundsError], tuple[Message]]:
        """Comes back from another process."""
        return type(self), (self.message,)


def size_of(
    value: Any, *, depth: int = MAX_DEPTH_MADE, size: int = MAX_BYTES, values: int = MAX_VALUES
) -> int:
    """About how many bytes a value's JSON has; raises OutOfBoundsError.

    A value that stands in several places counts at each, as it does in JSON.
    """
    level, total, seen = [value], 0, 0
    for _ in range(depth + 1):
        below: list[Any] = []
        seen += len(level)
        for item in level:
            kind = type(item)
            if kind is str:
                total += len(item) + 2 if item.isascii() else 3 * len(item) + 2
            elif kind is dict:
                total += 4 * len(item) + 2
                below.extend(item)
                below.extend(item.values())
            elif kind is list:
                total += len(item) + 2
                below.extend(item)
            else:
                total += 8
            if total > size:
                raise OutOfBoundsError(Message("bound-bytes", limit=size))
            if seen + len(below) > values:
                raise OutOfBoundsError(Message("bound-values", limit=values))
        if not below:
            return total
        level = below
    raise OutOfBoundsError(Message("bound-depth", limit=depth))


def sentence(message: str) -> str:
    """A message as long as one for people may be."""
    return message if len(message) <= MAX_MESSAGE else f"{message[: MAX_MESSAGE - 1]}…"


class Held:
    """What the steps of a run, or of one iteration of it, have made and may still be read."""

    def __init__(self, around: Held | None = None) -> None:
        self._around = around
        self._bytes = 0

    def add(self, size: int) -> None:
        """Counts bytes; raises OutOfBoundsError where the whole run holds too many."""
        self._bytes += size
        if self._around is not None:
            self._around.add(size)
        elif self._bytes > MAX_BYTES_HELD:
            raise OutOfBoundsError(Message("bound-held", limit=MAX_BYTES_HELD))

    def release(self) -> None:
        """Forgets what an iteration held, which nothing can read any more."""
        size, self._bytes = self._bytes, 0
        if self._around is not None and size:
            self._around.add(-size)
