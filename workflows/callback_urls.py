"""The URL of one callback step of one run, sealed, so that it answers no other step."""

from __future__ import annotations

import base64
import hashlib
import hmac

SEAL_BYTES = 16


def step_url(base: str, key: str, run_id: str, step_id: str, iteration: str) -> str:
    """The URL of a callback step; `base` and `key` are the run's (see RunInput)."""
    place = f"{step_id}/{iteration}" if iteration else step_id
    if not key:
        # Of a run that began before URLs were sealed.
        return f"{base}/{place}"
    return f"{base}/{place}/{seal(key, run_id, step_id, iteration)}"


def seal(key: str, run_id: str, step_id: str, iteration: str) -> str:
    """What only a holder of the key can make of a place (HMAC, RFC 2104)."""
    place = "/".join((run_id, step_id, iteration))
    digest = hmac.digest(key.encode(), place.encode(), hashlib.sha256)[:SEAL_BYTES]
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
