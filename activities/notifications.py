"""Sending notifications to a project's webhook URL, signed after Standard Webhooks.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson
from standardwebhooks import Webhook
from temporalio import activity

from activities.calling import heartbeats
from connectors.http import OutgoingError, OutgoingHttp
from store.database import Database
from store.encryption import Keyring
from store.models import Notification, now_ms
from store.notifications import (
    MESSAGE_PREFIX,
    body_of,
    book_delivery,
    book_failure,
    claim_due,
    waiting,
)
from store.outages import outlast
from store.webhooks import Endpoint, book_health, pause_endpoint, read_endpoint
from workflows.notification import DELIVER, DeliveryReport

logger = logging.getLogger(__name__)

TIMEOUT = 15.0
"""Seconds within which an endpoint must have answered."""
AT_A_TIME = 10
ROUND_SECONDS = 30.0
"""After so long, what is still due is left to the next activity."""
LEASE_MS = 30_000
"""Longer than an attempt: what was not booked then is sent again, since its worker died."""

BACKOFF = (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
"""Seconds from each failed attempt to the next: ten attempts within three days and some hours."""
JITTER = 0.2
"""Waits are longer by up to this part, so that not all come at once."""
DEAD_MS = 5 * 86_400_000
"""An endpoint that took nothing for so long, although it was tried, is paused."""
PATIENCE_MS = 300_000
"""Only a notification this old shows that an endpoint is dead: one failure after a week of
silence does not."""
MIN_REST, MAX_REST = 5.0, 60.0
"""Seconds between attempts at an endpoint that fails, at the beginning and at the end."""

GONE = 410
UNREADABLE = (
    "It cannot be decrypted: the operator sees with `inlay keys status` which key is missing."
)


@dataclass(frozen=True)
class _Answer:
    """How an attempt went; `error` is None where the endpoint took the notification."""

    status: int | None
    error: str | None


class Delivery:
    """Sends what is due of one project."""

    def __init__(
        self,
        database: Database,
        keyring: Keyring,
        http: OutgoingHttp,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        """`clock` gives milliseconds since the epoch: what is due and dead is judged by it."""
        self._database = database
        self._keyring = keyring
        self._http = http
        self._clock = clock

    @activity.defn(name=DELIVER)
    async def deliver(self, project_id: str) -> DeliveryReport:
        """Sends until nothing is due, the endpoint fails, or it has taken long."""
        async with heartbeats():
            return await self._deliver(project_id)

    async def _deliver(self, project_id: str) -> DeliveryReport:
        end = time.monotonic() + ROUND_SECONDS
        while True:
            endpoint = await read_endpoint(self._database, self._keyring, project_id, self._clock())
            if endpoint is None:
                return DeliveryReport()
            ended = activity.is_worker_shutdown() or time.monotonic() > end
            if (
                ended
                or endpoint.paused_at is not None
                or not await self._turn(project_id, endpoint)
            ):
                return await self._report(project_id)

    async def _turn(self, project_id: str, endpoint: Endpoint) -> bool:
        """Sends some of what is due; False when nothing was, or none of it was taken."""
        now = self._clock()
        # One that fails is asked with one notification whether it works again.
        limit = AT_A_TIME if endpoint.failing_since is None else 1
        async with self._database.begin() as session:
            claimed = await claim_due(session, project_id, now, now + LEASE_MS, limit)
        taken = await asyncio.gather(
            *(self._attempt(endpoint, notification) for notification in claimed)
        )
        return any(taken)

    async def _attempt(self, endpoint: Endpoint, notification: Notification) -> bool:
        if notification.data is None:
            await outlast(lambda: self._put_off(notification))
            return False
        answer = await self._send(endpoint, notification)
        # What was taken is not sent again because the database is away.
        return await outlast(lambda: self._book(endpoint, notification, answer))

    async def _book(self, endpoint: Endpoint, notification: Notification, answer: _Answer) -> bool:
        """Writes down what came of an attempt; whether the endpoint took it."""
        now = self._clock()
        project_id = notification.project_id
        async with self._database.begin() as session:
            # Always the endpoint first: who pauses, resumes or deletes it locks it first, too.
            if answer.error is None:
                if endpoint.failing_since is not None or endpoint.last_error is not None:
                    await book_health(session, project_id, None, now)
                await book_delivery(session, notification.id, answer.status or 0, now)
                return True
            since = await book_health(session, project_id, answer.error, now)
            await book_failure(
                session,
                notification.id,
                answer.status,
                answer.error,
                _next_attempt(notification.attempts, now),
            )
            dead = (
                since is not None
                and now - since >= DEAD_MS
                and now - notification.created_at >= PATIENCE_MS
            )
            if (answer.status == GONE or dead) and await pause_endpoint(session, project_id, now):
                logger.warning("The webhook of project %s is paused: %s", project_id, answer.error)
        return False

    async def _put_off(self, notification: Notification) -> None:
        """Books an attempt that the endpoint had no part in."""
        retry_at = _next_attempt(notification.attempts, self._clock())
        async with self._database.begin() as session:
            await book_failure(session, notification.id, None, UNREADABLE, retry_at)

    async def _send(self, endpoint: Endpoint, notification: Notification) -> _Answer:
        message_id = MESSAGE_PREFIX + notification.id
        moment = datetime.now(UTC)
        body = orjson.dumps(body_of(notification))
        text = body.decode()
        signatures = [Webhook(secret).sign(message_id, moment, text) for secret in endpoint.secrets]
        headers = {
            "content-type": "application/json",
            "webhook-id": message_id,
            "webhook-timestamp": str(int(moment.timestamp())),
            "webhook-signature": " ".join(signatures),
        }
        try:
            response = await self._http.of(notification.project_id).request(
                "POST", endpoint.url, headers=headers, content=body, timeout=TIMEOUT
            )
        except OutgoingError as error:
            return _Answer(None, f"{error}.")
        return _Answer(response.status_code, _complaint(response.status_code))

    async def _report(self, project_id: str) -> DeliveryReport:
        now = self._clock()
        async with self._database() as session:
            left = await waiting(session, project_id)
        endpoint = await read_endpoint(self._database, self._keyring, project_id, now)
        if endpoint is None:
            return DeliveryReport()
        # Without a moment, all that waits was parked by a pause that has ended just now.
        wait = MAX_REST if left.next_attempt_at is None else (left.next_attempt_at - now) / 1000
        rest = 0.0
        if endpoint.failing_since is not None:
            rest = min(MAX_REST, max(MIN_REST, (now - endpoint.failing_since) / 10_000))
        return DeliveryReport(
            pending=left.pending,
            paused=endpoint.paused_at is not None,
            wait_seconds=max(0.0, wait),
            rest_seconds=rest,
            endpoint=endpoint.last_error or "The endpoint took the last one.",
        )


def _next_attempt(attempts: int, now: int) -> int | None:
    """When to try again what was tried `attempts` times before this one; None: never."""
    if attempts >= len(BACKOFF):
        return None
    delay = BACKOFF[attempts] * random.uniform(1, 1 + JITTER)  # noqa: S311 - no secret
    return now + int(delay * 1000)


def _complaint(status: int) -> str | None:
    if 200 <= status < 300:
        return None
    if status == GONE:
        return "The endpoint answered 410 Gone."
    if 300 <= status < 400:
        return f"The endpoint answered {status}: redirects are not followed, so give the last URL."
    return f"The endpoint answered {status}."
