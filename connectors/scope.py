"""What templates of a manifest see of a connection."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING, Any

from automations.expressions import ExpressionError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connectors.auth import AuthBase, CredentialField
    from connectors.credential import Credential

NO_CONNECTION: Mapping[str, Any] = {
    "fields": {},
    "captured": {},
    "integration": {},
    "values": {},
    "credential": {"access_token": None},
}
"""The scope of an app that needs no connection."""


def credential_scope(auth: AuthBase, credential: Credential) -> dict[str, Any]:
    """`fields`, `captured`, `integration`, `values`, `credential`.

    An optional field that was not given is null. Raises `ExpressionError` when a value cannot be
    computed.
    """
    return {
        **account_scope(auth, credential.fields, credential.integration, credential.captured),
        "credential": {"access_token": credential.access_token},
    }


def account_scope(
    auth: AuthBase,
    fields: Mapping[str, Any],
    integration: Mapping[str, Any],
    captured: Mapping[str, Any],
) -> dict[str, Any]:
    """The same before there is a token; raises `ExpressionError`."""
    of_developer = {"client_id": None, "client_secret": None}
    of_developer |= _optional(auth.integration_fields)
    scope: dict[str, Any] = {
        "fields": {**_optional(auth.fields), **fields},
        "captured": dict(captured),
        "integration": {**of_developer, **integration},
        "values": {},
    }
    for name, template in auth.values.items():
        try:
            scope["values"][name] = template.resolve(scope)
        except ExpressionError:
            # Before the redirect nothing is captured yet; what needs it, misses it then.
            if ("captured",) not in {path[:1] for path in template.references}:
                raise
            scope["values"][name] = None
    return scope


def _optional(form: Sequence[CredentialField]) -> dict[str, Any]:
    return {field.name: None for field in form if not field.is_required}


def moment() -> dict[str, Any]:
    """`now` (ms since the epoch) and `nonce`, new at each call."""
    return {"now": time.time_ns() // 1_000_000, "nonce": secrets.token_hex(16)}


def url_values(scope: Mapping[str, Any]) -> dict[str, Any]:
    """What places of URLs are filled with: `values` win over `captured`, these over forms."""
    parts = ("integration", "fields", "captured", "values")
    return {
        name: value for part in parts for name, value in scope[part].items() if value is not None
    }
