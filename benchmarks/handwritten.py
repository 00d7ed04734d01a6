"""What a developer would write by hand on Temporal: one workflow, three activities."""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta
from typing import Any

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.worker import Worker

with workflow.unsafe.imports_passed_through():
    import httpx
    import uvloop

TASK_QUEUE = "handwritten"
_http: httpx.AsyncClient | None = None


@activity.defn
async def call_stub(url: str) -> Any:
    """Calls the stub once."""
    assert _http is not None
    response = await _http.post(url, json={"text": "hello"})
    response.raise_for_status()
    return response.json()


@workflow.defn
class ThreeCalls:
    """Three calls, one after the other."""

    @workflow.run
    async def run(self, url: str) -> Any:
        """The last answer."""
        answer: Any = None
        for number in range(3):
            answer = await workflow.execute_activity(
                call_stub,
                url,
                start_to_close_timeout=timedelta(seconds=30),
                summary=f"Call {number + 1}",
            )
        return answer


async def main(address: str) -> None:
    """Works until ended."""
    global _http
    _http = httpx.AsyncClient()
    client = await Client.connect(address)
    async with Worker(
        client,
        task_queue=TASK_QUEUE,
        workflows=[ThreeCalls],
        activities=[call_stub],
        max_cached_workflows=2000,
        max_concurrent_activities=200,
    ):
        await asyncio.Future()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1]))
