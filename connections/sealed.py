"""A credential as it lies in the database: JSON, encrypted, tied to the one who owns it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from connectors.credential import Credential

if TYPE_CHECKING:
    from store.encryption import Keyring
    from store.models import Connection

REFRESH_AHEAD_MS = 60_000
"""How long before its expiry a token is renewed; for one of a short life, a tenth of that life."""


class Owner(NamedTuple):
    """Whose connection to which app; `user_id` is DEVELOPER for the developer's own."""

    project_id: str
    user_id: str
    app_key: str

    @property
    def context(self) -> bytes:
        """What a ciphertext of this connection is bound to."""
        # Neither a project's id nor an app's key holds a colon, so no two owners share a context.
        return f"connection:{self.project_id}:{self.user_id}:{self.app_key}".encode()


@dataclass(frozen=True)
class Stored:
    """A credential and when to renew it (ms since the epoch; None: only when it is rejected)."""

    credential: Credential
    refresh_at: int | None


def refresh_time(issued_at: int, expires_at: int | None, ahead: int | None = None) -> int | None:
    """When a token of that life is to be renewed; `ahead` is a manifest's own, in seconds."""
    if expires_at is None:
        return None
    if ahead is not None:
        return expires_at - ahead * 1000
    return expires_at - min(REFRESH_AHEAD_MS, max(0, expires_at - issued_at) // 10)


def seal(keyring: Keyring, owner: Owner, stored: Stored) -> bytes:
    """The ciphertext for the column `secret`."""
    credential = stored.credential
    content: dict[str, Any] = {
        "fields": credential.fields,
        "access_token": credential.access_token,
        "refresh_token": credential.refresh_token,
        "token_secret": credential.token_secret,
        "captured": credential.captured,
        "client": credential.client,
        "refresh_at": stored.refresh_at,
    }
    return keyring.encrypt(orjson.dumps(content), owner.context)


def unseal(keyring: Keyring, row: Connection) -> Stored:
    """The credential of a row; raises `DecryptionError`."""
    owner = Owner(row.project_id, row.user_id, row.app_key)
    content = orjson.loads(keyring.decrypt(row.secret, owner.context))
    credential = Credential(
        auth_type=row.auth_type,
        fields=content["fields"],
        access_token=content["access_token"],
        refresh_token=content["refresh_token"],
        expires_at=row.expires_at,
        # Connections of an earlier version have neither.
        token_secret=content.get("token_secret"),
        client=content.get("client"),
        captured=content["captured"],
        revision=row.revision,
    )
    return Stored(credential, content["refresh_at"])
