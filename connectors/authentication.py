"""Puts a connection's credential into a request, as the app's manifest says."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from connectors.auth import AwsSigV4Auth, BasicAuth, JwtAuth, OAuth1Auth
from connectors.headers import HeaderError, check_name, check_value
from connectors.scope import moment
from connectors.signing import sign_aws, sign_with_token, signed_jwt

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

    from connectors.auth import Apply, Auth
    from connectors.credential import Credential

BY_TOKEN = {"oauth2", "oauth2_grant", "token_exchange", "jwt"}
"""Kinds whose token goes into `Authorization: Bearer` where `apply` says nothing else."""


class Authentication:
    """The credential of one connection, ready to be put into requests.

    `scope` is that of `credential_scope`. Raises `ExpressionError`, `SigningError` and `KeyError`
    when the credential lacks what the manifest asks for.
    """

    def __init__(self, auth: Auth, credential: Credential, scope: Mapping[str, Any]) -> None:
        self._auth = auth
        self._credential = credential
        token = credential.access_token
        if isinstance(auth, JwtAuth):
            token = signed_jwt(auth.jwt, {**scope, **moment()})
        elif auth.type in BY_TOKEN and not token:
            raise KeyError("access_token")
        self._token = token
        self._scope = {**scope, "credential": {"access_token": token}}
        self._fixed = {
            index: part.template.resolve(self._scope)
            for index, part in enumerate(auth.apply)
            if not _of_the_request(part)
        }
        self.private_headers = {"authorization"}
        """Names of headers that must not go to another origin."""
        self.private_headers |= {part.name.lower() for part in auth.apply if part.place == "header"}
        self.is_signed = isinstance(auth, OAuth1Auth | AwsSigV4Auth) or any(
            "request" in {path[0] for path in part.template.references} for part in auth.apply
        )
        """Whether the credential fits only the very request that it was put into."""

    def body_values(self) -> dict[str, Any]:
        """What goes into the body, by name."""
        return self._values("body", {**self._scope, **moment()})

    def apply(self, request: httpx.Request) -> list[str]:
        """Completes a request that is built; gives the values that must stay hidden."""
        auth = self._auth
        if isinstance(auth, BasicAuth):
            pair = f"{auth.username.resolve(self._scope)}:{auth.password.resolve(self._scope)}"
            token = base64.b64encode(pair.encode()).decode()
            request.headers["Authorization"] = f"Basic {token}"
        elif auth.type in BY_TOKEN and not auth.apply:
            request.headers["Authorization"] = f"Bearer {self._token}"
        placed = self._place(request)
        if isinstance(auth, OAuth1Auth):
            sign_with_token(auth, self._credential, request)
        elif isinstance(auth, AwsSigV4Auth):
            sign_aws(auth, self._scope, request)
        if header := request.headers.get("Authorization"):
            placed.append(header.rpartition(" ")[2])
        return placed

    def _place(self, request: httpx.Request) -> list[str]:
        placed = []
        scope = {**self._scope, **moment(), "request": _seen(request)}
        for name, value in self._values("header", scope).items():
            request.headers[name] = _header(name, str(value))
            placed.append(str(value).rpartition(" ")[2])
        for name, value in self._values("query", scope).items():
            request.url = request.url.copy_merge_params({name: str(value)})
            placed.append(str(value))
        return placed

    def _values(self, place: str, scope: Mapping[str, Any]) -> dict[str, Any]:
        found = {}
        for index, part in enumerate(self._auth.apply):
            if part.place == place:
                fixed = index in self._fixed
                value = self._fixed[index] if fixed else part.template.resolve(scope)
                if value is not None:
                    found[part.name] = value
        return found


def _of_the_request(part: Apply) -> bool:
    """Whether the value differs from request to request."""
    return bool({path[0] for path in part.template.references} & {"request", "now", "nonce"})


def _header(name: str, text: str) -> str:
    try:
        return check_value(check_name(name), text)
    except HeaderError:
        raise KeyError(name) from None


def _seen(request: httpx.Request) -> dict[str, Any]:
    try:
        body = request.content.decode()
    except UnicodeDecodeError:
        body = ""
    return {
        "method": request.method,
        "url": str(request.url),
        "host": request.url.host,
        "path": request.url.raw_path.partition(b"?")[0].decode(),
        "query": request.url.query.decode(),
        "body": body,
    }
