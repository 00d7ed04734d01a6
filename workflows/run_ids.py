"""The ids of runs, which are also those of their workflows and so what operators read in lists."""

from __future__ import annotations

import hashlib
import re
import unicodedata

MAX_NAME = 40
MAX_ID = 200
"""Longer ids are cut; the book holds 255 characters."""


def run_id_of(name: str, unique: str) -> str:
    """The id of a run of an automation of that name: `greet-the-user-` and what is unique."""
    plain = unicodedata.normalize("NFKD", name.replace("\u0131", "i"))
    words = re.sub(r"[^a-z0-9]+", "-", plain.encode("ascii", "ignore").decode().lower())
    slug = words[:MAX_NAME].strip("-") or "run"
    return f"{slug}-{unique}"


def child_run_id(parent_id: str, step_id: str, iteration: str) -> str:
    """The id of the run that a step of another run starts, in an iteration of the loops around."""
    place = [part for part in iteration.split(".") if part]
    full = "-".join([parent_id, step_id, *place])
    if len(full) <= MAX_ID:
        return full
    return f"{full[: MAX_ID - 20]}-{hashlib.sha256(full.encode()).hexdigest()[:16]}"
