"""Tables: keys, joins and columns, as people who know SQL expect them."""

from __future__ import annotations

from typing import Any

import pytest

from automations.expressions import ExpressionError, compile_expression

ROWS = [{"id": 1, "u": {"c": "b"}, "n": 2}, {"id": 2, "u": {"c": "a"}, "n": 1}, {"id": 3}]


def _given(source: str, **data: Any) -> Any:
    return compile_expression(source).evaluate({"data": {"rows": ROWS, **data}})


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ('[{"x":1}].joinTable([{"y":2}],"id")', [{"x": 1}]),
        ('[{"id":null,"x":1}].joinTable([{"id":null,"y":2}],"id")', [{"id": None, "x": 1}]),
        ('[{"x":1}].joinTable([{"id":null,"y":2}],"a","id")', [{"x": 1}]),
        ('[{"id":1}].joinTable([{"y":2}],"id")', [{"id": 1}]),
        ('[{"id":1}].joinTable([{"id":1,"y":2},{"y":3}],"id")', [{"id": 1, "y": 2}]),
        ('[{"id":""}].joinTable([{"id":"","y":2}],"id")', [{"id": "", "y": 2}]),
        ('[{"u":{"c":1}}].joinTable([{"k":1,"y":2}],"u.c","k")', [{"u": {"c": 1}, "k": 1, "y": 2}]),
    ],
)
def test_rows_are_joined_by_values_never_by_their_absence(source: str, value: Any) -> None:
    assert _given(source) == value


MOMENT = 'timestamp("2026-01-01T00:00:00Z")'


@pytest.mark.parametrize(
    ("source", "keys"),
    [
        (f'[{{"t": {MOMENT}}}].groupBy("t")', ["2026-01-01T00:00:00Z"]),
        (f'[{{"t": {MOMENT}}}].indexBy("t")', ["2026-01-01T00:00:00Z"]),
        (f'[{{"t": {MOMENT}}}].countBy("t")', ["2026-01-01T00:00:00Z"]),
        (f'[{{"key": {MOMENT}, "value": 1}}].fromEntries()', ["2026-01-01T00:00:00Z"]),
        ('[{"t": duration("90s")}, {"t": duration("1.5s")}].groupBy("t")', ["1.5s", "90s"]),
        ('[{"t": duration("90s")}].indexBy("t")', ["90s"]),
        ('[{"t": duration("90s")}].countBy("t")', ["90s"]),
        ('[{"key": duration("90s"), "value": 1}].fromEntries()', ["90s"]),
        ('[{"t": 1}, {"t": true}, {"t": 1.5}, {"t": null}].groupBy("t")', ["", "1", "1.5", "true"]),
    ],
)
def test_keys_are_what_string_makes_of_values(source: str, keys: list[str]) -> None:
    assert sorted(_given(source)) == keys


TAKING_COLUMNS = [
    "sortBy('{}')", "sortBy('{}', true)", "pluck('{}')", "groupBy('{}')", "indexBy('{}')",
    "countBy('{}')", "distinct('{}')", "lookup('{}', 1)", "sum('{}')", "avg('{}')", "min('{}')",
    "max('{}')",
]  # fmt: skip


@pytest.mark.parametrize("call", TAKING_COLUMNS)
@pytest.mark.parametrize("name", ["naem", "u.naem", "naem.c", "id.c", ""])
def test_a_mistyped_column_is_told_with_those_that_there_are(call: str, name: str) -> None:
    with pytest.raises(ExpressionError, match=r"no row has the column `.*there are `id`, `n`, `u`"):
        _given(f"data.rows.{call.format(name)}")
    # An empty table has no columns at all, and nothing to mistype.
    _given(f"data.none.{call.format(name)}", none=[])


@pytest.mark.parametrize("call", TAKING_COLUMNS)
def test_paths_are_columns_everywhere(call: str) -> None:
    source = f"data.rows.{call.format('u.c' if 'sum' not in call and 'avg' not in call else 'n')}"
    flat = f"data.rows.map(r, {{'id': r.id, 'c': r.?u.c.orValue(null)}}).{call.format('c')}"
    found = _given(source)
    if "sum" in call or "avg" in call:
        assert _given(source.replace("'n'", "'o.n'").replace("rows", "deep"), **_deep()) == found
        return
    alike = _given(flat)
    if isinstance(found, list) and isinstance(found[0], dict):
        assert [row["id"] for row in found] == [row["id"] for row in alike]
    elif isinstance(found, dict):
        assert found.keys() == alike.keys()
    else:
        assert found == alike


def _deep() -> dict[str, Any]:
    return {"deep": [{"o": row} for row in ROWS]}


def test_a_column_that_only_some_rows_have_is_null_in_the_others() -> None:
    assert _given("data.rows.pluck('n')") == [2, 1, None]
    assert _given("data.rows.sortBy('n').pluck('id')") == [3, 2, 1]


def test_a_key_with_a_dot_in_it_is_a_column_too() -> None:
    assert _given("data.t.pluck('a.b')", t=[{"a.b": 1, "a": {"b": 2}}]) == [1]
