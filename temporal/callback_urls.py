"""Callback URLs: each names a run in a way that nobody can guess or forge."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from store.encryption import DecryptionError, Keyring

_CONTEXT = b"callback"


@dataclass(frozen=True)
class CallbackTarget:
    """The run that a callback URL belongs to."""

    project_id: str
    run_id: str


class CallbackUrls:
    """Makes and reads the part of a callback URL that all steps of a run share."""

    def __init__(self, keyring: Keyring, public_url: str) -> None:
        self._keyring = keyring
        self._prefix = f"{public_url.rstrip('/')}/api/v1/callbacks"

    def make(self, project_id: str, run_id: str) -> str:
        """The URL, to which a slash and the step are added (see RunInput.callback_url)."""
        sealed = self._keyring.encrypt(f"{project_id}/{run_id}".encode(), _CONTEXT)
        return f"{self._prefix}/{base64.urlsafe_b64encode(sealed).rstrip(b'=').decode()}"

    def read(self, token: str) -> CallbackTarget | None:
        """What a token was made for; None for one that was not made here."""
        try:
            sealed = base64.b64decode(token + "=" * (-len(token) % 4), b"-_", validate=True)
            project_id, _, run_id = self._keyring.decrypt(sealed, _CONTEXT).decode().partition("/")
        except (binascii.Error, ValueError, DecryptionError):
            return None
        return CallbackTarget(project_id, run_id)
