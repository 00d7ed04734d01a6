"""What a connection gives to a call of an app: the decrypted credential of one account."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Credential:
    """One account's credential, decrypted for one call. Its repr hides every value.

    `fields` are the values of the app's form; `captured` is what the app told when the account was
    connected (a site's address, an account id); `integration` is what the developer entered once
    for the project (`client_id`, `client_secret`, and the manifest's `integration_fields`);
    `client` is an OAuth client that was registered for this connection alone; `token_secret` is
    OAuth 1's; `expires_at` is in ms since the epoch; `revision` grows each time the stored
    credential changes.
    """

    auth_type: str
    fields: dict[str, str] = field(default_factory=dict)
    access_token: str | None = None
    refresh_token: str | None = None
    token_secret: str | None = None
    expires_at: int | None = None
    captured: dict[str, Any] = field(default_factory=dict)
    client: dict[str, str] | None = None
    integration: dict[str, str] = field(default_factory=dict)
    revision: int = 0

    def __repr__(self) -> str:
        return f"Credential(auth_type={self.auth_type!r}, revision={self.revision}, hidden)"
