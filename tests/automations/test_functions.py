"""Every function of the library works as its documentation says."""

from __future__ import annotations

from pathlib import Path

import pytest

from automations.expressions import ExpressionError, compile_expression
from automations.functions.__main__ import tables

DOCUMENT = Path(__file__).parents[2] / "docs" / "expressions.md"


def test_the_document_shows_what_the_functions_give() -> None:
    assert DOCUMENT.read_text().endswith(tables())


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


@pytest.mark.parametrize("name", ["now", "random", "uuid", "today", "env"])
def test_nothing_reads_a_clock_or_chance(name: str) -> None:
    with pytest.raises(ExpressionError, match=name):
        compile_expression(f"{name}()")


def test_a_whole_number_beyond_64_bits_is_read_as_the_text_of_its_digits() -> None:
    source = "json.decode('[12345678901234567890123, 12345678901234567890124]')"
    assert compile_expression(source).evaluate({}) == [
        "12345678901234567890123",
        "12345678901234567890124",
    ]
