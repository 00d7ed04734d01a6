"""JSON does not tell 10 from 10.0, so no expression over data does."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automations.expressions import ExpressionError, compile_expression, compile_template
from automations.functions import LIBRARY
from automations.json_text import read

SOURCES = """data.n / 4
data.n % 3
data.n * 3
data.n - 1
-data.n
4 / data.n
data.n / data.n
int(data.n)
double(data.n) / 4.0
string(data.n)
type(data.n) == int
type(data.l[0]) == int
data.n == 10
data.n in [10]
10 in data.l
data.n in {10: 1}
{10: 'a'}[data.n]
range(20)[data.n]
data.?n.orValue(0) / 4
data.l.map(x, x / 4)
cel.bind(x, data.n, x / 4)
json.encode(data)
data.l.sort()
data.l.distinct()
data.l.first() / 4
data.l.sum() / 4
data.t.groupBy('n')
data.t.indexBy('n')
data.t.countBy('n')
data.t.distinct('n')
data.t.lookup('n', 10)
data.t.joinTable([{'n': 10, 'a': 1}], 'n')
data.t.sortBy('n')
data.l.min() / 4
data.l.max() / 4
min(data.n, 3)
max(data.n, 30) / 4
data.l.join(',')
default(data.n, 1) / 4
abs(data.n) / 4
clamp(data.n, 0, 20) / 4
'a'.repeat(data.n)
fixed(data.n, 1)
timestamp(data.n)
url.query(data.q)
dyn(data.n) / 4
bool(data.n)
data.n && true
data.n + 'x'
data.n.x
data.l[0][0]
duration(data.n)
data.l.flatten() == [10]
hash.sha256(json.encode(data.l))
data.q.values().join()
[data.n, 4][0] / [data.n, 4][1]
(data.n + 2) / 5 / 2
(true ? data.n : 1) / 4
(data.n > 3 ? 10 : 20) / 4"""


def _outcome(source: str, scope: dict[str, Any]) -> str:
    try:
        return json.dumps(compile_expression(source).evaluate(scope), sort_keys=True)
    except ExpressionError as error:
        return f"fails: {error}"


def _data(number: Any) -> dict[str, Any]:
    value = {"n": number, "l": [number], "t": [{"n": number}], "q": {"n": number}}
    return {"data": value}


@pytest.mark.parametrize("source", SOURCES.splitlines())
def test_whole_numbers_are_the_same_with_and_without_a_point(source: str) -> None:
    for number in (10, 0, -7, 2**53, 2**53 - 1, 10**15, 2**62):
        decimal = float(number)
        if int(decimal) == number:
            assert _outcome(source, _data(number)) == _outcome(source, _data(decimal))
    template = "{{ data.l }} is {{ " + source + " }}"
    try:
        written = compile_template(template).resolve(_data(10))
    except ExpressionError:
        return
    assert written == compile_template(template).resolve(_data(10.0))


NUMBERS = st.integers(-(2**53), 2**53)
PARAMETERS = {
    "number": st.just("data.n"),
    "int": st.just("data.n"),
    "any": st.sampled_from(["data.n", "data.l", "data.q"]),
    "list": st.sampled_from(["data.l", "data.t", "[data.l, data.l]"]),
    "map": st.sampled_from(["data.q", "{'a': data.l}"]),
    "string": st.sampled_from(["'n'", "'a,b'", "'json'", "string(data.n)"]),
    "text|bytes": st.just("'n'"),
    "bytes": st.just("b'n'"),
    "bool": st.just("true"),
    "timestamp": st.just("timestamp(data.n)"),
    "duration": st.just("duration('1h')"),
}


@given(st.data(), st.sampled_from(sorted(LIBRARY)), NUMBERS)
def test_no_function_tells_them_apart(data: st.DataObject, name: str, number: int) -> None:
    overload = data.draw(st.sampled_from(LIBRARY[name].overloads))
    source = f"{name}({', '.join(data.draw(PARAMETERS[kind]) for kind in overload.parameters)})"
    assert _outcome(source, _data(number)) == _outcome(source, _data(float(number)))


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("7 / 2", 3),
        ("-7 / 2", -3),
        ("7.0 / 2.0", 3.5),
        ("size([1, 2, 3]) / 2", 1),
        ("int(data.n) / 4", 2),
        ("(int(data.n) + 5) / 4", 3),
        ("data.n / 4", 2.5),
        ("data.n / 5", 2),
        ("int(data.n / 4)", 2),
        ("type(10.0) == double", True),
        ("type(10) == int", True),
        ("round(data.n) / 4", 2),
    ],
)
def test_literals_keep_the_rules_of_cel(source: str, value: Any) -> None:
    found = compile_expression(source).evaluate(_data(10))
    assert (found, type(found)) == (value, type(value))


def test_division_over_data_is_exact_where_it_leaves_no_rest() -> None:
    scope = {"data": read('{"n": 9007199254740993, "m": 9007199254740993.0}')}
    assert compile_expression("data.n / 1").evaluate(scope) == 2**53 + 1
    assert compile_expression("data.m / 1").evaluate(scope) == 2**53 + 1
