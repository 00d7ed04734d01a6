"""What the database does while an app is called: the app is called once, and it is booked."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from typing import Any

import pytest
import uvicorn
from sqlalchemy import delete, select
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from temporalio.activity import ActivityCancellationDetails
from temporalio.api.common.v1 import Payload
from temporalio.common import RawValue, RetryPolicy
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.component import ComponentActivity
from connections.accounts import Connections
from connectors.catalogue import catalogue_of
from connectors.http import open_http
from connectors.masking import MASK
from connectors.secret_inputs import SecretInputs
from settings import Settings
from store.bookings import UNSTORABLE, StepWrite
from store.database import Database, close_database, open_database
from store.encryption import Keyring
from store.ledger import Ledger
from store.models import Account, CreditUsage, Project, RunStep, now_ms
from store.sealed import lend_keyring
from temporal.booking import free_step_rows
from tests.outage import CutOff, cut_off
from workflows.payloads import ComponentCall, StepTrace


class App:
    """Counts its calls, and answers what a test wants, when it wants."""

    def __init__(self) -> None:
        self.calls = 0
        self.body = b'{"id": 7, "token": "t0p"}'
        self.status = 200
        self.called = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.url = ""

    async def answer(self, _request: Request) -> Response:
        self.calls += 1
        self.called.set()
        await self.may_answer.wait()
        return Response(self.body, self.status, {"content-type": "application/json"})


@pytest.fixture
async def app() -> AsyncIterator[App]:
    app = App()
    web = Starlette(routes=[Route("/", app.answer, methods=["GET", "POST"])])
    server = uvicorn.Server(uvicorn.Config(web, port=0, log_level="warning", lifespan="off"))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    app.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/"
    yield app
    server.should_exit = True
    await serving


class Bench:
    """The activity over a database that can be cut off, outside of any worker."""

    def __init__(self, activity: ComponentActivity, database: Database, way: CutOff) -> None:
        self.activity = activity
        self.database = database
        self.way = way
        self.project_id = ""
        self.account_id = ""
        self.beats: list[Any] = []
        self.environment = ActivityEnvironment()
        """Of the last execution."""

    async def execute(self, app: App, *, reuse: bool = False, tried: int = 0, **info: Any) -> Any:
        call = ComponentCall(
            run_id="run-1",
            step_id="call",
            name="Call 2",
            project_id=self.project_id,
            account_id=self.account_id,
            connection_user_id="",
            inputs={"method": "POST", "url": app.url, "body": {}},
            reuse=reuse,
            tried=tried,
        )
        environment = ActivityEnvironment()
        environment.payload_converter = pydantic_data_converter.payload_converter
        environment.info = dataclasses.replace(
            environment.info, activity_type="http.request", **info
        )
        environment.on_heartbeat = lambda *details: self.beats.append(details)
        self.environment = environment
        [payload] = environment.payload_converter.to_payloads([call])
        assert isinstance(payload, Payload)
        return await environment.run(self.activity.execute, [RawValue(payload)])

    async def until_booked(self, status: str) -> tuple[RunStep, int]:
        """The only step, once it stands so in the book, and the app executions."""
        async with asyncio.timeout(60):
            while True:
                steps, used = await self.booked()
                if steps and steps[0].status == status:
                    return steps[0], used
                await asyncio.sleep(0.05)

    async def booked(self) -> tuple[list[RunStep], int]:
        """The steps in the book, and the app executions that were counted."""
        async with self.database() as session:
            steps = list(await session.scalars(select(RunStep)))
            used = await session.scalar(select(CreditUsage.app_executions))
        return steps, used or 0


@pytest.fixture
async def bench(settings: Settings, postgres_url: str, keyring: Keyring) -> AsyncIterator[Bench]:
    async with cut_off(postgres_url) as way, open_http(settings) as http:
        database = open_database(way.url, keyring)
        catalogue = catalogue_of(settings.connector_dirs)
        connections = Connections(database, keyring, catalogue, http, settings)
        secret_inputs = SecretInputs(catalogue, keyring)
        activity = ComponentActivity(catalogue, connections, http, Ledger(database), secret_inputs)
        bench = Bench(activity, database, way)
        async with database.begin() as session:
            account = Account(email="dev@example.com", password_hash="x", daily_credits=50)
            session.add(account)
            await session.flush()
            project = Project(account_id=account.id, name="Shop", webhook_url="https://a.example")
            session.add(project)
        bench.account_id, bench.project_id = account.id, project.id
        yield bench
        await close_database(database)


async def test_a_database_that_goes_while_an_app_works_costs_no_second_call(
    bench: Bench, app: App
) -> None:
    app.may_answer.clear()
    executing = asyncio.create_task(bench.execute(app))
    await app.called.wait()
    await bench.way.cut()
    app.may_answer.set()
    await asyncio.sleep(1.0)
    assert not executing.done()
    await bench.way.mend()
    answer = await executing
    steps, used = await bench.booked()
    assert (app.calls, answer["body"], used) == (1, {"id": 7, "token": "t0p"}, 1)
    assert [(step.status, step.error, step.attempts) for step in steps] == [("completed", None, 1)]
    # What the app gave is kept by Temporal meanwhile, for whoever executes it after us.
    [[kept]] = bench.beats[:1]
    assert kept["answered"]["body"] == {"id": 7, "token": "t0p"}


async def test_a_database_that_is_away_before_a_call_is_waited_for(bench: Bench, app: App) -> None:
    await bench.way.cut()
    executing = asyncio.create_task(bench.execute(app))
    await asyncio.sleep(0.6)
    assert (app.calls, executing.done()) == (0, False)
    await bench.way.mend()
    await executing
    assert app.calls == 1


async def test_waiting_for_the_database_ends_with_the_run(bench: Bench, app: App) -> None:
    await bench.way.cut()
    executing = asyncio.create_task(bench.execute(app))
    await asyncio.sleep(0.3)
    executing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await executing
    assert app.calls == 0


async def test_a_call_that_has_succeeded_is_booked_although_its_run_was_canceled(
    bench: Bench, app: App
) -> None:
    app.may_answer.clear()
    executing = asyncio.create_task(bench.execute(app))
    await app.called.wait()
    await bench.way.cut()
    app.may_answer.set()
    await asyncio.sleep(0.5)
    executing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await executing
    await bench.way.mend()
    async with asyncio.timeout(60):
        while not (await bench.booked())[0]:
            await asyncio.sleep(0.1)
    assert (await bench.booked())[1] == 1


CANCELED = ActivityCancellationDetails(cancel_requested=True)
TERMINATED = ActivityCancellationDetails(not_found=True)


@pytest.mark.parametrize("why", [CANCELED, TERMINATED], ids=["canceled", "terminated"])
@pytest.mark.parametrize(("status", "known"), [(200, "completed"), (500, "error")])
async def test_a_call_whose_run_ends_meanwhile_is_booked_at_once_and_again_with_its_answer(
    bench: Bench, app: App, why: ActivityCancellationDetails, status: int, known: str
) -> None:
    app.may_answer.clear()
    app.status = status
    executing = asyncio.create_task(bench.execute(app))
    await app.called.wait()
    bench.environment.cancel(why)
    with pytest.raises(asyncio.CancelledError):
        await executing
    step, used = await bench.until_booked("error")
    assert step.error is not None
    assert "the app was called, and the run ended before its answer" in step.error
    assert (app.calls, used) == (1, 1)
    app.may_answer.set()
    async with asyncio.timeout(60):
        while step.error is not None and "ended before" in step.error:
            step, used = await bench.until_booked(known)
    assert (app.calls, used) == (1, 1)
    if status == 200:
        assert step.output["body"] == {"id": 7, "token": "t0p"}  # type: ignore[index]
    else:
        assert "answered 500" in (step.error or "")


async def test_a_worker_that_stops_books_nothing_of_a_call_that_another_will_make(
    bench: Bench, app: App
) -> None:
    app.may_answer.clear()
    executing = asyncio.create_task(bench.execute(app))
    await app.called.wait()
    bench.environment.cancel(ActivityCancellationDetails(worker_shutdown=True))
    with pytest.raises(asyncio.CancelledError):
        await executing
    app.may_answer.set()
    assert await bench.booked() == ([], 0)
    assert not bench.activity._kept


async def test_an_execution_that_timed_out_and_the_next_one_share_a_call_under_way(
    bench: Bench, app: App
) -> None:
    """The engine was away, and hears of the worker too late: the worker was there all the time."""
    app.may_answer.clear()
    first = asyncio.create_task(bench.execute(app))
    await app.called.wait()
    bench.environment.cancel(ActivityCancellationDetails(timed_out=True))
    with pytest.raises(asyncio.CancelledError):
        await first
    second = asyncio.create_task(bench.execute(app, attempt=2))
    await asyncio.sleep(0.2)
    assert await bench.booked() == ([], 0)
    app.may_answer.set()
    assert (await second)["status"] == 200
    step, used = await bench.until_booked("completed")
    assert (app.calls, used, step.error) == (1, 1, None)


async def test_who_comes_after_a_dead_worker_books_what_the_app_gave(
    bench: Bench, app: App
) -> None:
    told = {"answered": {"body": "as it was"}, "started": 1_700_000_000_000}
    answer = await bench.execute(app, attempt=2, heartbeat_details=[told])
    steps, used = await bench.booked()
    assert (app.calls, answer, used) == (0, {"body": "as it was"}, 1)
    assert [step.started_at for step in steps] == [1_700_000_000_000]


async def test_a_call_is_timed_by_its_last_try(bench: Bench, app: App) -> None:
    """And not by what was waited since the first."""
    before = now_ms()
    await bench.execute(app, attempt=2)
    [step], _ = await bench.booked()
    assert step.started_at >= before


async def test_tries_before_a_pause_count_as_tries_of_the_step(bench: Bench, app: App) -> None:
    await bench.execute(app, tried=5, attempt=2)
    [step], _ = await bench.booked()
    assert step.attempts == 7


@pytest.mark.parametrize("status", [422, 429])
async def test_the_answer_that_a_step_failed_by_is_in_the_book(
    bench: Bench, app: App, status: int
) -> None:
    app.status, app.body = status, b'{"errors": {"name": ["too short"]}}'
    with pytest.raises(ApplicationError) as failed:
        await bench.execute(app, retry_policy=RetryPolicy(maximum_attempts=1))
    assert failed.value.message.startswith(f"HTTP answered {status}: name: too short. ")
    [step], _ = await bench.booked()
    assert (step.status, step.error) == (
        "error" if status == 422 else "waiting",
        failed.value.message,
    )
    assert step.output == {"status": status, "body": {"errors": {"name": ["too short"]}}}
    # Who gives it up later has no other answer; who succeeds has.
    gave_up = StepTrace(
        step_id="call",
        type="app",
        name="Call 2",
        status="error",
        error="It was given up.",
        component="http.request",
        started_at=1,
    )
    rows = free_step_rows("run-1", bench.project_id, [gave_up])
    await Ledger(bench.database).write(StepWrite(bench.account_id, free_steps=rows))
    [step], _ = await bench.booked()
    assert (step.status, step.error) == ("error", "It was given up.")
    assert step.output == {"status": status, "body": {"errors": {"name": ["too short"]}}}
    app.status, app.body = 200, b"{}"
    assert await bench.execute(app, reuse=True) == step_output(await bench.booked())


def step_output(booked: tuple[list[RunStep], int]) -> Any:
    [step], _ = booked
    return step.output


async def test_a_call_that_gave_no_answer_has_none_in_the_book(bench: Bench, app: App) -> None:
    app.url = "http://127.0.0.1:9/"
    with pytest.raises(ApplicationError):
        await bench.execute(app, retry_policy=RetryPolicy(maximum_attempts=1))
    [step], _ = await bench.booked()
    assert (step.status, step.output) == ("waiting", None)


@pytest.mark.parametrize("again", [{"attempt": 2}, {"reuse": True}])
async def test_a_step_that_is_executed_again_gets_the_true_output(
    bench: Bench, app: App, again: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    component = bench.activity._catalogue.component("http.request")
    assert component is not None
    monkeypatch.setitem(component.output_schema["properties"], "body", {"secret": True})
    app.body = b'{"n": "a\\u0000b", "password": "p4ss"}'
    first = await bench.execute(app)
    second = await bench.execute(app, **again)
    assert (app.calls, second) == (1, first)
    assert second["body"] == {"n": "a\x00b", "password": "p4ss"}
    [step], used = await bench.booked()
    assert used == 1
    assert step.output is not None
    assert step.output["body"] == MASK


async def test_a_recorded_output_under_a_lost_key_is_told_and_not_asked_for_again(
    bench: Bench, app: App
) -> None:
    await bench.execute(app)
    lend_keyring(bench.database.kw["bind"].sync_engine, Keyring([b"z" * 32]))
    with pytest.raises(ApplicationError, match="executed before") as told:
        await bench.execute(app, reuse=True)
    assert (app.calls, told.value.non_retryable) == (1, True)


async def test_an_answer_that_cannot_be_kept_is_one_call_and_one_step(
    bench: Bench, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> Any:
        raise RecursionError

    monkeypatch.setattr("activities.steps.mask", fail)
    assert (await bench.execute(app))["body"] == {"id": 7, "token": "t0p"}
    [step], used = await bench.booked()
    assert (app.calls, used, step.status, step.output) == (1, 1, "completed", UNSTORABLE)


async def test_a_project_that_is_deleted_during_a_call_ends_its_booking(
    bench: Bench, app: App
) -> None:
    app.may_answer.clear()
    executing = asyncio.create_task(bench.execute(app))
    await app.called.wait()
    async with bench.database.begin() as session:
        await session.execute(delete(Project))
    app.may_answer.set()
    await executing
    assert (app.calls, await bench.booked()) == (1, ([], 0))
