"""Notifications reach the developer's endpoint: signed, each once, whatever fails on the way."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from shutil import which
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import LargeBinary, delete, insert, literal, select, update
from temporalio import activity
from temporalio.api.enums.v1 import IndexedValueType
from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.api.testservice.v1 import LockTimeSkippingRequest, UnlockTimeSkippingRequest
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle
from temporalio.testing import ActivityEnvironment, WorkflowEnvironment

from activities import notifications
from activities.notifications import BACKOFF, LEASE_MS, Delivery
from connectors.addresses import AllowedHosts
from connectors.http import OutgoingHttp
from settings import Settings
from store.database import Database
from store.encryption import Keyring
from store.models import Account, Notification, Project, now_ms
from store.notifications import KEPT_MS, claim_due, notification_row, notify, send_again
from store.projects import remove_project
from store.webhooks import Endpoint, read_endpoint, resume_endpoint, rotate_secret
from temporal.client import data_converter
from temporal.outbox import Outbox
from temporal.worker import build_worker, sandbox
from tests.workflows.receiver import Receiver, receiving
from workflows import search_attributes
from workflows.notification import DeliveryReport, NotificationDelivery, delivery_id

DAY_MS = 86_400_000


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


@pytest.fixture
async def skipping(tmp_path: Path) -> AsyncIterator[Client]:
    """A client of the server on which time passes while nobody works."""
    program = which("temporal-test-server", path=str(Path(sys.executable).parent))
    assert program is not None
    async with await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=program,
        data_converter=data_converter(Settings(data_dir=tmp_path), Keyring([b"k" * 32])),
    ) as environment:
        attribute = {search_attributes.PROJECT.name: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD}
        await environment.client.operator_service.add_search_attributes(
            AddSearchAttributesRequest(search_attributes=attribute)
        )
        yield environment.client


@dataclass
class Office:
    """A project with an endpoint, and what sends notifications there."""

    database: Database
    keyring: Keyring
    http: OutgoingHttp
    project_id: str
    queue: str

    @property
    def delivery(self) -> Delivery:
        return Delivery(self.database, self.keyring, self.http)

    async def tell(self, count: int = 1, **data: Any) -> list[str]:
        async with self.database.begin() as session:
            return [
                await notify(session, self.project_id, "webhook.test", {"n": n, **data})
                for n in range(count)
            ]

    async def row(self, notification_id: str) -> Notification:
        async with self.database() as session:
            return await session.get_one(Notification, notification_id)

    async def statuses(self) -> dict[str, int]:
        async with self.database() as session:
            return Counter(await session.scalars(select(Notification.status)))

    async def endpoint(self) -> Endpoint:
        endpoint = await read_endpoint(self.database, self.keyring, self.project_id, now_ms())
        assert endpoint is not None
        return endpoint

    async def resume(self) -> None:
        async with self.database.begin() as session:
            await resume_endpoint(session, self.project_id)

    @asynccontextmanager
    async def working(self, client: Client) -> AsyncIterator[None]:
        activities = [self.delivery.deliver]
        async with build_worker(client, activities, task_queue=self.queue, runner=sandbox()):
            yield

    @asynccontextmanager
    async def looking(self, client: Client) -> AsyncIterator[None]:
        outbox = asyncio.create_task(Outbox(client, self.database, self.queue).run())
        try:
            yield
        finally:
            outbox.cancel()

    def outbox(self, client: Client) -> Outbox:
        return Outbox(client, self.database, self.queue)

    def handle(self, client: Client) -> WorkflowHandle[NotificationDelivery, None]:
        return client.get_workflow_handle_for(
            NotificationDelivery.run, delivery_id(self.project_id)
        )


@pytest.fixture
async def office(database: Database, keyring: Keyring, receiver: Receiver) -> AsyncIterator[Office]:
    async with database.begin() as session:
        account = Account(email="dev@example.com", password_hash="x", daily_credits=5)
        session.add(account)
        await session.flush()
        project = Project(account_id=account.id, name="Shop", webhook_url=receiver.url)
        session.add(project)
    async with OutgoingHttp(AllowedHosts.parse("127.0.0.1")) as http:
        yield Office(database, keyring, http, project.id, str(uuid4()))


def server_time() -> int:
    """The clock of the server that skips time."""
    return int(activity.info().started_time.timestamp() * 1000)


async def end_of(client: Client, handle: WorkflowHandle[NotificationDelivery, None]) -> timedelta:
    """How long it went on by the clock of the server, which jumps to its end."""
    await client.test_service.unlock_time_skipping(UnlockTimeSkippingRequest())
    try:
        await handle.result()
    finally:
        await client.test_service.lock_time_skipping(LockTimeSkippingRequest())
    description = await handle.describe()
    assert description.close_time is not None
    return description.close_time - description.start_time


async def details(handle: WorkflowHandle[NotificationDelivery, None]) -> str:
    metadata = await handle.query("__temporal_workflow_metadata", result_type=WorkflowMetadata)
    assert isinstance(metadata, WorkflowMetadata)
    return metadata.current_details


async def test_a_notification_arrives_signed_and_leaves_no_secret_in_the_history(
    temporal: Client, office: Office, receiver: Receiver
) -> None:
    [notification_id] = await office.tell(text="for the developer only")
    row = await office.row(notification_id)
    async with office.working(temporal):
        await office.outbox(temporal).wake()
        await office.handle(temporal).result()
        told = await details(office.handle(temporal))
    [arrived] = receiver.arrived
    assert arrived.id == f"msg_{notification_id}"
    assert arrived.headers["content-type"] == "application/json"
    assert abs(int(arrived.headers["webhook-timestamp"]) - now_ms() / 1000) < 60
    assert arrived.json.keys() == {"type", "timestamp", "data"}
    assert arrived.json["type"] == "webhook.test"
    assert arrived.json["data"] == {"n": 0, "text": "for the developer only"}
    assert arrived.json["timestamp"].endswith(f"{row.created_at % 1000:03}Z")
    secrets = (await office.endpoint()).secrets
    assert len(secrets) == 1
    assert arrived.headers["webhook-signature"] == arrived.signatures_of(secrets)
    assert told.startswith("Nothing waits.")
    row = await office.row(notification_id)
    assert (row.status, row.attempts, row.last_status) == ("delivered", 1, 204)

    history = await office.handle(temporal).fetch_history()
    payloads = [
        payload
        for event in history.events
        for field in (
            event.workflow_execution_started_event_attributes.input,
            event.activity_task_scheduled_event_attributes.input,
            event.activity_task_completed_event_attributes.result,
            event.workflow_execution_completed_event_attributes.result,
        )
        for payload in field.payloads
    ]
    clear = b" ".join(p.data for p in await temporal.data_converter.payload_codec.decode(payloads))  # type: ignore[union-attr]
    assert office.project_id.encode() in clear
    assert b"developer only" not in clear
    assert secrets[0].encode() not in clear


async def test_a_rotated_secret_and_the_one_before_it_both_sign(
    temporal: Client, office: Office, receiver: Receiver
) -> None:
    [first] = (await office.endpoint()).secrets
    second, _ = await rotate_secret(office.database, office.keyring, office.project_id)
    await office.tell()
    async with office.working(temporal):
        await office.outbox(temporal).wake()
        [arrived] = await receiver.until(1)
    signatures = arrived.headers["webhook-signature"]
    assert signatures == arrived.signatures_of([second, first])
    assert signatures.count("v1,") == 2


async def test_what_is_told_while_a_delivery_goes_on_is_sent_soon(
    temporal: Client, office: Office, receiver: Receiver
) -> None:
    async with office.working(temporal), office.looking(temporal):
        for count in range(1, 4):
            await office.tell()
            await receiver.until(count)
    assert await office.statuses() == {"delivered": 3}


async def test_a_second_outbox_starts_no_second_delivery(
    temporal: Client, office: Office, receiver: Receiver
) -> None:
    ids = await office.tell(30)
    receiver.delay = 0.05
    async with office.working(temporal):
        await asyncio.gather(*[office.outbox(temporal).wake() for _ in range(4)])
        await office.handle(temporal).result()
    assert Counter(a.id for a in receiver.arrived) == Counter(f"msg_{one}" for one in ids)


async def test_what_was_settled_long_ago_is_removed_by_itself(
    temporal: Client, office: Office
) -> None:
    long_ago = now_ms() - KEPT_MS - 60_000
    moment = f"{long_ago:012x}"
    async with office.database.begin() as session:
        row = notification_row(office.project_id, "webhook.test", {})
        row |= {"id": f"{moment[:8]}-{moment[8:]}{row['id'][13:]}", "status": "failed"}
        await session.execute(insert(Notification), [row | {"next_attempt_at": None}])
    async with office.looking(temporal), asyncio.timeout(30):
        while await office.statuses():
            await asyncio.sleep(0.05)


@pytest.mark.both_databases
async def test_each_of_many_arrives_once_while_workers_come_and_go(
    temporal: Client, office: Office, receiver: Receiver
) -> None:
    ids = await office.tell(200)
    receiver.delay = 0.05
    async with office.looking(temporal):
        for restart in range(1, 4):
            async with office.working(temporal):
                await receiver.until(40 * restart)
        async with office.working(temporal):
            await receiver.until(200)
            await office.handle(temporal).result()
    assert Counter(a.id for a in receiver.arrived) == Counter(f"msg_{one}" for one in ids)
    assert await office.statuses() == {"delivered": 200}


async def test_nothing_is_lost_while_temporal_is_away(
    temporal: Client, office: Office, receiver: Receiver, settings: Settings
) -> None:
    from temporal.client import connect

    nowhere = settings.model_copy(update={"temporal_address": "127.0.0.1:1"})
    away = await connect(nowhere, office.keyring, lazy=True)
    await office.tell()
    with pytest.raises(RuntimeError):
        await office.outbox(away).wake()
    async with office.working(temporal):
        await office.outbox(temporal).wake()
        await receiver.until(1)


async def test_an_endpoint_that_is_gone_is_paused_at_once_and_sent_all_when_resumed(
    temporal: Client, office: Office, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    ids = await office.tell()
    receiver.answers = [410]
    async with office.working(temporal):
        outbox = office.outbox(temporal)
        with caplog.at_level(logging.WARNING):
            await outbox.wake()
            await office.handle(temporal).result()
        told = await details(office.handle(temporal))
        assert "paused" in told
        assert "410" in told
        assert "410" in (await office.endpoint()).last_error  # type: ignore[operator]
        assert [r.message for r in caplog.records if "is paused" in r.message] == [
            f"The webhook of project {office.project_id} is paused: The endpoint answered 410 Gone."
        ]
        ids += await office.tell(2)
        await outbox.wake()
        await outbox.wake()
        assert len(receiver.arrived) == 1
        assert await office.statuses() == {"pending": 3}

        receiver.answers = [200]
        await office.resume()
        await outbox.wake()
        await office.handle(temporal).result()
    assert {a.id for a in receiver.arrived[1:]} == {f"msg_{one}" for one in ids}
    assert await office.statuses() == {"delivered": 3}
    assert (await office.endpoint()).failing_since is None


async def test_a_delivered_one_is_sent_again_with_its_id(
    temporal: Client, office: Office, receiver: Receiver
) -> None:
    [notification_id] = await office.tell()
    async with office.working(temporal), office.looking(temporal):
        await receiver.until(1)
        await office.handle(temporal).result()
        async with office.database.begin() as session:
            assert await send_again(session, office.project_id, notification_id)
        first, second = await receiver.until(2)
    assert first.id == second.id
    assert first.body == second.body


async def test_a_delivery_whose_project_is_deleted_ends(
    temporal: Client, office: Office, receiver: Receiver
) -> None:
    receiver.answers = [500]
    await office.tell()
    async with office.working(temporal):
        await office.outbox(temporal).wake()
        await receiver.until(1)
        await remove_project(office.database, office.project_id)
        await office.handle(temporal).signal(NotificationDelivery.wake)
        await office.handle(temporal).result()


async def test_a_failure_is_tried_again_until_the_endpoint_has_recovered(
    skipping: Client, office: Office, receiver: Receiver
) -> None:
    receiver.answers = [500, 302, 429, 200]
    [notification_id] = await office.tell()
    delivery = Delivery(office.database, office.keyring, office.http, server_time)
    async with build_worker(
        skipping, [delivery.deliver], task_queue=office.queue, runner=sandbox()
    ):
        await office.outbox(skipping).wake()
        took = await end_of(skipping, office.handle(skipping))
    assert {a.id for a in receiver.arrived} == {f"msg_{notification_id}"}
    assert len(receiver.arrived) == 4
    row = await office.row(notification_id)
    assert (row.status, row.attempts, row.last_error) == ("delivered", 4, None)
    assert (await office.endpoint()).failing_since is None
    assert timedelta(seconds=sum(BACKOFF[:3])) <= took
    assert took <= timedelta(seconds=1.3 * sum(BACKOFF[:3]))


async def test_an_endpoint_that_is_dead_fails_what_was_sent_and_is_then_paused(
    skipping: Client, office: Office, receiver: Receiver
) -> None:
    receiver.answers = [503]
    delivery = Delivery(office.database, office.keyring, office.http, server_time)
    handle = office.handle(skipping)
    async with build_worker(
        skipping, [delivery.deliver], task_queue=office.queue, runner=sandbox()
    ):
        [first] = await office.tell()
        await office.outbox(skipping).wake()
        took = await end_of(skipping, handle)
        row = await office.row(first)
        assert (row.status, row.attempts, row.last_status) == ("failed", len(BACKOFF) + 1, 503)
        assert row.next_attempt_at is None
        assert timedelta(days=3) < took < timedelta(days=4)
        assert (await office.endpoint()).paused_at is None

        # Another that is told then waits beyond the fifth day of failing.
        [second] = await office.tell()
        await office.outbox(skipping).wake()
        await end_of(skipping, handle)
        endpoint = await office.endpoint()
        assert endpoint.paused_at is not None
        assert endpoint.failing_since is not None
        assert endpoint.paused_at - endpoint.failing_since >= 5 * DAY_MS
        assert (await office.row(second)).status == "pending"
        assert "paused. Notifications that wait: 1." in await details(handle)

        receiver.answers = [200]
        before = len(receiver.arrived)
        await office.resume()
        await office.outbox(skipping).wake()
        await end_of(skipping, handle)
    assert [a.id for a in receiver.arrived[before:]] == [f"msg_{second}"]


@pytest.mark.both_databases
async def test_what_a_killed_worker_had_taken_arrives_after_its_lease(
    skipping: Client, office: Office, receiver: Receiver
) -> None:
    [notification_id] = await office.tell()
    taken_at = now_ms()
    async with office.database.begin() as session:
        await claim_due(session, office.project_id, taken_at, taken_at + LEASE_MS, 10)
    delivery = Delivery(office.database, office.keyring, office.http, server_time)
    async with build_worker(
        skipping, [delivery.deliver], task_queue=office.queue, runner=sandbox()
    ):
        handle = await skipping.start_workflow(
            NotificationDelivery.run,
            office.project_id,
            id=delivery_id(office.project_id),
            task_queue=office.queue,
        )
        await handle.result()
    assert [a.id for a in receiver.arrived] == [f"msg_{notification_id}"]


async def test_an_endpoint_that_fails_is_asked_with_one_at_a_time(
    office: Office, receiver: Receiver
) -> None:
    receiver.answers = [500]
    await office.tell(25)
    environment = ActivityEnvironment()
    report = await environment.run(office.delivery.deliver, office.project_id)
    assert len(receiver.arrived) == 10
    assert report.pending == 25
    assert report.rest_seconds == 5
    assert report.endpoint == "The endpoint answered 500."
    report = await environment.run(office.delivery.deliver, office.project_id)
    assert len(receiver.arrived) == 11
    receiver.answers = [200]
    report = await environment.run(office.delivery.deliver, office.project_id)
    assert await office.statuses() == {"delivered": 14, "pending": 11}
    assert report.rest_seconds == 0
    assert 0 < report.wait_seconds < 6


async def test_one_failure_after_long_silence_does_not_pause(
    office: Office, receiver: Receiver
) -> None:
    receiver.answers = [500]
    moment = now_ms()
    delivery = Delivery(office.database, office.keyring, office.http, lambda: moment)
    environment = ActivityEnvironment()
    await office.tell()
    await environment.run(delivery.deliver, office.project_id)
    moment += 30 * DAY_MS
    async with office.database.begin() as session:
        await session.execute(delete(Notification))
    [recent] = await office.tell()
    async with office.database.begin() as session:
        await session.execute(update(Notification).values(created_at=moment))
    await environment.run(delivery.deliver, office.project_id)
    assert (await office.row(recent)).attempts == 1
    assert (await office.endpoint()).paused_at is None


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (301, "The endpoint answered 301: redirects are not followed, so give the last URL."),
        (404, "The endpoint answered 404."),
        (0, "no answer from 127.0.0.1 within 0.3 s."),
    ],
)
async def test_what_the_endpoint_answers_is_told(
    office: Office,
    receiver: Receiver,
    status: int,
    told: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(notifications, "TIMEOUT", 0.3)
    receiver.answers = [status]
    [notification_id] = await office.tell()
    report = await ActivityEnvironment().run(office.delivery.deliver, office.project_id)
    row = await office.row(notification_id)
    assert (row.status, row.attempts, row.last_status) == ("pending", 1, status or None)
    assert row.last_error == report.endpoint == told
    assert len(receiver.arrived) == 1


async def test_an_address_inside_the_operators_network_is_not_called(
    office: Office, receiver: Receiver
) -> None:
    [notification_id] = await office.tell()
    async with OutgoingHttp(plain_http=True) as guarded:
        delivery = Delivery(office.database, office.keyring, guarded)
        await ActivityEnvironment().run(delivery.deliver, office.project_id)
    assert receiver.arrived == []
    row = await office.row(notification_id)
    assert row.status == "pending"
    assert row.last_error is not None
    assert row.last_error.startswith("127.0.0.1 is not a public address")


async def test_a_long_delivery_leaves_its_history_behind(
    temporal: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workflows.notification.HISTORY_EVENTS", 40)
    rounds = 0

    @activity.defn(name="deliver-notifications")
    async def deliver(_project_id: str) -> DeliveryReport:
        nonlocal rounds
        rounds += 1
        return DeliveryReport(pending=max(0, 20 - rounds))

    queue = str(uuid4())
    # Outside the sandbox, which would load the module anew, with the limit of production.
    async with build_worker(temporal, [deliver], task_queue=queue):
        handle = await temporal.start_workflow(
            NotificationDelivery.run, "p", id=str(uuid4()), task_queue=queue
        )
        await handle.result()
    assert rounds == 20
    first = temporal.get_workflow_handle(handle.id, run_id=handle.first_execution_run_id)
    assert (await first.describe()).status == WorkflowExecutionStatus.CONTINUED_AS_NEW


async def test_one_that_cannot_be_decrypted_keeps_back_no_other(
    temporal: Client, office: Office, receiver: Receiver
) -> None:
    ids = await office.tell(3)
    async with office.database.begin() as session:
        await session.execute(
            update(Notification)
            .where(Notification.id == ids[0])
            .values(data=literal(b"\x02" + bytes(100), LargeBinary))
        )
    async with office.working(temporal):
        await office.outbox(temporal).wake()
        arrived = await receiver.until(2)
        await office.handle(temporal).terminate()
    assert {one.id for one in arrived} == {f"msg_{one}" for one in ids[1:]}
    assert (await office.endpoint()).failing_since is None
    async with office.database() as session:
        error = await session.scalar(
            select(Notification.last_error).where(Notification.id == ids[0])
        )
    assert error is not None
    assert "cannot be decrypted" in error
