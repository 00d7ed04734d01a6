"""Where a trigger's events come from."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from connectors.pages import Pagination
from connectors.request import Part, Request
from connectors.templates import Expression, Template
from connectors.triggers.incoming import Incoming


class Subscription(Part):
    """How an app is asked to deliver to a URL of ours.

    Requests see `inputs`, `hook.url`, `hook.secret`, `hook.id`, `subscription` (once there is
    one), `registration.id`, `now`, and what `apply` sees of the connection.
    """

    create: Request
    captured: dict[str, Expression] = Field(default_factory=dict)
    """Kept as `subscription.<name>`, over the answer (`status`, `headers`, `body`) and what `apply`
    sees of the connection: what signatures are made with may be a secret of it. `id` is shown."""
    expires: Expression | None = None
    """When the app forgets it, over the answer: a number of milliseconds since 1970 or of seconds
    from now, or RFC 3339 text."""
    lifetime: int | None = Field(None, gt=0)
    """Seconds, where the answer does not say."""
    renew: Request | None = None
    """Left out: a new subscription is made before the old one is deleted."""
    delete: Request | None = None
    """A subscription that is not there any more (404, 410) counts as deleted."""


class Poll(Part):
    """How an app is asked for what is new.

    The request sees `inputs`, `cursor` (`value`, `token`; null at first), `subscription`, `now`,
    and what `apply` sees of the connection. Either the app keeps the place (`token`), or items
    have a value that grows (`value`), or ids alone tell what is new. The first poll finds the
    place and emits nothing.
    """

    request: Request
    pagination: Pagination | None = None
    items: Expression
    """The list of an answer; with `pagination` over `records`, the list of one page. What is no
    list fails the poll: an app that leaves an empty list out needs a condition here."""
    order: Literal["newest_first", "oldest_first"] | None = None
    """How the app sorts items, by `value` where there is one. Then not all pages are read: of the
    newest first only down to what is known, of the oldest first some at a time. Left out: nothing
    is taken for granted, each poll reads the list to its end."""
    id: Expression
    """What tells one item from all others; over `item`."""
    token: Expression | None = None
    """The app's own cursor, in the last page's answer (`status`, `headers`, `body`)."""
    reset_statuses: list[int] = Field(default_factory=lambda: [410])
    """Statuses by which the app says that the token is too old: the place is taken anew, and what
    came between is emitted as far as `id` and `value` tell it from what is known."""
    value: Expression | None = None
    """What grows from item to item, over `item`: a number, or a moment (RFC 3339, RFC 5322).
    Equal ones are told apart by their ids, so the request should ask for the boundary, too. Left
    out without `token`: an item is new whose id is not among the last 1,000 seen."""
    overlap: int = Field(0, ge=0)
    """Items whose value is so much (seconds or units) below the newest are looked at again: some
    apps show items late. `cursor.value` is lower by it, a moment then in RFC 3339."""
    ignore: Expression | None = None
    """True: not an event. Over `item` and `inputs`; does not apply where it cannot be evaluated."""
    dedupe: Template | None = None
    """What two showings of one event have in common, over `item` and `inputs`. Left out: the id
    and the value; with `token` and no value the id, the place and the item's content."""
    emit: Template = Field(default_factory=lambda: Template("{{ item }}"))
    """What the run gets as `event`, over `item` and `inputs`."""
    interval: int = Field(300, ge=5, le=86_400)
    """Seconds between two polls; a trigger's input `interval` may make it longer."""


class WebhookSource(Part):
    """The app delivers to a URL of each registration's own."""

    type: Literal["webhook"]
    subscription: Subscription | None = None
    """Left out: a person enters the URL at the app."""
    incoming: Incoming = Incoming()
    poll: Poll | None = None
    """With `incoming.then_poll`."""

    @model_validator(mode="after")
    def _poll_fits(self) -> WebhookSource:
        if self.incoming.then_poll != (self.poll is not None):
            raise ValueError("`poll` and `incoming.then_poll` belong together")
        return self


class AppWebhookSource(Part):
    """The app delivers all events of all users to one URL of the developer's app there."""

    type: Literal["app_webhook"]
    incoming: Incoming
    route: Expression
    """Whose event it is: text or a list of texts, over `event` and what signatures see."""
    belongs_to: Template
    """What `route` must give to be a registration's: over `fields`, `captured`, `account`,
    `inputs`."""


class PollSource(Part):
    """The app is asked again and again."""

    type: Literal["poll"]
    poll: Poll


class ScheduleSource(Part):
    """Time itself. Its inputs: `cron` with `timezone`, or `every` (seconds)."""

    type: Literal["schedule"]


class InboundSource(Part):
    """Whoever knows the URL. Its inputs: `methods`, `secret`, `signatureHeader`,
    `responseStatus`, `responseBody`."""

    type: Literal["inbound"]
