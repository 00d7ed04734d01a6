"""Runs and those that called them: a run is paused while what it called waits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Select, select, update
from sqlalchemy.orm import Session

from store.encryption import DecryptionError
from store.models import Automation, Run, RunPause, now_ms
from store.waits import begin_wait, end_wait

UNREADABLE = "What it waits for cannot be read: the key that sealed it is missing."
"""Stands in place of a message that cannot be decrypted."""

_RUN = select(Run.id, Run.parent_run_id, Run.automation_id, Run.user_id, Run.version)


def settle(connection: Connection | Session, run_ids: Sequence[str]) -> None:
    """Makes open runs `paused` or `running` as they are; a caller stands behind what it called."""
    for run_id in run_ids:
        message = _readable(
            connection,
            select(RunPause.message)
            .where(RunPause.run_id == run_id, RunPause.workflow_id != "")
            .order_by(RunPause.since.desc(), RunPause.step_id, RunPause.iteration)
            .limit(1),
        )
        if message is None:
            message = _message_of_called(connection, run_id)
        is_open = Run.status.in_(("running", "paused")) if message else Run.status == "paused"
        changed = connection.execute(
            update(Run)
            .where(Run.id == run_id, is_open)
            .values(status="paused" if message else "running", message=message)
            .returning(Run.id)
        )
        if changed.first() is None:
            continue
        if message:
            begin_wait(connection, run_id)
        else:
            end_wait(connection, run_id, now_ms())


def lineage(connection: Connection | Session, run_id: str) -> list[Any]:
    """A run and those that called it, the run itself first, as far as they are known.

    Each has `id`, `parent_run_id`, `automation_id`, `user_id` and `version`.
    """
    found: list[Any] = []
    next_id: str | None = run_id
    while next_id is not None:
        row = connection.execute(_RUN.where(Run.id == next_id)).one_or_none()
        if row is None:
            break
        found.append(row)
        next_id = row.parent_run_id
    return found


def family_of(run_id: str) -> Any:
    """A query of a run and of all that it called, directly or not: column `id`."""
    family = select(Run.id).where(Run.id == run_id).cte("family", recursive=True)
    return family.union_all(select(Run.id).join(family, Run.parent_run_id == family.c.id))


def _message_of_called(connection: Connection | Session, run_id: str) -> str | None:
    row = connection.execute(
        select(Automation.name, Run.id)
        .outerjoin(Automation, Automation.id == Run.automation_id)
        .where(Run.parent_run_id == run_id, Run.status == "paused")
        .order_by(Run.started_at.desc(), Run.id)
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    message = _readable(connection, select(Run.message).where(Run.id == row.id))
    return f"“{row.name or 'A called automation'}” waits: {message}"


def _readable(connection: Connection | Session, query: Select[Any]) -> str | None:
    """A message, or what stands in its place: what cannot be read stops no run, nor its callers."""
    try:
        message: str | None = connection.execute(query).scalar_one_or_none()
    except DecryptionError:
        return UNREADABLE
    return message
