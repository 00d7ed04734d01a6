"""What Inlay promises of contents that lie sealed: they are found and shown, and never guessed at.

That nothing of them lies in clear is read from the raw files by tests/e2e/test_secrets.py.
"""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Column, LargeBinary, literal, text, update

from store.encryption import KEY_BYTES, Keyring
from store.models import (
    Automation,
    AutomationVersion,
    Notification,
    Registration,
    Run,
    RunPause,
    RunStep,
    new_id,
    now_ms,
)
from store.sealed import Sealed
from tests.api.conftest import GREETING

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlalchemy.ext.asyncio import AsyncSession

    from store.database import Database
    from tests.api.conftest import Workshop

pytestmark = pytest.mark.both_databases


async def failed_run(session: AsyncSession, project_id: str, message: str) -> str:
    run = Run(
        id=new_id(),
        project_id=project_id,
        automation_id="gone",
        version=1,
        user_id="",
        trigger="manual",
        status="error",
        message=message,
        started_at=now_ms(),
    )
    session.add(run)
    await session.flush()
    return run.id


async def test_a_run_is_found_by_what_its_sealed_message_says(
    workshop: Workshop, database: Database
) -> None:
    async with database.begin() as session:
        wanted = await failed_run(session, workshop.project_id, "Step 'Pay' failed: card DECLINED")
        await failed_run(session, workshop.project_id, "Step 'Tell' failed: no such channel")
    found = await workshop.developer.expect(
        200, "GET", f"{workshop.path}/runs", search="card declined"
    )
    assert [run["id"] for run in found["items"]] == [wanted]
    nothing = await workshop.developer.expect(200, "GET", f"{workshop.path}/runs", search="100%")
    assert nothing["items"] == []


async def test_a_secret_input_of_a_trigger_lies_sealed_in_the_draft(
    workshop: Workshop, database: Database
) -> None:
    trigger = {"type": "app", "component": "webhook.received", "inputs": {"secret": "planted-one"}}
    made = await workshop.developer.expect(
        201, "POST", f"{workshop.path}/automations", {"name": "Hook"}
    )
    path = f"{workshop.path}/automations/{made['id']}"
    body = {"definition": {"trigger": trigger, "steps": []}, "revision": made["revision"]}
    await workshop.developer.expect(200, "PATCH", path, body)
    async with database() as session:
        [raw] = await session.scalars(text("SELECT draft FROM automations"))
    assert b"planted" not in bytes(raw)


async def lose_the_key(session: AsyncSession, *of_rows: ColumnElement[bool]) -> None:
    """Seals all that these rows hold sealed under a key that nobody has any more."""
    lost = Keyring([secrets.token_bytes(KEY_BYTES)])
    for of_row in of_rows:
        [table] = {column.table for column in of_row.get_children() if isinstance(column, Column)}
        values = {
            column: literal(column.type.seal(lost, "words"), LargeBinary)
            for column in table.columns
            if isinstance(column.type, Sealed)
        }
        await session.execute(update(table).where(of_row).values(values))


async def test_an_entry_that_cannot_be_read_says_so_and_the_list_is_shown(
    workshop: Workshop, database: Database
) -> None:
    """Runs, their steps and pauses, automations, registrations, notifications, integrations."""
    path, project_id = workshop.path, workshop.project_id
    await workshop.integrate("cubicl")
    lost, _ = [await workshop.automation(GREETING) for _ in range(2)]
    async with database.begin() as session:
        run_id, kept_run = [await failed_run(session, project_id, "words") for _ in range(2)]
        of_run = {"run_id": run_id, "step_id": "a", "project_id": project_id}
        step = RunStep(**of_run, type="set", name="A", status="completed", started_at=now_ms())
        step.inputs = step.output = step.error = "words"
        session.add(step)
        pause = RunPause(**of_run, workflow_id="", kind="approval", since=now_ms())
        pause.message = "words"
        session.add(pause)
        registrations = [
            Registration(project_id=project_id, automation_id=lost, user_id=user_id, data={})
            for user_id in ("ada", "bob")
        ]
        told = [
            Notification(project_id=project_id, type="run.failed", data={"n": n}) for n in (1, 2)
        ]
        session.add_all([*registrations, *told])
        await session.flush()
        registration, notification = registrations[0].id, told[0].id
        await lose_the_key(
            session,
            Run.__table__.c.id == run_id,
            RunStep.__table__.c.run_id == run_id,
            RunPause.__table__.c.run_id == run_id,
            Automation.__table__.c.id == lost,
            AutomationVersion.__table__.c.automation_id == lost,
            Registration.__table__.c.id == registration,
            Notification.__table__.c.id == notification,
        )

    async def shown(list_of: str, entry: str, **search: str) -> tuple[str, list[str]]:
        """The entry as it is listed, and the ids of all."""
        found = await workshop.developer.expect(200, "GET", f"{path}/{list_of}", **search)
        ids = [str(one.get("id") or one.get("stepId")) for one in found["items"]]
        return json.dumps(found["items"][ids.index(entry)]), ids

    for list_of, entry, count in (
        ("runs", run_id, 2),
        (f"runs/{run_id}/steps", "a", 1),
        ("automations", lost, 2),
        ("registrations", registration, 2),
        ("notifications", notification, 2),
    ):
        listed, ids = await shown(list_of, entry)
        assert "inlay keys status" in listed, list_of
        assert len(ids) == count, list_of
    assert (await shown("runs", kept_run, search="words"))[1] == [kept_run]
    for one in (f"runs/{run_id}", f"registrations/{registration}"):
        text = json.dumps(await workshop.developer.expect(200, "GET", f"{path}/{one}"))
        assert "inlay keys status" in text, one
    await workshop.developer.expect(200, "GET", f"{path}/integrations")
    await workshop.developer.expect(200, "GET", f"{path}/statistics")
    # What would be saved again is not shown in part.
    answer = await workshop.developer.call("GET", f"{path}/automations/{lost}")
    assert answer.status_code == 503
    assert "inlay keys status" in answer.json()["message"]
