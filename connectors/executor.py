"""Runs one component: inputs, request, pages, error rules, output.

Called by an activity, with the credential decrypted just before. Everything that a caller or a log
can see of a failure comes from `ComponentError`, which never holds a secret.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
from typing import TYPE_CHECKING, Any

import httpx
import orjson

from automations.expressions import ExpressionError
from connectors.authentication import authentication, credential_scope
from connectors.failures import ComponentError, failure, judge, scrub, secrets_of
from connectors.http import OutgoingError, OutgoingHttp, RefusedError, TooLargeError
from connectors.inputs import prepare
from connectors.pagination import PageError, Pages
from connectors.request import METHODS
from connectors.urls import UrlError, check_url, expand_path, expand_url

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from connectors.credential import Credential
    from connectors.manifest import Component, ErrorKind
    from connectors.request import Request

__all__ = ["ComponentError", "execute"]


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
    act once. Raises `ComponentError`; network errors, timeouts and 5xx are of kind `transient`.
    """
    values = prepare(component, inputs)
    if credential is None and component.app.auth.type != "none":
        raise failure(component, "reauth", "no connection was given")
    call = _Call(component, values, credential, http, idempotency_key)
    try:
        async with asyncio.timeout(component.timeout):
            return await call.run()
    except TimeoutError as error:
        what = f"did not finish within {component.timeout:g} s"
        raise failure(component, "transient", what) from error
    except UrlError as error:
        raise failure(component, "invalid_input", str(error)) from error
    except PageError as error:
        raise failure(component, "fatal", str(error)) from error
    except ExpressionError as error:
        what = scrub(f"the app's manifest does not fit these inputs ({error})", call.secrets)
        raise failure(component, "fatal", what) from None
    except OutgoingError as error:
        refused = isinstance(error, RefusedError | TooLargeError)
        kind: ErrorKind = "fatal" if refused else "transient"
        raise failure(component, kind, scrub(str(error), call.secrets)) from None


class _Call:
    """One execution: what the templates see, and the requests made of them."""

    def __init__(
        self,
        component: Component,
        inputs: Mapping[str, Any],
        credential: Credential | None,
        http: OutgoingHttp,
        idempotency_key: str,
    ) -> None:
        self.component = component
        self.app = component.app
        self.http = http
        self.inputs = inputs
        self.idempotency_key = idempotency_key
        self.secrets = secrets_of(component, credential)
        self.scope: dict[str, Any] = {
            "inputs": inputs,
            "idempotency": {
                "key": idempotency_key,
                "hash": hashlib.sha256(idempotency_key.encode()).hexdigest(),
            },
            **credential_scope(credential),
        }
        self.auth_headers: dict[str, str] = {}
        self.auth_query: dict[str, str] = {}
        if credential is not None:
            self._authenticate(credential)

    def _authenticate(self, credential: Credential) -> None:
        try:
            found = authentication(self.app, credential, self.scope)
        except (ExpressionError, KeyError):
            what = "the connection lacks a value that the app needs"
            raise failure(self.component, "reauth", what) from None
        self.auth_headers, self.auth_query = found
        for value in (*self.auth_headers.values(), *self.auth_query.values()):
            self.secrets.insert(0, value.rpartition(" ")[2] or value)

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
                response, seen = await self._exchange(component.request, pages.query, pages.url)
                self._check(seen)
                more = pages.take(seen, response.url)
            result = {"records": pages.records, "truncated": pages.truncated}
        answer = {"status": seen["status"], "headers": seen["headers"], "body": seen["body"]}
        return component.output.resolve({**self.scope, **result, "response": answer})

    def _check(self, seen: Mapping[str, Any]) -> None:
        if error := judge(self.component, seen, self.secrets):
            raise error

    async def _exchange(
        self, request: Request, page: Mapping[str, Any] | None = None, url: str | None = None
    ) -> tuple[httpx.Response, dict[str, Any]]:
        """One request and its answer, also as the scope of error rules."""
        method = str(request.method.resolve(self.scope)).upper()
        if method not in METHODS:
            raise UrlError(f"the method must be one of {', '.join(METHODS)}")
        target, with_credential = self._target(request, url)
        query = {} if url else {**_scalars(self._mapping(request.query)), **(page or {})}
        headers = self._headers(request)
        if with_credential:
            headers |= self.auth_headers
            query |= self.auth_query
        json, form, body = (
            part.resolve_declared(self.scope) if part is not None else None
            for part in (request.json_body, request.form, request.body)
        )
        if sum(part is not None for part in (json, form, body)) > 1:
            raise UrlError("give only one kind of body")
        text = body if isinstance(body, str) else None
        response = await self.http.request(
            method,
            target,
            headers=headers,
            params=query,
            json=json if body is None or text is not None else body,
            data=None if form is None else _scalars(form),
            content=text,
            timeout=self.component.timeout,
            follow_redirects=True,
            private_headers=(*self.auth_headers, *self._mapping(request.headers)),
        )
        return response, {
            "status": response.status_code,
            "headers": {name.lower(): value for name, value in response.headers.items()},
            "body": _decoded(response),
            "inputs": self.inputs,
        }

    def _mapping(self, template: Any) -> dict[str, Any]:
        value = template.resolve_declared(self.scope)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise UrlError("query and headers must be mappings of names to values")
        return value

    def _headers(self, request: Request) -> dict[str, str]:
        headers = {name: str(part.resolve(self.scope)) for name, part in self.app.headers.items()}
        for name, value in _scalars(self._mapping(request.headers)).items():
            headers[name] = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        if self.component.idempotency_header:
            headers[self.component.idempotency_header] = self.idempotency_key
        for name, value in headers.items():
            if not (name + value).isprintable() or not value.isascii():
                raise UrlError(f"header {name!r} holds characters that HTTP cannot carry")
        return headers

    def _target(self, request: Request, page: str | None) -> tuple[str, bool]:
        """Where the request goes, and whether the credential may go along."""
        app = self.app
        if app.base_url is None:
            return page or self._own_url(request), True
        base = expand_url(app.base_url, {**self.scope["fields"], **self.scope["captured"]})
        if request.path is None or page is not None:
            target = page or self._own_url(request)
            return target, _origin(target) == _origin(base)
        values: dict[str, Any] = dict(self.inputs)
        for name, part in {**app.path_values, **request.path_values}.items():
            values[name] = part.resolve(self.scope)
        return base + expand_path(request.path, values), True

    def _own_url(self, request: Request) -> str:
        url = request.url.resolve(self.scope) if request.url else None
        if not isinstance(url, str):
            raise UrlError("a URL is needed")
        return check_url(url.strip())


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = httpx.URL(url)
    return parts.scheme, parts.host, parts.port


def _scalars(values: Any) -> dict[str, Any]:
    """A flat mapping of scalars and lists of scalars, as queries and forms carry it."""
    if not isinstance(values, dict):
        raise UrlError("query and form must be mappings of names to values")
    flat: dict[str, Any] = {}
    for name, value in values.items():
        if value is None:
            continue
        items: Iterable[Any] = value if isinstance(value, list) else [value]
        if any(isinstance(item, dict | list) for item in items):
            raise UrlError(f"{name!r} must be text, a number, true or false, or a list of these")
        flat[str(name)] = value
    return flat


def _decoded(response: httpx.Response) -> Any:
    """The body as a value: JSON, else text; bytes that are no text as base64; nothing as null."""
    content = response.content
    if not content:
        return None
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind.endswith(("/json", "+json")) or (not kind and content[:1] in b"{["):
        try:
            return orjson.loads(content)
        except orjson.JSONDecodeError:
            pass
    if (
        kind.startswith("text/")
        or not kind
        or kind.endswith(("json", "xml", "x-www-form-urlencoded"))
    ):
        return response.text
    try:
        return content.decode()
    except UnicodeDecodeError:
        return {"contentType": kind, "base64": base64.b64encode(content).decode()}
