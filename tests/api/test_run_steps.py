"""The order of a run's steps, also of those that began in the same millisecond."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from store.models import Run, RunStep, new_id, now_ms

if TYPE_CHECKING:
    from store.database import Database
    from tests.api.conftest import Workshop

pytestmark = pytest.mark.both_databases


def setting(step_id: str) -> dict[str, Any]:
    return {"id": step_id, "type": "set", "values": {"x": "1"}}


def each(step_id: str, *steps: dict[str, Any]) -> dict[str, Any]:
    return {"id": step_id, "type": "for-each", "items": "[1]", "steps": list(steps)}


NESTED: dict[str, Any] = {
    "trigger": {"type": "manual"},
    "steps": [
        setting("z_first"),
        each(
            "rows",
            setting("y_open"),
            each("cells", setting("cell")),
            {
                "id": "is_odd",
                "type": "condition",
                "branches": [{"when": "true", "steps": [setting("b"), setting("a")]}],
                "otherwise": [setting("c")],
            },
        ),
        setting("a_last"),
    ],
}
ROW = [("y_open", ""), ("cells", ""), *[("cell", f".{n}") for n in range(12)]]
ROW += [("is_odd", ""), ("b", ""), ("a", "")]
IN_ORDER = [
    ("z_first", ""),
    ("rows", ""),
    *[(step_id, f"{row}{cell}") for row in range(11) for step_id, cell in ROW],
    ("a_last", ""),
]


async def ran(
    workshop: Workshop,
    database: Database,
    automation_id: str,
    steps: list[tuple[str, str]],
    version: int = 1,
) -> str:
    """A run whose steps began at the same moment."""
    run_id, now = new_id(), now_ms()
    common = {"project_id": workshop.project_id, "started_at": now}
    async with database.begin() as session:
        session.add(
            Run(
                id=run_id,
                automation_id=automation_id,
                version=version,
                user_id="",
                trigger="manual",
                status="completed",
                **common,
            )
        )
        for step_id, iteration in random.sample(steps, len(steps)):
            session.add(
                RunStep(
                    run_id=run_id,
                    step_id=step_id,
                    iteration=iteration,
                    type="set",
                    name=step_id,
                    status="completed",
                    output={"of": [step_id, iteration]},
                    **common,
                )
            )
    return run_id


async def listed(workshop: Workshop, run_id: str, limit: int) -> list[tuple[str, str]]:
    seen: list[tuple[str, str]] = []
    cursor: dict[str, Any] = {}
    while True:
        page = await workshop.application.expect(
            200, "GET", f"{workshop.path}/runs/{run_id}/steps", limit=limit, **cursor
        )
        for item in page["items"]:
            key = (item["stepId"], item["iteration"])
            assert item["output"] == {"of": list(key)}
            seen.append(key)
        assert len(page["items"]) <= limit
        if page["nextCursor"] is None:
            return seen
        cursor = {"cursor": page["nextCursor"]}


async def test_steps_of_one_millisecond_stand_as_the_definition_has_them(
    workshop: Workshop, database: Database
) -> None:
    automation = await workshop.automation(NESTED)
    run_id = await ran(workshop, database, automation, IN_ORDER)
    assert await listed(workshop, run_id, 7) == IN_ORDER
    details = await workshop.application.expect(200, "GET", f"{workshop.path}/runs/{run_id}")
    first = [(step["stepId"], step["iteration"]) for step in details["steps"]]
    assert first == IN_ORDER[: len(first)]
    rest = await workshop.application.expect(
        200, "GET", f"{workshop.path}/runs/{run_id}/steps", cursor=details["nextStepsCursor"]
    )
    assert (rest["items"][0]["stepId"], rest["items"][0]["iteration"]) == IN_ORDER[len(first)]


async def test_what_began_earlier_stands_before_what_the_definition_has_earlier(
    workshop: Workshop, database: Database
) -> None:
    steps = [setting("a"), setting("b")]
    automation = await workshop.automation({"trigger": {"type": "manual"}, "steps": steps})
    run_id = await ran(workshop, database, automation, [("a", ""), ("b", "")])
    async with database.begin() as session:
        late = await session.get_one(RunStep, (run_id, "a", ""))
        late.started_at += 1
    assert await listed(workshop, run_id, 1) == [("b", ""), ("a", "")]


async def test_a_draft_that_changed_and_a_deleted_automation_keep_the_iterations_in_order(
    workshop: Workshop, database: Database
) -> None:
    automation = await workshop.automation(NESTED)
    gone = [("gone", str(number)) for number in range(12)]
    run_id = await ran(workshop, database, automation, [*IN_ORDER, *gone], version=0)
    assert await listed(workshop, run_id, 50) == [*IN_ORDER, *gone]
    await workshop.developer.expect(204, "DELETE", f"{workshop.path}/automations/{automation}")
    plain = [("rows", ""), *[(name, str(n)) for n in range(12) for name in ("note", "tell")]]
    run_id = await ran(workshop, database, automation, plain)
    assert await listed(workshop, run_id, 5) == plain


async def test_a_foreign_cursor_is_refused(workshop: Workshop, database: Database) -> None:
    run_id = await ran(workshop, database, "gone", [("a", "")])
    # [1, "a", "x"], [1, "a", "1."], no base64 of JSON
    for cursor in ("WzEsICJhIiwgIngiXQ", "WzEsICJhIiwgIjEuIl0", "x", "!"):
        path = f"{workshop.path}/runs/{run_id}/steps"
        error = await workshop.application.refused(1, "GET", path, cursor=cursor)
        assert [fault["path"] for fault in error["details"]] == ["cursor"]
