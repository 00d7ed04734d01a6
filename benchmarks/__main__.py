"""`make bench`: a run through the API beside the same three calls written by hand on Temporal."""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

import uvloop

from benchmarks.measure import Round, measure
from benchmarks.stand import stand

CONCURRENCIES = {1: 40, 16: 160, 64: 320}
"""At a time: runs of one round."""
ROUNDS = 3
"""Both sides take turns, so that a slower minute of the machine hits both."""


def main() -> None:
    """Parses the command line and measures."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--json", type=Path, help="write the figures there")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="inlay-bench-") as folder:
        figures = uvloop.run(compare(Path(folder), arguments.rounds))
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n")


async def compare(folder: Path, rounds: int) -> dict[str, object]:
    """Measures both sides in turns and prints the ratios."""
    latency, throughput, absolute = {}, {}, {}
    async with stand(folder) as ready:
        for side in (ready.inlay, ready.handwritten):
            await measure(side, at_a_time=16, total=64)
        print(f"{'at a time':>9} {'':>12} {'p50':>9} {'p95':>9} {'runs/s':>8}")
        for at_a_time, total in CONCURRENCIES.items():
            sides: dict[str, list[Round]] = {"inlay": [], "handwritten": []}
            for _ in range(rounds):
                for name, side in (("inlay", ready.inlay), ("handwritten", ready.handwritten)):
                    sides[name].append(await measure(side, at_a_time=at_a_time, total=total))
            pooled = {name: Round.pool(measured) for name, measured in sides.items()}
            for name, figures in pooled.items():
                print(
                    f"{at_a_time:>9} {name:>12} {figures.p50 * 1000:>6.1f} ms "
                    f"{figures.p95 * 1000:>6.1f} ms {figures.per_second:>8.1f}"
                )
            key = str(at_a_time)
            ours, theirs = pooled["inlay"], pooled["handwritten"]
            latency[key] = round(ours.p50 / theirs.p50, 3)
            throughput[key] = round(ours.per_second / theirs.per_second, 3)
            absolute[key] = {name: figures.as_json() for name, figures in pooled.items()}
        events = {"inlay": await ready.inlay_events(), "handwritten": await ready.hand_events()}
        cpu = ready.cpu_seconds()
    print(f"latency ratio (inlay / by hand)    {latency}")
    print(f"throughput ratio (inlay / by hand) {throughput}")
    print(f"history events of a run            {events}")
    print(f"CPU seconds of the processes       {cpu}")
    return {
        "latency_ratio": latency,
        "throughput_ratio": throughput,
        "history_events": events["inlay"],
        "history_events_by_hand": events["handwritten"],
        "absolute": absolute,
        "cpu_seconds": cpu,
    }


if __name__ == "__main__":
    main()
