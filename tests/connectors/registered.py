"""One trigger of a built-in app, registered for one account at the vendor of the tests."""

from __future__ import annotations

import hmac
import json
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from connectors.catalogue import load_catalogue
from connectors.triggers import AppWebhookSource, Incoming, WebhookSource
from connectors.triggers.delivery import Delivery, request_scope
from connectors.triggers.fetching import fetch_event
from connectors.triggers.polling import Asker, ask
from connectors.triggers.receiving import Event, Handshaken, answer_of, event_of, receive
from connectors.triggers.subscribing import Hook, Subscribing, resolve_inputs

if TYPE_CHECKING:
    from connectors.credential import Credential
    from connectors.http import OutgoingHttp
    from connectors.manifest import App, Trigger
    from connectors.triggers.polling import Event as Polled
    from connectors.triggers.receiving import Answer
    from connectors.triggers.subscribing import Subscribed

SECRET = "5e" * 32
HOOK = Hook("https://inlay.example.com/api/v1/hooks/secret-path", "hook-1", SECRET)
CATALOGUE = load_catalogue()


def trigger_of(app: App, name: str) -> Trigger:
    return next(part for part in app.triggers if part.key == f"{app.key}.{name}")


async def _gate() -> None:
    pass


class Registered:
    def __init__(
        self, app: App, name: str, credential: Credential, http: OutgoingHttp, **inputs: Any
    ) -> None:
        self.trigger = trigger_of(app, name)
        self.credential = credential
        self.http = http
        self.inputs = resolve_inputs(self.trigger, inputs, {}, "ada")
        self.subscription: dict[str, Any] = {}
        self.cursor: Any = None

    @property
    def client(self) -> Subscribing:
        return Subscribing(
            self.trigger, self.credential, self.http, inputs=self.inputs, registration_id="r1"
        )

    @property
    def incoming(self) -> Incoming:
        source = self.trigger.source
        assert isinstance(source, WebhookSource | AppWebhookSource)
        return source.incoming

    async def subscribe(self) -> Subscribed:
        made = await self.client.create(HOOK)
        self.subscription |= made.values
        return made

    async def renew(self) -> Subscribed | None:
        return await self.client.renew(HOOK, self.subscription)

    async def delete(self) -> None:
        await self.client.delete(HOOK, self.subscription)

    def deliver(
        self,
        body: Any = b"",
        headers: dict[str, str] | None = None,
        *,
        query: str = "",
        now: float | None = None,
    ) -> Handshaken | list[Event]:
        """What comes of a delivery to the hook: raises Refused. A dict without headers is JSON."""
        told = {"Content-Type": "application/json", **(headers or {})}
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        url = f"{HOOK.url}?{query}" if query else HOOK.url
        path = HOOK.url.partition(".com")[2]
        delivery = Delivery("d1", "POST", url, path, query, list(told.items()), raw)
        self.scope = {
            "request": request_scope(delivery),
            "hook": {"id": HOOK.id, "secret": HOOK.secret},
            "subscription": self.subscription,
            "inputs": self.inputs,
            "integration": self.credential.integration,
        }
        received = receive(self.incoming, self.scope, now or time.time())
        if isinstance(received, Handshaken):
            self.subscription |= received.kept
            return received
        found = [event_of(self.incoming, self.scope, raw) for raw in received]
        return [event for event in found if event is not None]

    @property
    def answer(self) -> Answer:
        """What the last delivery is answered."""
        return answer_of(self.incoming.respond, self.scope)

    async def fetched(self, event: Any) -> Any:
        return await fetch_event(
            self.trigger,
            event,
            self.credential,
            self.http,
            inputs=self.inputs,
            subscription=self.subscription,
        )

    async def poll(self) -> list[Polled]:
        asker = Asker(self.trigger, self.inputs, self.credential, self.http, self.subscription)
        polled = await ask(asker, self.cursor, _gate)
        events: list[Polled] = []
        for news in polled.news:
            events += news.events
            self.cursor = news.cursor
        return events


def form_of(values: dict[str, Any]) -> tuple[bytes, dict[str, str]]:
    """A form's body and its header."""
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    return urlencode(values, doseq=True).encode(), kind


def only(events: Any) -> Event:
    assert isinstance(events, list)
    (event,) = events
    assert isinstance(event, Event)
    return event


def shape(value: Any) -> Any:
    """The names of a value and the kinds of what they hold; null fits anything."""
    if isinstance(value, dict):
        return {name: shape(item) for name, item in value.items()}
    if isinstance(value, list):
        return list
    return type(value)


def sample(key: str) -> Any:
    """A trigger's event as its manifest shows it."""
    found = CATALOGUE.trigger(key)
    assert found is not None
    return found.sample


def hexmac(key: str, message: str) -> str:
    """HMAC-SHA256 as apps send it."""
    return hmac.digest(key.encode(), message.encode(), "sha256").hex()
