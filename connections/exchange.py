"""A token in exchange for the form's values: the steps that a manifest names, in order."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from automations.expressions import ExpressionError
from automations.values import text_of
from connections.grants import EndpointFailed, Grant, GrantRefused, read_grant
from connectors.content import decoded, filled, flat, mapping
from connectors.http import OutgoingError, RefusedError
from connectors.scope import moment, url_values
from connectors.urls import UrlError, expand_url
from store.models import now_ms

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

    from connectors.auth import ExchangeStep, TokenExchangeAuth
    from connectors.http import OutgoingHttp

TIMEOUT = 20.0
"""Seconds for all steps together: a renewal holds a lease that is a little longer."""


async def exchange(
    http: OutgoingHttp, auth: TokenExchangeAuth, *, scope: Mapping[str, Any]
) -> Grant:
    """The grant that the last step gives.

    Raises:
        GrantRefused: the app does not take the values.
        EndpointFailed: no usable answer, for another reason.
    """
    try:
        async with asyncio.timeout(TIMEOUT):
            return await _exchange(http, auth, scope)
    except TimeoutError as error:
        raise EndpointFailed(f"the app did not answer within {TIMEOUT:g} s") from error


async def _exchange(http: OutgoingHttp, auth: TokenExchangeAuth, scope: Mapping[str, Any]) -> Grant:
    steps: dict[str, Any] = {}
    sent_at = now_ms()
    for step in auth.steps:
        seen = {**scope, **moment(), "steps": steps}
        try:
            response = await _send(http, step, seen)
        except RefusedError as error:
            raise GrantRefused(str(error)) from None
        except OutgoingError as error:
            raise EndpointFailed(str(error)) from error
        except (UrlError, ExpressionError) as error:
            raise GrantRefused(f"{step.name}: {error}") from None
        steps[step.name] = _answer(step, response)
    return read_grant(
        auth.token, auth.captured, response, sent_at, scope={"steps": steps}, is_users_client=True
    )


async def _send(http: OutgoingHttp, step: ExchangeStep, seen: Mapping[str, Any]) -> httpx.Response:
    values = {name: part.resolve(seen) for name, part in step.path_values.items()}
    headers = {name: text_of(value) for name, value in flat(mapping(step.headers, seen)).items()}
    return await http.request(
        str(step.method.resolve(seen)),
        expand_url(step.url, {**url_values(seen), **values}),
        headers={"Accept": "application/json", **headers},
        params=flat(mapping(step.query, seen)),
        timeout=TIMEOUT,
        **filled(step, seen, {}),
    )


def _answer(step: ExchangeStep, response: httpx.Response) -> dict[str, Any]:
    status = response.status_code
    answer = {
        "status": status,
        "headers": {name.lower(): value for name, value in response.headers.items()},
        "body": decoded(response),
    }
    if status == 429 or status >= 500:
        raise EndpointFailed(f"the app answered {status}")
    good = response.is_success if step.ok_when is None else step.ok_when.find(answer) is True
    if not good:
        raise GrantRefused(f"status {status}")
    return answer
