"""What operators read of a registration in the Temporal UI. Markdown, without secrets."""

from __future__ import annotations

from datetime import UTC, datetime

from store.models import Registration, now_ms


def details_of(row: Registration) -> str:
    """State, trigger, last event, next poll, subscription and expiry."""
    whose = f"user {_code(row.user_id)}" if row.user_id else "the developer"
    lines = [f"**{row.state}**, for {whose}"]
    if row.message:
        lines.append(f"> {' '.join(row.message.split())}")
    facts = {
        "Trigger": _code(row.trigger) if row.trigger else None,
        "Published version": str(row.trigger_version) if row.trigger_version else None,
        "Last event": _time(row.last_event_at),
        "Events": str(row.events) if row.events else None,
        "Rejected deliveries": str(row.rejected) if row.rejected else None,
        "Next poll": _time(row.next_poll_at),
        "Subscription": _code(row.subscription_id) if row.subscription_id else None,
        "Expires": _time(row.expires_at),
        # What happens in between adds no history; a pending poll shows its own next attempt.
        "As of": _time(now_ms()),
    }
    table = "\n".join(f"- {name}: {value}" for name, value in facts.items() if value)
    return "\n\n".join([*lines, *([table] if table else [])])


def _time(moment: int | None) -> str | None:
    if moment is None:
        return None
    return datetime.fromtimestamp(moment / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _code(text: str) -> str:
    return "`" + " ".join(text.replace("`", "'").split()) + "`"
