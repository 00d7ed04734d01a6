"""Registrations through the API, with a real Temporal server, a real worker and a real app."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from activities import registration_rules
from api import hook_targets
from settings import Settings
from store.database import close_database, open_database
from store.encryption import Keyring
from store.models import Notification, Registration
from temporal.server import dev_server
from tests.api.beacon import Beacon, listening, shining
from tests.api.conftest import GREETING, Workshop, make_workshop, serving
from tests.working import start_worker

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    import httpx

    from store.encryption import Keyring
from store.database import Database

STEPS = [{"id": "note", "type": "set", "values": {"text": "{{ event.text }}"}}]


def on(trigger: str, inputs: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """An automation that is started by a trigger of the app."""
    source = {"type": "app", "component": f"beacon.{trigger}", "inputs": inputs or {}, **more}
    return {"trigger": source, "steps": STEPS, "result": "{{ vars.text }}"}


ON_TOPIC = on("signal", {"topic": "{{ data.topic }}"})


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@pytest.fixture(scope="module")
async def beacon() -> AsyncIterator[Beacon]:
    async with shining() as beacon:
        yield beacon


SWITCHES = ("refuse", "is_down", "drops_answers", "lifetime", "rejects_keys", "most_at_once")


@pytest.fixture(autouse=True)
def _well(beacon: Beacon, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test begins with an app that works, and does not wait long for the next try."""
    fresh = Beacon(url=beacon.url)
    for name in SWITCHES:
        setattr(beacon, name, getattr(fresh, name))
    beacon.asked.clear()
    monkeypatch.setattr(registration_rules, "FIRST_WAIT", 0.5)
    monkeypatch.setattr(registration_rules, "LAST_WAIT", 1.0)
    # What is remembered of a hook would be some seconds old.
    monkeypatch.setattr(hook_targets, "CACHE_SECONDS", 0.0)


@pytest.fixture(scope="module")
async def engine_settings(
    beacon: Beacon,
    sqlite_template: Path,
    connectors_here: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Settings]:
    folder = tmp_path_factory.mktemp("engine")
    shutil.copyfile(sqlite_template, folder / "inlay.db")
    beacon.write_manifest(folder / "connectors")
    async with dev_server(folder / "temporal.db", headless=True) as server:
        yield Settings(
            data_dir=folder,
            temporal_address=server.address,
            public_url=f"http://127.0.0.1:{free_port()}",
            allowed_private_hosts="127.0.0.1",
            connector_dirs=f"{connectors_here}:{folder / 'connectors'}",
        )


@pytest.fixture(scope="module")
async def engine(engine_settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """The API, also at the port that apps are told of, with a worker behind it."""
    working = await start_worker(engine_settings)
    port = int(engine_settings.public_url.rpartition(":")[2])
    try:
        async with serving(engine_settings) as (app, http), listening(app, port):
            yield http
    finally:
        working.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await working


@pytest.fixture(scope="module")
async def books(engine_settings: Settings) -> AsyncIterator[Database]:
    database = open_database(
        engine_settings.effective_database_url, Keyring.from_settings(engine_settings)
    )
    yield database
    await close_database(database)


@pytest.fixture
async def shop(engine: httpx.AsyncClient) -> Workshop:
    """A developer with the app among the project's integrations and one connected user."""
    shop = await make_workshop(engine, f"{uuid4().hex}@example.com")
    await shop.integrate("beacon")
    await join(shop, "ada")
    return shop


async def join(shop: Workshop, user_id: str) -> None:
    path = f"/api/v1/ipaas/users/{user_id}/connections/beacon"
    await shop.application.expect(200, "POST", path, {"connectionFields": {"key": "key-of-a-user"}})


def register_path(automation: str) -> str:
    return f"/api/v1/ipaas/automations/{automation}/register"


async def register(shop: Workshop, automation: str, topic: str, user_id: str = "ada") -> None:
    body = {"userId": user_id, "data": {"topic": topic}}
    answer = await shop.application.call("POST", register_path(automation), body)
    assert (answer.status_code, answer.content) == (200, b""), answer.text


async def unregister(shop: Workshop, automation: str, user_id: str = "ada") -> None:
    path = f"/api/v1/ipaas/automations/{automation}/unregister"
    answer = await shop.application.call("POST", path, {"userId": user_id})
    assert (answer.status_code, answer.content) == (200, b""), answer.text


async def listed(shop: Workshop, **filters: Any) -> list[dict[str, Any]]:
    page = await shop.application.expect(200, "GET", f"{shop.path}/registrations", **filters)
    items: list[dict[str, Any]] = page["items"]
    return items


async def only(shop: Workshop) -> dict[str, Any]:
    (item,) = await listed(shop)
    details: dict[str, Any] = await shop.application.expect(
        200, "GET", f"{shop.path}/registrations/{item['id']}"
    )
    return details


async def eventually(condition: Callable[[], Awaitable[Any]]) -> Any:
    """What the condition gives as soon as that is true."""
    async with asyncio.timeout(30):
        while not (found := await condition()):
            await asyncio.sleep(0.05)
    return found


async def in_state(shop: Workshop, state: str) -> dict[str, Any]:
    async def reached() -> dict[str, Any] | None:
        details = await only(shop)
        return details if details["state"] == state else None

    found: dict[str, Any] = await eventually(reached)
    return found


async def results(shop: Workshop) -> list[Any]:
    """What the completed runs gave, the oldest first."""
    page = await shop.application.expect(200, "GET", f"{shop.path}/runs", status="completed")
    return [item["result"] for item in reversed(page["items"])]


async def until_results(shop: Workshop, expected: list[Any]) -> None:
    async def there() -> bool:
        return len(await results(shop)) >= len(expected)

    await eventually(there)
    assert await results(shop) == expected


async def told(books: Database, shop: Workshop) -> list[str]:
    """What the developer was told of registrations, in order."""
    async with books() as session:
        kinds = await session.scalars(
            select(Notification.type)
            .where(
                Notification.project_id == shop.project_id,
                Notification.type.startswith("registration."),
            )
            .order_by(Notification.id)
        )
        return [kind.partition(".")[2] for kind in kinds]


async def test_events_of_a_registered_user_start_runs(
    shop: Workshop, beacon: Beacon, books: Database
) -> None:
    automation = await shop.automation(ON_TOPIC)
    topic = uuid4().hex
    await register(shop, automation, topic)
    (hook,) = beacon.of_topic(topic)
    details = await only(shop)
    assert details["state"] == "active"
    assert details["subscriptionId"] == hook["id"]
    assert (details["userId"], details["trigger"]) == ("ada", "beacon.signal")
    assert details["inputs"] == {"topic": topic}
    assert details["hookUrl"] is details["hookSecret"] is None
    for event in ({"id": "1", "text": "one"}, {"id": "1", "text": "one"}):
        (answer,) = await beacon.emit(topic, event)
        assert answer.status_code == 200, answer.text
    await until_results(shop, ["one"])
    await unregister(shop, automation)
    assert beacon.of_topic(topic) == []
    assert await listed(shop) == []
    assert await told(books, shop) == ["started", "stopped"]


async def test_registering_again_keeps_one_subscription(shop: Workshop, beacon: Beacon) -> None:
    automation = await shop.automation(ON_TOPIC)
    first, second = uuid4().hex, uuid4().hex
    await asyncio.gather(*(register(shop, automation, first) for _ in range(4)))
    assert len(beacon.of_topic(first)) == 1
    await register(shop, automation, first)
    assert beacon.asked_of(first) == ["POST"]
    await register(shop, automation, second)
    asked = [one for one in beacon.asked if one[1] in {first, second}]
    assert asked == [("POST", first), ("POST", second), ("DELETE", first)]
    assert len(beacon.of_topic(second)) == 1
    assert beacon.of_topic(first) == []
    assert (await only(shop))["data"] == {"topic": second}
    statistics = await shop.developer.expect(200, "GET", f"{shop.path}/statistics")
    assert statistics["registrations"] == 1


async def test_what_registering_is_refused_for(shop: Workshop, beacon: Beacon) -> None:
    body = {"userId": "ada", "data": {"topic": "t"}}
    published = await shop.automation(ON_TOPIC)
    stranger = await make_workshop(shop.application.http, f"{uuid4().hex}@example.com")
    for code, automation, more in (
        (1, published, {"data": None}),
        (1, published, {"data": {}}),
        (1, published, {"topic": "t"}),
        (204, "nothing", {}),
        (201, await shop.automation(ON_TOPIC, publish=False), {}),
        (211, await shop.automation(GREETING), {}),
        (1000, published, {"userId": "nobody"}),
        (217, published, {"userId": None}),
    ):
        answer = await shop.application.refused(
            code, "POST", register_path(automation), {**body, **more}
        )
        if code in {217, 1000}:
            assert answer["details"] == ["beacon"]
    await stranger.application.refused(204, "POST", register_path(published), body)
    lacking = await stranger.automation(ON_TOPIC)
    answer = await stranger.application.refused(216, "POST", register_path(lacking), body)
    assert answer["details"] == ["beacon"]
    shop.application.bearer = "inlay_unknown"
    await shop.application.refused(900, "POST", register_path(published), body)
    unregistering = f"/api/v1/ipaas/automations/{published}/unregister"
    await shop.application.refused(900, "POST", unregistering, {})
    assert beacon.asked_of("t") == []


async def test_a_refused_subscription_leaves_nothing_behind(
    shop: Workshop, beacon: Beacon, books: Database
) -> None:
    automation = await shop.automation(ON_TOPIC)
    topic = uuid4().hex
    body = {"userId": "ada", "data": {"topic": topic}}
    for code, switches in (
        (1, {"refuse": 422}),
        (503, {"is_down": True}),
        (217, {"rejects_keys": True}),
    ):
        for name, value in switches.items():
            setattr(beacon, name, value)
        answer = await shop.application.refused(code, "POST", register_path(automation), body)
        assert "Beacon" in answer["message"] or code == 217
        assert await listed(shop) == []
        for name in switches:
            setattr(beacon, name, False)
    assert beacon.of_topic(topic) == []
    await join(shop, "ada")
    await register(shop, automation, topic)


async def test_new_data_that_the_app_refuses_changes_nothing(
    shop: Workshop, beacon: Beacon
) -> None:
    automation = await shop.automation(ON_TOPIC)
    topic = uuid4().hex
    await register(shop, automation, topic)
    (hook,) = beacon.of_topic(topic)
    beacon.refuse = 403
    body = {"userId": "ada", "data": {"topic": "another"}}
    answer = await shop.application.refused(1, "POST", register_path(automation), body)
    assert "this topic is not yours" in answer["message"]
    details = await in_state(shop, "active")
    assert details["data"] == {"topic": topic}
    assert beacon.of_topic(topic) == [hook]
    await beacon.emit(topic, {"id": "1", "text": "still"})
    await until_results(shop, ["still"])


@pytest.mark.parametrize(
    "data", [{"cron": "not a cron", "zone": "UTC"}, {"cron": "0 9 * * *", "zone": "Mars/Base"}]
)
async def test_a_schedule_that_is_none_is_refused(shop: Workshop, data: dict[str, str]) -> None:
    inputs = {"cron": "{{ data.cron }}", "timezone": "{{ data.zone }}"}
    automation = await shop.automation(
        {"trigger": {"type": "app", "component": "schedule.cron", "inputs": inputs}, "steps": []}
    )
    body = {"userId": "ada", "data": data}
    await shop.application.refused(1, "POST", register_path(automation), body)
    assert await listed(shop) == []
    good = {"userId": "ada", "data": {"cron": "0 9 * * *", "zone": "Europe/Istanbul"}}
    await shop.application.expect(200, "POST", register_path(automation), good)
    (registration,) = await listed(shop)
    assert registration["state"] == "active"


async def test_unregistering_what_is_not_registered_succeeds(shop: Workshop) -> None:
    automation = await shop.automation(ON_TOPIC)
    await unregister(shop, automation)
    await unregister(shop, "nothing")
    await shop.application.expect(
        200, "POST", f"/api/v1/ipaas/automations/{automation}/unregister", {}
    )


async def test_an_app_that_is_away_is_told_of_the_end_when_it_is_back(
    shop: Workshop, beacon: Beacon
) -> None:
    automation = await shop.automation(ON_TOPIC)
    topic = uuid4().hex
    await register(shop, automation, topic)
    beacon.is_down = True
    await unregister(shop, automation)
    details = await only(shop)
    assert details["state"] == "ending"
    assert "closed for repairs" in details["message"]
    (answer,) = await beacon.emit(topic, {"id": "1", "text": "late"})
    assert answer.status_code == 410
    beacon.is_down = False

    async def gone() -> bool:
        return not await listed(shop) and not beacon.of_topic(topic)

    await eventually(gone)
    assert await results(shop) == []


async def test_registering_while_the_end_is_under_way(shop: Workshop, beacon: Beacon) -> None:
    automation = await shop.automation(ON_TOPIC)
    topic = uuid4().hex
    await register(shop, automation, topic)
    beacon.is_down = True
    await unregister(shop, automation)
    beacon.is_down = False
    await register(shop, automation, topic)
    assert len(beacon.of_topic(topic)) == 1
    assert beacon.most_at_once == 1
    await beacon.emit(topic, {"id": "1", "text": "again"})
    await until_results(shop, ["again"])


@pytest.mark.parametrize("trigger", ["signal", "remade"])
async def test_a_subscription_is_renewed_in_time(
    shop: Workshop, beacon: Beacon, trigger: str
) -> None:
    beacon.lifetime = 2.0
    automation = await shop.automation(on(trigger, {"topic": "{{ data.topic }}"}))
    topic = uuid4().hex
    await register(shop, automation, topic)
    first = (await only(shop))["expiresAt"]

    async def renewed() -> bool:
        # While a new one is being made, nothing is known of its end.
        expires_at = (await only(shop))["expiresAt"]
        return expires_at is not None and expires_at >= first + 2_000

    await eventually(renewed)
    beacon.lifetime = None
    if trigger == "signal":
        assert set(beacon.asked_of(topic)[1:]) == {"PATCH"}
    else:
        assert beacon.asked_of(topic)[:3] == ["POST", "POST", "DELETE"]

    async def one_is_left() -> bool:
        return len(beacon.of_topic(topic)) == 1

    await eventually(one_is_left)
    assert beacon.most_at_once == (1 if trigger == "signal" else 2)


async def test_a_subscription_that_the_app_has_forgotten_is_made_again(
    shop: Workshop, beacon: Beacon
) -> None:
    beacon.lifetime = 1.0
    automation = await shop.automation(ON_TOPIC)
    topic = uuid4().hex
    await register(shop, automation, topic)
    (hook,) = beacon.of_topic(topic)
    del beacon.hooks[hook["id"]]

    beacon.lifetime = None

    async def remade() -> bool:
        return bool(beacon.of_topic(topic))

    await eventually(remade)


async def test_what_may_have_been_made_is_no_second_subscription(
    shop: Workshop, beacon: Beacon
) -> None:
    """The app subscribes us, and its answer is lost: twice, then it is heard."""
    automation = await shop.automation(on("channel", {"topic": "{{ data.topic }}"}))
    topic = uuid4().hex
    body = {"userId": "ada", "data": {"topic": topic}}
    beacon.drops_answers = True
    await shop.application.refused(503, "POST", register_path(automation), body)
    assert beacon.of_topic(topic) == []
    assert await listed(shop) == []
    beacon.drops_answers = False
    await register(shop, automation, topic)
    assert len(beacon.of_topic(topic)) == 1


async def test_publishing_another_trigger_moves_registrations(
    shop: Workshop, beacon: Beacon
) -> None:
    automation = await shop.automation(on("signal", {"topic": "old-{{ data.topic }}"}))
    topic = uuid4().hex
    await register(shop, automation, topic)
    await publish(shop, automation, on("remade", {"topic": "new-{{ data.topic }}"}))

    async def moved() -> bool:
        return len(beacon.of_topic(f"new-{topic}")) == 1 and not beacon.of_topic(f"old-{topic}")

    await eventually(moved)
    asked = [one for one in beacon.asked if topic in one[1]]
    assert asked[1:] == [("POST", f"new-{topic}"), ("DELETE", f"old-{topic}")]
    await beacon.emit(f"new-{topic}", {"id": "1", "text": "new"})
    await until_results(shop, ["new"])
    details = await in_state(shop, "active")
    assert details["trigger"] == "beacon.remade"


async def test_publishing_the_same_trigger_asks_no_app(shop: Workshop, beacon: Beacon) -> None:
    automation = await shop.automation(ON_TOPIC)
    topic = uuid4().hex
    await register(shop, automation, topic)
    await publish(shop, automation, {**ON_TOPIC, "result": "{{ 'version 2: ' + vars.text }}"})
    await register(shop, automation, topic)
    assert beacon.asked_of(topic) == ["POST"]
    await beacon.emit(topic, {"id": "1", "text": "hello"})
    await until_results(shop, ["version 2: hello"])


async def test_a_version_without_a_trigger_fails_until_it_is_taken_back(
    shop: Workshop, beacon: Beacon, books: Database
) -> None:
    automation = await shop.automation(ON_TOPIC)
    topic = uuid4().hex
    await register(shop, automation, topic)
    (hook,) = beacon.of_topic(topic)
    await publish(shop, automation, GREETING)
    details = await in_state(shop, "failing")
    assert "no trigger" in details["message"]
    await shop.developer.expect(
        201, "POST", f"{shop.path}/automations/{automation}/versions/1/rollback"
    )
    await in_state(shop, "active")
    assert beacon.of_topic(topic) == [hook]
    assert await told(books, shop) == ["started", "failing", "started"]


async def publish(shop: Workshop, automation: str, definition: dict[str, Any]) -> None:
    path = f"{shop.path}/automations/{automation}"
    draft = await shop.developer.expect(200, "GET", path)
    body = {"definition": definition, "revision": draft["revision"]}
    await shop.developer.expect(200, "PATCH", path, body)
    await shop.developer.expect(201, "POST", f"{path}/publish")


async def test_a_paused_registration_keeps_its_subscription(shop: Workshop, beacon: Beacon) -> None:
    automation = await shop.automation(ON_TOPIC)
    topic = uuid4().hex
    await register(shop, automation, topic)
    path = f"{shop.path}/registrations/{(await only(shop))['id']}"
    paused = await shop.developer.expect(200, "POST", f"{path}/pause")
    assert paused["state"] == "paused"
    (answer,) = await beacon.emit(topic, {"id": "1", "text": "unheard"})
    assert answer.status_code == 200
    # An application that registers its users at each sign-in does not undo it.
    await register(shop, automation, topic)
    assert (await only(shop))["state"] == "paused"
    resumed = await shop.developer.expect(200, "POST", f"{path}/resume")
    assert resumed["state"] == "active"
    await beacon.emit(topic, {"id": "2", "text": "heard"})
    await until_results(shop, ["heard"])
    assert beacon.asked_of(topic) == ["POST"]

    async def noted() -> bool:
        return [event["status"] for event in (await only(shop))["recentEvents"]] == [
            "run",
            "skipped",
        ]

    await eventually(noted)


async def test_a_sample_and_an_event_again(shop: Workshop, beacon: Beacon) -> None:
    automation = await shop.automation(ON_TOPIC)
    topic = uuid4().hex
    await register(shop, automation, topic)
    path = f"{shop.path}/registrations/{(await only(shop))['id']}"
    tested = await shop.application.expect(202, "POST", f"{path}/test")
    await until_results(shop, ["as an example"])
    await beacon.emit(topic, {"id": "1", "text": "one"})
    await until_results(shop, ["as an example", "one"])

    async def kept() -> list[dict[str, Any]]:
        events: list[dict[str, Any]] = (await only(shop))["recentEvents"]
        return events if len(events) == 2 else []

    event, test = await eventually(kept)
    assert (test["status"], test["runId"]) == ("test", tested["runId"])
    again = await shop.application.expect(202, "POST", f"{path}/events/{event['id']}/redeliver")
    assert again["runId"] != event["runId"]
    await until_results(shop, ["as an example", "one", "one"])
    await shop.application.refused(404, "POST", f"{path}/events/nothing/redeliver")
    await shop.application.refused(404, "POST", f"{shop.path}/registrations/nothing/test")


async def test_a_connection_that_is_deleted_and_made_again(
    shop: Workshop, beacon: Beacon, books: Database
) -> None:
    automation = await shop.automation(ON_TOPIC)
    topic = uuid4().hex
    await register(shop, automation, topic)
    await shop.application.expect(200, "DELETE", "/api/v1/ipaas/users/ada/connections/beacon")
    details = await in_state(shop, "needs-connection")
    assert "connects beacon again" in details["message"]
    assert len(beacon.of_topic(topic)) == 1
    await beacon.emit(topic, {"id": "1", "text": "meanwhile"})
    await until_results(shop, ["meanwhile"])
    await join(shop, "ada")
    await in_state(shop, "active")
    assert beacon.asked_of(topic) == ["POST"]
    assert await told(books, shop) == ["started", "failing", "started"]


async def test_deleting_ends_registrations(shop: Workshop, beacon: Beacon) -> None:
    topics = {name: uuid4().hex for name in ("automation", "user", "registration", "project")}
    automation = await shop.automation(ON_TOPIC)
    other = await shop.automation(ON_TOPIC)
    await join(shop, "bob")
    await join(shop, "eve")
    await register(shop, other, topics["automation"])
    await register(shop, automation, topics["user"], "bob")
    await register(shop, automation, topics["registration"], "eve")
    await register(shop, automation, topics["project"])

    await shop.developer.expect(204, "DELETE", f"{shop.path}/automations/{other}")

    async def unsubscribed() -> bool:
        return not beacon.of_topic(topics["automation"])

    await eventually(unsubscribed)

    await shop.developer.expect(204, "DELETE", f"{shop.path}/users/bob")
    assert beacon.of_topic(topics["user"]) == []
    status = "/api/v1/ipaas/users/bob/connections/status"
    await shop.application.refused(1000, "GET", status, appKeys="beacon")
    await shop.developer.refused(1000, "DELETE", f"{shop.path}/users/bob")

    (eves,) = await listed(shop, userId="eve")
    await shop.developer.expect(204, "DELETE", f"{shop.path}/registrations/{eves['id']}")
    assert beacon.of_topic(topics["registration"]) == []

    removed = await shop.developer.expect(200, "DELETE", shop.path, confirm="Shop")
    assert removed["registrations"] == 1
    assert beacon.of_topic(topics["project"]) == []


async def test_the_route_of_an_app_webhook(shop: Workshop, books: Database) -> None:
    automation = await shop.automation(on("ring"))
    await register(shop, automation, "unused")
    async with books() as session:
        row = await session.get_one(Registration, (await only(shop))["id"])
    assert (row.route, row.app_key, row.hook_id) == ("T-1", "beacon", None)


async def test_the_list_is_filtered_and_paged(shop: Workshop) -> None:
    automation = await shop.automation(ON_TOPIC)
    for user in ("bob", "ada"):
        await join(shop, user)
        await register(shop, automation, uuid4().hex, user)
    assert [item["userId"] for item in await listed(shop)] == ["ada", "bob"]
    assert [item["userId"] for item in await listed(shop, userId="bob")] == ["bob"]
    assert await listed(shop, userId="bo") == []
    assert [item["userId"] for item in await listed(shop, search="BO")] == ["bob"]
    assert await listed(shop, search="bob", userId="ada") == []
    assert await listed(shop, search="%") == []
    assert await listed(shop, state="failing") == []
    assert len(await listed(shop, automationId=automation, state="active")) == 2
    assert await listed(shop, automationId="another") == []
    first = await shop.developer.expect(200, "GET", f"{shop.path}/registrations", limit=1)
    second = await shop.developer.expect(
        200, "GET", f"{shop.path}/registrations", limit=1, cursor=first["nextCursor"]
    )
    assert [item["userId"] for item in first["items"] + second["items"]] == ["ada", "bob"]
    assert second["nextCursor"] is None
    stranger = await make_workshop(shop.application.http, f"{uuid4().hex}@example.com")
    path = f"{stranger.path}/registrations/{first['items'][0]['id']}"
    await stranger.application.refused(404, "GET", path)


async def test_nothing_is_kept_when_temporal_is_away(
    engine_settings: Settings, shop: Workshop, beacon: Beacon, books: Database
) -> None:
    automation = await shop.automation(ON_TOPIC)
    away = engine_settings.model_copy(update={"temporal_address": "127.0.0.1:1"})
    body = {"userId": "ada", "data": {"topic": uuid4().hex}}
    async with serving(away) as (_, http):
        path = register_path(automation)
        headers = {"authorization": f"Bearer {shop.application.bearer}"}
        answer = await http.post(path, json=body, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (503, 503), answer.text
        async with books() as session:
            query = select(func.count()).select_from(Registration)
            assert await session.scalar(query.where(Registration.automation_id == automation)) == 0
        await register(shop, automation, uuid4().hex)
        path = path.replace("/register", "/unregister")
        answer = await http.post(path, json={"userId": "ada"}, headers=headers)
        assert answer.status_code == 200

    async def gone() -> bool:
        return not await listed(shop)

    # The keeper of the worker brings what the API could not tell.
    await eventually(gone)
