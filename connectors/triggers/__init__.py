"""What starts automations: the triggers of an app, as data, one kind of source a class."""

from typing import Annotated

from pydantic import Field

from connectors.request import Request
from connectors.triggers.incoming import Handshake, Incoming, Respond
from connectors.triggers.signatures import Signature
from connectors.triggers.sources import (
    AppWebhookSource,
    InboundSource,
    Poll,
    PollSource,
    ScheduleSource,
    Subscription,
    WebhookSource,
)

Source = Annotated[
    WebhookSource | AppWebhookSource | PollSource | ScheduleSource | InboundSource,
    Field(discriminator="type"),
]


def requests_of(source: Source) -> list[Request]:
    """Every request that a source may send to the app."""
    found: list[Request | None] = []
    if isinstance(source, WebhookSource):
        if source.subscription is not None:
            subscription = source.subscription
            found += [subscription.create, subscription.renew, subscription.delete]
        found.append(source.poll.request if source.poll else None)
    if isinstance(source, WebhookSource | AppWebhookSource):
        found.append(source.incoming.fetch)
    if isinstance(source, PollSource):
        found.append(source.poll.request)
    return [request for request in found if request is not None]


__all__ = [
    "AppWebhookSource",
    "Handshake",
    "InboundSource",
    "Incoming",
    "Poll",
    "PollSource",
    "Respond",
    "ScheduleSource",
    "Signature",
    "Source",
    "Subscription",
    "WebhookSource",
    "requests_of",
]
