"""Speaks to one app with one credential, or with none: a manifest's requests and answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx

from automations.expressions import ExpressionError
from automations.values import text_of
from connectors.authentication import Authentication
from connectors.content import decoded, filled, flat, mapping
from connectors.failures import hidden_forms, secrets_of
from connectors.headers import HeaderError, check_name, check_value
from connectors.request import METHODS
from connectors.scope import NO_CONNECTION, credential_scope, url_values
from connectors.signing import SigningError
from connectors.urls import UrlError, check_url, expand_path, expand_url

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from connectors.credential import Credential
    from connectors.http import OutgoingHttp
    from connectors.manifest import App
    from connectors.request import Request


class UnusableCredential(Exception):
    """The credential lacks a value that the app needs; the message says no more than that."""


class AppClient:
    """An app as one account reaches it.

    `scope` is what templates see of the connection; `secrets` is what must not be shown of it, and
    of what is `hidden` beside: secret inputs.
    """

    def __init__(
        self,
        app: App,
        credential: Credential | None,
        http: OutgoingHttp,
        *,
        timeout: float,
        hidden: Iterable[str] = (),
    ) -> None:
        self.app = app
        self.scope: Mapping[str, Any] = NO_CONNECTION
        self.secrets = [*hidden_forms(hidden), *secrets_of(app, credential)]
        self._http = http
        self._timeout = timeout
        self._authentication: Authentication | None = None
        if credential is not None:
            try:
                self.scope = credential_scope(app.auth, credential)
                self._authentication = Authentication(app.auth, credential, self.scope)
            except (ExpressionError, SigningError, KeyError) as error:
                raise _unusable(error) from None

    async def exchange(
        self,
        request: Request,
        scope: Mapping[str, Any],
        *,
        headers: Mapping[str, str],
        page: Mapping[str, Any] | None = None,
        page_url: str | None = None,
        is_own_url: bool = False,
    ) -> tuple[httpx.Response, dict[str, Any]]:
        """One request and its answer, also as the scope of error rules.

        `scope` is what the request's templates see; `page` is added to the query; `page_url` is
        asked instead of the request's own URL; `is_own_url`: an absolute URL of the request is the
        manifest's own, so the credential goes there. Raises `UnusableCredential`, `UrlError` (a
        value does not fit), `ExpressionError` and `OutgoingError`.
        """
        method = str(request.method.resolve(scope)).upper()
        if method not in METHODS:
            raise UrlError(f"the method must be one of {', '.join(METHODS)}")
        if is_own_url and request.path is None:
            target, with_credential = _own_url(request, scope), True
        else:
            target, with_credential = self._target(request, scope, page_url)
        authentication = self._authentication if with_credential else None
        own_headers = mapping(request.headers, scope)
        body = self._content(request, scope, authentication)
        built = self._http.build(
            method,
            target,
            headers=self._headers({**own_headers, **headers}, scope, with_credential),
            params={} if page_url else {**flat(mapping(request.query, scope)), **(page or {})},
            **body,
        )
        private = {*own_headers, *self.app.private_headers}
        if authentication is not None:
            self._authenticate(authentication, built)
            private |= authentication.private_headers
        response = await self._http.send(
            built,
            timeout=self._timeout,
            # A signature fits no other address.
            follow_redirects=authentication is None or not authentication.is_signed,
            private_headers=private,
        )
        return response, {
            "status": response.status_code,
            "headers": {name.lower(): value for name, value in response.headers.items()},
            "body": decoded(response),
            "inputs": scope.get("inputs", {}),
        }

    def _authenticate(self, authentication: Authentication, built: httpx.Request) -> None:
        try:
            placed = authentication.apply(built)
        except (ExpressionError, SigningError, KeyError) as error:
            raise _unusable(error) from None
        self.secrets[:0] = hidden_forms(placed)

    def _content(
        self, request: Request, scope: Mapping[str, Any], authentication: Authentication | None
    ) -> dict[str, Any]:
        try:
            added = authentication.body_values() if authentication else {}
        except ExpressionError as error:
            raise _unusable(error) from None
        return filled(request, scope, added)

    def _headers(
        self, own: Mapping[str, Any], scope: Mapping[str, Any], with_credential: bool
    ) -> dict[str, str]:
        headers = {}
        for name, part in self.app.headers.items():
            if name in self.app.private_headers and not with_credential:
                continue
            value = part.resolve(scope)
            if value is not None:
                headers[name] = text_of(value)
        given = flat(own)
        if len({name.lower() for name in given}) < len(given):
            raise UrlError("a header is given twice, once in other letters")
        for name, value in given.items():
            # A request's own header takes the place of the app's, however it is spelled.
            for other in [other for other in headers if other.lower() == name.lower()]:
                del headers[other]
            headers[name] = ", ".join(map(text_of, value if isinstance(value, list) else [value]))
        try:
            return {check_name(name): check_value(name, text) for name, text in headers.items()}
        except HeaderError as error:
            raise UrlError(str(error)) from None

    def _target(
        self, request: Request, scope: Mapping[str, Any], page_url: str | None
    ) -> tuple[str, bool]:
        """Where the request goes, and whether the credential may go along."""
        app = self.app
        if app.base_url is None:
            return page_url or _own_url(request, scope), True
        base = expand_url(app.base_url, url_values(self.scope))
        if request.path is None or page_url is not None:
            target = page_url or _own_url(request, scope)
            return target, _origin(target) == _origin(base)
        values: dict[str, Any] = dict(scope.get("inputs", {}))
        for name, part in {**app.path_values, **request.path_values}.items():
            values[name] = part.resolve(scope)
        return base + expand_path(request.path, values), True


def _own_url(request: Request, scope: Mapping[str, Any]) -> str:
    url = request.url.resolve(scope) if request.url else None
    if not isinstance(url, str):
        raise UrlError("a URL is needed")
    return check_url(url.strip())


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = httpx.URL(url)
    return parts.scheme, parts.host, parts.port


def _unusable(error: Exception) -> UnusableCredential:
    told = f" ({error})" if isinstance(error, SigningError) else ""
    return UnusableCredential(f"the connection lacks a value that the app needs{told}")
