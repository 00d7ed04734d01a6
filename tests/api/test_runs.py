"""Runs through the API on a real Temporal server with a real worker."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import update

from settings import Settings
from store.database import close_database, open_database
from store.encryption import Keyring
from store.models import Connection
from temporal.server import dev_server
from tests.api.conftest import GREETING, Workshop, make_workshop, serving
from tests.working import start_worker

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    import httpx

MANUAL = {"type": "manual"}


@dataclass
class Vendor:
    """A third-party app that answers every request with the same status and body."""

    url: str
    status: int = 200
    body: bytes = b'{"good":true}'
    requests: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
async def vendor() -> AsyncIterator[Vendor]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        known.requests.append(head.partition("\r\n")[0])
        writer.write(
            f"HTTP/1.1 {known.status} X\r\ncontent-type: application/json\r\n"
            f"content-length: {len(known.body)}\r\nconnection: close\r\n\r\n".encode()
            + known.body
        )
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    known = Vendor(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    yield known
    server.close()


@pytest.fixture(scope="module")
async def engine_settings(
    sqlite_template: Path, connectors_here: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Settings]:
    """The settings of a Temporal server that runs, and of a database."""
    folder = tmp_path_factory.mktemp("engine")
    shutil.copyfile(sqlite_template, folder / "inlay.db")
    async with dev_server(folder / "temporal.db", headless=True) as server:
        settings = Settings(
            data_dir=folder,
            temporal_address=server.address,
            public_url="http://127.0.0.1:8000",
            allowed_private_hosts="127.0.0.1",
            connector_dirs=str(connectors_here),
        )
        yield settings


@pytest.fixture(scope="module")
async def engine(engine_settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """The API with that server and a worker behind it."""
    working = await start_worker(engine_settings)
    try:
        async with serving(engine_settings) as (_, http):
            yield http
    finally:
        working.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await working


@pytest.fixture(scope="module")
async def shop(engine: httpx.AsyncClient) -> Workshop:
    return await make_workshop(engine)


@pytest.fixture(scope="module")
async def other_shop(engine: httpx.AsyncClient, shop: Workshop) -> Workshop:
    return await make_workshop(engine, "bob@example.com")


async def run(shop: Workshop, definition: dict[str, Any], **body: Any) -> dict[str, Any]:
    automation = await shop.automation(definition)
    answer: dict[str, Any] = await shop.application.expect(
        200, "POST", shop.run_path(automation), {"data": {}, **body}
    )
    return answer


async def until(shop: Workshop, run_id: str, status: str) -> dict[str, Any]:
    async with asyncio.timeout(30):
        while True:
            details: dict[str, Any] = await shop.application.expect(
                200, "GET", f"{shop.path}/runs/{run_id}"
            )
            if details["status"] == status:
                return details
            await asyncio.sleep(0.05)


async def eventually(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(30):
        while not await condition():
            await asyncio.sleep(0.05)


async def test_a_run_answers_its_result(shop: Workshop) -> None:
    answer = await run(shop, GREETING, data={"name": "Ada"}, userId="user-1")
    assert answer == {"status": "completed", "result": "Hello Ada", "runId": answer["runId"]}
    details = await until(shop, answer["runId"], "completed")
    assert details["userId"] == "user-1"
    assert details["version"] == 1
    assert details["automationName"] == "A"
    assert details["result"] == "Hello Ada"
    assert details["temporalUiUrl"].endswith(f"/namespaces/default/workflows/{answer['runId']}")
    assert [step["stepId"] for step in details["steps"]] == ["greet"]
    assert details["steps"][0]["status"] == "completed"


async def test_the_schemas_defaults_reach_the_run(shop: Workshop) -> None:
    definition = {**GREETING, "result": {"times": "{{ data.times }}"}}
    answer = await run(shop, definition, data={"name": "Ada"})
    assert answer["result"] == {"times": 1}


async def test_a_draft_runs_without_being_published(shop: Workshop) -> None:
    automation = await shop.automation(GREETING, publish=False)
    body = {"data": {"name": "Ada"}}
    for rest, path, more in (
        (shop.application, shop.run_path(automation), {"development": "true"}),
        (shop.developer, f"{shop.path}/automations/{automation}/test", {}),
    ):
        answer = await rest.expect(200, "POST", path, {**body, **more})
        assert (answer["status"], answer["result"]) == ("completed", "Hello Ada")
        details = await until(shop, answer["runId"], "completed")
        assert (details["version"], details["userId"]) == (0, "")


async def test_a_failing_run_is_a_200_and_can_be_retried(shop: Workshop, vendor: Vendor) -> None:
    steps: list[dict[str, Any]] = [
        {
            "id": name,
            "type": "app",
            "component": "http.request",
            "name": f"Ask {name}",
            "inputs": {"url": f"{vendor.url}/{name}"},
        }
        for name in ("first", "second")
    ]
    vendor.requests.clear()
    vendor.status = 200
    steps[1]["inputs"] = {"url": f"{vendor.url}/second", "expectedStatuses": [201]}
    answer = await run(shop, {"trigger": MANUAL, "steps": steps, "result": "done"})
    assert answer["status"] == "error"
    assert "Ask second" in answer["message"]
    details = await until(shop, answer["runId"], "error")
    assert [step["status"] for step in details["steps"]] == ["completed", "error"]
    assert details["steps"][1]["error"]
    vendor.status = 201
    path = f"{shop.path}/runs/{answer['runId']}"
    await shop.developer.expect(202, "POST", f"{path}/retry")
    details = await until(shop, answer["runId"], "completed")
    assert details["result"] == "done"
    assert [request.split()[1] for request in vendor.requests].count("/first") == 1
    for action in ("retry", "cancel", "resume"):
        await shop.developer.refused(409, "POST", f"{path}/{action}")
    vendor.status = 200


async def test_an_approval_pauses_and_is_answered_once(shop: Workshop) -> None:
    approval = {"id": "ask", "type": "approval", "who": "Bob", "message": "May it be sent?"}
    definition = {"trigger": MANUAL, "steps": [approval], "result": "{{ steps.ask.output }}"}
    answer = await run(shop, definition)
    assert answer["status"] == "paused"
    assert answer["message"]
    assert "result" not in answer
    path = f"{shop.path}/runs/{answer['runId']}"
    details = await shop.developer.expect(200, "GET", path)
    assert [pause["kind"] for pause in details["pauses"]] == ["approval"]
    listed = await shop.developer.expect(200, "GET", f"{shop.path}/runs", status="paused")
    assert answer["runId"] in [item["id"] for item in listed["items"]]
    await shop.developer.refused(1, "POST", f"{path}/resume")
    await shop.developer.refused(409, "POST", f"{path}/resume", {"stepId": "other"})
    body = {"stepId": "ask", "approved": True, "by": "Bob", "comment": "Yes"}
    await shop.application.expect(202, "POST", f"{path}/resume", body)
    details = await until(shop, answer["runId"], "completed")
    assert details["result"] == {"approved": True, "expired": False, "by": "Bob", "comment": "Yes"}
    assert details["pauses"] == []
    await shop.developer.refused(409, "POST", f"{path}/resume", body | {"by": None})


async def test_an_approval_names_who_gave_it(shop: Workshop) -> None:
    """An application answers for its own users; a person who is signed in for nobody else."""
    steps = [{"id": "ask", "type": "approval"}]
    definition = {"trigger": MANUAL, "steps": steps, "result": "{{ steps.ask.output.by }}"}
    for rest, name in ((shop.developer, shop.email), (shop.application, "production")):
        answer = await run(shop, definition)
        path = f"{shop.path}/runs/{answer['runId']}/resume"
        await shop.developer.refused(1, "POST", path, {"approved": True, "by": "The boss"})
        await rest.expect(202, "POST", path, {"approved": True})
        assert (await until(shop, answer["runId"], "completed"))["result"] == name


async def test_of_two_answers_to_one_question_the_first_counts(shop: Workshop) -> None:
    steps = [{"id": "ask", "type": "approval"}]
    definition = {"trigger": MANUAL, "steps": steps, "result": "{{ steps.ask.output }}"}
    answer = await run(shop, definition)
    path = f"{shop.path}/runs/{answer['runId']}/resume"
    bodies = [{"approved": number % 2 == 0, "comment": str(number)} for number in range(10)]
    answers = await asyncio.gather(*[shop.developer.call("POST", path, b) for b in bodies])
    assert sorted(answer.status_code for answer in answers) == [202] + [409] * 9
    [first] = [number for number, one in enumerate(answers) if one.status_code == 202]
    result = (await until(shop, answer["runId"], "completed"))["result"]
    assert (result["comment"], result["approved"]) == (str(first), first % 2 == 0)


@pytest.mark.parametrize("levels", [66, 200, 100_000])
async def test_an_answer_that_is_nested_too_deeply_fails_its_step(
    shop: Workshop, vendor: Vendor, levels: int
) -> None:
    ask = {
        "id": "ask",
        "type": "app",
        "component": "http.request",
        "inputs": {"url": f"{vendor.url}/deep"},
    }
    keep = {"id": "keep", "type": "set", "values": {"x": "{{ steps.ask.output }}"}}
    vendor.requests.clear()
    vendor.status, vendor.body = 200, b"[" * levels + b"]" * levels
    try:
        answer = await run(shop, {"trigger": MANUAL, "steps": [ask, keep]})
    finally:
        vendor.body = b'{"good":true}'
    assert answer["status"] == "error"
    assert "nested deeper than 64 levels" in answer["message"]
    await until(shop, answer["runId"], "error")
    assert len(vendor.requests) == 1


async def test_a_run_waits_for_an_app_that_is_down_and_a_person_decides(
    shop: Workshop, vendor: Vendor
) -> None:
    retry = {"initialInterval": 30}
    ask = {
        "id": "ask",
        "type": "app",
        "component": "http.request",
        "name": "Ask",
        "inputs": {"url": f"{vendor.url}/ask"},
        "onError": {"action": "continue", "retry": retry},
    }
    definition = {"trigger": MANUAL, "steps": [ask], "result": "{{ steps.ask }}"}
    vendor.status = 503
    try:
        answer = await run(shop, definition)
        assert answer["status"] == "paused"
        assert "Step “Ask” waits for HTTP to work again, next try at" in answer["message"]
        path = f"{shop.path}/runs/{answer['runId']}"
        details = await shop.developer.expect(200, "GET", path)
        [pause] = details["pauses"]
        assert (pause["kind"], pause["runId"]) == ("unavailable", answer["runId"])
        assert pause["until"] > pause["since"] + 25_000
        assert [step["status"] for step in details["steps"]] == ["waiting"]
        # Tried now, it fails again and waits on.
        await shop.developer.expect(202, "POST", f"{path}/resume")

        async def tried_again() -> bool:
            [later] = (await shop.developer.expect(200, "GET", path))["pauses"]
            return bool(later["until"] > pause["until"])

        await eventually(tried_again)
        given_up = await run(shop, definition)
        other = f"{shop.path}/runs/{given_up['runId']}"
        await shop.developer.expect(202, "POST", f"{other}/give-up")
        failed = await until(shop, given_up["runId"], "completed")
        assert failed["result"]["error"]["message"].endswith(f"It was given up by {shop.email}.")
        assert [step["status"] for step in failed["steps"]] == ["error"]
        vendor.status = 200
        await shop.application.expect(202, "POST", f"{path}/resume", {"stepId": "ask"})
        done = await until(shop, answer["runId"], "completed")
        assert done["result"]["status"] == "completed"
        assert [step["status"] for step in done["steps"]] == ["completed"]
        told = await shop.developer.expect(
            200, "GET", f"{shop.path}/notifications", type="run.paused"
        )
        of_run = [n for n in told["items"] if n["data"]["runId"] == answer["runId"]]
        assert len(of_run) == 1
        await shop.developer.refused(409, "POST", f"{path}/give-up")
    finally:
        vendor.status = 200


async def test_what_is_not_tried_again_cannot_be_given_up(shop: Workshop) -> None:
    answer = await run(shop, {"trigger": MANUAL, "steps": [{"id": "ask", "type": "approval"}]})
    path = f"{shop.path}/runs/{answer['runId']}"
    await shop.developer.refused(409, "POST", f"{path}/give-up")
    await shop.developer.expect(202, "POST", f"{path}/cancel")


async def test_a_delay_is_skipped_and_a_run_canceled(shop: Workshop) -> None:
    definition = {
        "trigger": MANUAL,
        "steps": [
            {"id": "wait", "type": "delay", "seconds": 3600},
            {"id": "again", "type": "delay", "seconds": 3600},
        ],
    }
    answer = await run(shop, definition)
    assert answer["status"] == "paused"
    path = f"{shop.path}/runs/{answer['runId']}"
    await shop.developer.expect(202, "POST", f"{path}/resume", {"stepId": "wait"})

    async def waits_again() -> bool:
        details = await shop.developer.expect(200, "GET", path)
        return [pause["stepId"] for pause in details["pauses"]] == ["again"]

    await eventually(waits_again)
    await shop.developer.expect(202, "POST", f"{path}/cancel")
    await until(shop, answer["runId"], "canceled")


async def test_a_callback_url_lets_its_run_go_on(shop: Workshop) -> None:
    definition = {
        "trigger": MANUAL,
        "steps": [
            {"id": "ask", "type": "set", "values": {"url": "{{ callbacks.hear }}"}},
            {"id": "hold", "type": "approval"},
            {"id": "hear", "type": "callback"},
        ],
        "result": "{{ steps.hear.output }}",
    }
    answer = await run(shop, definition)
    details = await shop.developer.expect(200, "GET", f"{shop.path}/runs/{answer['runId']}")
    url = details["steps"][0]["output"]["url"]
    assert url.startswith("http://127.0.0.1:8000/api/v1/callbacks/")
    http = shop.application.http
    # A call that comes before the wait is kept.
    asked = {"from": "test", "tag": ["a", "b"]}
    called = await http.post(url, params=asked, json={"paid": True})
    assert (called.status_code, called.json()) == (200, {"received": True})
    # Its sender may not have heard that it had come; another one comes too late.
    again = await http.post(url, params=asked, json={"paid": True})
    assert again.status_code == 200
    assert (await http.post(url, json={"paid": False})).status_code == 409
    await shop.developer.expect(
        202, "POST", f"{shop.path}/runs/{answer['runId']}/resume", {"approved": True}
    )
    details = await until(shop, answer["runId"], "completed")
    assert details["result"] == {
        "body": {"paid": True},
        "query": asked,
        "expired": False,
    }
    ended = await http.post(url, json={})
    assert ended.status_code == 404


async def test_a_callback_url_answers_its_own_step_and_no_other(shop: Workshop) -> None:
    """Whoever has one can neither approve, skip a delay nor plant what another step reads."""
    loop = {
        "id": "each",
        "type": "for-each",
        "items": "[1, 2]",
        "parallelism": 2,
        "steps": [
            {"id": "tell", "type": "set", "values": {"url": "{{ callbacks.hear }}"}},
            {"id": "hear", "type": "callback"},
        ],
        "output": "{{ steps.hear.output.body }}",
    }
    definition = {
        "trigger": MANUAL,
        "steps": [
            loop,
            {"id": "ask", "type": "approval"},
        ],
        "result": "{{ steps.each.output }}",
    }
    answer = await run(shop, definition)
    path = f"{shop.path}/runs/{answer['runId']}"

    async def both_wait() -> bool:
        return len((await shop.developer.expect(200, "GET", path))["pauses"]) == 2

    await eventually(both_wait)
    details = await shop.developer.expect(200, "GET", path)
    urls = {s["iteration"]: s["output"]["url"] for s in details["steps"] if s["stepId"] == "tell"}
    http = shop.application.http
    own = "/hear/0/"
    assert own in urls["0"]
    for other in ("/hear/1/", "/hear/", "/hear/0.0/", "/ask/", "/invented/", "/ask/0/"):
        assert (await http.post(urls["0"].replace(own, other), json=1)).status_code == 404
    unsealed = urls["0"].rpartition("/")[0]
    for url in (unsealed, f"{unsealed}/", urls["0"][:-1], f"{urls['0']}/x"):
        assert (await http.post(url, json=1)).status_code == 404
    child = urls["0"].replace(own, f"/{answer['runId']}-sub/hear/")
    assert (await http.post(child, json=1)).status_code == 404
    for iteration, url in urls.items():
        assert (await http.post(url, json={"of": iteration})).status_code == 200

    async def asks() -> bool:
        pauses = (await shop.developer.expect(200, "GET", path))["pauses"]
        return [pause["kind"] for pause in pauses] == ["approval"]

    await eventually(asks)
    # The step is over, though its run is not.
    assert (await http.post(urls["0"], json={"of": "0"})).status_code == 409
    await shop.developer.expect(202, "POST", f"{path}/resume", {"approved": True})
    done = await until(shop, answer["runId"], "completed")
    assert done["result"] == [{"of": "0"}, {"of": "1"}]


async def test_a_called_automations_callback_is_answered_by_its_own_url(shop: Workshop) -> None:
    steps = [
        {"id": "tell", "type": "set", "values": {"url": "{{ callbacks.hear }}"}},
        {"id": "hear", "type": "callback"},
    ]
    called = {"trigger": MANUAL, "steps": steps, "result": "{{ steps.hear.output.body }}"}
    answer = await run(shop, calling(await shop.automation(called)))
    path = f"{shop.path}/runs"
    [pause] = (await shop.developer.expect(200, "GET", f"{path}/{answer['runId']}"))["pauses"]
    inner = await shop.developer.expect(200, "GET", f"{path}/{pause['runId']}")
    url = inner["steps"][0]["output"]["url"]
    http = shop.application.http
    of_caller = url.replace(f"/{pause['runId']}/", "/")
    assert of_caller != url
    assert (await http.post(of_caller, json="planted")).status_code == 404
    assert (await http.post(url, json="heard")).status_code == 200
    assert (await until(shop, answer["runId"], "completed"))["result"] == "heard"


@pytest.mark.parametrize(
    ("arguments", "body"),
    [
        ({"json": [1, "2", None]}, [1, "2", None]),
        ({"data": {"a": "1", "b": "ü"}}, {"a": "1", "b": "ü"}),
        ({"content": "plain", "headers": {"content-type": "text/plain"}}, "plain"),
        ({}, None),
    ],
)
async def test_a_callback_takes_any_body(
    shop: Workshop, arguments: dict[str, Any], body: Any
) -> None:
    definition = {
        "trigger": MANUAL,
        "steps": [
            {"id": "tell", "type": "set", "values": {"url": "{{ callbacks.hear }}"}},
            {"id": "hear", "type": "callback"},
        ],
        "result": "{{ steps.hear.output.body }}",
    }
    answer = await run(shop, definition)
    path = f"{shop.path}/runs/{answer['runId']}"
    steps = (await shop.developer.expect(200, "GET", path))["steps"]
    url = steps[0]["output"]["url"]
    await shop.developer.refused(409, "POST", f"{path}/resume", {"stepId": "hear"})
    http = shop.application.http
    for content in (b"\xff", b"a\x00b"):
        refused = await http.post(url, content=content)
        assert (refused.status_code, refused.json()["code"]) == (400, 1)
    assert (await http.post(url, **arguments)).status_code == 200
    details = await until(shop, answer["runId"], "completed")
    assert details["result"] == body


async def test_a_called_automation_runs_in_its_published_version(shop: Workshop) -> None:
    called = await shop.automation(GREETING)
    call = {"id": "call", "type": "call", "automationId": called, "data": {"name": "Eve"}}
    definition = {"trigger": MANUAL, "steps": [call], "result": "{{ steps.call.output }}"}
    answer = await run(shop, definition)
    assert answer["result"] == "Hello Eve"
    listed = await shop.developer.expect(200, "GET", f"{shop.path}/runs", automationId=called)
    assert [item["parentRunId"] for item in listed["items"]] == [answer["runId"]]


def calling(automation_id: str, **more: Any) -> dict[str, Any]:
    step = {"id": "sub", "type": "call", "automationId": automation_id}
    return {"trigger": MANUAL, "steps": [step], "result": "{{ steps.sub.output }}", **more}


async def test_a_run_is_paused_while_what_it_called_waits(shop: Workshop) -> None:
    """However deep it is; and it is answered from the run that the caller knows."""
    ask = {"id": "ask", "type": "approval", "name": "Ask", "who": "Bob"}
    inner = {"trigger": MANUAL, "steps": [ask], "result": "{{ steps.ask.output.by }}"}
    middle = calling(await shop.automation(inner))
    outer = calling(await shop.automation(middle))
    answer = await run(shop, outer)
    assert answer["status"] == "paused"
    assert answer["message"] == ("“A” waits: “A” waits: Step “Ask” waits for the approval of Bob")
    path = f"{shop.path}/runs/{answer['runId']}"
    details = await shop.developer.expect(200, "GET", path)
    [pause] = details["pauses"]
    assert pause["runId"] != answer["runId"]
    assert details["status"] == "paused"
    by_its_caller = {"stepId": pause["stepId"], "approved": True}
    await shop.application.expect(202, "POST", f"{path}/resume", by_its_caller)
    done = await until(shop, answer["runId"], "completed")
    assert (done["result"], done["pauses"]) == ("production", [])
    assert (await until(shop, pause["runId"], "completed"))["message"] is None


async def test_canceling_a_run_cancels_what_it_called(shop: Workshop) -> None:
    waiting = await shop.automation(
        {"trigger": MANUAL, "steps": [{"id": "ask", "type": "approval"}]}
    )
    answer = await run(shop, calling(waiting))
    path = f"{shop.path}/runs/{answer['runId']}"
    [pause] = (await shop.developer.expect(200, "GET", path))["pauses"]
    await shop.developer.expect(202, "POST", f"{path}/cancel")
    await until(shop, answer["runId"], "canceled")
    await until(shop, pause["runId"], "canceled")


async def test_a_loop_waits_until_all_that_it_called_go_on(shop: Workshop) -> None:
    waiting = await shop.automation(
        {"trigger": MANUAL, "steps": [{"id": "ask", "type": "approval"}], "result": "went on"}
    )
    loop = {
        "id": "each",
        "type": "for-each",
        "items": "[1, 2]",
        "parallelism": 2,
        "steps": calling(waiting)["steps"],
        "output": "{{ steps.sub.output }}",
    }
    answer = await run(
        shop, {"trigger": MANUAL, "steps": [loop], "result": "{{ steps.each.output }}"}
    )
    path = f"{shop.path}/runs/{answer['runId']}"

    async def pauses() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await shop.developer.expect(200, "GET", path))["pauses"]
        return found

    async def both_wait() -> bool:
        return len(await pauses()) == 2

    await eventually(both_wait)
    first, second = await pauses()
    body = {"approved": True}
    await shop.developer.expect(202, "POST", f"{shop.path}/runs/{first['runId']}/resume", body)
    await until(shop, first["runId"], "completed")
    assert (await until(shop, answer["runId"], "paused"))["pauses"] == [second]
    await shop.developer.expect(202, "POST", f"{shop.path}/runs/{second['runId']}/resume", body)
    assert (await until(shop, answer["runId"], "completed"))["result"] == ["went on"] * 2


async def test_a_new_version_is_taken_at_once(shop: Workshop) -> None:
    automation = await shop.automation({"trigger": MANUAL, "steps": [], "result": "one"})
    path = f"{shop.path}/automations/{automation}"
    run_path = shop.run_path(automation)
    first = await shop.application.expect(200, "POST", run_path, {"data": {}})
    second = {"trigger": MANUAL, "steps": [], "result": "two"}
    await shop.developer.expect(200, "PATCH", path, {"definition": second, "revision": 1})
    assert (await shop.application.expect(200, "POST", run_path, {"data": {}}))["result"] == "one"
    await shop.developer.expect(201, "POST", f"{path}/publish")
    assert (await shop.application.expect(200, "POST", run_path, {"data": {}}))["result"] == "two"
    assert first["result"] == "one"


async def test_runs_are_listed_searched_and_paged(other_shop: Workshop) -> None:
    path = f"{other_shop.path}/runs"
    ids: list[str] = []
    for number in range(3):
        answer = await run(other_shop, GREETING, data={"name": "Ada"}, userId=f"user-{number}")
        ids.insert(0, answer["runId"])
    own = (await run(other_shop, GREETING, data={"name": "Ada"}))["runId"]
    ids.insert(0, own)
    seen: list[str] = []
    cursor: dict[str, Any] = {}
    while True:
        page = await other_shop.application.expect(200, "GET", path, limit=2, **cursor)
        seen += [item["id"] for item in page["items"]]
        if page["nextCursor"] is None:
            break
        cursor = {"cursor": page["nextCursor"]}
    assert seen == ids
    for params, count in (
        ({"userId": "user-1"}, 1),
        ({"userId": ""}, 1),
        ({"search": "USER-2"}, 1),
        ({"search": "user-"}, 3),
        ({"status": "error"}, 0),
        ({"search": ids[0][-12:]}, 1),
        ({"search": "_"}, 0),
        ({"automationId": "x"}, 0),
    ):
        page = await other_shop.application.expect(200, "GET", path, **params)
        assert len(page["items"]) == count, params


async def test_steps_are_paged_in_their_order(shop: Workshop) -> None:
    definition = {
        "trigger": MANUAL,
        "steps": [
            {
                "id": "each",
                "type": "for-each",
                "items": "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]",
                "steps": [
                    {"id": "write", "type": "set", "values": {"x": "{{ item }}"}},
                    {"id": "again", "type": "set", "values": {"y": "{{ item }}"}},
                ],
            }
        ],
    }
    answer = await run(shop, definition)
    await until(shop, answer["runId"], "completed")
    path = f"{shop.path}/runs/{answer['runId']}/steps"
    seen: list[tuple[str, str]] = []
    cursor: dict[str, Any] = {}
    while True:
        page = await shop.application.expect(200, "GET", path, limit=6, **cursor)
        seen += [(item["stepId"], item["iteration"]) for item in page["items"]]
        if page["nextCursor"] is None:
            break
        cursor = {"cursor": page["nextCursor"]}
    iterations = [(step, str(number)) for number in range(12) for step in ("write", "again")]
    assert seen == [("each", ""), *iterations]


async def test_statistics_count_what_ran(other_shop: Workshop, vendor: Vendor) -> None:
    vendor.status = 200
    step = {
        "id": "ask",
        "type": "app",
        "component": "http.request",
        "inputs": {"url": vendor.url},
    }
    before = await other_shop.developer.expect(200, "GET", f"{other_shop.path}/statistics")
    answer = await run(other_shop, {"trigger": MANUAL, "steps": [step]}, userId="user-9")
    assert answer["status"] == "completed", answer
    after = await other_shop.developer.expect(200, "GET", f"{other_shop.path}/statistics", days=7)
    assert after["lastExecutions"][0]["runId"] == answer["runId"]
    assert len(after["lastExecutions"]) <= 5
    assert len(after["chart"]) == 7
    assert after["chart"][-1]["runs"] == before["chart"][-1]["runs"] + 1
    assert after["chart"][-1]["completed"] == before["chart"][-1]["completed"] + 1
    assert after["usedDailyCredits"] == before["usedDailyCredits"] + 1
    assert after["registrations"] == 0
    credits_now = await other_shop.developer.expect(200, "GET", "/api/v1/account/credits")
    assert credits_now["usedDailyCredits"] == after["usedDailyCredits"]


async def test_deleting_a_project_stops_its_runs(engine: httpx.AsyncClient) -> None:
    shop = await make_workshop(engine, "eve@example.com")
    delay = {"id": "wait", "type": "delay", "seconds": 3600}
    await run(shop, {"trigger": MANUAL, "steps": [delay]})
    removed = await shop.developer.expect(200, "DELETE", shop.path, confirm="Shop")
    assert (removed["runs"], removed["stoppedRuns"]) == (1, 1)


async def test_a_run_waits_for_a_broken_connection_and_goes_on_when_it_is_mended(
    engine: httpx.AsyncClient, engine_settings: Settings
) -> None:
    shop = await make_workshop(engine, "mia@example.com")
    await shop.integrate("cubicl")
    await shop.connect("user-1")
    steps = [
        {"id": "hold", "type": "approval"},
        {"id": "tasks", "type": "app", "component": "cubicl.list-tasks"},
    ]
    answer = await run(shop, {"trigger": MANUAL, "steps": steps}, userId="user-1")
    path = f"{shop.path}/runs/{answer['runId']}"
    database = open_database(
        engine_settings.effective_database_url, Keyring.from_settings(engine_settings)
    )
    async with database.begin() as session:
        await session.execute(
            update(Connection)
            .where(Connection.project_id == shop.project_id)
            .values(status="invalid")
        )
    await close_database(database)
    await shop.developer.expect(202, "POST", f"{path}/resume", {"approved": True})

    async def waits_for(kind: str | None) -> bool:
        pauses = (await shop.developer.expect(200, "GET", path))["pauses"]
        return [pause["kind"] for pause in pauses] == ([kind] if kind else [])

    await eventually(lambda: waits_for("connection"))
    details = await shop.developer.expect(200, "GET", path)
    assert details["status"] == "paused"
    assert details["pauses"][0]["appKey"] == "cubicl"
    assert details["pauses"][0]["userId"] == "user-1"
    await shop.connect("user-1")
    await eventually(lambda: waits_for(None))
    await shop.developer.call("POST", f"{path}/cancel")


async def test_a_token_that_cannot_be_renewed_now_is_said_at_its_step(
    engine: httpx.AsyncClient,
) -> None:
    shop = await make_workshop(engine, "noa@example.com")
    await shop.integrate("google-calendar")
    tokens = {
        "userId": "user-1",
        "appKey": "google-calendar",
        "scopes": [],
        "accessToken": "ended",
        "refreshToken": "r",
        "expiresAt": 1_600_000_000_000,
    }
    await shop.application.expect(204, "POST", "/api/v1/ipaas/users/connections/import", tokens)
    step = {
        "id": "calendars",
        "type": "app",
        "component": "google-calendar.list-calendars",
        "onError": {"retry": {"maxAttempts": 1}},
    }
    answer = await run(shop, {"trigger": MANUAL, "steps": [step]}, userId="user-1")
    assert answer["status"] == "error"
    details = await shop.developer.expect(200, "GET", f"{shop.path}/runs/{answer['runId']}")
    (shown,) = details["steps"]
    assert (shown["stepId"], shown["status"]) == ("calendars", "error")
    assert "could not be renewed now" in shown["error"]
    status = await shop.application.expect(
        200, "GET", "/api/v1/ipaas/users/user-1/connections/status", appKeys="google-calendar"
    )
    assert status == {"google-calendar": "connected"}
