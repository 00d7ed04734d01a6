"""Definitions that validation accepts, made up by Hypothesis."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

EXPRESSIONS = st.sampled_from(
    ["data.n", "data.n + 1", "size(data.items)", "data.items", "'text'", "run.id", "1 / data.n"]
)
NUMBERS = st.sampled_from(["data.n", "data.n + 1", "size(data.items)", "1 / data.n"])
ANYTHING = st.sampled_from(["data.n", "data.items", "dyn('a')", "dyn(run.id)", "dyn(1 / data.n)"])
CONDITIONS = st.sampled_from(
    ["data.n > 0", "true", "false", "size(data.items) == 2", "1 / data.n > 0"]
)
LISTS = st.sampled_from(["data.items", "[1, 2, 3]", "[]", "data.items.map(i, i)", "[[1], [2]]"])

LOOPS = {
    "for-each": st.fixed_dictionaries(
        {"items": LISTS, "parallelism": st.integers(1, 5), "output": st.just("{{ item }}")}
    ),
    "repeat": st.fixed_dictionaries(
        {
            "until": st.sampled_from(["index == 2", "carry > 1", "1 / carry > 0"]),
            "maxTimes": st.integers(1, 5),
            "carry": st.fixed_dictionaries(
                {"start": st.integers(0, 3), "next": st.just("{{ carry + 1 }}")}
            ),
        }
    ),
}


@st.composite
def definitions(draw: st.DrawFn) -> dict[str, Any]:
    """A definition of up to some twenty steps, with every kind of step."""
    count = 0

    def step(depth: int) -> dict[str, Any]:
        nonlocal count
        count += 1
        made: dict[str, Any] = {"id": f"s{count}"}
        leaves = ["app", "fail", "set", "delay", "wait-until", "approval", "callback", "stop"]
        kind = draw(
            st.sampled_from(leaves + ["condition", "switch", "for-each", "repeat"] * (depth < 3))
        )
        if draw(st.booleans()):
            made["onError"] = {"action": "continue"}
        value = "{{ " + draw(EXPRESSIONS) + " }}"
        match kind:
            case "app" | "fail":
                component = "app.echo" if kind == "app" else "app.fail"
                return made | {"type": "app", "component": component, "inputs": {"x": value}}
            case "set":
                return made | {"type": "set", "values": {"v": value}}
            case "delay":
                seconds = "{{ " + draw(NUMBERS) + " }}"
                return made | {"type": "delay", "seconds": draw(st.sampled_from([0, 5, seconds]))}
            case "wait-until":
                return made | {"type": "wait-until", "at": "2020-01-01T00:00:00Z"}
            case "stop":
                return made | {"type": "stop", "result": value}
            case "condition":
                branches = [{"when": draw(CONDITIONS), "steps": block(depth)} for _ in range(2)]
                return made | {"type": kind, "branches": branches, "otherwise": block(depth)}
            case "switch":
                cases = [{"equals": draw(st.sampled_from([1, "a", None])), "steps": block(depth)}]
                return made | {"type": kind, "value": draw(ANYTHING), "cases": cases}
            case "for-each" | "repeat":
                inside = [step(depth + 1), *block(depth)]
                return made | {"type": kind, "steps": inside, **draw(LOOPS[kind])}
            case _:
                return made | {"type": kind}

    def block(depth: int) -> list[dict[str, Any]]:
        return [step(depth + 1) for _ in range(draw(st.integers(0, 2)))]

    steps = [step(0) for _ in range(draw(st.integers(0, 4)))]
    return {"trigger": {"type": "manual"}, "steps": steps, "result": "{{ run.id }}"}
