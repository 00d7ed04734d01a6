"""`make idle`: what many registrations cost while nothing happens.

Half of them wait for webhooks, four in ten ask an app every five minutes, one in ten is a schedule.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import uvloop

from benchmarks.events import PROCESSES, Product, gather_bounded, product
from workflows.registration import registration_workflow_id

REGISTRATIONS = 10_000
MINUTES = 10.0
AT_A_TIME = 32
SAMPLE = 50
"""So many registrations' histories are counted, before and after."""
PAGE = os.sysconf("SC_PAGE_SIZE")
TICKS = os.sysconf("SC_CLK_TCK")
TRIGGERS: tuple[tuple[float, dict[str, Any]], ...] = (
    (0.5, {"component": "events.delivered", "inputs": {}}),
    (0.4, {"component": "events.found", "inputs": {}}),
    (0.1, {"component": "schedule.interval", "inputs": {"every": 86_400}}),
)


def main() -> None:
    """Registers, waits, and prints what it cost."""
    parser = argparse.ArgumentParser(prog="benchmarks.idle", description=__doc__)
    parser.add_argument("--registrations", type=int, default=REGISTRATIONS)
    parser.add_argument("--minutes", type=float, default=MINUTES)
    parser.add_argument("--json", type=Path, help="write the figures there")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="inlay-idle-") as folder:
        figures = uvloop.run(idle(Path(folder), arguments.registrations, arguments.minutes))
    print(json.dumps(figures, indent=2))
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n")


async def idle(folder: Path, total: int, minutes: float) -> dict[str, Any]:
    """The figures; sizes in MB, CPU in cores."""
    async with product(folder) as ready:
        before = _sizes(ready)
        started = time.monotonic()
        registrations: list[str] = []
        for share, trigger in TRIGGERS:
            automation_id = await ready.automation(trigger)
            count = int(total * share)
            calls = [
                lambda number=number, automation_id=automation_id: ready.register(
                    automation_id, f"user-{number}"
                )
                for number in range(count)
            ]
            await gather_bounded(calls, AT_A_TIME)
            registrations += await _some(ready, SAMPLE)
        registering = time.monotonic() - started
        first = await _history_lengths(ready, registrations)
        cpu = _cpu(ready)
        waited = time.monotonic()
        await asyncio.sleep(minutes * 60)
        hours = (time.monotonic() - waited) / 3600
        last = await _history_lengths(ready, registrations)
        spent = {name: now - cpu[name] for name, now in _cpu(ready).items()}
        after = _sizes(ready)
    grown = [b - a for a, b in zip(first, last, strict=True)]
    return {
        "registrations": total,
        "registered_per_second": round(total / registering, 1),
        "history_events_each": {"median": statistics.median(last), "max": max(last)},
        "history_events_each_and_hour": round(statistics.mean(grown) / hours, 3),
        "cpu_cores": {name: round(s / hours / 3600, 3) for name, s in spent.items()},
        "memory_mb": {name: after[f"{name} memory"] for name in PROCESSES},
        "memory_mb_before": {name: before[f"{name} memory"] for name in PROCESSES},
        "temporal_db_mb": after["temporal.db"],
        "inlay_db_mb": after["inlay.db"],
        "temporal_db_kb_each": round(
            (after["temporal.db"] - before["temporal.db"]) * 1000 / total, 1
        ),
        "inlay_db_kb_each": round((after["inlay.db"] - before["inlay.db"]) * 1000 / total, 1),
    }


async def _some(ready: Product, count: int) -> list[str]:
    """Ids of some registrations of the newest project."""
    found: list[str] = []
    cursor: str | None = None
    path = f"/api/v1/projects/{ready.project_id}/registrations"
    while len(found) < count * 4:
        params = {"limit": "200", **({"cursor": cursor} if cursor else {})}
        page = (await ready.http.get(path, params=params)).raise_for_status().json()
        found += [item["id"] for item in page["items"]]
        cursor = page["nextCursor"]
        if cursor is None:
            break
    return random.Random(1).sample(found, min(count, len(found)))


async def _history_lengths(ready: Product, registrations: list[str]) -> list[int]:
    lengths = []
    for registration_id in registrations:
        handle = ready.temporal.get_workflow_handle(registration_workflow_id(registration_id))
        lengths.append((await handle.describe()).history_length)
    return lengths


def _sizes(ready: Product) -> dict[str, float]:
    sizes: dict[str, float] = {}
    for name in PROCESSES:
        pages = int(Path(f"/proc/{ready.stack.supervisor.pid(name)}/statm").read_text().split()[1])
        sizes[f"{name} memory"] = round(pages * PAGE / 1e6, 1)
    for name in ("temporal.db", "inlay.db"):
        files = ready.stack.settings.data_dir.glob(f"{name}*")
        sizes[name] = round(sum(file.stat().st_size for file in files) / 1e6, 1)
    return sizes


def _cpu(ready: Product) -> dict[str, float]:
    """Seconds of CPU that each process has used."""
    seconds = {}
    for name in PROCESSES:
        stat = Path(f"/proc/{ready.stack.supervisor.pid(name)}/stat").read_text()
        fields = stat.rpartition(")")[2].split()
        seconds[name] = (int(fields[11]) + int(fields[12])) / TICKS
    return seconds


if __name__ == "__main__":
    main()
