"""What a definition does when it is run; the world is a host that notes what is asked of it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automations.definition import Definition, ForEachStep, Loop
from automations.expressions import Expression, compile_expression
from automations.host import Answer, Iterations, Place, Scope, StepFailed, Stopped, Trace
from automations.interpreter import Interpreter
from automations.loops import referenced_scope, weight
from automations.turns import SHARE
from automations.validation import validate
from automations.values import MAX_WORK
from tests.automations.strategies import definitions


class NotingHost:
    """A world in which `app.echo` gives its inputs back and `app.fail` fails."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str, dict[str, Any]]] = []
        self.waits: list[tuple[str, str]] = []
        self.traces: list[Trace] = []
        self.rests: list[float] = []
        self.active = self.most_active = 0
        self.answer = Answer(approved=True, by="ada")

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC)

    def steers(self, error: Exception) -> bool:
        return False

    async def rest(self, share: float) -> None:
        self.rests.append(share)
        await asyncio.sleep(0)

    async def call_component(self, place: Place, inputs: dict[str, Any]) -> Any:
        self.calls.append((place.step.id, place.iteration, inputs))
        self.active += 1
        self.most_active = max(self.active, self.most_active)
        await asyncio.sleep(0)
        self.active -= 1
        if getattr(place.step, "component", "") == "app.fail":
            raise StepFailed("the app said no", "invalid_input")
        return inputs

    async def call_automation(self, place: Place, data: dict[str, Any]) -> Any:
        return {"called_with": data}

    async def wait(self, place: Place, kind: str, message: str, until: datetime | None) -> Answer:
        self.waits.append((kind, message))
        return self.answer

    def iterations_here(self, loop: Loop) -> int:
        return 10_000

    async def iterate(
        self, place: Place, items: list[Any], scope: Scope, carried: Any
    ) -> Iterations:
        raise AssertionError("every loop of these tests is short")

    async def repeat(
        self, place: Place, first_index: int, scope: Scope, carried: Any
    ) -> Iterations:
        raise AssertionError("every loop of these tests is short")

    def record(self, trace: Trace) -> None:
        self.traces.append(trace)


def app(step_id: str, component: str = "app.echo", **more: Any) -> dict[str, Any]:
    return {"id": step_id, "type": "app", "component": component, **more}


def url_of(step_id: str, iteration: str) -> str:
    return f"https://inlay.test/{step_id}/{iteration}"


async def run(
    steps: list[dict[str, Any]], result: Any = None, host: NotingHost | None = None, **data: Any
) -> Any:
    definition = Definition.model_validate({"steps": steps, "result": result})
    interpreter = Interpreter(definition, host or NotingHost(), url_of)
    return await interpreter.run(data=data, event=None, run={"id": "r"})


async def test_outputs_of_earlier_steps_keep_their_types() -> None:
    steps: list[dict[str, Any]] = [
        app("one", inputs={"n": "{{ data.n }}", "text": "n is {{ data.n }}"}),
        app("two", inputs={"all": "{{ steps.one.output }}"}),
    ]
    assert await run(steps, "{{ steps.two.output.all }}", n=5) == {"n": 5, "text": "n is 5"}


async def test_the_first_true_branch_runs_and_no_other() -> None:
    host = NotingHost()
    steps: list[dict[str, Any]] = [
        {
            "id": "check",
            "type": "condition",
            "branches": [
                {"when": "data.n > 10", "steps": [app("big")]},
                {"when": "data.n > 1", "name": "middle", "steps": [app("middle")]},
                {"when": "true", "steps": [app("any")]},
            ],
            "otherwise": [app("none")],
        }
    ]
    assert await run(steps, "{{ steps.check.output.branch }}", host, n=5) == "middle"
    assert [call[0] for call in host.calls] == ["middle"]


async def test_a_switch_does_not_take_true_for_one() -> None:
    steps: list[dict[str, Any]] = [
        {
            "id": "which",
            "type": "switch",
            "value": "data.v",
            "cases": [{"equals": 1, "name": "number"}, {"equals": True, "name": "truth"}],
        }
    ]
    result = "{{ steps.which.output.branch }}"
    assert await run(steps, result, v=True) == "truth"
    assert await run(steps, result, v=1) == "number"
    assert await run(steps, result, v="x") == "default"


async def test_a_loop_gives_outputs_in_order_and_keeps_its_parallelism() -> None:
    host = NotingHost()
    steps: list[dict[str, Any]] = [
        {
            "id": "each",
            "type": "for-each",
            "items": "data.items",
            "itemName": "row",
            "parallelism": 3,
            "steps": [app("call", inputs={"x": "{{ row * 10 + index }}"})],
            "output": "{{ steps.call.output.x }}",
        }
    ]
    items = list(range(20))
    result = await run(steps, "{{ steps.each.output }}", host, items=items)
    assert result == [item * 10 + index for index, item in enumerate(items)]
    assert host.most_active == 3
    assert {call[1] for call in host.calls} == {str(index) for index in range(20)}


async def test_what_an_iteration_sets_is_not_seen_by_others() -> None:
    steps: list[dict[str, Any]] = [
        {"id": "before", "type": "set", "values": {"x": 1}},
        {
            "id": "each",
            "type": "for-each",
            "items": "[1, 2]",
            "steps": [{"id": "inner", "type": "set", "values": {"x": "{{ vars.x + item }}"}}],
            "output": "{{ vars.x }}",
        },
    ]
    assert await run(steps, ["{{ steps.each.output }}", "{{ vars.x }}"]) == [[2, 3], 1]


async def test_a_failing_step_ends_the_run_and_names_itself() -> None:
    with pytest.raises(Stopped) as stopped:
        await run([app("bad", "app.fail", name="Send the bill"), app("never")])
    assert stopped.value.status == "error"
    assert "Send the bill" in str(stopped.value)
    assert "the app said no" in str(stopped.value)


async def test_a_failing_step_may_be_passed_over() -> None:
    steps: list[dict[str, Any]] = [
        app("bad", "app.fail", onError={"action": "continue"}),
        app("next"),
    ]
    result = ["{{ steps.bad.status }}", "{{ steps.bad.error.kind }}", "{{ steps.next.status }}"]
    assert await run(steps, result) == ["error", "invalid_input", "completed"]


async def test_one_failing_iteration_cancels_the_others() -> None:
    host = NotingHost()
    steps: list[dict[str, Any]] = [
        {
            "id": "each",
            "type": "for-each",
            "items": "data.items",
            "parallelism": 2,
            "steps": [
                {
                    "id": "check",
                    "type": "condition",
                    "branches": [{"when": "index == 4", "steps": [app("bad", "app.fail")]}],
                    "otherwise": [app("ok")],
                }
            ],
        }
    ]
    with pytest.raises(Stopped, match="#5"):
        await run(steps, None, host, items=list(range(1000)))
    assert len(host.calls) < 10


async def test_a_stop_step_ends_the_run_with_its_result() -> None:
    host = NotingHost()
    steps: list[dict[str, Any]] = [
        {"id": "stop", "type": "stop", "message": "enough", "result": {"n": "{{ data.n }}"}},
        app("never"),
    ]
    with pytest.raises(Stopped) as stopped:
        await run(steps, None, host, n=3)
    assert (stopped.value.status, stopped.value.result) == ("completed", {"n": 3})
    assert host.calls == []


async def test_waits_say_what_they_wait_for() -> None:
    host = NotingHost()
    steps: list[dict[str, Any]] = [
        {"id": "ask", "type": "approval", "who": "{{ data.boss }}", "message": "Pay?"},
        {"id": "nap", "type": "delay", "seconds": "{{ 60 * 5 }}"},
        {"id": "past", "type": "wait-until", "at": "2020-01-01T00:00:00Z"},
        {"id": "hook", "type": "callback"},
    ]
    result = ["{{ steps.ask.output.approved }}", "{{ steps.ask.output.by }}"]
    assert await run(steps, result, host, boss="Grace") == [True, "ada"]
    assert host.waits == [
        ("approval", "waits for the approval of Grace: Pay?"),
        ("delay", "waits until 2026-01-01T00:05:00Z"),
        ("callback", "waits for a call of its URL"),
    ]


@pytest.mark.parametrize("seconds", ["{{ -1 }}", "{{ 'x' }}", 1e12, True, None])
async def test_a_senseless_delay_fails_its_step(seconds: Any) -> None:
    with pytest.raises(Stopped, match="seconds"):
        await run([{"id": "nap", "type": "delay", "seconds": seconds}])


async def test_the_callback_url_of_a_step_in_a_loop_names_its_iteration() -> None:
    steps: list[dict[str, Any]] = [
        {
            "id": "each",
            "type": "for-each",
            "items": "['a', 'b']",
            "steps": [
                app("send", inputs={"url": "{{ callbacks.hook }}"}),
                {"id": "hook", "type": "callback"},
            ],
            "output": "{{ steps.send.output.url }}",
        }
    ]
    assert await run(steps, "{{ steps.each.output }}") == [
        "https://inlay.test/hook/0",
        "https://inlay.test/hook/1",
    ]


async def test_a_loop_over_something_else_than_a_list_fails_its_step() -> None:
    loop = {"id": "each", "type": "for-each", "items": "data.n", "steps": [app("x")]}
    with pytest.raises(Stopped, match="must be a list, not a number"):
        await run([loop], n=3)
    with pytest.raises(Stopped, match="at most 10000"):
        await run([loop], n=[0] * 10_001)


async def test_steps_without_an_activity_leave_traces() -> None:
    host = NotingHost()
    steps: list[dict[str, Any]] = [
        {"id": "v", "type": "set", "values": {"a": 1}},
        {"id": "bad", "type": "set", "values": {"b": "{{ data.no }}"}},
    ]
    with pytest.raises(Stopped):
        await run(steps, None, host)
    assert [(t.place.step.id, t.error is None) for t in host.traces] == [
        ("v", True),
        ("bad", False),
    ]


def test_a_part_of_a_loop_takes_only_what_its_body_reads() -> None:
    definition = Definition.model_validate(
        {
            "steps": [
                {
                    "id": "each",
                    "type": "for-each",
                    "items": "data.rows",
                    "steps": [app("x", inputs={"a": "{{ steps.used.output.a + item }}"})],
                }
            ]
        }
    )
    loop = definition.steps[0]
    assert isinstance(loop, ForEachStep)
    scope = Scope(
        {"data": {"rows": []}, "run": {}, "vars": {}, "steps": {"used": 1, "unused": 2}}, "3"
    )
    part = referenced_scope(loop, scope)
    assert part.variables == {"vars": {}, "steps": {"used": 1}, "callbacks": {}}
    assert part.iteration == "3"


def test_the_weight_of_steps_is_what_they_start_at_most() -> None:
    definition = Definition.model_validate(
        {
            "steps": [
                app("a"),
                {"id": "s", "type": "set", "values": {}},
                {
                    "id": "c",
                    "type": "condition",
                    "branches": [{"when": "true", "steps": [app("b"), app("d")]}],
                    "otherwise": [app("e")],
                },
                {"id": "l", "type": "for-each", "items": "[]", "steps": [app("f")]},
            ]
        }
    )
    assert weight(definition.steps, 200) == 1 + 0 + 2 + 200


class Catalogue:
    """The components that the made-up definitions name."""

    input_schema: dict[str, Any] = {"type": "object", "properties": {"x": {}}}  # noqa: RUF012
    output_schema: dict[str, Any] = {}  # noqa: RUF012
    apps: dict[str, Any] = {}  # noqa: RUF012

    def component(self, key: str) -> Catalogue:
        return self

    def trigger(self, key: str) -> Catalogue:
        return self


@settings(max_examples=300)
@given(definitions(), st.integers(-1, 1), st.lists(st.integers(), max_size=3))
async def test_any_valid_definition_ends_or_pauses(
    definition: dict[str, Any], n: int, items: list[int]
) -> None:
    assert validate(definition, Catalogue(), {}) == []
    host = NotingHost()
    interpreter = Interpreter(Definition.model_validate(definition), host)
    run = interpreter.run(data={"n": n, "items": items}, event=None, run={"id": "r"})
    async with asyncio.timeout(60):
        try:
            assert await run == "r"
        except Stopped as stop:
            assert stop.status in {"completed", "error"}  # noqa: PT017 - either way is an end
            assert stop.status == "completed" or stop.message  # noqa: PT017 - the same


async def test_expressions_see_the_moment_and_identifiers_of_their_step() -> None:
    class Passing(NotingHost):
        seconds = 0

        async def call_component(self, place: Place, inputs: dict[str, Any]) -> Any:
            self.seconds += 60
            return inputs

        def now(self) -> datetime:
            return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.seconds)

    value = {"at": "{{ now() }}", "also": "{{ now() }}", "id": "{{ uuid() }}"}
    loop = {
        "id": "each",
        "type": "for-each",
        "items": "[1, 2]",
        "parallelism": 1,
        "steps": [app("three", inputs=value)],
        "output": "{{ steps.three.output.id + string(now()) }}",
    }
    steps = [app("one", inputs=value), app("two", inputs=value), loop]
    result = {"made": "{{ steps }}", "at": "{{ now() }}", "id": "{{ uuid() }}"}
    first, again = [await run(steps, result, Passing()) for _ in range(2)]
    assert first == again
    outputs = [first["made"][step]["output"] for step in ("one", "two")]
    assert [output["at"] for output in outputs] == ["2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z"]
    assert all(output["at"] == output["also"] for output in outputs)
    in_loop = first["made"]["each"]["output"]
    assert [text[36:] for text in in_loop] == ["2026-01-01T00:03:00Z", "2026-01-01T00:04:00Z"]
    assert len({first["id"], *(output["id"] for output in outputs), *in_loop}) == 5


async def test_what_people_read_is_json_and_never_python() -> None:
    host = NotingHost()
    steps: list[dict[str, Any]] = [
        {"id": "ask", "type": "approval", "who": "{{ data.who }}", "message": "{{ data.what }}"},
        {
            "id": "which",
            "type": "switch",
            "value": "data.what.a[0]",
            "cases": [{"equals": None}, {"equals": True}],
        },
        {"id": "none", "type": "switch", "value": "data.who", "cases": [{"equals": None}]},
        {"id": "end", "type": "stop", "message": "{{ data.what }}"},
    ]
    with pytest.raises(Stopped) as stop:
        await run(steps, None, host, who=None, what={"a": [True, None, "ü"]})
    assert host.waits == [("approval", 'waits for the approval of somebody: {"a":[true,null,"ü"]}')]
    outputs = {trace.place.step.id: trace.output for trace in host.traces}
    assert [outputs["which"], outputs["none"]] == [{"branch": "true"}, {"branch": "null"}]
    assert stop.value.message == '{"a":[true,null,"ü"]}'


@pytest.mark.parametrize(
    ("message", "shown"), [(None, None), ("", None), (False, "false"), (0, "0"), ([], "[]")]
)
async def test_a_stop_steps_message_is_text_of_any_value(message: Any, shown: str | None) -> None:
    with pytest.raises(Stopped) as stop:
        await run([{"id": "end", "type": "stop", "message": "{{ data.m }}"}], m=message)
    assert stop.value.message == shown


async def test_a_run_gives_no_more_than_one_answer_can_carry() -> None:
    given: list[Any] = [[]] * 250_001
    with pytest.raises(Stopped, match="result is too large: it has more than 250,000") as stop:
        await run([], "{{ data.list }}", list=given)
    assert stop.value.status == "error"
    end = {"id": "end", "type": "stop", "result": "{{ data.list }}"}
    host = NotingHost()
    with pytest.raises(Stopped, match="Step “end” failed: its result is too large"):
        await run([end], None, host, list=given)
    assert "too large" in str(host.traces[-1].error)
    assert await run([], "{{ data.list }}", list=[[]] * 249_000) == [[]] * 249_000


async def test_a_run_that_reads_long_expressions_lets_others_go_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class ReadingHost(NotingHost):
        """Notes how many characters are read for the first time from one rest to the next."""

        def __init__(self) -> None:
            super().__init__()
            self.sources: set[str] = set()
            self.read = [0]

        def compile(self, source: str) -> Expression:
            if source not in self.sources:
                self.sources.add(source)
                self.read[-1] += len(source)
            return compile_expression(source)

        async def rest(self, share: float) -> None:
            await super().rest(share)
            self.read.append(0)

    slow = [f"[{n},{'[],' * 1300}[]].size()" for n in range(12)]
    host = ReadingHost()
    monkeypatch.setattr("automations.turns.compile_expression", host.compile)
    step = {"id": "s", "type": "set", "values": {"one": f"{{{{ {slow[0]} }}}}"}}
    inputs = {f"v{n}": f"{{{{ {source} }}}}" for n, source in enumerate(slow[1:9])}
    branches = [{"when": f"{source} < 0", "steps": []} for source in slow[9:]]
    checks = {"id": "c", "type": "condition", "branches": branches}
    assert await run([step, app("a", inputs=inputs), checks], "{{ vars.one }}", host) == 1302
    assert host.calls[0][2]["v7"] == 1302
    assert len(host.rests) >= 4
    # What is read in one go is a share and no more than one expression beyond it.
    longest = len(slow[-1])
    assert sum(host.read) > 12 * 0.9 * longest
    assert max(host.read) < 4 * 0.9 * longest
    assert max(host.rests) * MAX_WORK < SHARE + 30 * longest


async def test_a_run_that_repeats_a_large_constant_lets_others_go_first() -> None:
    host = NotingHost()
    large = {"id": "s", "type": "set", "values": {"v": [0] * 20_000}}
    loop = {"id": "l", "type": "for-each", "items": "range(50)", "steps": [large]}
    await run([loop], host=host)
    assert len(host.rests) >= 2
