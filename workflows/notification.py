"""The workflow that delivers a project's notifications: one at a time for each project."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from pydantic import BaseModel

DELIVER = "deliver-notifications"
"""The activity that sends what is due; takes the project's id, gives a DeliveryReport."""
ROUND_TIMEOUT = timedelta(hours=1)
"""A round is short, but waits for a database that is away with what it must write down."""
HEARTBEAT_TIMEOUT = timedelta(seconds=30)
RETRY = RetryPolicy(maximum_interval=timedelta(seconds=10))
HISTORY_EVENTS = 2_000
"""A longer history is left behind by continuing as new."""


class DeliveryReport(BaseModel):
    """What an activity leaves to be done; neither secrets nor what notifications say."""

    pending: int = 0
    paused: bool = False
    wait_seconds: float = 0.0
    """How long until the next attempt is due."""
    rest_seconds: float = 0.0
    """How long an endpoint that fails is left alone, whatever is due."""
    endpoint: str = ""
    """What the endpoint answered last, for operators."""


def delivery_id(project_id: str) -> str:
    """The id of the workflow that delivers a project's notifications."""
    return f"notifications-{project_id}"


@workflow.defn(name="NotificationDelivery")
class NotificationDelivery:
    """Sends what a project is told until nothing waits; `wake` says that there is something new."""

    def __init__(self) -> None:
        self._woken = False

    @workflow.run
    async def run(self, project_id: str) -> None:
        """Delivers; ends when nothing waits or the endpoint is paused."""
        while True:
            self._woken = False
            report = await workflow.execute_activity(
                DELIVER,
                project_id,
                result_type=DeliveryReport,
                start_to_close_timeout=ROUND_TIMEOUT,
                heartbeat_timeout=HEARTBEAT_TIMEOUT,
                retry_policy=RETRY,
                summary="Send what is due",
            )
            workflow.set_current_details(_told(report))
            if (report.paused or not report.pending) and not self._woken:
                return
            if workflow.info().get_current_history_length() > HISTORY_EVENTS:
                workflow.continue_as_new(project_id)
            await self._rest(report)

    @workflow.signal
    def wake(self) -> None:
        """Something is due that may not have been when the last attempt was made."""
        self._woken = True

    async def _rest(self, report: DeliveryReport) -> None:
        if report.rest_seconds > 0:
            await workflow.sleep(
                timedelta(seconds=report.rest_seconds), summary="The endpoint fails"
            )
        left = report.wait_seconds - report.rest_seconds
        if left > 0 and not self._woken:
            try:
                await workflow.wait_condition(
                    lambda: self._woken,
                    timeout=timedelta(seconds=left),
                    timeout_summary="Next attempt",
                )
            except TimeoutError:
                return


def _told(report: DeliveryReport) -> str:
    if report.paused:
        return (
            f"**The endpoint is paused. Notifications that wait: {report.pending}.** "
            f"{report.endpoint} "
            "Nothing is sent until the developer resumes it or changes the webhook URL."
        )
    if not report.pending:
        return f"Nothing waits. {report.endpoint}"
    pause = max(report.wait_seconds, report.rest_seconds)
    moment = (workflow.now() + timedelta(seconds=pause)).strftime("%Y-%m-%d %H:%M:%S UTC")
    return (
        f"**Notifications that wait: {report.pending}.** Next attempt: {moment}. {report.endpoint}"
    )
