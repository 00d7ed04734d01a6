"""What starts automations: the triggers of an app, as data, one kind of source a class."""

from typing import Annotated

from pydantic import Field

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
]
