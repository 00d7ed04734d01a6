"""Runs whose histories are kept, so that changed workflow code is tried on what was begun."""

from __future__ import annotations

from typing import Any

from automations.host import Given
from tests.workflows.conftest import run_input
from workflows.notification import DeliveryReport
from workflows.payloads import RegistrationPlan, RunInput


def _app(step_id: str, component: str = "app.echo", **more: Any) -> dict[str, Any]:
    return {"id": step_id, "type": "app", "component": component, **more}


def _loop(items: str, **more: Any) -> dict[str, Any]:
    call = _app("call", inputs={"n": "{{ item }}"})
    return {
        "id": "each",
        "type": "for-each",
        "items": items,
        "parallelism": 4,
        "steps": [call],
        "output": "{{ steps.call.output.n }}",
        **more,
    }


CASES: dict[str, RunInput] = {
    "steps-and-branches": run_input(
        [
            {"id": "v", "type": "set", "values": {"n": "{{ data.n + 1 }}"}},
            _app("one", inputs={"n": "{{ vars.n }}"}, name="First call"),
            {
                "id": "check",
                "type": "condition",
                "branches": [{"when": "steps.one.output.n > 3", "steps": [_app("big")]}],
                "otherwise": [_app("small")],
            },
            {
                "id": "which",
                "type": "switch",
                "value": "data.kind",
                "cases": [{"equals": "a", "steps": [_app("a")]}],
                "default": [_app("b")],
            },
            _app("bad", "app.no", onError={"action": "continue"}),
        ],
        result={"n": "{{ vars.n }}", "bad": "{{ steps.bad.error.message }}"},
        data={"n": 5, "kind": "a"},
    ),
    "short-loop": run_input([_loop("data.items")], data={"items": list(range(20))}),
    "long-loop": run_input([_loop("data.items")], data={"items": list(range(210))}),
    "repeat": run_input(
        [
            {
                "id": "count",
                "type": "repeat",
                "maxTimes": 300,
                "carry": {"start": 0, "next": "{{ carry + index }}"},
                "until": "index == 220",
                "steps": [{"id": "note", "type": "set", "values": {"n": "{{ carry }}"}}],
            },
            _app("after", inputs={"n": "{{ steps.count.output }}"}),
        ]
    ),
    "carrying-loop": run_input(
        [_loop("data.items", parallelism=1, carry={"start": 0, "next": "{{ carry + item }}"})],
        result="{{ steps.each.output.carry }}",
        data={"items": [1, 2, 3]},
    ),
    "delay-and-approval": run_input(
        [
            {"id": "nap", "type": "delay", "seconds": 0.1},
            {"id": "ask", "type": "approval", "who": "Ada", "expiresIn": 0.3},
            _app("after"),
        ]
    ),
    "called-automation": run_input(
        [{"id": "sub", "type": "call", "automationId": "other", "data": {"x": 1}}],
        called={
            "other": {
                "name": "Other",
                "version": 1,
                "definition": {"steps": [_app("inner", inputs={"x": "{{ data.x }}"})]},
            }
        },
    ),
    "one-step": run_input(
        [_loop("steps.list.output", steps=[_app("call", inputs={"n": "{{ item + vars.n }}"})])],
        result="{{ steps.each.output }}",
        given=Given({"list": [1, 2, 3]}, {"n": 1}),
    ),
    "failed": run_input([_app("first"), _app("bad", "app.no", name="Add task")]),
    "gave-up": run_input(
        [_app("call", "app.down", onError={"retry": {"maxAttempts": 2, "initialInterval": 0.05}})]
    ),
    "came-back": run_input(
        [_app("back", "app.back", onError={"retry": {"initialInterval": 15.5}}), _app("after")]
    ),
}

DELIVERIES: dict[str, list[DeliveryReport]] = {
    "delivery": [DeliveryReport(endpoint="The endpoint took the last one.")],
    "delivery-that-fails": [
        DeliveryReport(pending=12, wait_seconds=0, rest_seconds=0.2, endpoint="It answered 500."),
        DeliveryReport(pending=2, wait_seconds=0.3, endpoint="It answered 500."),
        DeliveryReport(pending=2),
        DeliveryReport(),
    ],
    "delivery-woken": [DeliveryReport(pending=1, wait_seconds=3_600), DeliveryReport()],
    "delivery-paused": [DeliveryReport(pending=1, paused=True, endpoint="It answered 410.")],
}
"""What the activity of a delivery reports, in turn; one that waits long is woken."""

_ENDED = RegistrationPlan(state="ended", ended=True)
REGISTRATIONS: dict[str, list[RegistrationPlan]] = {
    "registration": [RegistrationPlan(state="active", details="**active**"), _ENDED],
    "registration-renewed": [
        RegistrationPlan(state="active", look_again_at=1),
        RegistrationPlan(state="active", look_again_at=2),
        _ENDED,
    ],
    "registration-polled": [
        RegistrationPlan(state="active", poll=True),
        RegistrationPlan(state="active", poll=True, look_again_at=4_102_444_800_000),
        _ENDED,
    ],
    "registration-that-fails": [
        RegistrationPlan(state="failing", error="The app refuses.", error_code=1, look_again_at=1),
        RegistrationPlan(state="needs-connection", error="Connect it.", error_code=217),
        _ENDED,
    ],
}
"""What looking at a registration gives, in turn; where nothing else happens, it is looked at by
an update. Its polls end at once."""
