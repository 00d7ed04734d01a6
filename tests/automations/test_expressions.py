"""Expressions keep native values, say what is wrong, end, and mean the same in every process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automations.expressions import ExpressionError, compile_expression, compile_template

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(JSON)
def test_a_value_that_is_one_expression_stays_as_it_is(value: Any) -> None:
    assert compile_template("{{ data.x }}").resolve({"data": {"x": value}}) == value


@given(JSON)
def test_a_value_without_expressions_stays_as_it_is(value: Any) -> None:
    if "{{" not in json.dumps(value, ensure_ascii=False):
        assert compile_template(value).resolve({}) == value


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("a {{ data.s }} b", "a x b"),
        ("{{ data.n }} and {{ data.f }}", "5 and 1.5"),
        ("{{ data.t }}{{ data.z }}", "true"),
        ("list: {{ data.l }}", "list: [1,2]"),
        ('{{ {"a": 1}.a }}!', "1!"),
        ("{{ '}}' }}!", "}}!"),
    ],
)
def test_expressions_in_text_are_written_out(template: str, text: str) -> None:
    data = {"s": "x", "n": 5, "f": 1.5, "t": True, "z": None, "l": [1, 2]}
    assert compile_template(template).resolve({"data": data}) == text


def test_references_are_paths_without_the_names_that_a_macro_binds() -> None:
    source = "steps.a.output.rows.filter(r, r.n > data.min).map(x, x.id)"
    references = compile_expression(source).references
    assert ("steps", "a", "output", "rows") in references
    assert ("data", "min") in references
    assert not {path[0] for path in references} - {"steps", "data"}


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("data.", "."),
        ("nosuch(1)", "nosuch"),
        ("1 +", "."),
        ("'a", "."),
        ("(" * 500 + "1" + ")" * 500, "."),
    ],
)
def test_what_cannot_be_compiled_is_told(source: str, words: str) -> None:
    with pytest.raises(ExpressionError, match=words):
        compile_expression(source)


@pytest.mark.parametrize("source", ["data.no", "data.s + 1", "1 / 0", "data.l[5]", "nothing.x"])
def test_what_cannot_be_computed_is_told(source: str) -> None:
    with pytest.raises(ExpressionError):
        compile_expression(source).evaluate({"data": {"s": "x", "l": []}})


BOMBS = [
    "data.l.all(a, data.l.all(b, data.l.all(c, data.l.all(d, true))))",
    "data.l.map(a, data.l.map(b, data.l.map(c, data.s)))",
    'data.s.replace("x", data.s).replace("x", data.s).replace("x", data.s)',
    'data.s.matches("^(x+)+$")',
    "data.l.map(a, data.s).join(data.s)",
]


@pytest.mark.parametrize("source", BOMBS)
def test_a_bomb_ends_soon_and_small(source: str) -> None:
    scope = {"data": {"l": list(range(1000)), "s": "x" * 10_000}}
    started = time.monotonic()
    try:
        value = compile_expression(source).evaluate(scope)
    except ExpressionError:
        value = None
    assert len(json.dumps(value)) < 32 * 1024 * 1024
    # No measure of speed: without bounds these would take hours.
    assert time.monotonic() - started < 20


ORDER = """
import json
from automations.expressions import compile_expression
m = {chr(97 + i): i for i in range(20)}
sources = ["data.map(k, k)", "data.filter(k, data[k] > 3)", "data", "data.entries()",
           '{"z": 1, "a": 2, "m": 3}.map(k, k)']
print(json.dumps([compile_expression(s).evaluate({"data": m}) for s in sources]))
"""


def test_maps_are_gone_through_in_the_same_order_in_every_process() -> None:
    answers = {
        subprocess.run(
            [sys.executable, "-c", ORDER],
            cwd=Path(__file__).parents[2],
            env={**os.environ, "PYTHONHASHSEED": str(seed)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in range(4)
    }
    assert len(answers) == 1
