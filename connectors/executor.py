"""Runs one component: inputs, request, pages, error rules, output.

Called by an activity, with the credential decrypted just before. Everything that a caller or a log
can see of a failure comes from `ComponentError`, which never holds a secret.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from automations.expressions import ExpressionError
from connectors.client import AppClient, UnusableCredential
from connectors.failures import ComponentError, failure, hidden_forms, judge, scrub, shown
from connectors.http import (
    OutgoingError,
    OutgoingHttp,
    RefusedError,
    TooLargeError,
    UnreadableError,
)
from connectors.inputs import prepare
from connectors.masking import secrets_in
from connectors.pagination import PageError, Pages
from connectors.scope import NO_CONNECTION
from connectors.urls import UrlError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    import httpx

    from connectors.credential import Credential
    from connectors.manifest import App, Component, ErrorKind
    from connectors.request import Request

_MEDIA_TYPES = ("application/", "text/", "multipart/", "*/*")
"""No secrets, although all headers of a request are shown to nobody."""

logger = logging.getLogger(__name__)

__all__ = ["ComponentError", "calling", "execute"]


async def execute(
    component: Component,
    inputs: dict[str, Any],
    credential: Credential | None,
    http: OutgoingHttp,
    *,
    idempotency_key: str,
) -> Any:
    """The output of one call of a component.

    `idempotency_key` is the same for every try of the same step: apps that honour such keys then
    act once. Raises `ComponentError`; network errors, timeouts and 5xx are of kind `transient`,
    unless the app may have done what must not be done twice: then `unknown_outcome`.
    """
    values = prepare(component, inputs)
    failed = partial(failure, component)
    once = not _may_be_repeated(component, values)
    async with calling(
        component.app, credential, http, component.timeout, failed, once=once
    ) as client:
        return await _Call(component, values, client, idempotency_key, once=once).run()


@asynccontextmanager
async def calling(
    app: App,
    credential: Credential | None,
    http: OutgoingHttp,
    timeout: float,  # noqa: ASYNC109 - a part of a manifest
    failed: Callable[[ErrorKind, str], ComponentError],
    *,
    once: bool = False,
) -> AsyncIterator[AppClient]:
    """A client for one call of the app, which may last `timeout` seconds, all requests together.

    `once`: what may have arrived must not be sent again.

    Whatever goes wrong in it becomes the error that `failed` makes of its kind and its text; no
    text holds a secret.
    """
    if credential is None and app.auth.type != "none":
        raise failed("reauth", "no connection was given")
    secrets: Sequence[str] = ()
    try:
        client = AppClient(app, credential, http, timeout=timeout)
        secrets = client.secrets
        async with asyncio.timeout(timeout):
            yield client
    except TimeoutError as error:
        kind: ErrorKind = "unknown_outcome" if once else "transient"
        raise failed(kind, f"did not finish within {timeout:g} s") from error
    except UnusableCredential as error:
        raise failed("reauth", str(error)) from None
    except UrlError as error:
        raise failed("invalid_input", str(error)) from error
    except PageError as error:
        raise failed("fatal", str(error)) from error
    except ExpressionError as error:
        what = scrub(f"the app's manifest does not fit these inputs ({error})", secrets)
        raise failed("fatal", what) from None
    except OutgoingError as error:
        kind = "unknown_outcome" if once and error.may_have_arrived else "transient"
        if isinstance(error, RefusedError | TooLargeError | UnreadableError):
            kind = "fatal"
        raise failed(kind, scrub(str(error), secrets)) from None
    except ComponentError:
        raise
    except Exception as error:
        # A fault of ours: the app may have done its part, so it is not asked again.
        logger.exception("A call of %s could not be made or read", app.key)
        what = f"the call could not be made or its answer read ({type(error).__name__})"
        raise failed("fatal", what) from None


def _may_be_repeated(component: Component, inputs: Mapping[str, Any]) -> bool:
    scope = {**NO_CONNECTION, "inputs": inputs}
    request = component.request
    try:
        method, headers = request.method.resolve(scope), request.headers.resolve(scope)
    except ExpressionError:
        # They read what only the call has, and are fixed otherwise.
        method, headers = request.method.source, request.headers.source
    return component.may_be_repeated(
        str(method).upper(), headers if isinstance(headers, dict) else ()
    )


def _secret_inputs(component: Component, inputs: Mapping[str, Any]) -> list[str]:
    """What was given in secret, in all its forms: also the token of `Bearer token`."""
    texts = [
        text
        for text in secrets_in(component.input_schema, inputs)
        if not text.startswith(_MEDIA_TYPES)
    ]
    return hidden_forms([*texts, *(text.rpartition(" ")[2] for text in texts)])


class _Call:
    """One execution: the requests of a component, its pages, its output."""

    def __init__(
        self,
        component: Component,
        inputs: Mapping[str, Any],
        client: AppClient,
        idempotency_key: str,
        *,
        once: bool,
    ) -> None:
        self.component = component
        self.once = once
        self.client = client
        # Apps repeat in their errors what they were sent.
        client.secrets[:0] = _secret_inputs(component, inputs)
        self.inputs = inputs
        self.scope: dict[str, Any] = {
            **client.scope,
            "inputs": inputs,
            "idempotency": {
                "key": idempotency_key,
                "hash": hashlib.sha256(idempotency_key.encode()).hexdigest(),
            },
        }
        name = component.idempotency_header
        self.headers = {name: idempotency_key} if name else {}

    async def run(self) -> Any:
        """Sends the request, reads the pages and maps the output."""
        component = self.component
        if component.pagination is None:
            response, seen = await self._exchange(component.request)
            again = component.already_done
            if again and again.when.find(seen) is True:
                response, seen = await self._exchange(again.request)
            self._check(seen)
            result: dict[str, Any] = {}
        else:
            pages = Pages(component.pagination, self.inputs)
            more = True
            while more:
                response, page = await self._exchange(component.request, pages.query, pages.url)
                if pages.is_over(page["status"]):
                    break
                seen = page
                self._check(seen)
                more = pages.take(seen, response.url)
            result = {"records": pages.records, "truncated": pages.truncated}
        answer = {"status": seen["status"], "headers": seen["headers"], "body": seen["body"]}
        return component.output.resolve({**self.scope, **result, "response": answer})

    def _check(self, seen: Mapping[str, Any]) -> None:
        component = self.component
        verdict = judge(component.app, component.errors, seen, self.client.secrets, once=self.once)
        if verdict is not None:
            answer = shown(seen, self.client.secrets)
            raise failure(component, verdict.kind, verdict.what, verdict.retry_after, answer)

    async def _exchange(
        self, request: Request, page: Mapping[str, Any] | None = None, url: str | None = None
    ) -> tuple[httpx.Response, dict[str, Any]]:
        return await self.client.exchange(
            request, self.scope, headers=self.headers, page=page, page_url=url
        )
