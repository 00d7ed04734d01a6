"""A constant is taken or refused by one rule, in each field of each step, as text or computed."""

from __future__ import annotations

from typing import Any

import pytest

from automations.definition import RepeatStep
from tests.automations.test_validation import faults, http, warnings

INNER = {"id": "inner", "type": "set", "values": {"v": 1}}
NUMBERS: dict[str, dict[str, Any]] = {
    "maxTimes": {"id": "a", "type": "repeat", "until": "true", "steps": [INNER]},
    "parallelism": {"id": "a", "type": "for-each", "items": "[1]", "steps": [INNER]},
    "expiresIn": {"id": "a", "type": "approval"},
    "seconds": {"id": "a", "type": "delay"},
    "onError.retry.maxAttempts": http("a"),
    "onError.retry.giveUpAfter": http("a"),
    "onError.retry.initialInterval": http("a"),
    "onError.retry.backoff": http("a"),
    "onError.retry.maxInterval": http("a"),
}


def with_field(step: dict[str, Any], field: str, value: Any) -> dict[str, Any]:
    first, _, rest = field.partition(".")
    return step | {first: with_field({}, rest, value) if rest else value}


@pytest.mark.parametrize("field", NUMBERS)
@pytest.mark.parametrize("value", ["5", "5.0", "five", True, [5], {}])
def test_a_number_is_written_as_a_number_in_every_field(field: str, value: Any) -> None:
    assert list(faults(with_field(NUMBERS[field], field, value))) == [f"steps[0].{field}"]


@pytest.mark.parametrize("field", NUMBERS)
@pytest.mark.parametrize("value", [5, 5.0])
def test_a_whole_number_may_have_a_point(field: str, value: Any) -> None:
    assert faults(with_field(NUMBERS[field], field, value)) == {}


@pytest.mark.parametrize("field", [field for field in NUMBERS if field != "seconds"])
def test_a_field_that_takes_no_expression_says_so(field: str) -> None:
    [told] = faults(with_field(NUMBERS[field], field, "{{ 5 }}")).values()
    assert told.endswith("No expression can stand here.")


@pytest.mark.parametrize("value", ["yes", "true", 1, 0.0])
def test_a_switch_is_true_or_false(value: Any) -> None:
    assert list(faults(http("a") | {"replaceEndUserConnection": value})) == [
        "steps[0].replaceEndUserConnection"
    ]
    unknown: dict[str, Any] = {"onError": {"retry": {"evenIfUnknown": value}}}
    assert list(faults(http("a") | unknown)) == ["steps[0].onError.retry.evenIfUnknown"]


def test_a_version_that_was_published_with_a_number_as_text_can_still_be_read() -> None:
    step = NUMBERS["maxTimes"] | {"maxTimes": "5"}
    assert RepeatStep.model_validate(step).max_times == 5


@pytest.mark.parametrize(
    ("step", "told"),
    [
        ({"type": "delay", "seconds": "{{ -5 }}"}, "at least 0 seconds"),
        ({"type": "delay", "seconds": "{{ 2 - 7 }}"}, "at least 0 seconds"),
        ({"type": "delay", "seconds": "{{ data.title == 'a' ? -1 : -2 }}"}, "at least 0 seconds"),
        ({"type": "delay", "seconds": "{{ duration('-1h') }}"}, "at least 0 seconds"),
        ({"type": "delay", "seconds": "{{ duration('9000h') }}"}, "a year"),
        ({"type": "delay", "seconds": "{{ '1 hour' }}"}, "must be a number of seconds"),
        ({"type": "wait-until", "at": "{{ 'tomorrow' }}"}, "a moment with its offset"),
        ({"type": "wait-until", "at": "{{ '2026-01-' + '31' }}"}, "a moment with its offset"),
        ({"type": "wait-until", "at": "9999-12-31T23:59:59-01:00"}, "years 1 to 9999"),
        (http("a", method="{{ 'FETCH' }}"), "Did you mean `PATCH`?"),
        (http("a", method="{{ 'get' }}"), "Did you mean `GET`?"),
    ],
)
def test_a_constant_in_an_expression_is_checked_as_one_that_is_written(
    step: dict[str, Any], told: str
) -> None:
    [message] = faults(step | {"id": "a"}).values()
    assert told in message


@pytest.mark.parametrize(
    "step",
    [
        {"type": "delay", "seconds": "{{ duration('1h') }}"},
        {"type": "delay", "seconds": "{{ data.title == 'a' ? -1 : 60 }}"},
        {"type": "wait-until", "at": "{{ time.add(now(), 1, 'days') }}"},
        {"type": "wait-until", "at": "{{ timestamp('2026-01-31T09:00:00Z') }}"},
        http("a", method="{{ 'POST' }}", body="{{ uuid() }}"),
    ],
)
def test_a_constant_that_fits_is_taken(step: dict[str, Any]) -> None:
    assert faults(step | {"id": "a"}) == {}
    assert warnings(step | {"id": "a"}) == {}


@pytest.mark.parametrize(
    "source", ["double('x')", "timestamp('tomorrow')", "json.decode('{')", "[1][3]"]
)
def test_what_always_fails_is_told_before_it_runs(source: str) -> None:
    [told] = warnings({"id": "a", "type": "set", "values": {"v": f"{{{{ {source} }}}}"}}).values()
    assert told.startswith("This always fails: ")


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("data.title.getFullYear()", "write `timestamp(data.title)`"),
        ('time.format(data.title, "yyyy")', "write `timestamp(data.title)`"),
        ("now", "`now(…)`"),
        ("uuid", "`uuid(…)`"),
        ("run.id.split('-')[-1]", "write `split(…).last()`"),
        ("{ data.title }", "write two braces at each side"),
        ("/* all */ data.title", "a comment is written `// …`"),
    ],
)
def test_a_common_mistake_is_told_with_what_to_write(source: str, told: str) -> None:
    [message] = faults({"id": "a", "type": "set", "values": {"v": f"{{{{ {source} }}}}"}}).values()
    assert told in message


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("=data.title", "write `{{ data.title }}`"),
        ("data.title }}", "write `{{ data.title }}`"),
        ("<%= data.title %>", "write `{{ data.title }}`"),
        ("[[data.title]]", "write `{{ data.title }}`"),
        ("{{ time.format(now(), 'yyyy-mm-dd') }}", "write `MM` for months"),
        ("{{ time.parse(data.title, 'HH:MM') }}", "write `mm` for minutes"),
        ("{{ time.format(now(), 'YYYY') }}", "use yyyy"),
    ],
)
def test_what_is_likely_a_mistake_is_warned_of(value: str, told: str) -> None:
    [message] = warnings({"id": "a", "type": "set", "values": {"v": value}}).values()
    assert told in message
