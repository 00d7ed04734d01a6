"""`make storm`: events out of order, some told twice, while every process is killed in turn.

Each event must be one run, whatever is killed. The sender does what apps do: it tells an event
again until it is acknowledged.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import uvloop
from sqlalchemy import select

from benchmarks.events import PROCESSES, Product, gather_bounded, product
from store.database import close_database, database_of
from store.encryption import Keyring
from store.models import Run

EVENTS = 10_000
"""Deliveries; a fifth of them tells an event once more."""
DUPLICATES = 0.2
SENDERS = 32
KILL_EVERY = 12.0
"""Seconds between two kills; longer than a process needs to come back."""
PATIENCE = 900.0
"""Seconds after the last acknowledgement within which all runs must have ended."""


def main() -> int:
    """Storms; the exit status says whether each event was exactly one run."""
    parser = argparse.ArgumentParser(prog="benchmarks.storm", description=__doc__)
    parser.add_argument("--events", type=int, default=EVENTS)
    parser.add_argument("--json", type=Path, help="write the figures there")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="inlay-storm-") as folder:
        figures = uvloop.run(storm(Path(folder), arguments.events))
    print(json.dumps(figures, indent=2))
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n")
    return 0 if figures["exactly_once"] else 1


async def storm(folder: Path, total: int) -> dict[str, Any]:
    """Sends, kills, waits, and counts."""
    async with product(folder) as ready:
        automation_id = await ready.automation({"component": "events.delivered", "inputs": {}})
        await ready.register(automation_id, "storm")
        url = await _hook_url(ready)
        distinct = [f"event-{number}" for number in range(int(total * (1 - DUPLICATES)))]
        told = [*distinct, *random.Random(1).sample(distinct, total - len(distinct))]
        random.Random(2).shuffle(told)
        kills: Counter[str] = Counter()
        killer = asyncio.create_task(_kill_in_turn(ready, kills))
        tries: Counter[str] = Counter()
        started = time.monotonic()
        async with httpx.AsyncClient(timeout=30) as sender:
            calls = [lambda event=event: _tell(sender, url, event, tries) for event in told]
            await gather_bounded(calls, SENDERS)
        acknowledged = time.monotonic() - started
        killer.cancel()
        await asyncio.gather(killer, return_exceptions=True)
        found = await _until_ended(ready, len(distinct))
        elapsed = time.monotonic() - started
    counts = Counter(result for _, result in found)
    wrong = [event for event in distinct if counts[event] != 1]
    return {
        "deliveries": len(told),
        "distinct_events": len(distinct),
        "tries": sum(tries.values()),
        "killed": dict(kills),
        "runs": len(found),
        "runs_not_completed": sum(1 for status, _ in found if status != "completed"),
        "events_lost_or_twice": len(wrong) + len(set(counts) - set(distinct)),
        "exactly_once": not wrong and len(found) == len(distinct),
        "seconds_to_acknowledge_all": round(acknowledged, 1),
        "seconds_to_end_all": round(elapsed, 1),
        "runs_per_second": round(len(found) / elapsed, 1),
    }


async def _hook_url(ready: Product) -> str:
    path = f"/api/v1/projects/{ready.project_id}/registrations"
    (registration,) = (await ready.http.get(path)).raise_for_status().json()["items"]
    details = await ready.http.get(f"{path}/{registration['id']}")
    url: str = details.raise_for_status().json()["hookUrl"]
    return url


async def _tell(sender: httpx.AsyncClient, url: str, event: str, tries: Counter[str]) -> None:
    pause = 0.1
    while True:
        tries[event] += 1
        try:
            answer = await sender.post(url, json={"id": event})
            if answer.is_success:
                return
            if answer.status_code < 500:
                raise RuntimeError(f"{answer.status_code}: {answer.text}")
        except httpx.TransportError:
            pass
        await asyncio.sleep(pause * random.uniform(0.5, 1.5))
        pause = min(pause * 2, 3.0)


async def _kill_in_turn(ready: Product, kills: Counter[str]) -> None:
    while True:
        for name in PROCESSES:
            await asyncio.sleep(KILL_EVERY)
            os.kill(ready.stack.supervisor.pid(name), signal.SIGKILL)
            kills[name] += 1


async def _until_ended(ready: Product, expected: int) -> list[tuple[str, str]]:
    """Status and result of each run, once none is going on, from the database itself."""
    settings = ready.stack.settings
    database = database_of(settings, Keyring.from_settings(settings))
    deadline = time.monotonic() + PATIENCE
    while True:
        async with database() as session:
            rows = (await session.execute(select(Run.status, Run.result))).all()
        ended = [row for row in rows if row[0] not in {"running", "paused"}]
        if (len(ended) == len(rows) and len(rows) >= expected) or time.monotonic() > deadline:
            await close_database(database)
            return [(status, result) for status, result in rows]
        await asyncio.sleep(2)


if __name__ == "__main__":
    raise SystemExit(main())
