"""The webhook over HTTP: its secret, its state, and what was told; up to a run that is told of."""

from __future__ import annotations

import asyncio
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from settings import Settings
from store.models import Notification, WebhookEndpoint, now_ms
from store.notifications import book_delivery, notify
from store.webhooks import pause_endpoint
from temporal.server import dev_server
from tests.api.conftest import GREETING, Rest, Workshop, make_workshop, serving
from tests.workflows.receiver import receiving
from tests.working import start_worker

if TYPE_CHECKING:
    from pathlib import Path

    from store.database import Database


async def tell(database: Database, project_id: str, kind: Any = "webhook.test") -> str:
    async with database.begin() as session:
        return await notify(session, project_id, kind, {"n": 1})


async def settle(database: Database, notification_id: str) -> None:
    async with database.begin() as session:
        await book_delivery(session, notification_id, 200, now_ms())


async def pause(database: Database, workshop: Workshop) -> None:
    await workshop.developer.expect(200, "GET", f"{workshop.path}/webhook/secret")
    async with database.begin() as session:
        await pause_endpoint(session, workshop.project_id, now_ms())


async def test_a_new_project_has_a_webhook_that_waits_for_nothing(workshop: Workshop) -> None:
    assert await workshop.application.expect(200, "GET", f"{workshop.path}/webhook") == {
        "url": "https://shop.example.com/inlay",
        "pausedAt": None,
        "failingSince": None,
        "lastError": None,
        "pending": 0,
    }


async def test_the_secret_stays_until_it_is_changed_and_then_both_sign(
    workshop: Workshop, database: Database
) -> None:
    path = f"{workshop.path}/webhook/secret"
    first = await workshop.developer.expect(200, "GET", path)
    assert first["secret"].startswith("whsec_")
    assert first["previousUntil"] is None
    assert await workshop.developer.expect(200, "GET", path) == first
    second = await workshop.developer.expect(200, "POST", path)
    assert second["secret"] != first["secret"]
    assert abs(second["previousUntil"] - now_ms() - 86_400_000) < 60_000
    assert await workshop.developer.expect(200, "GET", path) == second
    async with database() as session:
        row = (await session.scalars(select(WebhookEndpoint))).one()
    for secret in (first["secret"], second["secret"]):
        assert secret.encode() not in row.secret + (row.previous_secret or b"")


async def test_a_token_does_not_reach_the_secret(workshop: Workshop) -> None:
    for method in ("GET", "POST"):
        await workshop.application.refused(900, method, f"{workshop.path}/webhook/secret")


async def test_a_test_is_a_notification_that_waits(workshop: Workshop) -> None:
    made = await workshop.application.expect(201, "POST", f"{workshop.path}/webhook/test")
    assert (made["type"], made["status"], made["attempts"]) == ("webhook.test", "pending", 0)
    assert made["webhookId"] == f"msg_{made['id']}"
    shown = await workshop.application.expect(
        200, "GET", f"{workshop.path}/notifications/{made['id']}"
    )
    assert shown == made
    webhook = await workshop.application.expect(200, "GET", f"{workshop.path}/webhook")
    assert webhook["pending"] == 1


async def test_notifications_are_listed_the_newest_first_by_status_and_type(
    workshop: Workshop, database: Database
) -> None:
    path = f"{workshop.path}/notifications"
    ids = [await tell(database, workshop.project_id) for _ in range(3)]
    ids.append(await tell(database, workshop.project_id, "run.failed"))
    await settle(database, ids[0])
    first = await workshop.application.expect(200, "GET", path, limit=3)
    assert [item["id"] for item in first["items"]] == ids[:0:-1]
    rest = await workshop.application.expect(200, "GET", path, cursor=first["nextCursor"])
    assert [item["id"] for item in rest["items"]] == ids[:1]
    assert rest["nextCursor"] is None
    for query, expected in (
        ({"status": "delivered"}, ids[:1]),
        ({"type": "run.failed"}, ids[3:]),
        ({"status": "failed"}, []),
    ):
        found = await workshop.application.expect(200, "GET", path, **query)
        assert [item["id"] for item in found["items"]] == expected
    await workshop.application.refused(1, "GET", path, status="lost")
    await workshop.application.refused(1, "GET", path, type="run.exploded")


async def test_what_is_settled_can_be_sent_again_also_by_the_id_of_its_header(
    workshop: Workshop, database: Database
) -> None:
    notification_id = await tell(database, workshop.project_id)
    path = f"{workshop.path}/notifications/msg_{notification_id}/replay"
    await workshop.application.refused(409, "POST", path)
    await settle(database, notification_id)
    again = await workshop.application.expect(202, "POST", path)
    assert (again["id"], again["status"]) == (notification_id, "pending")
    assert again["deliveredAt"] is None
    assert again["nextAttemptAt"] <= now_ms()
    await workshop.application.refused(409, "POST", path)


@pytest.mark.parametrize("by", ["resume", "the same url", "a new url"])
async def test_a_pause_ends_by_resuming_or_by_another_url(
    workshop: Workshop, database: Database, by: str
) -> None:
    waiting = await tell(database, workshop.project_id)
    await pause(database, workshop)
    paused = await workshop.application.expect(200, "GET", f"{workshop.path}/webhook")
    assert paused["pausedAt"] is not None
    assert paused["pending"] == 1
    url = "https://shop.example.com/inlay"
    if by == "resume":
        await workshop.application.expect(200, "POST", f"{workshop.path}/webhook/resume")
    else:
        url += "/new" if by == "a new url" else ""
        changes = {"webhookUrl": url, "name": "Shop 2"}
        changed = await workshop.developer.expect(200, "PATCH", workshop.path, changes)
        assert (changed["webhookUrl"], changed["name"]) == (url, "Shop 2")
    after = await workshop.application.expect(200, "GET", f"{workshop.path}/webhook")
    assert after["url"] == url
    assert (after["pausedAt"] is None) == (by != "the same url")
    async with database() as session:
        row = await session.get_one(Notification, waiting)
    assert (row.next_attempt_at is None) == (by == "the same url")


async def test_another_projects_webhook_and_notifications_do_not_show_that_they_exist(
    workshop: Workshop, other_workshop: Workshop, database: Database
) -> None:
    theirs = await tell(database, other_workshop.project_id)
    for method, path in (
        ("GET", "webhook"),
        ("GET", "webhook/secret"),
        ("POST", "webhook/secret"),
        ("POST", "webhook/test"),
        ("POST", "webhook/resume"),
        ("GET", "notifications"),
        ("GET", f"notifications/{theirs}"),
        ("POST", f"notifications/{theirs}/replay"),
    ):
        await workshop.developer.refused(404, method, f"{other_workshop.path}/{path}")
    for method, path in (("GET", theirs), ("POST", f"{theirs}/replay")):
        await workshop.application.refused(404, method, f"{workshop.path}/notifications/{path}")
    mine = await workshop.application.expect(200, "GET", f"{workshop.path}/notifications")
    assert mine["items"] == []
    async with database() as session:
        assert (await session.scalars(select(WebhookEndpoint))).all() == []


async def test_deleting_a_project_takes_its_notifications_with_it(
    workshop: Workshop, database: Database
) -> None:
    await tell(database, workshop.project_id)
    await pause(database, workshop)
    await workshop.developer.expect(200, "DELETE", workshop.path, confirm="Shop")
    async with database() as session:
        assert (await session.scalars(select(Notification))).all() == []
        assert (await session.scalars(select(WebhookEndpoint))).all() == []


async def test_a_run_is_told_to_the_developers_endpoint(
    sqlite_template: Path, tmp_path: Path
) -> None:
    shutil.copyfile(sqlite_template, tmp_path / "inlay.db")
    async with (
        receiving() as receiver,
        dev_server(tmp_path / "temporal.db", headless=True) as server,
    ):
        settings = Settings(
            data_dir=tmp_path,
            temporal_address=server.address,
            public_url="http://127.0.0.1:8000",
            allowed_private_hosts="127.0.0.1",
        )
        working = await start_worker(settings)
        try:
            async with serving(settings) as (_, http):
                workshop = await make_workshop(http)
                await workshop.developer.expect(
                    200, "PATCH", workshop.path, {"webhookUrl": receiver.url}
                )
                secret = await workshop.developer.expect(
                    200, "GET", f"{workshop.path}/webhook/secret"
                )
                automation_id = await workshop.automation(GREETING)
                run = await workshop.application.expect(
                    200,
                    "POST",
                    workshop.run_path(automation_id),
                    {"userId": "user-42", "data": {"name": "Ada"}},
                )
                [arrived] = await receiver.until(1)
                delivered = await _until_delivered(workshop.application, workshop.path)
        finally:
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)
    assert arrived.headers["webhook-signature"] == arrived.signatures_of([secret["secret"]])
    assert arrived.json["type"] == "run.completed"
    assert arrived.json["data"] == {
        "runId": run["runId"],
        "automationId": automation_id,
        "userId": "user-42",
        "status": "completed",
        "message": None,
    }
    assert (delivered["webhookId"], delivered["lastStatus"]) == (arrived.id, 204)
    assert delivered["body"] == arrived.json


async def _until_delivered(rest: Rest, path: str) -> dict[str, Any]:
    async with asyncio.timeout(20):
        while True:
            page = await rest.expect(200, "GET", f"{path}/notifications", status="delivered")
            if page["items"]:
                found: dict[str, Any] = page["items"][0]
                return found
            await asyncio.sleep(0.05)
