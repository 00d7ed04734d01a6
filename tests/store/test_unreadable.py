"""What cannot be decrypted stops nothing but itself: no caller, no run, no notification waits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import LargeBinary, delete, literal, select, update

from store.bookings import RunClosed
from store.ledger import Ledger
from store.lineage import UNREADABLE
from store.models import Notification, Run, RunPause, WebhookEndpoint, now_ms
from store.notifications import claim_due, notify
from store.pauses import book_pause, paused_runs
from store.webhooks import read_endpoint

if TYPE_CHECKING:
    from store.database import Database
    from store.encryption import Keyring

OF_ANOTHER_KEY = literal(b"\x02" + bytes(100), LargeBinary)


async def run(database: Database, project_id: str, id_: str, **more: Any) -> None:
    row = {"automation_id": "a", "version": 1, "user_id": "", "trigger": "manual", "started_at": 1}
    async with database.begin() as session:
        session.add(Run(id=id_, project_id=project_id, **row | more))


def pause(project_id: str, run_id: str, step_id: str) -> dict[str, Any]:
    return {
        "run_id": run_id,
        "step_id": step_id,
        "iteration": "",
        "project_id": project_id,
        "workflow_id": run_id,
        "kind": "approval",
        "message": f"waits at {step_id}",
        "since": now_ms(),
    }


async def spoil(database: Database, model: Any, *where: Any, **values: Any) -> None:
    async with database.begin() as session:
        await session.execute(update(model).where(*where).values(**values))


async def test_callers_hear_of_all_pauses_although_one_message_cannot_be_read(
    database: Database, project_id: str
) -> None:
    for id_ in ("one", "two"):
        await run(database, project_id, id_)
        await book_pause(database, pause(project_id, id_, "ask"))
    await spoil(database, Run, Run.id == "one", message=OF_ANOTHER_KEY)
    assert await paused_runs(database, ["one", "two"]) == {"one": UNREADABLE, "two": "waits at ask"}


@pytest.mark.parametrize("spoiled", [RunPause, Run])
async def test_a_called_run_ends_although_what_another_waits_for_cannot_be_read(
    database: Database, project_id: str, spoiled: Any
) -> None:
    await run(database, project_id, "parent")
    for id_ in ("child", "other"):
        await run(database, project_id, id_, parent_run_id="parent")
    await book_pause(database, pause(project_id, "parent", "also"))
    await book_pause(database, pause(project_id, "other", "ask"))
    if spoiled is Run:
        async with database.begin() as session:
            await session.execute(delete(RunPause).where(RunPause.run_id == "parent"))
    await spoil(database, spoiled, message=OF_ANOTHER_KEY)
    await Ledger(database).write(RunClosed("child", "completed", None, None))
    async with database() as session:
        statuses = await session.execute(select(Run.id, Run.status))
        assert dict(statuses.all()) == {
            "parent": "paused",
            "child": "completed",
            "other": "paused",
        }
        message = await session.scalar(select(Run.message).where(Run.id == "parent"))
    assert message is not None
    assert UNREADABLE in message


async def test_a_notification_that_cannot_be_read_keeps_back_no_other(
    database: Database, project_id: str
) -> None:
    async with database.begin() as session:
        ids = [await notify(session, project_id, "webhook.test", {"n": n}) for n in range(3)]
    await spoil(database, Notification, Notification.id == ids[1], data=OF_ANOTHER_KEY)
    async with database.begin() as session:
        claimed = await claim_due(session, project_id, now_ms() + 1, now_ms() + 9_000, 10)
    assert [(row.id, row.data) for row in claimed] == [
        (ids[0], {"n": 0}),
        (ids[1], None),
        (ids[2], {"n": 2}),
    ]


async def test_an_endpoint_signs_although_its_last_error_cannot_be_read(
    database: Database, project_id: str, keyring: Keyring
) -> None:
    before = await read_endpoint(database, keyring, project_id, now_ms())
    await spoil(database, WebhookEndpoint, last_error=OF_ANOTHER_KEY)
    after = await read_endpoint(database, keyring, project_id, now_ms())
    assert before is not None
    assert after is not None
    assert after.secrets == before.secrets
