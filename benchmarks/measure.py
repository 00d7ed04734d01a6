"""Latency and throughput of a call under a bounded load."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

Call = Callable[[], Awaitable[None]]


@dataclass(frozen=True)
class Round:
    """What one or several rounds showed; times in seconds."""

    latencies: list[float]
    elapsed: float

    @classmethod
    def pool(cls, rounds: Sequence[Round]) -> Round:
        """Several rounds as one."""
        return cls([t for r in rounds for t in r.latencies], sum(r.elapsed for r in rounds))

    @property
    def p50(self) -> float:
        """The median latency."""
        return statistics.median(self.latencies)

    @property
    def p95(self) -> float:
        """The latency that one in twenty exceeds."""
        return statistics.quantiles(self.latencies, n=20)[-1]

    @property
    def per_second(self) -> float:
        """Finished calls a second."""
        return len(self.latencies) / self.elapsed

    def as_json(self) -> dict[str, float]:
        """The figures, in milliseconds and runs a second."""
        return {
            "p50_ms": round(self.p50 * 1000, 2),
            "p95_ms": round(self.p95 * 1000, 2),
            "runs_per_second": round(self.per_second, 2),
        }


async def measure(call: Call, *, at_a_time: int, total: int) -> Round:
    """Makes `total` calls, `at_a_time` at once; a call that fails ends the measurement."""
    left = iter(range(total))
    latencies: list[float] = []

    async def work() -> None:
        for _ in left:
            started = time.perf_counter()
            await call()
            latencies.append(time.perf_counter() - started)

    started = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(at_a_time)))
    return Round(latencies, time.perf_counter() - started)
