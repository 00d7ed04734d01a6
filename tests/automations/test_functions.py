"""Every function of the library works as its documentation says."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from automations.expressions import ExpressionError, compile_expression
from automations.functions.__main__ import tables
from automations.json_text import read
from automations.values import OCCASION, Occasion

DOCUMENT = Path(__file__).parents[2] / "docs" / "expressions.md"


def test_the_document_shows_what_the_functions_give() -> None:
    assert DOCUMENT.read_text().endswith(tables())


def test_the_document_is_true_about_where_we_differ() -> None:
    text = DOCUMENT.read_text().partition("### Where we differ")[2].partition("### Text")[0]
    (data,) = re.findall(r"^`(\{.*\})`:$", text, re.MULTILINE)
    examples = re.findall(r"^\| `(.+?)` \| `(.+?)` \| .+ \|$", text, re.MULTILINE)
    assert len(examples) == 20
    for source, value in examples:
        found = compile_expression(source).evaluate({"data": read(data)})
        assert json.dumps(found) == value, source


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ('"ada".upper()', "ADA"),
        ("round(2.345, 2)", 2.35),
        ("[[1], [2, 3], 4].flatten()", [1, 2, 3, 4]),
        ('[{"k": "a"}, {"k": "b"}, {"k": "a"}].countBy("k")', {"a": 2, "b": 1}),
        ('base64.encode("hello")', "aGVsbG8="),
        (
            'time.format(timestamp("2026-01-31T09:05:00Z"), "d MMMM yyyy, HH:mm", '
            '"Europe/Istanbul")',
            "31 January 2026, 12:05",
        ),
        ("default(null, 3)", 3),
    ],
)
def test_functions_that_others_compute_the_same_way(source: str, value: object) -> None:
    assert compile_expression(source).evaluate({}) == value


@pytest.mark.parametrize("name", ["random", "today", "env"])
def test_nothing_reads_a_clock_or_chance(name: str) -> None:
    with pytest.raises(ExpressionError, match=name):
        compile_expression(f"{name}()")


@pytest.mark.parametrize("name", ["now", "uuid"])
def test_a_moment_and_identifiers_come_from_the_step_that_is_run(name: str) -> None:
    expression = compile_expression(f"[{name}(), {name}()].map(x, string(x))")
    with pytest.raises(ExpressionError, match=f"there is no `{name}\\(\\)` here"):
        expression.evaluate({})

    def found(step: str) -> list[str]:
        moment = datetime(2026, 1, 31, 9, 5, tzinfo=UTC)
        value: list[str] = expression.evaluate({OCCASION: Occasion(moment, step)})
        return value

    assert found("a") == found("a")
    if name == "now":
        assert found("a") == found("b") == ["2026-01-31T09:05:00Z"] * 2
    else:
        assert len({*found("a"), *found("b")}) == 4
        assert all(UUID(text).version == 4 for text in found("a"))


def test_a_whole_number_beyond_64_bits_is_read_as_the_text_of_its_digits() -> None:
    source = "json.decode('[12345678901234567890123, 12345678901234567890124]')"
    assert compile_expression(source).evaluate({}) == [
        "12345678901234567890123",
        "12345678901234567890124",
    ]
