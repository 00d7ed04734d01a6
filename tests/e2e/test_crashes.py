"""Each process is killed as a crash would: the run finishes, each side effect happens once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.deployment import Deployment, deployed
from tests.e2e.vendor import Vendor, vendor_running


def orders(*steps: tuple[str, float]) -> dict[str, Any]:
    """An automation that orders these items one after the other, each taking some seconds."""
    return {
        "trigger": {"type": "manual", "input": {"type": "object"}},
        "steps": [
            {
                "id": item,
                "type": "app",
                "component": "vendor.create-order",
                "inputs": {"item": item, "seconds": seconds},
            }
            for item, seconds in steps
        ],
        "result": f"{{{{ steps.{steps[-1][0]}.output.item }}}}",
    }


SLOW_SECOND = orders(("first", 0), ("second", 3), ("third", 0))


@pytest.fixture
async def vendor() -> AsyncIterator[Vendor]:
    async with vendor_running() as vendor:
        yield vendor


@pytest.fixture
async def inlay(tmp_path: Path, vendor: Vendor) -> AsyncIterator[Deployment]:
    async with deployed(tmp_path, vendor.url) as deployment:
        yield deployment


async def second_call(vendor: Vendor) -> None:
    async with asyncio.timeout(60):
        while not vendor.calls["second"]:
            await asyncio.sleep(0.02)


async def test_a_worker_that_dies_in_the_middle_of_a_step(
    inlay: Deployment, vendor: Vendor
) -> None:
    automation_id = await inlay.publish(SLOW_SECOND)
    waiting = asyncio.create_task(inlay.run(automation_id))
    await second_call(vendor)
    await inlay.kill("worker")
    await inlay.start_worker()
    answer = (await waiting).json()
    assert (answer["status"], answer["result"]) == ("completed", "third")
    assert vendor.items() == ["first", "second", "third"]
    assert vendor.calls["second"] == 2


async def test_an_api_that_dies_while_a_caller_waits(inlay: Deployment, vendor: Vendor) -> None:
    automation_id = await inlay.publish(SLOW_SECOND)
    waiting = asyncio.create_task(inlay.run(automation_id))
    await second_call(vendor)
    await inlay.kill("api")
    with pytest.raises(httpx.TransportError):
        await waiting
    await inlay.start_api()
    [run] = await inlay.until_ended()
    assert (run["status"], run["result"]) == ("completed", "third")
    assert vendor.items() == ["first", "second", "third"]
    assert vendor.calls["second"] == 1


async def test_a_server_that_dies_and_comes_back_on_its_file(
    inlay: Deployment, vendor: Vendor
) -> None:
    automation_id = await inlay.publish(SLOW_SECOND)
    waiting = asyncio.create_task(inlay.run(automation_id))
    await second_call(vendor)
    await inlay.kill_temporal()
    refused = await inlay.run(automation_id)
    assert refused.status_code == 503
    assert "engine" in refused.json()["message"]
    await inlay.start_temporal()
    answer = (await waiting).json()
    assert (answer["status"], answer["result"]) == ("completed", "third")
    assert vendor.items() == ["first", "second", "third"]
    # The refused run left nothing behind, and a new one works without any restart.
    assert [run["status"] for run in await inlay.until_ended()] == ["completed"]
    assert (await inlay.run(automation_id)).json()["status"] == "completed"
