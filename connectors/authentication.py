"""Puts a connection's credential into a request, as the app's manifest says."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from connectors.manifest import App, BasicAuth

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connectors.credential import Credential


def credential_scope(credential: Credential | None) -> dict[str, Any]:
    """What templates see of a connection: `fields`, `captured`, `credential`."""
    if credential is None:
        return {"fields": {}, "captured": {}, "credential": {"access_token": None}}
    return {
        "fields": credential.fields,
        "captured": credential.captured,
        "credential": {"access_token": credential.access_token},
    }


def authentication(
    app: App, credential: Credential, scope: Mapping[str, Any]
) -> tuple[dict[str, str], dict[str, str]]:
    """The headers and query parameters that carry the credential.

    Raises `ExpressionError` when the manifest asks for a value that the credential has not, and
    `KeyError` when the credential has no access token.
    """
    headers: dict[str, str] = {}
    query: dict[str, str] = {}
    auth = app.auth
    if isinstance(auth, BasicAuth):
        pair = f"{auth.username.resolve(scope)}:{auth.password.resolve(scope)}"
        headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
    elif auth.type == "oauth2" and not auth.apply:
        if not credential.access_token:
            raise KeyError("access_token")
        headers["Authorization"] = f"Bearer {credential.access_token}"
    for apply in auth.apply:
        target = headers if apply.place == "header" else query
        target[apply.name] = str(apply.template.resolve(scope))
    return headers, query
