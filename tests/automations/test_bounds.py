"""No expression does more work than its budget, whatever it is made of."""

from __future__ import annotations

from typing import Any

import pytest

from automations.expressions import (
    Expression,
    ExpressionError,
    compile_expression,
    compile_template,
)
from automations.values import Budget, TooMuchWork, order_key
from tests.pace import assert_takes_at_most


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
        "'a'.repeat(150000).regexReplace('a.*b|a', '')",
        "'a'.repeat(1000000).matches('((?:a|b)*a(?:a|b){300})')",
        "cel.bind(s, 'a'.repeat(29999), range(9000).map(i, s.contains('a'.repeat(50) + 'b')))",
        "cel.bind(s, 'é'.repeat(1300000), url.encode(s).size())",
        "json.decode('[' + '[],'.repeat(1000000) + '1]').size()",
        "range(1000).map(i, data.keys == data.keys)",
        "range(100000).exists(i, data.none == 1 || i > 600000)",
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


def test_searching_from_the_end_takes_no_longer_than_from_the_start() -> None:
    source = "cel.bind(s, 'a'.repeat(2000000), s.lastIndexOf('ab' + 'a'.repeat(100000)))"

    def search() -> None:
        assert evaluate(source) == -1

    assert_takes_at_most(0.75, search)
    assert evaluate("'banana'.lastIndexOf('an')") == 3
    assert evaluate("'banana'.lastIndexOf('')") == 6


@pytest.mark.parametrize(
    "source",
    [
        "data.?x" + ". //c\noptMap(v, v)" * 18,
        "data.?x" + ".optMap /* */ (v, v)" * 18,
        "data.?x" + ".optFlatMap(v, v)" * 5,
        f"data.?x{'.optMap(v, v)' * 4}.orValue([{'1, ' * 1300}1])",
        "".join(f"[1].map(x{i}, " for i in range(20)) + "1" + ")" * 20,
        "".join(f"[1].map(x{i}, " for i in range(100)) + "1" + ")" * 100,
    ],
)
def test_a_source_that_grows_when_it_is_read_is_refused_at_once(source: str) -> None:
    def read() -> None:
        with pytest.raises(ExpressionError):
            Expression(source)

    assert_takes_at_most(0.75, read)


def test_a_template_has_one_budget_for_all_its_expressions() -> None:
    work = "{{ range(30000).map(i, i + 1).size() }}"
    compile_template(work).resolve({})
    with pytest.raises(ExpressionError, match="too much work"):
        compile_template([work] * 20).resolve({})
    with pytest.raises(ExpressionError, match="too much work"):
        compile_template("{{ data.x }} " * 1000).resolve({"data": {"x": [1] * 50_000}})
