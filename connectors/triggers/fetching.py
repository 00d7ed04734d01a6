"""Asks an app for what a delivery only names, and makes the event of it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

from automations.expressions import ExpressionError
from connectors.client import AppClient, UnusableCredential
from connectors.failures import failure, judge, scrub
from connectors.http import OutgoingError, RefusedError, TooLargeError
from connectors.masking import secrets_in
from connectors.triggers.sources import AppWebhookSource, WebhookSource
from connectors.urls import UrlError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connectors.credential import Credential
    from connectors.http import OutgoingHttp
    from connectors.manifest import Component, ErrorKind, Trigger

TIMEOUT = 30.0
"""Seconds for the app's answer."""


async def fetch_event(
    trigger: Trigger,
    event: Any,
    credential: Credential | None,
    http: OutgoingHttp,
    *,
    inputs: Mapping[str, Any],
    subscription: Mapping[str, Any],
) -> Any:
    """The event as a run gets it, by the trigger's `fetch` and `emit`.

    Raises `ComponentError`, whose message may be shown.
    """
    source = trigger.source
    # What errors need of a component, a trigger has, too: its app and its name.
    part = cast("Component", trigger)
    if not isinstance(source, WebhookSource | AppWebhookSource) or source.incoming.fetch is None:
        raise failure(part, "fatal", "this trigger's events are whole as they are delivered")
    hidden = [value for value in subscription.values() if isinstance(value, str)]
    hidden += secrets_in(trigger.input_schema, inputs)
    try:
        client = AppClient(trigger.app, credential, http, timeout=TIMEOUT, hidden=hidden)
        scope = {
            **client.scope,
            "event": event,
            "inputs": inputs,
            "subscription": subscription,
        }
        async with asyncio.timeout(TIMEOUT):
            _, seen = await client.exchange(source.incoming.fetch, scope, headers={})
    except TimeoutError as error:
        raise failure(part, "transient", f"did not answer within {TIMEOUT:g} s") from error
    except UnusableCredential as error:
        raise failure(part, "reauth", str(error)) from None
    except (UrlError, ExpressionError) as error:
        what = f"the event lacks what the app is to be asked with ({error})"
        raise failure(part, "fatal", scrub(what, hidden)) from None
    except OutgoingError as error:
        refused = isinstance(error, RefusedError | TooLargeError)
        kind: ErrorKind = "fatal" if refused else "transient"
        raise failure(part, kind, scrub(str(error), client.secrets)) from None
    verdict = judge(trigger.app, [], seen, client.secrets)
    if verdict is not None:
        raise failure(part, verdict.kind, verdict.what, verdict.retry_after)
    fetched = {"status": seen["status"], "headers": seen["headers"], "body": seen["body"]}
    try:
        return source.incoming.emit.resolve({"event": event, "inputs": inputs, "fetched": fetched})
    except ExpressionError as error:
        what = f"the answer has not the form that is expected ({error})"
        raise failure(part, "fatal", scrub(what, client.secrets)) from None
