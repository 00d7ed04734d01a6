"""The workflow of a registration, the activity that makes it as it is wanted, and its keeper."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import LargeBinary, literal, select, update
from temporalio import activity
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle

from activities import registrations as reconciling
from activities.registration_details import details_of
from activities.registration_rules import renewal_of
from activities.registrations import Registrations
from connections.accounts import Connections
from connectors.addresses import AllowedHosts
from connectors.catalogue import Catalogue, load_catalogue
from connectors.http import OutgoingHttp
from settings import Settings
from store.database import Database
from store.encryption import Keyring
from store.models import (
    Account,
    Automation,
    AutomationVersion,
    Connection,
    Notification,
    Project,
    Registration,
    now_ms,
)
from store.registrations import Ask, unseal_hook
from temporal import registration_keeper
from temporal.registration_keeper import RegistrationKeeper, Wanted, apply, wake
from temporal.worker import build_worker, sandbox
from tests.api.beacon import Beacon, shining
from workflows import registration as workflow_module
from workflows.payloads import RegistrationPlan
from workflows.registration import POLL, RECONCILE, registration_workflow_id

ACTIVE = RegistrationPlan(state="active")
ENDED = RegistrationPlan(state="ended", ended=True)


class Looks:
    """Activities that only tell that they were called, and give what is planned."""

    def __init__(self) -> None:
        self.plans: dict[str, list[RegistrationPlan]] = {}
        self.looked: list[str] = []
        self.polled: list[str] = []
        self.hold = asyncio.Event()
        self.hold.set()

    @activity.defn(name=RECONCILE)
    async def reconcile(self, registration_id: str) -> RegistrationPlan:
        self.looked.append(registration_id)
        await self.hold.wait()
        plans = self.plans.get(registration_id)
        return plans.pop(0) if plans else ACTIVE

    @activity.defn(name=POLL)
    async def poll(self, registration_id: str) -> None:
        self.polled.append(registration_id)

    @asynccontextmanager
    async def working(self, client: Client) -> AsyncIterator[None]:
        async with build_worker(client, [self.reconcile, self.poll], runner=sandbox()):
            yield

    def has_looked(self, registration_id: str, times: int) -> bool:
        return self.looked == [registration_id] * times

    async def until(self, condition: Callable[[], Any]) -> None:
        async with asyncio.timeout(20):
            while not condition():
                await asyncio.sleep(0.02)


def wanted(**more: str) -> Wanted:
    values = {
        "id": uuid4().hex,
        "project_id": "p",
        "automation_id": "a",
        "user_id": "ada",
        "trigger": "beacon.signal",
        "state": "starting",
    }
    return Wanted(**{**values, **more})


async def test_an_update_starts_it_and_gives_what_came_of_it(temporal: Client) -> None:
    looks, one = Looks(), wanted()
    looks.plans[one.id] = [
        RegistrationPlan(state="active", details="**active**"),
        RegistrationPlan(state="failing", error="The app refuses.", error_code=1),
        ENDED,
    ]
    async with looks.working(temporal):
        assert (await apply(temporal, one, 20)).state == "active"
        assert (await apply(temporal, one, 20)).error == "The app refuses."
        assert (await apply(temporal, one, 20)).ended
        handle = temporal.get_workflow_handle(registration_workflow_id(one.id))
        await handle.result()
    assert looks.looked == [one.id] * 3


async def until_applied(handle: WorkflowHandle[Any, Any], times: int) -> None:
    """Returns when the workflow has taken so many updates, whether or not they are answered."""
    async with asyncio.timeout(60):
        while True:
            events = (await handle.fetch_history()).events
            kinds = [event.WhichOneof("attributes") for event in events]
            if kinds.count("workflow_execution_update_accepted_event_attributes") >= times:
                return
            await asyncio.sleep(0.05)


async def test_what_changes_during_a_look_is_looked_at_again(temporal: Client) -> None:
    looks, one = Looks(), wanted()
    looks.plans[one.id] = [ACTIVE, ENDED, ACTIVE, ENDED]
    looks.hold.clear()
    async with looks.working(temporal):
        first = asyncio.create_task(apply(temporal, one, 20))
        await looks.until(lambda: looks.looked)
        second = asyncio.create_task(apply(temporal, one, 20))
        await wake(temporal, one)
        handle = temporal.get_workflow_handle(registration_workflow_id(one.id))
        await until_applied(handle, 2)
        looks.hold.set()
        assert (await first).state == "active"
        assert (await second).ended
        await handle.result()


async def test_it_looks_again_when_it_is_due_and_when_polling_ends(temporal: Client) -> None:
    looks, one = Looks(), wanted()
    looks.plans[one.id] = [
        RegistrationPlan(state="active", look_again_at=now_ms() + 100),
        RegistrationPlan(state="active", poll=True),
        ENDED,
    ]
    async with looks.working(temporal):
        await wake(temporal, one)
        handle = temporal.get_workflow_handle(registration_workflow_id(one.id))
        await handle.result()
    assert looks.polled == [one.id]


async def test_a_long_history_is_left_behind_while_updates_come(
    temporal: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workflow_module, "HISTORY_EVENTS", 30)
    looks, one = Looks(), wanted()
    worker = build_worker(temporal, [looks.reconcile, looks.poll])
    async with worker:
        for _ in range(10):
            plans = await asyncio.gather(*(apply(temporal, one, 20) for _ in range(3)))
            assert {plan.state for plan in plans} == {"active"}
        handle = temporal.get_workflow_handle(registration_workflow_id(one.id))
        description = await handle.describe()
        assert description.status == WorkflowExecutionStatus.RUNNING
        assert description.history_length < 80
        assert (
            description.run_id != description.raw_description.workflow_execution_info.first_run_id
        )
        looks.plans[one.id] = [ENDED]
        await apply(temporal, one, 20)


@pytest.fixture
async def beacon() -> AsyncIterator[Beacon]:
    async with shining() as beacon:
        beacon.challenges = False
        yield beacon


class Place:
    """A project with a published automation, a connected user and a registration."""

    def __init__(self, database: Database, keyring: Keyring, activity: Registrations) -> None:
        self.database = database
        self.keyring = keyring
        self.activity = activity
        self.id = ""

    async def look(self) -> RegistrationPlan:
        return await self.activity.reconcile(self.id)

    async def row(self) -> Registration | None:
        async with self.database() as session:
            return await session.get(Registration, self.id)

    async def change(self, **values: Any) -> None:
        async with self.database.begin() as session:
            values["revision"] = Registration.revision + 1
            await session.execute(
                update(Registration).where(Registration.id == self.id).values(values)
            )

    async def told(self) -> list[str]:
        async with self.database() as session:
            kinds = await session.scalars(select(Notification.type).order_by(Notification.id))
            return [kind for kind in kinds if kind.startswith("registration.")]


def definition(trigger: str, topic: str = "t") -> dict[str, Any]:
    source = {"type": "app", "component": f"beacon.{trigger}", "inputs": {"topic": topic}}
    return {"trigger": source, "steps": []}


@pytest.fixture
async def place(
    database: Database, keyring: Keyring, settings: Settings, beacon: Beacon, tmp_path: Path
) -> AsyncIterator[Place]:
    beacon.write_manifest(tmp_path / "connectors")
    catalogue: Catalogue = load_catalogue([tmp_path / "connectors"])
    async with OutgoingHttp(AllowedHosts.parse("127.0.0.1")) as http:
        connections = Connections(database, keyring, catalogue, http, settings)
        activity = Registrations(
            database, keyring, catalogue, connections, http, settings.public_url
        )
        place = Place(database, keyring, activity)
        async with database.begin() as session:
            session.add(Account(id="acc", email="a@b.c", password_hash="x", daily_credits=1))
            await session.flush()
            session.add(Project(id="p", account_id="acc", name="P", webhook_url="https://x.y"))
            await session.flush()
            session.add(
                Automation(id="auto", project_id="p", name="A", draft={}, published_version=1)
            )
            await session.flush()
            session.add(
                AutomationVersion(automation_id="auto", number=1, definition=definition("signal"))
            )
            row = Registration(project_id="p", automation_id="auto", user_id="ada", data={})
            session.add(row)
            await session.flush()
            place.id = row.id
        await connections.connect_with_fields("p", "ada", "beacon", {"key": "of-ada"})
        yield place
        await connections.aclose()


async def publish(place: Place, trigger: str, topic: str = "t") -> None:
    async with place.database.begin() as session:
        await session.execute(
            update(AutomationVersion).values(definition=definition(trigger, topic))
        )
    await place.change()


class Killed(BaseException):
    """The worker dies here."""


async def test_looking_twice_changes_nothing(place: Place, beacon: Beacon) -> None:
    for _ in range(2):
        plan = await place.look()
        assert (plan.state, plan.error, plan.look_again_at) == ("active", None, None)
    assert beacon.asked_of("t") == ["POST"]
    row = await place.row()
    assert row is not None
    assert (row.applied, row.trigger, row.trigger_version) == (1, "beacon.signal", 1)
    secret = unseal_hook(place.keyring, row)
    assert secret is not None
    assert beacon.of_topic("t")[0]["url"].endswith(f"/api/v1/hooks/{secret.hook}")
    assert beacon.of_topic("t")[0]["secret"] == secret.signing
    for hidden in (secret.hook, secret.signing):
        assert hidden not in plan.model_dump_json()


@pytest.mark.parametrize("trigger", ["signal", "channel"])
async def test_killed_between_the_apps_answer_and_the_commit(
    place: Place, beacon: Beacon, monkeypatch: pytest.MonkeyPatch, trigger: str
) -> None:
    """A subscription whose id we chose is deleted; one whose id is lost delivers to nobody."""
    await publish(place, trigger)

    async def killed(*_: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Registrations, "_subscribed", killed)
        with pytest.raises(Killed):
            await place.look()
    (orphan,) = beacon.of_topic("t")
    assert (await place.look()).state == "active"
    row = await place.row()
    assert row is not None
    secret = unseal_hook(place.keyring, row)
    assert secret is not None
    ours = [hook for hook in beacon.of_topic("t") if hook["url"].endswith(secret.hook)]
    assert [hook["id"] for hook in ours] == [row.subscription_id]
    assert not orphan["url"].endswith(secret.hook)
    assert (orphan["id"] in beacon.hooks) is (trigger == "signal")
    assert secret.progress.leftovers == []


@pytest.mark.parametrize("trigger", ["signal", "channel"])
async def test_an_installation_that_moves_is_told_to_the_app(
    place: Place, beacon: Beacon, trigger: str
) -> None:
    await publish(place, trigger)
    await place.look()
    here = place.activity._public_url
    place.activity._public_url = there = "https://inlay.example"
    beacon.challenges = False
    # What does not work is said, and what was there stays until it does.
    beacon.refuse = 400
    plan = await place.look()
    assert (plan.state, "answered 400" in (plan.error or "")) == ("failing", True)
    assert [hook["url"].startswith(here) for hook in beacon.of_topic("t")] == [True]
    beacon.refuse = 0
    assert (await place.look()).state == "active"
    (hook,) = beacon.of_topic("t")
    row = await place.row()
    assert row is not None
    assert hook["url"].startswith(there)
    assert (row.subscription_id, row.told_url) == (hook["id"], there)
    asked = len(beacon.asked)
    await place.look()
    assert len(beacon.asked) == asked
    # And back.
    place.activity._public_url = here
    assert (await place.look()).state == "active"
    assert [hook["url"].startswith(here) for hook in beacon.of_topic("t")] == [True]


async def test_the_keeper_sees_that_the_installation_has_moved(
    place: Place, keeper: RegistrationKeeper, temporal: Client
) -> None:
    looks = Looks()
    async with looks.working(temporal):
        await place.look()
        await keeper.repair()
        assert looks.looked == []
        moved = RegistrationKeeper(temporal, place.database, "https://inlay.example/")
        await moved.repair()
        await looks.until(lambda: looks.looked == [place.id])


async def test_killed_before_the_old_subscription_is_deleted(
    place: Place, beacon: Beacon, monkeypatch: pytest.MonkeyPatch
) -> None:
    await place.look()
    await publish(place, "signal", "other")

    async def killed(*_: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Registrations, "_clear", killed)
        with pytest.raises(Killed):
            await place.look()
    assert beacon.topics() == ["other", "t"]
    assert (await place.look()).state == "active"
    assert beacon.topics() == ["other"]


async def test_an_old_subscription_is_deleted_when_the_app_is_back(
    place: Place, beacon: Beacon
) -> None:
    await place.look()
    beacon.refuses_deletions = True
    await publish(place, "signal", "other")
    plan = await place.look()
    assert (plan.state, plan.error) == ("active", None)
    assert plan.look_again_at is not None
    beacon.refuses_deletions = False
    assert (await place.look()).look_again_at is None
    assert beacon.topics() == ["other"]


async def test_what_the_app_never_lets_go_of_is_given_up_at_last(
    place: Place, beacon: Beacon, monkeypatch: pytest.MonkeyPatch
) -> None:
    await place.look()
    beacon.is_down = True
    await place.change(wanted="ended", state="ending")
    plan = await place.look()
    assert not plan.ended
    assert plan.look_again_at is not None
    monkeypatch.setattr(reconciling, "GIVE_UP_MS", 0)
    assert (await place.look()).ended
    assert await place.row() is None
    assert await place.told() == ["registration.started", "registration.stopped"]


async def test_failures_wait_longer_each_time_and_are_told_once(
    place: Place, beacon: Beacon
) -> None:
    beacon.is_down = True
    waits = []
    for _ in range(12):
        plan = await place.look()
        assert (plan.state, plan.error_code) == ("failing", 503)
        assert plan.look_again_at is not None
        waits.append((plan.look_again_at - now_ms()) / 1000)
    assert 7 < waits[0] < 11
    assert 14 < waits[1] < 21
    assert max(waits) <= 3_600
    assert waits[-1] > 2_800
    # The first failure is told by the answer of who has registered.
    assert await place.told() == ["registration.failing"]
    beacon.is_down = False
    assert (await place.look()).state == "active"
    assert await place.told() == ["registration.failing", "registration.started"]
    assert beacon.topics() == ["t"]


async def test_a_connection_that_the_app_rejects_must_be_made_again(
    place: Place, beacon: Beacon
) -> None:
    beacon.rejects_keys = True
    plan = await place.look()
    assert (plan.state, plan.error_code) == ("needs-connection", 217)
    async with place.database() as session:
        assert await session.scalar(select(Connection.status)) == "invalid"
        row = await session.get_one(Registration, place.id)
    assert "**needs-connection**" in details_of(row)


def test_renewal_is_due_between_seven_and_eight_tenths_of_the_life() -> None:
    ask = Ask(trigger="a.b", inputs={}, owner="", made_at=1_000_000, expires_at=2_000_000)
    due = [renewal_of(uuid4().hex, ask) or 0 for _ in range(100)]
    assert 1_700_000 <= min(due) < 1_720_000
    assert 1_780_000 < max(due) <= 1_800_000
    assert renewal_of("one", ask) == renewal_of("one", ask)


@pytest.fixture
def keeper(
    place: Place, temporal: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> RegistrationKeeper:
    monkeypatch.setattr(registration_keeper, "GRACE_MS", -1)
    monkeypatch.setattr(registration_keeper, "LOST_MS", -1)
    return RegistrationKeeper(temporal, place.database, settings.public_url)


async def test_the_keeper_tells_what_was_not_told(
    place: Place, keeper: RegistrationKeeper, temporal: Client
) -> None:
    looks = Looks()
    async with looks.working(temporal):
        await keeper.repair()
        await looks.until(lambda: looks.looked == [place.id])
        # It is not told again and again while it does not come to an end.
        await keeper.repair()
        await place.change()
        await keeper.repair()
        await looks.until(lambda: looks.looked == [place.id] * 2)


async def test_the_keeper_needs_nothing_that_is_sealed(
    place: Place, keeper: RegistrationKeeper, temporal: Client
) -> None:
    """So one registration whose contents cannot be decrypted keeps back no other."""
    unreadable = literal(b"\x02" + bytes(100), LargeBinary)
    async with place.database.begin() as session:
        await session.execute(
            update(Registration).values(data=unreadable, inputs=unreadable, message=unreadable)
        )
    looks = Looks()
    async with looks.working(temporal):
        await keeper.repair()
        await looks.until(lambda: looks.looked == [place.id])
        await keeper.search()


async def test_the_keeper_sees_connections_that_changed(
    place: Place, keeper: RegistrationKeeper, temporal: Client
) -> None:
    looks = Looks()
    async with looks.working(temporal):
        await place.look()
        await keeper.repair()
        assert looks.looked == []
        for count, (status, state) in enumerate(
            (("invalid", "active"), ("connected", "needs-connection")), 1
        ):
            async with place.database.begin() as session:
                await session.execute(
                    update(Connection).values(status=status, updated_at=now_ms() + count)
                )
                await session.execute(update(Registration).values(state=state))
            await keeper.repair()
            await looks.until(partial(looks.has_looked, place.id, count))


async def test_the_keeper_starts_workflows_that_are_missing(
    place: Place, keeper: RegistrationKeeper, temporal: Client
) -> None:
    looks = Looks()
    async with looks.working(temporal):
        await place.look()
        await keeper.repair()
        assert looks.looked == []
        await keeper.search()
        await looks.until(lambda: looks.looked == [place.id])
        handle = temporal.get_workflow_handle(registration_workflow_id(place.id))
        assert (await handle.describe()).status == WorkflowExecutionStatus.RUNNING

        async def is_listed() -> bool:
            return bool(await keeper._alive([registration_workflow_id(place.id)]))

        async with asyncio.timeout(20):
            while not await is_listed():
                await asyncio.sleep(0.05)
        await keeper.search()
        await keeper.search()
    assert looks.looked == [place.id]
