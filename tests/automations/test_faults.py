"""A fault says where it is in names that people know, beside the path for programs."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from automations.faults import Fault, StepName, located
from automations.messages import Message
from tests.automations.test_expressions import JSON

DEEP = {
    "trigger": {"type": "app", "component": "tracker.ticket", "inputs": {"project": 1}},
    "steps": [
        {
            "id": "each",
            "type": "for-each",
            "steps": [
                {
                    "id": "check",
                    "name": "Is it urgent?",
                    "branches": [
                        {
                            "name": "Yes",
                            "when": "true",
                            "steps": [
                                {
                                    "id": "create",
                                    "name": "Create ticket",
                                    "component": "tracker.create",
                                    "inputs": {"a.b": 1, "url": "x", "body": {"n": [1]}},
                                }
                            ],
                        }
                    ],
                    "otherwise": [{"id": "note", "values": {"total": 1}}],
                }
            ],
        }
    ],
    "result": {"a": 1},
}
INSIDE = "steps[0].steps[0].branches[0].steps[0]"


def titles(key: str) -> dict[str, str]:
    return {"url": "Address", "body": "body", "project": "Project"}


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        (f"{INSIDE}.inputs.url", "Step “Create ticket”, input “Address”: x"),
        (f"{INSIDE}.inputs.body.n[0]", "Step “Create ticket”, input “body”, `n[0]`: x"),
        (f"{INSIDE}.inputs.a.b", "Step “Create ticket”, input `a.b`: x"),
        (INSIDE, "Step “Create ticket”: x"),
        ("steps[0].steps[0].branches[0].when", "Step “Is it urgent?”, branch “Yes”, `when`: x"),
        ("steps[0].steps[0].otherwise[0].values.total", "Step “note”, value `total`: x"),
        ("steps[0].items", "Step “each”, `items`: x"),
        ("trigger.inputs.project", "trigger, input “Project”: x"),
        ("trigger.component", "trigger, `component`: x"),
        ("result.a", "result.a: x"),
        ("", "x"),
        ("steps[7].id", "x"),
    ],
)
def test_a_place_is_told_in_names(path: str, sentence: str) -> None:
    (fault,) = located([Fault(path, Message("other", text="x"))], DEEP, titles)
    assert fault.sentence == sentence
    assert fault.path == path


def test_a_step_without_a_name_is_called_by_its_id() -> None:
    (fault,) = located([Fault("steps[0].items", Message("other", text="x"))], DEEP, titles)
    assert fault.step == StepName("each", "each")


def test_faults_stand_in_the_order_of_the_definition_and_each_once() -> None:
    paths = [
        "",
        "trigger.component",
        "steps",
        "steps[0].steps[0].branches[0].when",
        f"{INSIDE}.inputs.a.b",
        f"{INSIDE}.inputs.url",
        "steps[0].steps[0].otherwise[0].id",
        "steps[2].id",
        "steps[10].id",
        "result.a",
    ]
    shuffled = [Fault(path, Message("other", text="x")) for path in [*reversed(paths), *paths]]
    assert [fault.path for fault in located(shuffled, DEEP, titles)] == paths


@given(JSON)
def test_any_json_can_be_what_the_places_are_in(definition: Any) -> None:
    faults = [
        Fault(path, Message("other", text="x"))
        for path in (f"{INSIDE}.inputs.url", "trigger.x", "result", "[0")
    ]
    assert len(located(faults, definition, titles)) == len(faults)
