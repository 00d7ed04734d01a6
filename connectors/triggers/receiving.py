"""What a delivery means: a question about the URL, events, or something to be refused.

Pure: no database, no server framework. `scope` is what signatures see (see `signatures`): the
request, and of the registration `hook`, `subscription`, `inputs` and `integration`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from automations.expressions import ExpressionError
from automations.values import json_text, text_of
from connectors.triggers.delivery import Refused, content_of
from connectors.triggers.verifying import NotProven, verify

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connectors.triggers.incoming import Handshake, Incoming, Respond
    from connectors.triggers.sources import AppWebhookSource

    Scope = Mapping[str, Any]

MAX_EVENTS = 1_000
"""Of one delivery."""
MAX_KEY = 1_000
"""Characters of a dedupe key that are looked at as they are."""
NO_CONTENT = {204, 205}


@dataclass(frozen=True)
class Answer:
    """What the app is answered."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True)
class Handshaken:
    """The app only asked whether the URL is ours; `kept` belongs into `subscription`."""

    answer: Answer
    kept: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Event:
    """What becomes one run: `key` is the same for each telling of it."""

    key: str
    value: Any = field(repr=False)
    """As the run gets it; with `Incoming.fetch` as it was delivered."""


def receive(incoming: Incoming, scope: Scope, now: float) -> Handshaken | list[Any]:
    """The answer to a question about the URL, or the delivery's raw events.

    `now` is in seconds since 1970. Raises Refused: 400, 401, 405, 413 or 415.
    """
    for handshake in incoming.handshakes:
        if handshake.when.find(scope) is True:
            if handshake.is_signed:
                _prove(incoming, scope, now)
            return _handshaken(handshake, scope)
    method = scope["request"]["method"]
    if method not in incoming.methods:
        raise Refused(405, f"this hook is called by {' or '.join(incoming.methods)}, not {method}")
    _prove(incoming, scope, now)
    return _split(incoming, scope)


def event_of(incoming: Incoming, scope: Scope, raw: Any) -> Event | None:
    """One raw event as a run gets it; None where the manifest ignores it. Raises Refused."""
    seen = {**scope, "event": raw}
    if incoming.ignore is not None and incoming.ignore.find(seen) is True:
        return None
    key = _key(incoming, seen, raw)
    if incoming.fetch is not None:
        return Event(key, raw)
    try:
        return Event(key, incoming.emit.resolve(seen))
    except ExpressionError as error:
        raise Refused(400, f"the event has not the form that is expected: {error}") from None


def routes_of(source: AppWebhookSource, scope: Scope, raw: Any) -> set[str]:
    """Whose event it is: texts of which a registration's `route` must be one."""
    found = source.route.find({**scope, "event": raw})
    values = found if isinstance(found, list) else [found]
    return {
        str(value)
        for value in values
        if isinstance(value, str | int) and not isinstance(value, bool) and value != ""
    }


def answer_of(respond: Respond, scope: Scope) -> Answer:
    """The answer that a manifest describes. Raises Refused where it cannot be made."""
    try:
        headers = {name.lower(): part.resolve(scope) for name, part in respond.headers.items()}
        body = respond.body.resolve(scope) if respond.body is not None else None
    except ExpressionError as error:
        raise Refused(400, f"the delivery lacks what it should be answered with: {error}") from None
    return answer(respond.status, body, headers)


def answer(status: int, body: Any, headers: Mapping[str, Any] | None = None) -> Answer:
    """Text as it is, any other value as JSON. Raises Refused for what HTTP cannot carry."""
    texts = {name: text_of(value) for name, value in (headers or {}).items() if value is not None}
    if any(not text.isprintable() or not text.isascii() for pair in texts.items() for text in pair):
        raise Refused(400, "the delivery would be answered with what no header can carry")
    if body is None or status in NO_CONTENT:
        return Answer(status, texts)
    if isinstance(body, str):
        # Never HTML by chance: what is sent back came from whoever knows the URL.
        texts.setdefault("content-type", "text/plain; charset=utf-8")
        return Answer(status, texts, body.encode("utf-8", "surrogateescape"))
    texts.setdefault("content-type", "application/json")
    return Answer(status, texts, json_text(body).encode("utf-8", "replace"))


def _prove(incoming: Incoming, scope: Scope, now: float) -> None:
    if incoming.verify is None:
        return
    request = scope["request"]
    refusal: NotProven | None = None
    # Who packs what it sends signs it before or after; either proves that it is the app's own.
    for body in (request["packed"], request["body"]):
        if body is None:
            continue
        try:
            verify(incoming.verify, {**scope, "request": {**request, "body": body}}, now)
        except NotProven as error:
            refusal = error
        else:
            return
    raise Refused(401, str(refusal))


def _handshaken(handshake: Handshake, scope: Scope) -> Handshaken:
    kept = {name: part.find(scope) for name, part in handshake.keep.items()}
    return Handshaken(
        answer_of(handshake.respond, scope),
        {name: value for name, value in kept.items() if value is not None},
    )


def _split(incoming: Incoming, scope: Scope) -> list[Any]:
    content = content_of(scope["request"])
    if incoming.events is None:
        return [content]
    try:
        found = incoming.events.evaluate(scope)
    except ExpressionError as error:
        raise Refused(400, f"the delivery has not the form that is expected: {error}") from None
    if not isinstance(found, list):
        raise Refused(400, "the delivery holds no list of events where one is expected")
    if len(found) > MAX_EVENTS:
        raise Refused(413, f"the delivery holds more than {MAX_EVENTS} events")
    return found


def _key(incoming: Incoming, scope: Scope, raw: Any) -> str:
    """The dedupe key; where the event lacks what it is made of, the event itself tells."""
    if incoming.dedupe is not None:
        try:
            found = incoming.dedupe.resolve(scope)
        except ExpressionError:
            found = None
        if found not in (None, "", [], {}):
            text = found if isinstance(found, str) else json_text(found)
            return text if len(text) <= MAX_KEY else _digest(text)
    return _digest(json_text(raw))


def _digest(text: str) -> str:
    return "sha256:" + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
