"""The search attributes by which operators find runs in the Temporal UI."""

from __future__ import annotations

from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes

PROJECT = SearchAttributeKey.for_keyword("InlayProject")
AUTOMATION = SearchAttributeKey.for_keyword("InlayAutomation")
END_USER = SearchAttributeKey.for_keyword("InlayEndUser")
TRIGGER = SearchAttributeKey.for_keyword("InlayTrigger")
STATUS = SearchAttributeKey.for_keyword("InlayStatus")
"""`paused` while a run waits for somebody, `running` after; else Temporal's own status tells."""

ALL = (PROJECT, AUTOMATION, END_USER, TRIGGER, STATUS)


def of_run(
    *, project_id: str, automation_id: str, user_id: str, trigger: str
) -> TypedSearchAttributes:
    """The attributes that a run starts with."""
    return TypedSearchAttributes(
        [
            SearchAttributePair(PROJECT, project_id),
            SearchAttributePair(AUTOMATION, automation_id),
            SearchAttributePair(END_USER, user_id or "(developer)"),
            SearchAttributePair(TRIGGER, trigger),
        ]
    )
