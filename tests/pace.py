"""Whether work takes as little of a processor as it is promised to, on a machine that is shared.

The same work takes two or three times as long while others use the other half of a core, and a
process that has run thousands of tests collects much garbage that is not the work's. So a limit
is one of a machine at its usual pace, and the pace of this moment is measured with a piece of
work that never changes.
"""

from __future__ import annotations

import gc
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

USUAL = 0.015
"""Seconds that `_piece` takes at the usual pace."""
TRIES = 4


def slowness() -> float:
    """How many times as long as usually the machine takes at this moment; never less than 1."""
    return max(1.0, _seconds_of(_piece) / USUAL)


def assert_takes_at_most(seconds: float, work: Callable[[], object]) -> None:
    """Asserts that `work`, done anew each time it is called, takes so many seconds of a processor.

    A few tries are allowed, each against the machine's pace just before and after it.
    """
    if (spent := _seconds_of(work)) < seconds:
        return
    tries = [spent]
    for _ in range(TRIES - 1):
        before = slowness()
        spent = _seconds_of(work)
        tries.append(spent / max(before, slowness()))
        if tries[-1] < seconds:
            return
    raise AssertionError(f"took {min(tries):.2f} s at best, and {seconds} s are allowed: {tries}")


def _seconds_of(work: Callable[[], object]) -> float:
    # What lived before is not looked through for garbage while the work is done.
    gc.freeze()
    try:
        begun = time.thread_time()
        work()
        return time.thread_time() - begun
    finally:
        gc.unfreeze()


def _piece() -> int:
    """A few thousand texts, lists and maps made, sorted and gone through."""
    words = {f"k{n}": [n, str(n), {"n": n}] for n in range(6000)}
    return sum(len(key) + len(f"{value}") for key, value in sorted(words.items()))
