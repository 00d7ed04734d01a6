"""An answer never says that nothing happened when something did, and what is sent twice is done
once."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

import api.runs
from store import idempotency
from store.bookings import RunClosed
from store.idempotency import Request as Remembered
from store.ledger import Ledger
from store.models import Registration, Run, new_id, now_ms
from store.outages import StoreUnavailable
from temporal.starting import start_run
from tests.api.beacon import listening
from tests.api.conftest import Rest, Workshop, make_workshop, serving
from tests.api.engine import whole_engine
from tests.workflows.conftest import run_input

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from starlette.requests import Request

    from store.database import Database

pytestmark = pytest.mark.both_databases

START = {"data": {"order": 7}}
LOST = RPCError("timed out", RPCStatusCode.DEADLINE_EXCEEDED, b"")


class App:
    def __init__(self) -> None:
        self.calls = 0
        self.status = 200
        self.called = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def answer(self, _request: Request) -> JSONResponse:
        self.calls += 1
        self.called.set()
        await self.may_answer.wait()
        return JSONResponse({"n": self.calls}, self.status)


@pytest.fixture(scope="module")
def app() -> App:
    return App()


@pytest.fixture(scope="module")
async def shop(
    app: App, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Workshop]:
    folder = tmp_path_factory.mktemp("engine")
    (folder / "connectors").mkdir()
    async with (
        listening(Starlette(routes=[Route("/", app.answer, methods=["POST"])])) as url,
        whole_engine(folder, sqlite_template) as http,
    ):
        shop = await make_workshop(http)
        shop.url = url  # type: ignore[attr-defined]
        yield shop


@pytest.fixture
async def path(shop: Workshop, app: App) -> str:
    """Where an automation is run that calls the app once."""
    app.calls, app.status = 0, 200
    app.called.clear()
    app.may_answer.set()
    inputs = {"method": "POST", "url": shop.url, "body": {}}  # type: ignore[attr-defined]
    steps = [{"id": "call", "type": "app", "component": "http.request", "inputs": inputs}]
    definition = {
        "trigger": {"type": "manual"},
        "steps": steps,
        "result": "{{ steps.call.output.body.n }}",
    }
    return shop.run_path(await shop.automation(definition))


async def post(shop: Workshop, path: str, key: str | None = None, body: Any = START) -> Any:
    headers = {"authorization": f"Bearer {shop.application.bearer}"}
    if key is not None:
        headers["idempotency-key"] = key
    answer = await shop.application.http.post(path, json=body, headers=headers, timeout=60)
    return answer.status_code, answer.json() if answer.content else None


async def booked(shop: Workshop, run_id: str) -> Any:
    """The run, once the book says that it has ended; None when it knows none."""
    async with asyncio.timeout(30):
        while True:
            answer = await shop.developer.call("GET", f"{shop.path}/runs/{run_id}")
            if answer.status_code == 404 or answer.json()["status"] != "running":
                return None if answer.status_code == 404 else answer.json()
            await asyncio.sleep(0.1)


async def test_the_same_request_with_the_same_key_is_one_run(
    shop: Workshop, path: str, app: App
) -> None:
    first, again = await post(shop, path, "order-7"), await post(shop, path, "order-7")
    assert first == again
    assert (first[1]["status"], first[1]["result"], app.calls) == ("completed", 1, 1)
    # Another key, or none, is another run.
    assert (await post(shop, path, "order-8"))[1]["result"] == 2
    assert (await post(shop, path))[1]["result"] == 3


async def test_all_who_send_one_request_hear_that_its_run_has_paused(shop: Workshop) -> None:
    steps = [{"id": "ask", "type": "approval", "message": "May it?"}]
    where = shop.run_path(await shop.automation({"trigger": {"type": "manual"}, "steps": steps}))
    async with asyncio.timeout(20):
        answers = await asyncio.gather(*(post(shop, where, "ask-once") for _ in range(5)))
    assert [answer["status"] for _, answer in answers] == ["paused"] * 5
    assert len({answer["runId"] for _, answer in answers}) == 1


async def test_a_run_is_tried_again_once_however_many_ask_for_it(
    shop: Workshop, path: str, app: App
) -> None:
    app.status = 422
    _, failed = await post(shop, path)
    app.status = 200
    app.may_answer.clear()
    again = f"{shop.path}/runs/{failed['runId']}/retry"
    answers = await asyncio.gather(*(shop.developer.call("POST", again) for _ in range(5)))
    app.may_answer.set()
    assert sorted(answer.status_code for answer in answers) == [202, 409, 409, 409, 409]
    run = await booked(shop, failed["runId"])
    assert (run["status"], app.calls) == ("completed", 2)
    # What it took is told without the time in which it had ended.
    assert 0 < run["waitedMs"] <= run["endedAt"] - run["startedAt"]


async def test_a_run_of_an_event_took_what_it_took(shop: Workshop, path: str, app: App) -> None:
    """From when it was started to the engine's moment of its end, whenever that is booked."""
    state = shop.application.http._transport.app.state.inlay  # type: ignore[attr-defined]
    registration = Registration(
        id=new_id(),
        project_id=shop.project_id,
        automation_id=path.split("/")[-2],
        user_id="",
        trigger="webhook.received",
        data={},
    )
    before = now_ms()
    started = await state.event_runs.start(registration, "one", {"n": 1})
    after = now_ms()
    run = await booked(shop, started.run_id)
    history = await state.temporal.get_workflow_handle(started.run_id).fetch_history()
    closed = history.events[-1].event_time
    assert (run["status"], app.calls, run["waitedMs"]) == ("completed", 1, 0)
    assert before <= run["startedAt"] <= after
    assert run["endedAt"] == closed.ToMilliseconds()
    # Told again, it is the same run, and none of its times moves.
    assert not (await state.event_runs.start(registration, "one", {"n": 1})).is_new
    assert await booked(shop, started.run_id) == run


async def test_a_key_stands_for_one_request(shop: Workshop, path: str, app: App) -> None:
    await post(shop, path, "one")
    for other in (path.replace("/run", "/register"), path):
        status, error = await post(shop, other, "one", {"data": {"order": 8}})
        assert (status, error["code"], error["name"]) == (409, 906, "IDEMPOTENCY CONFLICT")
    assert app.calls == 1
    for key in ("", "k" * 256, "two words"):
        assert (await post(shop, path, key))[1]["code"] == 1


async def test_who_sends_again_while_it_runs_waits_for_the_same_end(
    shop: Workshop, path: str, app: App
) -> None:
    app.may_answer.clear()
    sending = [asyncio.create_task(post(shop, path, "twice")) for _ in range(3)]
    await app.called.wait()
    sending.append(asyncio.create_task(post(shop, path, "twice")))
    await asyncio.sleep(0.5)
    app.may_answer.set()
    answers = await asyncio.gather(*sending)
    assert all(answer == answers[0] for answer in answers)
    assert (answers[0][1]["result"], app.calls) == (1, 1)


async def test_a_failed_run_is_told_again_and_not_run_again(
    shop: Workshop, path: str, app: App
) -> None:
    app.status = 422
    first, again = await post(shop, path, "fails"), await post(shop, path, "fails")
    assert first == again
    assert (first[0], first[1]["status"], app.calls) == (200, "error", 1)
    assert first[1]["runId"]


async def test_a_refused_request_may_be_sent_corrected(shop: Workshop, path: str, app: App) -> None:
    assert (await post(shop, path, "typo", {"data": []}))[0] == 400
    assert (await post(shop, path, "typo"))[1]["status"] == "completed"


async def test_a_crash_between_the_key_and_the_start_loses_nothing(
    shop: Workshop, path: str, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    async def crash(*_: Any, **_more: Any) -> None:
        seen.append("crash")
        raise LookupError

    with monkeypatch.context() as patched:
        patched.setattr(api.runs.Runs, "run", crash)
        with pytest.raises(LookupError):
            await post(shop, path, "crash")
    assert (seen, app.calls) == (["crash"], 0)
    answer = (await post(shop, path, "crash"))[1]
    assert (answer["status"], app.calls) == ("completed", 1)
    assert (await post(shop, path, "crash"))[1] == answer


async def test_a_caller_who_goes_away_cuts_nothing_off(shop: Workshop, path: str, app: App) -> None:
    app.may_answer.clear()
    calling = asyncio.create_task(post(shop, path, "gone"))
    await app.called.wait()
    calling.cancel()
    await asyncio.gather(calling, return_exceptions=True)
    app.may_answer.set()
    answer = (await post(shop, path, "gone"))[1]
    assert (answer["status"], app.calls) == ("completed", 1)
    assert (await booked(shop, answer["runId"]))["status"] == "completed"


async def test_a_start_whose_answer_was_lost_is_asked_for_again(
    shop: Workshop, path: str, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = iter([True, True])

    async def start(*arguments: Any) -> None:
        await start_run(*arguments)
        if next(lost, False):
            raise LOST

    monkeypatch.setattr(api.runs, "start_run", start)
    monkeypatch.setattr(api.runs, "RETRY_WAIT", 0.05)
    status, answer = await post(shop, path)
    assert (status, answer["status"], app.calls) == (200, "completed", 1)
    assert (await booked(shop, answer["runId"]))["status"] == "completed"


@pytest.mark.parametrize("was_started", [True, False])
async def test_a_start_of_which_nothing_is_known_is_told_as_that(
    shop: Workshop, path: str, app: App, monkeypatch: pytest.MonkeyPatch, *, was_started: bool
) -> None:
    async def start(*arguments: Any) -> None:
        if was_started:
            with contextlib.suppress(WorkflowAlreadyStartedError):
                await start_run(*arguments)
        raise LOST

    monkeypatch.setattr(api.runs, "start_run", start)
    for name, seconds in (("RETRY_WAIT", 0.05), ("START_SECONDS", 0.2), ("SETTLE_SECONDS", 0.3)):
        monkeypatch.setattr(api.runs, name, seconds)
    status, error = await post(shop, path, f"unknown-{was_started}")
    assert (status, error["code"]) == (503, 503)
    assert "may have been" in error["message"]
    assert "othing was started; try" not in error["message"]
    run_id = error["details"]["runId"]
    run = await booked(shop, run_id)
    assert (None if run is None else run["status"]) == ("completed" if was_started else None)
    # Who sends it again gets the run, and starts one only where there is none.
    monkeypatch.undo()
    answer = (await post(shop, path, f"unknown-{was_started}"))[1]
    assert (answer["status"], answer["runId"], app.calls) == ("completed", run_id, 1)


async def test_an_end_that_cannot_be_booked_yet_is_told_all_the_same(
    shop: Workshop, path: str, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    away, write = [True], Ledger.write

    async def failing(ledger: Ledger, entry: Any) -> None:
        if away[0] and isinstance(entry, RunClosed):
            raise StoreUnavailable("away")
        await write(ledger, entry)

    monkeypatch.setattr(Ledger, "write", failing)
    monkeypatch.setattr(api.runs, "BOOK_SECONDS", 0.2)
    status, answer = await post(shop, path)
    assert (status, answer["status"], answer["result"]) == (200, "completed", 1)
    away[0] = False
    run = await booked(shop, answer["runId"])
    assert (run["status"], app.calls) == ("completed", 1)


async def test_a_start_that_cannot_be_booked_starts_nothing(
    shop: Workshop, path: str, app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def failing(*_: Any) -> None:
        raise StoreUnavailable("away")

    with monkeypatch.context() as patched:
        patched.setattr(Ledger, "write", failing)
        status, error = await post(shop, path)
    assert (status, app.calls) == (503, 0)
    assert "Nothing was started" in error["message"]
    assert "details" not in error


async def test_registering_again_late_does_not_undo_an_unregistration(shop: Workshop) -> None:
    trigger = {
        "type": "app",
        "component": "schedule.interval",
        "inputs": {"every": 3600},
    }
    automation = await shop.automation({"trigger": trigger, "steps": []})
    path = f"/api/v1/ipaas/automations/{automation}"
    assert (await post(shop, f"{path}/register", "reg", {"data": {}}))[0] == 200
    assert (await post(shop, f"{path}/register", "reg", {"data": {"x": 1}}))[1]["code"] == 906
    await shop.application.expect(200, "POST", f"{path}/unregister", {})
    assert (await post(shop, f"{path}/register", "reg", {"data": {}}))[0] == 200
    found = await shop.developer.expect(200, "GET", f"{shop.path}/registrations")
    assert [row for row in found["items"] if row["automationId"] == automation] == []


async def test_a_key_is_free_again_after_a_day(
    database: Any, project_of_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = Remembered(project_of_database, "key", "content")
    first = await idempotency.claim(database, request, new_id())
    assert await idempotency.claim(database, request, new_id()) == first
    assert await idempotency.recall(database, request) == first
    other = Remembered(project_of_database, "key", "other")
    with pytest.raises(idempotency.KeyUsedOtherwise):
        await idempotency.claim(database, other, new_id())
    later = now_ms() + idempotency.KEPT_MS + 1_000
    monkeypatch.setattr(idempotency, "now_ms", lambda: later)
    assert await idempotency.recall(database, other) is None
    assert (await idempotency.claim(database, other, new_id())).run_id != first.run_id
    monkeypatch.setattr(idempotency, "now_ms", lambda: later + idempotency.KEPT_MS + 1_000)
    await idempotency.purge(database)
    monkeypatch.undo()
    assert await idempotency.recall(database, other) is None


@pytest.fixture
async def project_of_database(database: Any) -> str:
    from store.models import Account, Project

    async with database.begin() as session:
        session.add(Account(id="a", email="d@example.com", password_hash="", daily_credits=1))
        await session.flush()
        session.add(Project(id="p", account_id="a", name="p", webhook_url=""))
    return "p"


async def test_a_run_that_another_api_starts_again_is_not_forgotten(
    database: Database, project_of_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who has given a start up asks the engine, and then the book, whether it is still theirs."""
    monkeypatch.setattr(api.runs, "now_ms", iter(range(1_000, 2_000)).__next__)
    for name in ("START_SECONDS", "SETTLE_SECONDS", "RETRY_WAIT"):
        monkeypatch.setattr(api.runs, name, 0.0)
    first, second = (api.runs.Runs(None, database) for _ in range(2))  # type: ignore[arg-type]
    starts: dict[str, Any] = {}

    async def lost(_client: Any, _run: Any, run_id: str) -> None:
        if run_id not in starts:
            raise LOST
        starts[run_id] = "started"

    async def was_started(run_id: str) -> bool:
        # Just before the engine's answer is heard, the same request comes to the other API.
        if run_id == "again":
            starts[run_id] = "asked for"
            monkeypatch.setattr(first, "was_started", no)
            await second.start(run, run_id, is_new=False)
        return False

    async def no(_run_id: str) -> bool:
        return False

    monkeypatch.setattr(api.runs, "start_run", lost)
    monkeypatch.setattr(first, "was_started", was_started)
    run = run_input([]).model_copy(update={"project_id": project_of_database})
    for run_id in ("never", "again"):
        with pytest.raises(api.runs.EngineUnavailable, match="may have been"):
            await first.start(run, run_id)
    await first.aclose()
    assert starts == {"again": "started"}
    async with database() as session:
        assert list(await session.scalars(select(Run.id))) == ["again"]


@pytest.mark.parametrize("is_new", [True, False])
async def test_a_start_that_is_refused_forgets_only_what_nobody_else_can_have_started(
    database: Database, project_of_database: str, monkeypatch: pytest.MonkeyPatch, *, is_new: bool
) -> None:
    monkeypatch.setattr(api.runs, "now_ms", iter(range(1_000, 2_000)).__next__)
    elsewhere, here = (api.runs.Runs(None, database) for _ in range(2))  # type: ignore[arg-type]
    refused = RPCError("too large", RPCStatusCode.INVALID_ARGUMENT, b"")
    answers: list[Any] = [None, refused]

    async def start(*_: Any) -> None:
        if (answer := answers.pop(0)) is not None:
            raise answer

    async def was_started(_run_id: str) -> bool:
        return not is_new

    monkeypatch.setattr(api.runs, "start_run", start)
    monkeypatch.setattr(here, "was_started", was_started)
    followed: list[str] = []
    monkeypatch.setattr(here, "_follow", followed.append)
    run = run_input([]).model_copy(update={"project_id": project_of_database})
    if is_new:
        answers.pop(0)
    else:
        await elsewhere.start(run, "shared")
    with pytest.raises(RPCError, match="too large"):
        await here.start(run, "shared", is_new=is_new)
    await here.aclose()
    async with database() as session:
        known = list(await session.scalars(select(Run.id)))
    assert known == ([] if is_new else ["shared"])
    assert followed == known


async def test_one_key_is_one_run_at_two_apis_at_once(shop: Workshop, path: str, app: App) -> None:
    """Each with its own connections, caches and waits: they share the database and the engine."""
    app.may_answer.clear()
    here = shop.application.http
    settings = here._transport.app.state.inlay.settings  # type: ignore[attr-defined]
    async with serving(settings) as (_, http):
        bearer = shop.application.bearer
        there = dataclasses.replace(shop, application=Rest(http, bearer))
        sending = [
            asyncio.create_task(post(where, path, "two-apis")) for where in (shop, there) * 4
        ]
        await app.called.wait()
        app.may_answer.set()
        answers = await asyncio.gather(*sending)
        assert all(answer == answers[0] for answer in answers)
        assert (answers[0][0], answers[0][1]["status"], app.calls) == (200, "completed", 1)
        assert (await post(there, path, "two-apis")) == answers[0]
        other = {"data": {"order": 8}}
        assert (await post(there, path, "two-apis", other))[1]["code"] == 906
    assert app.calls == 1
