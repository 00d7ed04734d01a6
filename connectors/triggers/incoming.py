"""What a delivery of an app is, and what it is answered."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from connectors.headers import HeaderName
from connectors.request import Part, Request
from connectors.templates import Expression, Template
from connectors.triggers.signatures import Signature

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"]


class Respond(Part):
    """What the app is answered. Templates see what signatures see."""

    status: int = Field(200, ge=200, le=299)
    headers: dict[HeaderName, Template] = Field(default_factory=dict)
    body: Template | None = None
    """Text is sent as it is, any other value as JSON; left out: nothing."""


class Handshake(Part):
    """A request that only asks whether the URL is ours, by any method; it is answered and is no
    event."""

    when: Expression
    """Over what signatures see."""
    respond: Respond = Respond()
    is_signed: bool = False
    """Whether the signature is checked before."""
    keep: dict[str, Expression] = Field(default_factory=dict)
    """Kept in `subscription` (a secret that the app tells this way), unless it is known already;
    of an app webhook in those `integration_fields` that have this name."""


class Incoming(Part):
    """A delivery: checked, split into events, each of which becomes one run."""

    methods: tuple[Method, ...] = ("POST",)
    handshakes: list[Handshake] = Field(default_factory=list)
    verify: Signature | None = None
    """Left out: the URL's own secret is all."""
    events: Expression | None = None
    """The list of events of one delivery, over `request`; left out: the body is one."""
    ignore: Expression | None = None
    """True: not an event. Over `event` and what signatures see."""
    dedupe: Template | None = None
    """What two deliveries of the same event have in common; over `event` and what signatures see.
    Left out: the SHA-256 of the event."""
    fetch: Request | None = None
    """Asked before the run's first step, with the registration's connection, where a delivery
    holds only ids; its answer is `fetched.body`. Scope: `event`, `inputs`, `subscription`."""
    emit: Template = Field(default_factory=lambda: Template("{{ event }}"))
    """What the run gets as `event`; scope: `event`, `request`, `inputs`, and with `fetch`
    `fetched` (`status`, `headers`, `body`) instead of `request`."""
    respond: Respond = Respond()
    then_poll: bool = False
    """The delivery only says that there is something new: it is asked for by `poll`."""
