"""The outbox: what is due is taken by one sender, and nothing in it is lost."""

from __future__ import annotations

import asyncio
import base64
import itertools
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from store.encryption import Keyring
from store.models import Notification, Project, WebhookEndpoint, now_ms
from store.notifications import (
    KEPT_MS,
    Waiting,
    book_delivery,
    book_failure,
    claim_due,
    due_projects,
    notification_row,
    notify,
    park,
    purge,
    send_again,
    waiting,
)
from store.webhooks import (
    OVERLAP_MS,
    Endpoint,
    book_health,
    pause_endpoint,
    read_endpoint,
    resume_endpoint,
    rotate_secret,
)

if TYPE_CHECKING:
    from store.database import Database

LEASE = 30_000


async def tell(database: Database, project_id: str, count: int = 1) -> list[str]:
    async with database.begin() as session:
        return [await notify(session, project_id, "webhook.test", {"n": n}) for n in range(count)]


async def claim(database: Database, project_id: str, now: int, limit: int = 100) -> list[str]:
    async with database.begin() as session:
        return [row.id for row in await claim_due(session, project_id, now, now + LEASE, limit)]


async def row_of(database: Database, notification_id: str) -> Notification:
    async with database() as session:
        return await session.get_one(Notification, notification_id)


async def endpoint_of(database: Database, keyring: Keyring, project_id: str) -> Endpoint:
    endpoint = await read_endpoint(database, keyring, project_id, now_ms())
    assert endpoint is not None
    return endpoint


async def test_what_is_rolled_back_is_not_told(database: Database, project_id: str) -> None:
    async with database.begin() as session:
        await notify(session, project_id, "connection.invalid", {"appKey": "cubicl"})
        await session.rollback()
    assert await claim(database, project_id, now_ms() + 1) == []


async def test_a_project_that_is_no_more_is_told_nothing(database: Database) -> None:
    with pytest.raises(IntegrityError):
        await tell(database, "gone")


async def test_each_due_notification_is_taken_by_one_sender(
    database: Database, project_id: str
) -> None:
    ids = await tell(database, project_id, 60)
    now = now_ms()
    taken = await asyncio.gather(*[claim(database, project_id, now, 10) for _ in range(8)])
    assert all(len(one) <= 10 for one in taken)
    assert sorted(itertools.chain(*taken)) == sorted(ids)


async def test_what_a_dead_sender_took_is_due_again_after_its_lease(
    database: Database, project_id: str
) -> None:
    ids = await tell(database, project_id)
    now = now_ms()
    assert await claim(database, project_id, now) == ids
    assert await claim(database, project_id, now + LEASE - 1) == []
    assert await claim(database, project_id, now + LEASE) == ids


async def test_a_delivered_one_is_never_taken_again(database: Database, project_id: str) -> None:
    [notification_id] = await tell(database, project_id)
    now = now_ms()
    async with database.begin() as session:
        await book_delivery(session, notification_id, 204, now)
    row = await row_of(database, notification_id)
    assert (row.status, row.attempts, row.last_status) == ("delivered", 1, 204)
    assert (row.delivered_at, row.next_attempt_at) == (now, None)
    assert await claim(database, project_id, now + 10 * LEASE) == []


async def test_a_failure_waits_for_its_moment_and_the_last_is_the_end(
    database: Database, project_id: str
) -> None:
    [notification_id] = await tell(database, project_id)
    now = now_ms()
    async with database.begin() as session:
        await book_failure(session, notification_id, 500, "It answered 500.", now + 5_000)
    async with database() as session:
        assert await waiting(session, project_id) == Waiting(1, now + 5_000)
    assert await claim(database, project_id, now + 4_999) == []
    assert await claim(database, project_id, now + 5_000) == [notification_id]
    async with database.begin() as session:
        await book_failure(session, notification_id, None, "No answer.", None)
    row = await row_of(database, notification_id)
    assert (row.status, row.attempts, row.last_error) == ("failed", 2, "No answer.")
    assert row.last_status is None
    async with database() as session:
        assert await waiting(session, project_id) == Waiting(0, None)


async def test_only_what_is_settled_is_sent_again(database: Database, project_id: str) -> None:
    [notification_id] = await tell(database, project_id)
    async with database.begin() as session:
        assert not await send_again(session, project_id, notification_id)
        await book_delivery(session, notification_id, 200, now_ms())
        assert not await send_again(session, "another project", notification_id)
        assert await send_again(session, project_id, notification_id)
    row = await row_of(database, notification_id)
    assert (row.status, row.attempts, row.delivered_at) == ("pending", 0, None)
    assert await claim(database, project_id, now_ms()) == [notification_id]


async def test_what_was_settled_long_ago_is_purged_and_what_waits_never(
    database: Database, project_id: str
) -> None:
    now = now_ms()
    long_ago = now - KEPT_MS - 1
    settled = {"attempts": 1, "next_attempt_at": None}
    rows: dict[str, dict[str, Any]] = {
        "delivered": {"status": "delivered", "delivered_at": long_ago, **settled},
        "failed": {"status": "failed", **settled},
        "waits": {"status": "pending"},
        "delivered late": {"status": "delivered", "delivered_at": now, **settled},
    }
    made = {}
    async with database.begin() as session:
        for created_at in (long_ago, now):
            for name, values in rows.items():
                row = notification_row(project_id, "webhook.test", {})
                moment = f"{created_at:012x}"
                made_then = f"{moment[:8]}-{moment[8:]}{row['id'][13:]}"
                row |= {"id": made_then, "created_at": created_at, **values}
                made[name, created_at] = row["id"]
                await session.execute(insert(Notification), [row])

    async def purged(limit: int) -> int:
        async with database.begin() as session:
            return await purge(session, now - KEPT_MS, limit)

    assert sum(await asyncio.gather(purged(1), purged(1))) == 2
    assert await purged(1) == 0
    async with database() as session:
        left = set(await session.scalars(select(Notification.id)))
    gone = {made["delivered", long_ago], made["failed", long_ago]}
    assert left == set(made.values()) - gone


async def test_projects_with_something_due_are_found_the_longest_first(
    database: Database, project_id: str
) -> None:
    await tell(database, project_id)
    async with database.begin() as session:
        account_id = await session.scalar(select(Project.account_id))
        assert account_id is not None
        session.add(Project(id="late", account_id=account_id, name="Late", webhook_url="u"))
        await session.flush()
        await notify(session, "late", "webhook.test", {})
        await session.execute(
            update(Notification)
            .where(Notification.project_id == "late")
            .values(next_attempt_at=1_000)
        )
    async with database() as session:
        due = await due_projects(session, now_ms())
        assert [(p.project_id, p.name, p.paused) for p in due] == [
            ("late", "Late", False),
            (project_id, "Shop", False),
        ]
        assert due[0].due_since == 1_000
        assert await due_projects(session, 999) == []


async def test_the_secret_is_made_once_even_by_many_at_once(
    database: Database, keyring: Keyring, project_id: str
) -> None:
    found = await asyncio.gather(*[endpoint_of(database, keyring, project_id) for _ in range(8)])
    [secret] = {tuple(endpoint.secrets) for endpoint in found}.pop()
    assert secret.startswith("whsec_")
    assert len(base64.b64decode(secret.removeprefix("whsec_"))) == 32
    async with database() as session:
        row = await session.get_one(WebhookEndpoint, project_id)
    assert secret.encode() not in row.secret
    assert await read_endpoint(database, keyring, "gone", now_ms()) is None


async def test_a_rotated_secret_signs_beside_the_new_one_for_a_day(
    database: Database, keyring: Keyring, project_id: str
) -> None:
    [first] = (await endpoint_of(database, keyring, project_id)).secrets
    second, until = await rotate_secret(database, keyring, project_id)
    assert abs(until - now_ms() - OVERLAP_MS) < 10_000
    assert (await endpoint_of(database, keyring, project_id)).secrets == [second, first]
    later = await read_endpoint(database, keyring, project_id, until)
    assert later is not None
    assert later.secrets == [second]


async def test_a_paused_endpoint_keeps_what_waits_until_it_is_resumed(
    database: Database, keyring: Keyring, project_id: str
) -> None:
    before = await tell(database, project_id, 2)
    await endpoint_of(database, keyring, project_id)
    now = now_ms()
    async with database.begin() as session:
        assert await book_health(session, project_id, "It answered 410.", now) == now
        assert await pause_endpoint(session, project_id, now)
        assert not await pause_endpoint(session, project_id, now + 1)
    after = await tell(database, project_id)
    async with database() as session:
        [due] = await due_projects(session, now_ms())
        assert due.paused
    async with database.begin() as session:
        await park(session, project_id)
    async with database() as session:
        assert await due_projects(session, now_ms()) == []
        assert (await waiting(session, project_id)).pending == 3
    paused = await endpoint_of(database, keyring, project_id)
    assert (paused.paused_at, paused.last_error) == (now, "It answered 410.")

    async def park_late() -> None:
        async with database.begin() as late:
            await park(late, project_id)

    # A worker that saw the endpoint paused comes while it is being resumed.
    async with database.begin() as session:
        await resume_endpoint(session, project_id)
        parking = asyncio.create_task(park_late())
        await asyncio.wait([parking], timeout=0.2)
    await parking
    resumed = await endpoint_of(database, keyring, project_id)
    assert (resumed.paused_at, resumed.failing_since, resumed.last_error) == (None, None, None)
    assert sorted(await claim(database, project_id, now_ms())) == sorted(before + after)


async def test_failures_count_from_the_first_since_the_last_success(
    database: Database, keyring: Keyring, project_id: str
) -> None:
    await endpoint_of(database, keyring, project_id)
    async with database.begin() as session:
        assert await book_health(session, project_id, "no", 1_000) == 1_000
        assert await book_health(session, project_id, "no", 2_000) == 1_000
        assert await book_health(session, project_id, None, 3_000) is None
        assert await book_health(session, project_id, "no", 4_000) == 4_000
