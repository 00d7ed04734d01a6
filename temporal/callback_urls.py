"""Callback URLs: each names one step of one run in a way that nobody can guess or forge."""

from __future__ import annotations

import base64
import binascii
import hmac
import re
import secrets
from dataclasses import dataclass

from automations.definition import STEP_ID_PATTERN
from store.encryption import DecryptionError, Keyring
from workflows.callback_urls import seal

_CONTEXT = b"callback"
_ITERATION = re.compile(r"([0-9]{1,9}(\.[0-9]{1,9}){0,9})?", re.ASCII)
_STEP = re.compile(STEP_ID_PATTERN)


@dataclass(frozen=True)
class CallbackTarget:
    """The step that a callback URL answers."""

    project_id: str
    run_id: str
    step_id: str
    iteration: str
    is_sealed: bool
    """False in URLs of runs that began before steps were sealed: anybody may have put it there."""


class CallbackUrls:
    """Makes the part of callback URLs that all steps of a run share, and reads whole ones.

    That part is an envelope of the run and of the key that seals its steps: a workflow seals with
    the key, and whoever has a URL can read neither.
    """

    def __init__(self, keyring: Keyring, public_url: str) -> None:
        self._keyring = keyring
        self._prefix = f"{public_url.rstrip('/')}/api/v1/callbacks"

    def make(self, project_id: str, run_id: str) -> tuple[str, str]:
        """A run's `callback_url` and `callback_key` (see RunInput)."""
        key = secrets.token_urlsafe(16)
        envelope = self._keyring.encrypt(f"{project_id}/{run_id}/{key}".encode(), _CONTEXT)
        return f"{self._prefix}/{base64.urlsafe_b64encode(envelope).rstrip(b'=').decode()}", key

    def read(self, token: str, place: str) -> CallbackTarget | None:
        """What a URL was made for; None for one that was not made here.

        `place` is what stands behind the token: `[run/]…step[/iteration]/seal`. A called
        automation's run stands in front of its step.
        """
        try:
            envelope = base64.b64decode(token + "=" * (-len(token) % 4), b"-_", validate=True)
            content = self._keyring.decrypt(envelope, _CONTEXT).decode()
        except (binascii.Error, ValueError, DecryptionError):
            return None
        project_id, run_id, key = [*content.split("/"), ""][:3]
        parts = place.split("/")
        given = parts.pop() if key else ""
        # No run's id can be a step's, nor the other way round.
        while len(parts) > 1 and not _STEP.fullmatch(parts[0]):
            if not key and not parts[0].startswith(f"{run_id}-"):
                return None
            run_id = parts.pop(0)
        if not 1 <= len(parts) <= 2:
            return None
        step_id, iteration = [*parts, ""][:2]
        if not _STEP.fullmatch(step_id) or not _ITERATION.fullmatch(iteration):
            return None
        if key and not _same(given, seal(key, run_id, step_id, iteration)):
            return None
        return CallbackTarget(project_id, run_id, step_id, iteration, is_sealed=bool(key))


def _same(left: str, right: str) -> bool:
    return hmac.compare_digest(left.encode(), right.encode())
