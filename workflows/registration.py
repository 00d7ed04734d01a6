"""The workflow of a registration: makes the world agree with what is wanted, for as long as it is.

What is wanted and what is lies in the database; the workflow only says when to look. Its history
stays small however long it lives: a poll that finds nothing is a retry of one activity, and a
subscription by webhook costs nothing while nothing changes.
"""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from workflows import search_attributes
    from workflows.payloads import RegistrationPlan, RegistrationStart

RECONCILE = "reconcile-registration"
"""Subscribes, renews, unsubscribes; takes the registration's id, gives a RegistrationPlan."""
POLL = "poll-registration"
"""Asks for news for ever, and starts their runs; ends only when something else must be done."""

RECONCILE_TIMEOUT = timedelta(hours=1)
"""A look is short, but waits for a database that is away with what it must write down."""
RECONCILE_HEARTBEAT = timedelta(seconds=30)
RECONCILE_RETRY = RetryPolicy(
    initial_interval=timedelta(seconds=2), maximum_interval=timedelta(minutes=10)
)
POLL_TIMEOUT = timedelta(minutes=10)
HEARTBEAT_TIMEOUT = timedelta(seconds=60)
POLL_RETRY = RetryPolicy(
    initial_interval=timedelta(seconds=5), maximum_interval=timedelta(minutes=10)
)
"""For what goes wrong; after a poll the activity itself says when the next one is due."""
HISTORY_EVENTS = 2_000
"""A longer history is left behind by continuing as new."""


def registration_workflow_id(registration_id: str) -> str:
    """The id of the workflow that owns a registration."""
    return f"registration-{registration_id}"


@workflow.defn(name="Registration")
class RegistrationWorkflow:
    """Owns one end user's subscription to one automation's trigger."""

    @workflow.init
    def __init__(self, start: RegistrationStart) -> None:
        """Prepares it so that an update may come before its first turn."""
        self._changed = False
        self._begun = 0
        self._done = 0
        self._plan = RegistrationPlan(state=start.state)

    @workflow.run
    async def run(self, start: RegistrationStart) -> None:
        """Goes on until the registration is ended, at the app, too."""
        while True:
            self._changed = False
            self._begun += 1
            self._plan = await self._reconcile(start.registration_id)
            self._done += 1
            self._tell()
            if self._plan.ended and await self._is_idle():
                return
            too_long = workflow.info().get_current_history_length() > HISTORY_EVENTS
            if too_long and await self._is_idle():
                workflow.continue_as_new(start.model_copy(update={"state": self._plan.state}))
            if not self._plan.ended:
                await self._watch(start.registration_id)

    @workflow.signal
    def wake(self) -> None:
        """Something may have changed: look again."""
        self._changed = True

    @workflow.update
    async def apply(self) -> RegistrationPlan:
        """Looks again, and gives what came of it."""
        turn = self._begun + 1
        self._changed = True
        await workflow.wait_condition(lambda: self._done >= turn)
        return self._plan

    async def _is_idle(self) -> bool:
        """Whether nobody waits for another look, once all have been answered who waited."""
        # One who comes meanwhile waits for the next look: that must not be waited for here.
        await workflow.wait_condition(lambda: self._changed or workflow.all_handlers_finished())
        return not self._changed

    async def _reconcile(self, registration_id: str) -> RegistrationPlan:
        plan: RegistrationPlan = await workflow.execute_activity(
            RECONCILE,
            registration_id,
            result_type=RegistrationPlan,
            start_to_close_timeout=RECONCILE_TIMEOUT,
            heartbeat_timeout=RECONCILE_HEARTBEAT,
            retry_policy=RECONCILE_RETRY,
            summary="Make the subscription as it is wanted",
        )
        return plan

    async def _watch(self, registration_id: str) -> None:
        """Waits until something changes, the subscription is to be renewed, or polling ends."""
        polling: asyncio.Task[None] | None = None
        if self._plan.poll:
            polling = workflow.start_activity(
                POLL,
                registration_id,
                start_to_close_timeout=POLL_TIMEOUT,
                heartbeat_timeout=HEARTBEAT_TIMEOUT,
                retry_policy=POLL_RETRY,
                summary="Ask the app for news",
            )
        with contextlib.suppress(TimeoutError):
            await workflow.wait_condition(
                lambda: self._changed or (polling is not None and polling.done()),
                timeout=self._until_next(),
                timeout_summary="Renew the subscription",
            )
        if polling is not None:
            polling.cancel()
            with contextlib.suppress(asyncio.CancelledError, ActivityError):
                await polling

    def _until_next(self) -> timedelta | None:
        if self._plan.look_again_at is None:
            return None
        moment = datetime.fromtimestamp(self._plan.look_again_at / 1000, UTC)
        return max(moment - workflow.now(), timedelta(0))

    def _tell(self) -> None:
        workflow.set_current_details(self._plan.details)
        state = search_attributes.STATUS.value_set(self._plan.state)
        workflow.upsert_search_attributes([state])
