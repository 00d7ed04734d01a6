"""What came of deliveries: counted and kept, without anybody waiting for it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import delete, select

from connections.app_hooks import app_hook_secret
from store.database import close_database, open_database
from store.event_log import REJECTED_A_MINUTE, EventLog
from store.models import Integration, Registration, RegistrationEvent, new_id
from store.registrations import EVENTS_KEPT, event_payload, hook_id_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from store.database import Database
    from store.encryption import Keyring


async def registration(database: Database, project_id: str, user_id: str) -> str:
    registration_id = new_id()
    async with database.begin() as session:
        session.add(
            Registration(
                id=registration_id,
                project_id=project_id,
                automation_id="automation",
                user_id=user_id,
                data={},
            )
        )
    return registration_id


@pytest.fixture
async def log(database: Database, keyring: Keyring) -> AsyncIterator[EventLog]:
    log = EventLog(database, keyring)
    yield log
    await log.aclose()


async def kept(database: Database, registration_id: str) -> list[RegistrationEvent]:
    query = select(RegistrationEvent).where(RegistrationEvent.registration_id == registration_id)
    async with database() as session:
        return list(await session.scalars(query.order_by(RegistrationEvent.id)))


async def counts(database: Database, registration_id: str) -> tuple[int, int]:
    async with database() as session:
        row = await session.get(Registration, registration_id)
    assert row is not None
    return row.events, row.rejected


async def test_events_are_counted_and_kept_in_their_order(
    database: Database, keyring: Keyring, project_id: str, log: EventLog
) -> None:
    one = await registration(database, project_id, "u1")
    two = await registration(database, project_id, "u2")
    log.add(one, "run", run_id="r1", payload={"n": 1})
    log.add(two, "rejected", message="401: wrong")
    log.add(one, "skipped", message="paused", payload=[1, None, "ü"])
    await log.aclose()
    assert await counts(database, one) == (1, 0)
    assert await counts(database, two) == (0, 1)
    events = await kept(database, one)
    assert [(event.status, event.run_id, event.message) for event in events] == [
        ("run", "r1", None),
        ("skipped", None, "paused"),
    ]
    assert [event_payload(keyring, event) for event in events] == [{"n": 1}, [1, None, "ü"]]
    assert b"\xc3\xbc" not in bytes(events[1].payload or b"")


async def test_only_the_last_are_kept_and_all_are_counted(
    database: Database, project_id: str, keyring: Keyring
) -> None:
    one = await registration(database, project_id, "u1")
    for part in range(3):
        log = EventLog(database, keyring)
        for number in range(60):
            log.add(one, "run", run_id=f"r{part * 60 + number}")
        await log.aclose()
    assert await counts(database, one) == (180, 0)
    found = [event.run_id for event in await kept(database, one)]
    assert found == [f"r{number}" for number in range(180 - EVENTS_KEPT, 180)]


async def test_refused_deliveries_are_kept_only_so_often(
    database: Database, project_id: str, log: EventLog
) -> None:
    one = await registration(database, project_id, "u1")
    for _ in range(500):
        log.add(one, "rejected", message="401: wrong")
    await log.aclose()
    assert await counts(database, one) == (0, 500)
    assert len(await kept(database, one)) == REJECTED_A_MINUTE


async def test_a_registration_that_is_no_more_takes_no_other_with_it(
    database: Database, project_id: str, log: EventLog
) -> None:
    gone = await registration(database, project_id, "u1")
    there = await registration(database, project_id, "u2")
    async with database.begin() as session:
        await session.execute(delete(Registration).where(Registration.id == gone))
    for registration_id in (gone, there, "never"):
        log.add(registration_id, "run", run_id="r")
    await log.aclose()
    assert await counts(database, there) == (1, 0)


async def test_two_processes_count_the_same_registrations_at_once(
    database: Database, project_id: str, keyring: Keyring
) -> None:
    ids = [await registration(database, project_id, f"u{number}") for number in range(5)]
    logs = [EventLog(database, keyring) for _ in range(4)]
    for log in logs:
        for registration_id in ids:
            log.add(registration_id, "run", run_id="r")
    await asyncio.gather(*(log.aclose() for log in logs))
    for registration_id in ids:
        assert await counts(database, registration_id) == (4, 0)
        assert len(await kept(database, registration_id)) == 4


async def test_nobody_notices_a_database_that_is_away(
    keyring: Keyring, caplog: pytest.LogCaptureFixture
) -> None:
    database = open_database("postgresql+asyncpg://nobody@127.0.0.1:1/none", keyring)
    log = EventLog(database, keyring)
    log.add("registration-1", "run", run_id="r", payload="a secret")
    await log.aclose()
    await close_database(database)
    assert "registration-1 were not kept" in caplog.text
    assert "a secret" not in caplog.text


async def test_the_url_of_an_integration_is_made_once(
    database: Database, project_id: str, keyring: Keyring
) -> None:
    async with database.begin() as session:
        session.add(Integration(id="i1", project_id=project_id, app_key="slack", scopes=[]))
    async with database() as session:
        row = await session.get(Integration, "i1")
    assert row is not None
    made = await asyncio.gather(*(app_hook_secret(database, keyring, row) for _ in range(5)))
    assert len(set(made)) == 1
    async with database() as session:
        kept = await session.get(Integration, "i1")
    assert kept is not None
    assert kept.hook_id == hook_id_of(str(made[0]))
    assert str(made[0]).encode() not in bytes(kept.hook_secret or b"")
    assert await app_hook_secret(database, keyring, kept) == made[0]
