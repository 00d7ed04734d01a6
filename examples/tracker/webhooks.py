"""Tracker's webhooks: who wants to be told, and telling them again until they have heard."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
from pydantic import AnyHttpUrl, BaseModel, Field

from examples.tracker.state import User

logger = logging.getLogger(__name__)

ATTEMPT_TIMEOUT = 10.0
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
PATIENCE = 15 * 60.0
"""Seconds for which a delivery is tried again."""


class NewWebhook(BaseModel):
    """What a program asks for."""

    url: AnyHttpUrl
    reference: str = Field("", max_length=255)
    """The program's own name for the user."""


class Webhook(BaseModel):
    """A subscription of one user's program; the secret is told once, when it is made."""

    id: str
    url: str
    reference: str
    secret: str


class Emission(BaseModel):
    """An event that is to happen: `userId` is a user of Tracker's, or a program's name for one."""

    user_id: str = Field(alias="userId", min_length=1, max_length=255)
    event_id: str = Field(alias="eventId", min_length=1, max_length=255)


@dataclass
class Webhooks:
    """All subscriptions, and the deliveries under way."""

    http: httpx.AsyncClient = field(default_factory=lambda: httpx.AsyncClient(trust_env=False))
    subscriptions: dict[str, tuple[User, Webhook]] = field(default_factory=dict)
    _under_way: set[asyncio.Task[None]] = field(default_factory=set)

    def subscribe(self, user: User, new: NewWebhook) -> Webhook:
        """Makes a subscription."""
        webhook = Webhook(
            id=f"WH-{secrets.token_hex(6)}",
            url=str(new.url),
            reference=new.reference,
            secret=secrets.token_hex(32),
        )
        self.subscriptions[webhook.id] = (user, webhook)
        return webhook

    def unsubscribe(self, user: User, webhook_id: str) -> bool:
        """Ends a subscription of this user; whether there was one."""
        owner, _ = self.subscriptions.get(webhook_id, (None, None))
        return owner == user and self.subscriptions.pop(webhook_id, None) is not None

    def emit(self, emission: Emission) -> int:
        """Has a ticket closed for a user: tells all that listen; gives how many these are."""
        found = [
            (user, webhook)
            for user, webhook in self.subscriptions.values()
            if emission.user_id in {user.id, webhook.reference}
        ]
        for user, webhook in found:
            event = {
                "id": emission.event_id,
                "type": "ticket.closed",
                "at": datetime.now(UTC).isoformat(timespec="seconds"),
                "user": {"id": user.id, "name": user.name},
            }
            task = asyncio.create_task(self._deliver(webhook, event))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
        return len(found)

    async def _deliver(self, webhook: Webhook, event: dict[str, Any]) -> None:
        body = json.dumps(event).encode()
        signature = hmac.new(webhook.secret.encode(), body, hashlib.sha256).hexdigest()
        headers = {
            "content-type": "application/json",
            "x-tracker-signature": f"sha256={signature}",
        }
        pause, deadline = FIRST_PAUSE, asyncio.get_running_loop().time() + PATIENCE
        while webhook.id in self.subscriptions and asyncio.get_running_loop().time() < deadline:
            try:
                answer = await self.http.post(
                    webhook.url, content=body, headers=headers, timeout=ATTEMPT_TIMEOUT
                )
            except httpx.HTTPError as error:
                logger.info("A delivery failed: %s", type(error).__name__)
            else:
                if answer.is_success:
                    return
                if answer.status_code == 410:
                    self.subscriptions.pop(webhook.id, None)
                    return
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
