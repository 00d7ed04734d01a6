"""How long a run is patient with an app: quick tries at first, then a pause between two tries."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError, RetryState
from temporalio.exceptions import TimeoutError as ActivityTimeout

with workflow.unsafe.imports_passed_through():
    from automations.definition import DAY_SECONDS
    from workflows.payloads import CallFailure

if TYPE_CHECKING:
    from automations.definition import Retry

QUICK_SECONDS = 15.0
"""So long, together, are the waits between tries that happen without a pause."""
GRACE = timedelta(minutes=1)
"""So much later than patience ends may be what an app asks for: its call took a moment, too."""
CROWDED_EVENTS = 20_000
"""A longer history (Temporal ends one at 51,200 events) has room for one more try of each step."""
LEAST_GROWTH = 1 / 20
"""A wait is at least this part of the time that has passed, so that a week has under 250 tries."""
WORKER = "worker"
"""The kind of failure whose cause is no app: no worker that made the call came to its end."""
PATIENT_KINDS = {"rate_limited", "transient", WORKER}
UNKNOWN = "unknown_outcome"
"""The app may have done what must not be done twice."""

_AWAITED = {
    "rate_limited": "{app}, which allows no more calls for now",
    "transient": "{app} to work again",
    UNKNOWN: "{app}, which has not said whether it was done",
    WORKER: "a worker, since none has come to the end of the call",
}


class Failure:
    """Why an activity failed, as far as it decides what comes next."""

    def __init__(self, error: ActivityError) -> None:
        cause = error.cause
        self.retry_after: timedelta | None = None
        self.message, self.kind, self.app = "", "fatal", ""
        self.tries: int | None = 0
        """Of the app; None: all that the activity was allowed."""
        if isinstance(cause, ApplicationError):
            self.message, self.kind = cause.message, cause.type or "fatal"
            self.retry_after = cause.next_retry_delay
            self.tries = 1 if error.retry_state != RetryState.MAXIMUM_ATTEMPTS_REACHED else None
            if cause.details and self.kind in PATIENT_KINDS:
                told = CallFailure.model_validate(cause.details[0])
                self.tries, self.app = told.tries, told.app
        elif isinstance(cause, ActivityTimeout):
            self.kind = WORKER
            self.message = (
                "no worker came to the end of the call, so that it is not known whether the app "
                "has done it."
            )


class Tries:
    """The tries of one call so far, and when the next is due."""

    def __init__(self, retry: Retry, now: datetime) -> None:
        self._retry = retry
        self.first = now
        self.failed = False
        """Whether the call was made before: what it gave may be in the book."""
        self.count = 0
        """Of the app; what a worker did not bring to an end is no try."""

    @property
    def policy(self) -> RetryPolicy:
        """For the activity: the quick tries at first, later one each."""
        retry = self._retry
        return RetryPolicy(
            initial_interval=timedelta(seconds=retry.initial_interval),
            backoff_coefficient=retry.backoff,
            maximum_interval=timedelta(seconds=max(retry.max_interval, retry.initial_interval)),
            maximum_attempts=1 if self.count else self._quick(),
        )

    def _quick(self) -> int:
        tries, waited = 1, self._retry.wait_after(1)
        while waited <= QUICK_SECONDS and tries < (self._retry.max_attempts or 100):
            tries += 1
            waited += self._retry.wait_after(tries)
        return tries

    def next(self, failure: Failure, now: datetime) -> datetime | None:
        """When the call that failed is tried again; None: it is given up."""
        allowed = self.policy.maximum_attempts
        self.count += allowed if failure.tries is None else failure.tries
        self.failed = True
        limit, patience = self._retry.max_attempts, self._retry.patience
        if failure.kind == WORKER and patience is None:
            # No try is counted, so that time must end it.
            patience = DAY_SECONDS
        if limit is not None and self.count >= limit:
            return None
        if limit == 1 and failure.kind == WORKER:
            # Who asks for one try would rather have none than two.
            return None
        passed = now - self.first
        wait = timedelta(seconds=self._retry.wait_after(max(self.count, 1)))
        if limit is None or failure.kind == WORKER:
            wait = max(wait, passed * LEAST_GROWTH)
        wait = max(wait, failure.retry_after or timedelta(0))
        if patience is None:
            return now + wait
        last = self.first + timedelta(seconds=patience)
        soonest = failure.retry_after or timedelta(seconds=1)
        if now + soonest > last:
            # Who is patient for a day tries once more when the app asks for that day.
            asked = failure.retry_after is not None and now + soonest <= last + GRACE
            if not asked or not workflow.patched("whole-patience"):
                return None
            return now + soonest
        if workflow.info().get_current_history_length() > CROWDED_EVENTS:
            return last
        return min(now + wait, last)

    def are_for(self, failure: Failure) -> bool:
        """Whether a failure of that kind is one that may pass."""
        patient = failure.kind in PATIENT_KINDS
        return patient or (failure.kind == UNKNOWN and self._retry.even_if_unknown)

    def told(self, now: datetime) -> str:
        """What was done until now, for people."""
        if self.count <= 1:
            return "It is not tried again."
        return f"It was tried {self.count} times in {_duration(now - self.first)}."


def waits_for(failure: Failure, app_key: str, until: datetime) -> str:
    """What a pause between two tries says, after the step's name."""
    moment = until.isoformat(timespec="seconds").replace("+00:00", "Z")
    awaited = _AWAITED[failure.kind].format(app=failure.app or app_key)
    last = f" Last: {failure.message}" if failure.message else ""
    return f"waits for {awaited}, next try at {moment}.{last}"


def _duration(passed: timedelta) -> str:
    seconds = int(passed.total_seconds())
    for length, name in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= length:
            number = seconds // length
            return f"{number} {name}{'' if number == 1 else 's'}"
    return f"{seconds} second{'' if seconds == 1 else 's'}"
