"""Testing in the editor: a whole draft, one step of it, and the samples to do so with."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from store.models import Run, RunStep, now_ms
from tests.api.beacon import listening
from tests.api.conftest import GREETING, Workshop, make_workshop
from tests.api.engine import whole_engine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from starlette.requests import Request

    from store.database import Database

pytestmark = pytest.mark.both_databases

NOTE = {"type": "object", "properties": {"id": {"type": "string"}, "text": {"type": "string"}}}
SAMPLE = {"id": "sample", "text": "as an example"}
APP = {
    "name": "Desk",
    "auth": {
        "type": "api_key",
        "fields": [{"name": "key", "type": "password", "label": "Key", "secret": True}],
        "apply": [{"in": "header", "name": "Authorization", "template": "Bearer {{ fields.key }}"}],
    },
}
ADD = {
    "name": "Add a note",
    "input_schema": {
        "type": "object",
        "properties": {"text": {"type": "string"}},
        "required": ["text"],
    },
    "request": {"method": "POST", "path": "/notes", "json": {"text": "{{ inputs.text }}"}},
    "output_schema": NOTE,
}
NOTED = {
    "name": "New note",
    "output_schema": NOTE,
    "sample": SAMPLE,
    "source": {
        "type": "poll",
        "poll": {"request": {"path": "/notes"}, "items": "body", "id": "item.id"},
    },
}
BARE = {**NOTED, "name": "Without a sample", "sample": None}


@dataclass
class Desk:
    """An app that takes notes."""

    notes: list[str] = field(default_factory=list)

    async def answer(self, request: Request) -> Response:
        text = (await request.json())["text"]
        if text == "refused":
            return JSONResponse({"message": "this note is not wanted"}, 422)
        self.notes.append(text)
        return JSONResponse({"id": f"n{len(self.notes)}", "text": text})


@pytest.fixture(scope="module")
async def desk() -> Desk:
    return Desk()


@pytest.fixture(scope="module")
async def engine(
    desk: Desk, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[httpx.AsyncClient]:
    folder = tmp_path_factory.mktemp("engine")
    web = Starlette(routes=[Route("/notes", desk.answer, methods=["POST"])])
    async with listening(web) as url:
        for key in ("desk", "drawer"):
            for place, part in (
                ("app", {**APP, "key": key, "base_url": url}),
                ("actions/add", ADD),
                ("triggers/noted", NOTED),
                ("triggers/bare", BARE),
            ):
                file = folder / "connectors" / key / f"{place}.yaml"
                file.parent.mkdir(parents=True, exist_ok=True)
                # JSON is YAML.
                file.write_text(json.dumps(part))
        async with whole_engine(folder, sqlite_template) as http:
            yield http


@pytest.fixture(scope="module")
async def shop(engine: httpx.AsyncClient) -> Workshop:
    """A developer who has connected `desk`, and not `drawer`."""
    shop = await make_workshop(engine)
    await shop.integrate("desk")
    path = f"{shop.path}/developer/connections/desk"
    await shop.application.expect(200, "POST", path, {"connectionFields": {"key": "k"}})
    return shop


class Draft:
    """An automation that was saved and not published."""

    def __init__(self, shop: Workshop, automation_id: str) -> None:
        self.call, self.automation_id = shop.developer, automation_id
        self.path = f"{shop.path}/automations/{automation_id}"
        self.runs = f"{shop.path}/runs"

    async def test(self, **body: Any) -> Any:
        return await self.call.expect(200, "POST", f"{self.path}/test", body)

    async def step(self, step_id: str, **body: Any) -> Any:
        return await self.call.expect(200, "POST", f"{self.path}/steps/{step_id}/test", body)

    async def refused(self, code: int, step_id: str, **body: Any) -> dict[str, Any]:
        path = f"{self.path}/steps/{step_id}/test"
        return await self.call.refused(code, "POST", path, body)

    async def samples(self) -> Any:
        return await self.call.expect(200, "GET", f"{self.path}/samples")


async def draft(
    shop: Workshop, *steps: dict[str, Any], trigger: Any = None, result: Any = None
) -> Draft:
    definition = {"trigger": trigger or {"type": "manual"}, "steps": list(steps), "result": result}
    return Draft(shop, await shop.automation(definition, publish=False))


def adding(step_id: str, text: str, app: str = "desk", **more: Any) -> dict[str, Any]:
    return {
        "id": step_id,
        "type": "app",
        "component": f"{app}.add",
        "inputs": {"text": text},
    } | more


def setting(step_id: str, value: Any) -> dict[str, Any]:
    return {"id": step_id, "type": "set", "values": {"value": value}}


def each(items: str, *steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": "each", "type": "for-each", "items": items, "steps": list(steps), **more}


def condition(when: str, *steps: dict[str, Any]) -> dict[str, Any]:
    branches = [{"name": "yes", "when": when, "steps": list(steps)}]
    return {"id": "check", "type": "condition", "branches": branches}


def paths(error: dict[str, Any]) -> list[str]:
    return [fault["path"] for fault in error["details"]]


async def test_a_step_runs_alone_with_what_it_is_given(shop: Workshop, desk: Desk) -> None:
    made = await draft(
        shop,
        adding("first", "{{ data.title }}"),
        adding("second", "{{ steps.first.output.text }} {{ data.title }} {{ vars.who }}"),
    )
    desk.notes.clear()
    given = {"data": {"title": "two"}, "steps": {"first": {"text": "one"}}, "vars": {"who": "Ada"}}
    answer = await made.step("second", **given)
    assert answer["status"] == "completed"
    assert answer["result"] == {"id": "n1", "text": "one two Ada"}
    assert desk.notes == ["one two Ada"]
    # It is a run as any other, of the draft, with its step and its price.
    run = await shop.developer.expect(200, "GET", f"{made.runs}/{answer['runId']}")
    assert (run["version"], run["userId"], run["trigger"]) == (0, "", "manual")
    [step] = run["steps"]
    assert (step["stepId"], step["iteration"], step["connectionUserId"]) == ("second", "", "")
    assert step["inputs"] == {"text": "one two Ada"}


async def test_faults_and_needs_of_other_steps_do_not_hinder(shop: Workshop) -> None:
    made = await draft(
        shop,
        {"id": "broken", "type": "app"},
        {"type": "what", "id": 7},
        {"id": "shapeless", "type": "for-each", "steps": "none"},
        adding("elsewhere", "x", app="drawer"),
        condition("this is (no expression", setting("inner", "{{ 6 * 7 }}")),
        adding("wrong", "{{ steps.nowhere.output }}"),
        adding("early", "{{ steps.late.output.text }}"),
        adding("late", "x", onError={"action": "explode"}),
        setting("fine", "{{ steps.elsewhere.output.text }}"),
    )
    assert (await made.step("inner"))["result"] == {"value": 42}
    given = {"steps": {"elsewhere": {"text": "given"}}}
    assert (await made.step("fine", **given))["result"] == {"value": "given"}
    # What is wrong in the step itself is told at its place in the draft.
    assert paths(await made.refused(1, "broken")) == ["steps[0].component"]
    assert paths(await made.refused(1, "wrong")) == ["steps[5].inputs.text"]
    error = await made.refused(1, "early")
    assert paths(error) == ["steps[6].inputs.text"]
    assert "has not run yet" in error["message"]
    assert paths(await made.refused(1, "check"))[0] == "steps[4].branches[0].when"
    assert (await made.refused(216, "elsewhere"))["details"] == ["drawer"]
    error = await made.refused(404, "gone")
    assert "no step `gone`" in error["message"]


async def test_what_a_step_reads_and_was_not_given_is_named(shop: Workshop, desk: Desk) -> None:
    made = await draft(
        shop,
        adding("list", "x"),
        setting("total", 1),
        adding(
            "all",
            "{{ steps.list.output.text }} {{ data.title }} {{ vars.value }} {{ event.id }}",
        ),
        setting("careful", "{{ has(steps.list) ? steps.list.output.text : 'none' }}"),
        setting("lazy", "{{ data.all == true ? steps.list.output.text : 'none' }}"),
    )
    before = len(desk.notes)
    error = await made.refused(1, "all")
    assert sorted(paths(error)) == ["data.title", "event", "steps.list", "vars.value"]
    assert (
        "The step “all” reads `steps.list`, which was not given: run the whole draft once, or give "
        "a value for `steps.list`." in error["message"]
    )
    whole = {"steps": {"list": {"text": "a"}}, "vars": {"value": 1}, "event": {"id": "e"}}
    assert paths(await made.refused(1, "all", **whole)) == ["data.title"]
    assert len(desk.notes) == before
    # What is asked for with care, or not at all, need not be there.
    assert (await made.step("careful"))["result"] == {"value": "none"}
    assert (await made.step("lazy", data={"all": False}))["result"] == {"value": "none"}
    assert paths(await made.refused(1, "lazy", data={"all": True})) == ["steps.list"]


async def test_a_step_in_loops_stands_at_their_first_items_or_at_the_given_one(
    shop: Workshop,
) -> None:
    inner = each("order.lines", setting("line", "{{ order.id }}/{{ item }}/{{ index }}"))
    outer = each("steps.find.output", {**inner, "id": "inner"}, itemName="order")
    made = await draft(shop, adding("find", "x"), outer)
    orders = [{"id": "A", "lines": ["pen", "ink"]}, {"id": "B", "lines": []}]
    given = {"steps": {"find": orders}}
    assert (await made.step("line", **given))["result"] == {"value": "A/pen/0"}
    assert (await made.step("line", **given, index=1))["result"] == {"value": "A/ink/1"}
    assert (await made.step("line", **given, item="cup", index=4))["result"] == {"value": "A/cup/4"}
    error = await made.refused(1, "line", item="cup")
    assert paths(error) == ["order"]
    assert "what the list of the loop “each” reads" in error["message"]
    error = await made.refused(1, "line", **given, index=9)
    assert paths(error) == ["item"]


async def test_a_flow_step_runs_with_all_that_is_inside(shop: Workshop, desk: Desk) -> None:
    made = await draft(
        shop,
        adding("find", "x"),
        each(
            "steps.find.output",
            adding("say", "{{ item }}!"),
            condition("item == 'b'", setting("seen", "{{ steps.say.output.text }}")),
            output="{{ steps.say.output.text }}",
        ),
        {
            "id": "which",
            "type": "switch",
            "value": "data.kind",
            "cases": [{"equals": "a", "name": "A", "steps": [adding("chosen", "chosen")]}],
        },
    )
    desk.notes.clear()
    answer = await made.step("each", steps={"find": ["a", "b"]})
    assert (answer["result"], desk.notes) == (["a!", "b!"], ["a!", "b!"])
    answer = await made.step("which", data={"kind": "a"})
    assert (answer["result"], desk.notes[2:]) == ({"branch": "A"}, ["chosen"])


async def test_a_failing_step_is_told_though_the_draft_would_go_on(shop: Workshop) -> None:
    on_error = {"action": "continue", "retry": {"maxAttempts": 1}}
    made = await draft(shop, adding("add", "refused", onError=on_error))
    answer = await made.step("add")
    assert answer["status"] == "error"
    assert "“add” failed" in answer["message"]
    assert "not wanted" in answer["message"]
    assert (await made.test())["status"] == "completed"


async def test_steps_that_stop_or_wait_can_be_tested(shop: Workshop) -> None:
    made = await draft(
        shop,
        adding("send", "{{ callbacks.wait }}"),
        {"id": "ask", "type": "approval", "message": "Shall {{ data.who }}?"},
        {"id": "wait", "type": "callback"},
        {"id": "end", "type": "stop", "status": "error", "message": "No: {{ data.who }}"},
    )
    # A link to another step's callback is as it will be.
    assert "/wait/" in (await made.step("send"))["result"]["text"]
    answer = await made.step("end", data={"who": "Ada"})
    assert (answer["status"], answer["message"]) == ("error", "No: Ada")

    answer = await made.step("ask", data={"who": "Ada"})
    assert answer["status"] == "paused"
    assert "Shall Ada?" in answer["message"]
    run = f"{made.runs}/{answer['runId']}"
    await shop.developer.expect(202, "POST", f"{run}/resume", {"approved": True})
    assert (await ended(shop, run))["result"]["by"] == shop.email

    answer = await made.step("wait")
    assert answer["status"] == "paused"
    url = next(word for word in answer["message"].split() if word.startswith("http"))
    called = await shop.developer.http.post(httpx.URL(url).raw_path.decode(), json={"paid": True})
    assert called.status_code == 200
    run = f"{made.runs}/{answer['runId']}"
    assert (await ended(shop, run))["result"]["body"] == {"paid": True}


async def ended(shop: Workshop, run: str) -> dict[str, Any]:
    async with asyncio.timeout(30):
        while True:
            details: dict[str, Any] = await shop.developer.expect(200, "GET", run)
            if details["endedAt"] is not None:
                return details
            await asyncio.sleep(0.05)


async def test_a_step_that_calls_an_automation_runs_it(shop: Workshop) -> None:
    called = await shop.automation(GREETING)
    step = {
        "id": "greet",
        "type": "call",
        "automationId": called,
        "data": {"name": "{{ vars.who }}"},
    }
    made = await draft(shop, {"id": "broken", "type": "app"}, step)
    assert (await made.step("greet", vars={"who": "Ada"}))["result"] == "Hello Ada"
    # Calling itself is a fault of the step that does so.
    circle = {**step, "automationId": made.automation_id}
    await made.call.expect(
        200, "PATCH", made.path, {"definition": {"steps": [setting("a", 1), circle]}, "revision": 1}
    )
    assert paths(await made.refused(1, "greet"))[0].startswith("steps[1]")


async def test_a_draft_that_events_start_is_tested_with_one(shop: Workshop) -> None:
    # `drawer` is not connected, and need not be: the event is given.
    trigger = {"type": "app", "component": "drawer.noted"}
    made = await draft(
        shop, setting("note", "{{ event.text }}"), trigger=trigger, result="{{ event }}"
    )
    assert (await made.samples()) == {"data": None, "event": SAMPLE, "steps": {}}
    answer = await made.test()
    assert (answer["status"], answer["result"]) == ("completed", SAMPLE)
    answer = await made.test(event={"id": "1", "text": "real"}, data={"board": 7})
    assert answer["result"] == {"id": "1", "text": "real"}
    run = await shop.developer.expect(200, "GET", f"{made.runs}/{answer['runId']}")
    assert (run["trigger"], run["version"]) == ("drawer.noted", 0)
    # A step alone gets the sample, too.
    answer = await made.step("note")
    assert answer["result"] == {"value": SAMPLE["text"]}
    # The test of the step, which was given nothing, hides nothing.
    samples = await made.samples()
    assert (samples["data"], samples["event"]) == ({"board": 7}, {"id": "1", "text": "real"})
    assert samples["steps"]["note"]["runId"] == answer["runId"]
    # A call of the contract cannot run it: it would have no event.
    body = {"data": {}, "development": "true"}
    await shop.application.refused(210, "POST", shop.run_path(made.automation_id), body)

    bare = await draft(shop, trigger={"type": "app", "component": "drawer.bare"})
    error = await bare.call.refused(1, "POST", f"{bare.path}/test", {})
    assert paths(error) == ["event"]
    assert (await bare.test(event=1))["status"] == "completed"
    manual = await draft(shop)
    error = await manual.call.refused(1, "POST", f"{manual.path}/test", {"event": 1})
    assert paths(error) == ["event"]


async def test_samples_are_what_the_newest_runs_had(shop: Workshop) -> None:
    trigger = {
        "type": "manual",
        "input": {
            "type": "object",
            "properties": {"text": {"type": "string"}, "tag": {"default": "new"}},
        },
    }
    made = await draft(
        shop,
        adding("add", "{{ data.text }}"),
        each("['x', 'y']", adding("say", "{{ data.text }} {{ item }}")),
        condition("data.text == 'old'", setting("branch", "taken")),
        trigger=trigger,
    )
    old = await made.test(data={"text": "old"})
    new = await made.test(data={"text": "refused"})
    assert new["status"] == "error"
    samples = await made.samples()
    assert (samples["data"], samples["event"]) == ({"text": "refused", "tag": "new"}, None)
    steps = samples["steps"]
    assert steps["add"]["inputs"] == {"text": "old"}
    assert steps["add"]["output"]["text"] == "old"
    assert steps["add"]["runId"] == steps["branch"]["runId"] == old["runId"]
    assert steps["say"]["output"]["text"] == "old x"
    assert steps["each"]["runId"] == old["runId"]
    assert steps["add"]["endedAt"] > 1_700_000_000_000
    # The test of one step is newer.
    alone = await made.step("add", data={"text": "alone"})
    samples = await made.samples()
    assert samples["steps"]["add"]["runId"] == alone["runId"]
    assert samples["data"] == {"text": "alone", "tag": "new"}
    # Large values are left out, and the sample is still there.
    large = await made.step("add", data={"text": "long " * 20_000})
    sample = (await made.samples())["steps"]["add"]
    assert (sample["inputs"], sample["output"], sample["runId"]) == (None, None, large["runId"])
    assert (await made.samples())["data"] is None


async def test_samples_need_neither_runs_nor_temporal(
    workshop: Workshop, database: Database
) -> None:
    """On each kind of database, with a Temporal server that is away."""
    made = await draft(workshop, setting("a", 1))
    assert await made.samples() == {"data": None, "event": None, "steps": {}}
    executions: tuple[list[tuple[str, str, str, Any]], ...] = (
        # of the newest run, the one before, …: step, iteration, status, output
        [("failed", "", "error", None), ("each", "", "completed", [])],
        [("in", "10", "completed", 10), ("in", "0", "completed", 0), ("in", "1", "error", None)],
        [("failed", "", "completed", {"ok": 1}), ("in", "0", "completed", "older")],
        [("big", "", "completed", "x" * 70_000), ("each", "", "completed", "older")],
    )
    async with database.begin() as session:
        for age, steps in enumerate(executions):
            values = {"project_id": workshop.project_id, "started_at": now_ms() - age * 1_000}
            session.add(
                Run(
                    id=f"run-{age}",
                    automation_id=made.automation_id,
                    version=age,
                    user_id="",
                    trigger="manual",
                    **values,
                )
            )
            for step_id, iteration, status, output in steps:
                session.add(
                    RunStep(
                        run_id=f"run-{age}",
                        step_id=step_id,
                        iteration=iteration,
                        type="set",
                        name=step_id,
                        status=status,
                        inputs={"of": step_id},
                        output=output,
                        ended_at=age,
                        **values,
                    )
                )
    samples = await made.samples()
    assert (samples["data"], samples["event"]) == (None, None)
    assert {
        step: (value["runId"], value["output"]) for step, value in samples["steps"].items()
    } == {
        "each": ("run-0", []),
        "in": ("run-1", 0),
        "failed": ("run-2", {"ok": 1}),
        "big": ("run-3", None),
    }
    assert samples["steps"]["in"] | {"endedAt": 1} == {
        "inputs": {"of": "in"},
        "output": 0,
        "runId": "run-1",
        "endedAt": 1,
    }


async def test_another_project_has_no_part_in_it(shop: Workshop, engine: httpx.AsyncClient) -> None:
    made = await draft(shop, setting("a", 1))
    other = await make_workshop(engine, "bob@example.com")
    path = f"{other.path}/automations/{made.automation_id}"
    await other.developer.refused(204, "GET", f"{path}/samples")
    await other.developer.refused(204, "POST", f"{path}/steps/a/test", {})
    await other.developer.refused(404, "GET", f"{made.path}/samples")
    await other.developer.refused(404, "POST", f"{made.path}/steps/a/test", {})
