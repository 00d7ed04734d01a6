"""Regular expressions by RE2, which takes time linear in the text, charged to a budget.

What a search costs was measured: a text that does not match is gone over by an automaton, what
matches once more by a simulation that looks at each part of the pattern for each character, as is
a text whose automaton would be too large.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import re2  # type: ignore[import-untyped]

from automations.values import Budget, ExpressionError

MAX_PATTERN = 1000
MAX_PARTS = 5_000
"""Instructions of a compiled pattern; counted repetitions such as `(a{100}){10}` multiply them."""
_MEMORY = 1 << 20
_CALL_COST = 35
_SCAN_COST = 0.012
_PART_COST = 0.06
_LARGE = 300
# Once such a pattern has matched, nothing beyond the match is looked at.
_ENDS_WITH_ITS_MATCH = re.compile(
    r"\(?(?:\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|[^\\\[\](){}|*+?.])*\(?"
    r"(?:\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|[^\\\[\](){}|*+?])[*+]?\)?",
    re.DOTALL,
)


@lru_cache(maxsize=512)
def regular_expression(pattern: str) -> Any:
    """A compiled RE2 pattern; raises ExpressionError. Search with `first` and `matches`."""
    if len(pattern) > MAX_PATTERN:
        raise ExpressionError(f"the pattern is longer than {MAX_PATTERN:,} characters")
    options = re2.Options()
    options.max_mem = _MEMORY
    options.log_errors = False
    try:
        compiled = re2.compile(pattern, options)
    except (re2.error, ValueError) as error:
        reason = error.args[0] if error.args else ""
        reason = reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
        raise ExpressionError(
            f"the pattern is no RE2 regular expression ({reason[:200]}); RE2 has no look-around "
            "and no back-references"
        ) from None
    if compiled.programsize > MAX_PARTS:
        raise ExpressionError("the pattern repeats too much: use smaller counts in braces")
    return compiled


def first(pattern: str, text: str, budget: Budget) -> Any:
    """The first match of a pattern in a text, or None; raises ExpressionError."""
    return next(matches(pattern, text, budget), None)


def matches(pattern: str, text: str, budget: Budget) -> Iterator[Any]:
    """The matches of a pattern in a text, one after the other; raises ExpressionError."""
    budget.charge(len(pattern))
    compiled = regular_expression(pattern)
    parts, ends = _parts(pattern), _ENDS_WITH_ITS_MATCH.fullmatch(pattern)
    found, position = compiled.finditer(text), 0
    while True:
        # What it may cost at worst must be there; what it has not cost is given back.
        left = len(text) - position
        worst = _CALL_COST + left * (_SCAN_COST + _PART_COST * parts)
        budget.charge(worst)
        match = next(found, None)
        if match is None:
            scanned = _SCAN_COST if parts <= _LARGE else _PART_COST * parts
            budget.left += worst - _CALL_COST - left * scanned
            return
        scanned = match.end() - position if ends else left
        matched = _PART_COST * parts * (match.end() - match.start())
        if parts <= _LARGE:
            budget.left += worst - _CALL_COST - scanned * _SCAN_COST - matched
        position = match.end()
        yield match


@lru_cache(maxsize=512)
def _parts(pattern: str) -> int:
    """How many parts of a pattern a character may be compared with."""
    # A class of letters has hundreds of instructions, of which few apply at once.
    written = 2 * len(pattern)
    for least, most in re.findall(r"{(\d{1,4})(?:,(\d{0,4}))?}", pattern):
        written *= max(int(most or least), 1)
    return int(min(regular_expression(pattern).programsize, written))
