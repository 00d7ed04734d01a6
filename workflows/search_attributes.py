"""The search attributes by which operators find runs in the Temporal UI."""

from __future__ import annotations

import hashlib
import json

from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes

PROJECT = SearchAttributeKey.for_keyword("InlayProject")
AUTOMATION = SearchAttributeKey.for_keyword("InlayAutomation")
END_USER = SearchAttributeKey.for_keyword("InlayEndUser")
TRIGGER = SearchAttributeKey.for_keyword("InlayTrigger")
STATUS = SearchAttributeKey.for_keyword("InlayStatus")
"""`paused` while a run waits for somebody, `running` after; else Temporal's own status tells."""

MAX_VALUE = 1_000
MAX_SUMMARY = 240
"""Bytes; Temporal takes 400, encrypted."""

ALL = (PROJECT, AUTOMATION, END_USER, TRIGGER, STATUS)


def searchable(user_id: str) -> str:
    """The user's id, or what begins it and tells it from others where Temporal takes no more.

    Temporal bounds a value's bytes (2 KB), and the SDK writes it as JSON in ASCII, in which a
    character may have twelve.
    """
    if len(json.dumps(user_id)) <= MAX_VALUE:
        return user_id
    digest = hashlib.sha256(user_id.encode()).hexdigest()[:16]
    return f"{user_id[: MAX_VALUE // 12 - 20]}… ({digest})"


def summary_of(text: str) -> str:
    """The line by which a workflow or a step of it is shown, as long as Temporal takes it.

    Of a longer one Temporal refuses the command, again and again.
    """
    return text.encode()[:MAX_SUMMARY].decode(errors="ignore")


def of_run(
    *, project_id: str, automation_id: str, user_id: str, trigger: str
) -> TypedSearchAttributes:
    """The attributes that a run starts with."""
    return TypedSearchAttributes(
        [
            SearchAttributePair(PROJECT, project_id),
            SearchAttributePair(AUTOMATION, automation_id),
            SearchAttributePair(END_USER, searchable(user_id) or "(developer)"),
            SearchAttributePair(TRIGGER, trigger),
        ]
    )
