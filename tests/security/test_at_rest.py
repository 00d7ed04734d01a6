"""What Inlay promises of contents that lie sealed: they are found and shown, and never guessed at.

That nothing of them lies in clear is read from the raw files by tests/e2e/test_secrets.py.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import LargeBinary, literal, text, update

from store.encryption import KEY_BYTES, Keyring
from store.models import Run, new_id, now_ms

if TYPE_CHECKING:
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


async def test_a_server_without_the_key_says_so_and_shows_nothing(
    workshop: Workshop, database: Database
) -> None:
    lost = Keyring([secrets.token_bytes(KEY_BYTES)]).encrypt(b"words", b"runs.message")
    async with database.begin() as session:
        run_id = await failed_run(session, workshop.project_id, "words")
        await session.execute(
            update(Run).where(Run.id == run_id).values(message=literal(lost, LargeBinary))
        )
    answer = await workshop.developer.call("GET", f"{workshop.path}/runs/{run_id}")
    assert answer.status_code == 503
    assert "inlay keys status" in answer.json()["message"]
