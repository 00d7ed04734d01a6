"""Polled and scheduled registrations: nothing lost, nothing twice, and no history."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

import activities.polling
from connectors.triggers.rates import until_turn
from settings import Settings
from store.database import Database, close_database, open_database
from store.encryption import Keyring
from store.models import Notification, Registration, RegistrationEvent, Run, now_ms
from store.polls import move_cursor
from temporal.registration_keeper import Wanted, wake
from temporal.server import DevServer, start_dev_server
from tests.workflows.kinto_app import RECORDS, kinto, kinto_app
from tests.workflows.polled import Feed, Station, feed_app, serve, station, until

Make = Callable[..., Awaitable[Station]]


@pytest.fixture
def server(temporal_server: DevServer) -> DevServer:
    return temporal_server


@pytest.fixture
def settings(settings: Settings, namespace: str) -> Settings:
    return settings.model_copy(update={"temporal_namespace": namespace})


@pytest.fixture
async def feed() -> AsyncIterator[Feed]:
    async with serve(Feed()) as feed:
        yield feed


@pytest.fixture
async def sqlite(sqlite_url: str, keyring: Keyring) -> AsyncIterator[Database]:
    database = open_database(sqlite_url, keyring)
    yield database
    await close_database(database)


@pytest.fixture
async def place(
    settings: Settings, keyring: Keyring, sqlite: Database, feed: Feed, server: DevServer
) -> AsyncIterator[Station]:
    async with station(settings, keyring, sqlite, feed_app(feed.url), server) as place:
        yield place


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Failures are followed by another try within moments."""
    for name in ("FIRST_WAIT", "LAST_WAIT", "FIRST_LONG_WAIT", "LAST_LONG_WAIT"):
        monkeypatch.setattr(activities.polling, name, 0.1)


async def test_neither_empty_polls_nor_news_add_to_the_history(
    settings: Settings,
    keyring: Keyring,
    database: Database,
    feed: Feed,
    server: DevServer,
    caplog: pytest.LogCaptureFixture,
) -> None:
    feed.add(1, 2)
    app = feed_app(feed.url)
    async with station(settings, keyring, database, app, server) as place, place.working():
        registration = await place.register()
        await place.until_begun(registration)
        await feed.until_asked(1)
        before = await place.history_length(registration)
        await feed.until_asked(4)
        feed.add(3, 4, 5)
        await place.until_events(registration, 3)
        feed.add(6)
        await place.until_events(registration, 4)
        await feed.until_asked(3)
        assert await place.history_length(registration) == before
        assert before < 15
        assert sorted(await place.ids(registration)) == [3, 4, 5, 6]
        row = await place.row(registration)
        assert (row.events, row.state, row.message) == (4, "active", None)
        assert row.next_poll_at is not None
        assert row.last_event_at is not None
        results = await place.results(registration)
        assert sorted(result["id"] for result in results) == [3, 4, 5, 6]
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_it_goes_on_after_the_worker_and_the_server_were_away(
    settings: Settings, keyring: Keyring, sqlite: Database, feed: Feed, tmp_path: Path
) -> None:
    file = tmp_path / "restarted.db"
    settings = settings.model_copy(update={"temporal_namespace": "default"})
    server = await start_dev_server(file, headless=True)
    async with station(settings, keyring, sqlite, feed_app(feed.url), server) as place:
        async with place.working():
            registration = await place.register()
            await place.until_begun(registration)
        feed.add(1, 2, 3)
        async with place.working():
            await place.until_events(registration, 3)
        await server.kill()
        feed.add(4)
        server = await start_dev_server(file, headless=True)
        try:
            await place.connect(server)
            async with place.working():
                await place.until_events(registration, 4)
                await feed.until_asked(2)
                assert await place.ids(registration) == [1, 2, 3, 4]
        finally:
            await server.stop()


async def test_a_crash_between_runs_and_cursor_repeats_no_run(
    place: Station, feed: Feed, monkeypatch: pytest.MonkeyPatch, hurried: None
) -> None:
    real, crashes = move_cursor, iter([False, True, True])

    async def crashing(*args: Any) -> bool:
        if next(crashes, False):
            raise ConnectionError("the database is away")
        return await real(*args)

    monkeypatch.setattr("activities.polling.move_cursor", crashing)
    async with place.working():
        registration = await place.register()
        await place.until_begun(registration)
        feed.add(*range(1, 21))
        await place.until_events(registration, 20)
        await feed.until_asked(2)
    assert next(crashes, None) is None
    async with place.database() as session:
        assert await session.scalar(select(func.count()).select_from(Run)) == 20
    assert await place.ids(registration) == list(range(1, 21))
    assert (await place.row(registration)).events == 20


async def test_two_polls_at_once_are_harmless(place: Station, feed: Feed) -> None:
    async with place.working():
        registration = await place.register()
        await place.until_begun(registration)
    feed.add(*range(1, 41))

    async def poll() -> None:
        with pytest.raises(ApplicationError) as ended:
            await ActivityEnvironment().run(place.polling.poll, registration)
        assert ended.value.type == "again"

    await asyncio.gather(*(poll() for _ in range(4)))
    await poll()
    assert await place.ids(registration) == list(range(1, 41))
    async with place.database() as session:
        assert await session.scalar(select(func.count()).select_from(Run)) == 40
    assert (await place.row(registration)).events == 40
    assert (await place.cursor(registration))["value"] == 1


async def test_a_broken_connection_waits_and_its_backlog_comes_when_it_is_mended(
    place: Station, feed: Feed
) -> None:
    async with place.working():
        registration = await place.register()
        await place.until_begun(registration)
        feed.password = "changed"
        row = await place.until_state(registration, "needs-connection")
        assert row.message is not None
        assert "ada" in row.message
        quiet = await place.until_quiet(registration)
        for number in range(1, 6):
            feed.add(number)
        asked = len(feed.asked)
        await asyncio.sleep(2.5)  # nobody asks: there is nothing to wait for
        assert len(feed.asked) == asked
        assert await place.history_length(registration) == quiet
        await place.enter("ada", "changed")
        wanted = Wanted.of(await place.row(registration))
        await wake(place.client, wanted)
        await place.until_events(registration, 5)
        assert await place.ids(registration) == [1, 2, 3, 4, 5]
        assert (await place.row(registration)).state == "active"


async def test_an_app_that_was_down_for_long_is_caught_up_in_order(
    place: Station, feed: Feed, hurried: None
) -> None:
    async with place.working():
        registration = await place.register()
        await place.until_begun(registration)
        before = await place.history_length(registration)
        feed.status = 503

        async def is_told() -> bool:
            return (await place.row(registration)).message is not None

        await until(is_told)
        row = await place.row(registration)
        assert row.state == "active"
        assert "answered 503: not now" in (row.message or "")
        await feed.until_asked(5)
        for number in range(1, 31):
            feed.add(number)
        feed.status = 200
        await place.until_events(registration, 30)
        assert await place.ids(registration) == list(range(1, 31))

        async def is_well() -> bool:
            return (await place.row(registration)).message is None

        await until(is_well)
        assert await place.history_length(registration) == before


async def test_waits_grow_while_an_app_is_down(
    place: Station, feed: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(activities.polling, "FIRST_WAIT", 1.0)
    async with place.working():
        registration = await place.register()
        await place.until_begun(registration)
        feed.status = 500
        asked = len(feed.asked)
        await until(lambda: len(feed.asked) >= asked + 4)
        times = feed.asked[asked : asked + 4]
        waits = [later - earlier for earlier, later in itertools.pairwise(times)]
        assert waits[-1] > 2 * waits[0]
        assert waits == sorted(waits)


async def test_what_somebody_must_mend_is_told_once_and_tried_again(
    place: Station, feed: Feed, hurried: None
) -> None:
    async with place.working():
        registration = await place.register()
        await place.until_begun(registration)
        before = await place.history_length(registration)
        feed.status = 403
        row = await place.until_state(registration, "failing")
        assert "answered 403" in (row.message or "")
        await feed.until_asked(4)
        feed.add(1)
        feed.status = 200
        await place.until_state(registration, "active")
        await place.until_events(registration, 1)
        assert await place.history_length(registration) == before
    async with place.database() as session:
        told = list(await session.scalars(select(Notification.type).order_by(Notification.id)))
    assert [kind for kind in told if kind.startswith("registration.")] == [
        "registration.started",
        "registration.failing",
        "registration.started",
    ]


async def test_an_item_that_cannot_be_read_is_named_while_the_others_run(
    place: Station, feed: Feed
) -> None:
    async with place.working():
        registration = await place.register()
        await place.until_begun(registration)
        feed.items.append({"id": 7, "at": None})
        feed.add(8)
        await place.until_events(registration, 2)
        await feed.until_asked(3)
        row = await place.row(registration)
        assert (row.state, row.events, row.rejected) == ("active", 1, 1)
        assert "could not be read: item '7': a value is neither" in (row.message or "")
        async with place.database() as session:
            told = (await session.scalars(select(RegistrationEvent))).all()
        assert {(event.status, bool(event.message)) for event in told} == {
            ("run", False),
            ("rejected", True),
        }
        feed.items[0]["at"] = 9
        await place.until_events(registration, 3)
        await feed.until_asked(2)
        row = await place.row(registration)
        assert (row.events, row.rejected, row.message) == (2, 1, None)


async def test_an_app_that_asks_for_patience_gets_it(
    place: Station, feed: Feed, hurried: None
) -> None:
    async with place.working():
        registration = await place.register()
        await place.until_begun(registration)
        feed.status, feed.headers = 429, {"retry-after": "3"}
        asked = len(feed.asked)
        await until(lambda: len(feed.asked) > asked)
        feed.status = 200
        await until(lambda: len(feed.asked) > asked + 1)
        assert feed.asked[asked + 1] - feed.asked[asked] >= 2.9
        assert (await place.row(registration)).state == "active"


async def test_the_rate_limit_holds_across_registrations_of_one_connection(
    settings: Settings, keyring: Keyring, sqlite: Database, feed: Feed, server: DevServer
) -> None:
    app = feed_app(feed.url, rate_limit={"requests": 6, "seconds": 1.5})
    async with station(settings, keyring, sqlite, app, server) as place, place.working():
        feed.asked.clear()
        for number in range(15):
            await place.register(user_id=f"user-{number}", by_developer=True)
        await feed.until_asked(30)
    # The worker asks no sooner than a bucket lets it; the way to the app takes a few ms.
    for first, seventh in zip(feed.asked, feed.asked[6:], strict=False):
        assert seventh - first > 1.4


async def test_pausing_ends_polling_and_resuming_fetches_the_backlog(
    place: Station, feed: Feed
) -> None:
    async with place.working():
        registration = await place.register()
        await place.until_begun(registration)
        await place.change(registration, wanted="paused", revision=Registration.revision + 1)
        await wake(place.client, Wanted.of(await place.row(registration)))
        await place.until_state(registration, "paused")
        feed.add(1, 2)
        await place.change(registration, wanted="active", revision=Registration.revision + 1)
        await wake(place.client, Wanted.of(await place.row(registration)))
        await place.until_events(registration, 2)
        assert sorted(await place.ids(registration)) == [1, 2]


async def test_what_came_before_a_publication_changed_the_inputs_has_its_run(
    place: Station, feed: Feed
) -> None:
    feed.add(1)
    async with place.working():
        registration = await place.register(inputs={"folder": "in"})
        await place.until_begun(registration)
        await feed.until_asked(1)
    feed.add(5, 6)
    await place.publish(registration, {"folder": "out"})
    async with place.working():
        await place.until_events(registration, 2)
        feed.add(9)
        await place.until_events(registration, 3)
    assert sorted(await place.ids(registration)) == [5, 6, 9]


async def test_a_change_that_nobody_told_the_workflow_of_ends_the_activity(
    place: Station, feed: Feed
) -> None:
    async with place.working():
        registration = await place.register()
        await place.until_begun(registration)
        await place.change(registration, wanted="paused", revision=Registration.revision + 1)
        await place.until_state(registration, "paused")


async def test_a_schedule_makes_up_for_the_latest_missed_moment_only(place: Station) -> None:
    async with place.working():
        registration = await place.register("schedule.cron", {"cron": "0 * * * *"})
        await place.until_begun(registration)
        assert await place.events(registration) == []
    row = await place.row(registration)
    hour = 3_600_000
    last = now_ms() // hour * hour
    cursor = {**await place.cursor(registration), "value": last - 4 * hour + 1}
    await place.change(registration, cursor=cursor)
    async with place.working():
        await wake(place.client, Wanted.of(row))
        await place.until_events(registration, 1)
        await wake(place.client, Wanted.of(row))
        event, *more = await place.events(registration)
        assert more == []
        assert event["missed"] == 3
        assert event["timezone"] == "UTC"
        assert (await place.cursor(registration))["value"] == last


async def test_an_interval_starts_a_run_when_its_time_has_come(place: Station) -> None:
    async with place.working():
        registration = await place.register("schedule.interval", {"every": 10})
        await place.until_begun(registration)
        before = await place.history_length(registration)
        began = (await place.cursor(registration))["value"]
        await place.until_events(registration, 2)
        first, second = await place.events(registration)
        assert first["missed"] == second["missed"] == 0
        assert (await place.cursor(registration))["value"] == began + 20_000
        assert now_ms() - (began + 20_000) < 3_000
        assert await place.history_length(registration) == before


async def test_an_invalid_schedule_says_what_to_correct(place: Station) -> None:
    async with place.working():
        registration = await place.register("schedule.cron", {"cron": "0 25 * * *"})
        row = await place.until_state(registration, "failing")
        assert "bad hour" in (row.message or "")


@pytest.mark.parametrize("by_token", [False, True])
async def test_kinto_is_polled_as_it_is(
    settings: Settings,
    keyring: Keyring,
    sqlite: Database,
    server: DevServer,
    tmp_path: Path,
    by_token: bool,
) -> None:
    async with kinto(tmp_path) as store:
        for total in range(5):
            await store.post(RECORDS, json={"data": {"id": f"old-{total}", "total": total}})
        app = kinto_app(str(store.base_url), by_token=by_token)
        async with station(settings, keyring, sqlite, app, server) as place, place.working():
            registration = await place.register()
            await place.until_begun(registration)
            names = [f"new-{number}" for number in range(7)]
            for total, name in enumerate(names):
                await store.post(RECORDS, json={"data": {"id": name, "total": total}})
            await place.until_events(registration, 7)
            await store.delete(f"{RECORDS}/new-6")
            await store.patch(f"{RECORDS}/old-1", json={"data": {"total": 100}})
            await place.until_events(registration, 9)
            events = await place.events(registration)
            assert [event["id"] for event in events[:7]] == names
            assert events[7:] == [
                {"id": "new-6", "deleted": True, "total": None},
                {"id": "old-1", "deleted": False, "total": 100},
            ]
            row = await place.row(registration)
            assert (row.events, row.state) == (9, "active")


def test_many_registrations_are_spread_over_the_interval() -> None:
    interval, now = 300, 1_700_000_000_000
    seconds: dict[int, int] = {}
    for number in range(10_000):
        due = until_turn(f"registration-{number}", interval, now)
        assert interval / 10 <= due <= interval * 1.1
        seconds[int(due)] = seconds.get(int(due), 0) + 1
        after = now + round(due * 1000)
        assert until_turn(f"registration-{number}", interval, after) == interval
        assert until_turn(f"registration-{number}", interval, after - 40) > interval
    assert max(seconds.values()) < 80
