"""No expression does more work than its budget, whatever it is made of."""

from __future__ import annotations

from typing import Any

import pytest

from automations.expressions import ExpressionError, compile_expression
from automations.values import Budget, TooMuchWork, order_key


def evaluate(source: str, **data: Any) -> Any:
    return compile_expression(source).evaluate({"data": data})


@pytest.mark.parametrize(
    "source",
    [
        "[{1: 'a'}, {'b': 1}].sort().size() == 2",
        "[{1: 'a'}, {'b': 1}].min() != null",
        "[[{1: 'a'}], [{'b': 1}]].max() != null",
        "[null, 1, 'a', true, 1.5, [1], {'a': 1}, duration('1s')].sort().size() == 8",
    ],
)
def test_values_of_any_kind_have_an_order(source: str) -> None:
    assert evaluate(source) is True


@pytest.mark.parametrize(
    "source",
    [
        "cel.bind(b, range(8000), range(8000).map(i, [b]).sort().size())",
        "cel.bind(b, range(8000), range(8000).map(i, [b]).distinct().size())",
        "cel.bind(b, [[range(100000)], [range(100000)]], range(60).map(i, b.sort().size()).size())",
        "cel.bind(s, 'x'.repeat(4000000), json.encode(range(400).map(i, s)).size())",
        "data.keys.map(i, default(data.m[i], 0)).size()",
    ],
)
def test_work_that_hides_in_values_is_counted(source: str) -> None:
    data = {"keys": [f"none{i}" for i in range(90_000)], "m": {f"k{i}": i for i in range(10_000)}}
    with pytest.raises(ExpressionError, match="too much work"):
        evaluate(source, **data)


def test_an_error_names_the_keys_of_a_small_map_and_counts_those_of_a_large_one() -> None:
    with pytest.raises(ExpressionError, match="it has a, b"):
        evaluate("data.m.x", m={"b": 1, "a": 2})
    with pytest.raises(ExpressionError, match="it has 5000 others") as raised:
        evaluate("data.m.x", m={f"k{i}": i for i in range(5000)})
    assert len(str(raised.value)) < 300


def test_keys_that_compare_charge_for_what_is_inside_them() -> None:
    budget = Budget()
    order_key([[1, 2], {"a": [3]}], budget)
    shallow = Budget()
    order_key([1], shallow)
    assert budget.left < shallow.left
    with pytest.raises(TooMuchWork):
        order_key([[1] * 100] * 100, Budget(1000))
