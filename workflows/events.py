"""The workflow that holds a delivery of many events until each of them has its run."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from workflows.payloads import EventBatch

START_EVENTS = "start-events"
"""The activity that starts the runs; takes an EventBatch, and may be repeated: one event is one
run."""
TIMEOUT = timedelta(minutes=10)
HEARTBEAT_TIMEOUT = timedelta(seconds=60)
RETRY = RetryPolicy(maximum_interval=timedelta(minutes=1))


@workflow.defn(name="EventBatch")
class EventBatchWorkflow:
    """Exists so that an app is told at once that its delivery is safe."""

    @workflow.run
    async def run(self, batch: EventBatch) -> None:
        """Ends when the runs exist."""
        await workflow.execute_activity(
            START_EVENTS,
            batch,
            start_to_close_timeout=TIMEOUT,
            heartbeat_timeout=HEARTBEAT_TIMEOUT,
            retry_policy=RETRY,
            summary=f"Start the runs of {len(batch.events)} events",
        )
