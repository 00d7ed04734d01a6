"""Functions on lists and on tables, whose columns are told in `columns`."""

from __future__ import annotations

from typing import Any

from automations.functions.columns import column, column_keys, column_where_there
from automations.functions.registry import Section
from automations.values import (
    Budget,
    ExpressionError,
    as_read,
    bounded_items,
    frozen,
    kind_of,
    sorted_keys,
    sorting_keys,
    whole,
)

LISTS = Section("Lists and tables")


def _numbers(values: list[Any]) -> list[float]:
    found = [as_read(value) for value in values if value is not None]
    for value in found:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ExpressionError(f"only numbers can be reckoned with, not {kind_of(value)}")
    return found


@LISTS.add("first(list) -> any", summary="The first item; null: none.", example="[1, 2].first()")
def _first(budget: Budget, items: list[Any]) -> Any:
    return items[0] if items else None


@LISTS.add("last(list) -> any", summary="The last item; null: none.", example="[1, 2].last()")
def _last(budget: Budget, items: list[Any]) -> Any:
    return items[-1] if items else None


@LISTS.add(
    "slice(list, int) -> list",
    "slice(list, int, int) -> list",
    summary="From one position (from 0; below 0 from the end) up to another, not included.",
    example="[1, 2, 3, 4].slice(1, 3)",
)
def _slice(budget: Budget, items: list[Any], start: int, end: int | None = None) -> list[Any]:
    return items[start:end]


@LISTS.add(
    "range(int) -> list",
    summary="The whole numbers from 0 up to a number, not included.",
    example="range(3)",
)
def _range(budget: Budget, end: int) -> list[int]:
    bounded_items(end)
    return list(range(end))


@LISTS.add(
    "reverse(list) -> list",
    "reverse(string) -> string",
    summary="In reverse order.",
    example="[1, 2].reverse()",
)
def _reverse(budget: Budget, value: Any) -> Any:
    return value[::-1]


@LISTS.add(
    "flatten(list) -> list",
    summary="The items of the lists inside a list, one level.",
    example="[[1], [2, 3], 4].flatten()",
)
def _flatten(budget: Budget, items: list[Any]) -> list[Any]:
    bounded_items(sum(len(item) if isinstance(item, list) else 1 for item in items))
    found: list[Any] = []
    for item in items:
        found.extend(item if isinstance(item, list) else [item])
    return found


@LISTS.add(
    "chunk(list, int) -> list",
    summary="Lists of at most so many items each.",
    example="[1, 2, 3].chunk(2)",
)
def _chunk(budget: Budget, items: list[Any], size: int) -> list[list[Any]]:
    if size < 1:
        raise ExpressionError("`chunk` takes a size of at least 1")
    return [items[start : start + size] for start in range(0, len(items), size)]


@LISTS.add(
    "compact(list) -> list",
    summary="Without null and empty text.",
    example='["a", null, ""].compact()',
)
def _compact(budget: Budget, items: list[Any]) -> list[Any]:
    return [item for item in items if item is not None and item != ""]


@LISTS.add(
    "distinct(list) -> list",
    "distinct(list, string) -> list",
    summary="Each item once; of a table, the first row for each value of a column.",
    example="[1, 2, 1].distinct()",
)
def _distinct(budget: Budget, items: list[Any], name: str | None = None) -> list[Any]:
    values = items if name is None else column(budget, items, name)
    seen: set[Any] = set()
    found = []
    for item, value in zip(items, values, strict=True):
        key = frozen(value, budget)
        if key not in seen:
            seen.add(key)
            found.append(item)
    return found


@LISTS.add(
    "sort(list) -> list",
    summary="In order: null, false, true, numbers, text by code point, timestamps.",
    example="[3, 1, 2].sort()",
)
def _sort(budget: Budget, items: list[Any]) -> list[Any]:
    keys = sorting_keys(items, budget)
    return [items[index] for index in sorted(range(len(items)), key=keys.__getitem__)]


@LISTS.add(
    "sortBy(list, string) -> list",
    "sortBy(list, string, bool) -> list",
    summary="A table in the order of a column; `true`: descending.",
    example='[{"n": 2}, {"n": 1}].sortBy("n")',
)
def _sort_by(budget: Budget, rows: list[Any], name: str, descending: bool = False) -> list[Any]:
    values = column(budget, rows, name)
    keys = sorting_keys(values, budget)
    # Of equal rows the first stays first, also when descending.
    order = sorted(range(len(rows)), key=keys.__getitem__, reverse=descending)
    return [rows[index] for index in order]


@LISTS.add(
    "pluck(list, string) -> list",
    summary="The values of a column; null where a row has none.",
    example='[{"n": 1}, {"n": 2}].pluck("n")',
)
def _pluck(budget: Budget, rows: list[Any], name: str) -> list[Any]:
    return column(budget, rows, name)


@LISTS.add(
    "groupBy(list, string) -> map",
    summary="The rows for each value of a column, as a map of lists; the keys are text.",
    example='[{"k": "a", "n": 1}, {"k": "a", "n": 2}].groupBy("k")',
)
def _group_by(budget: Budget, rows: list[Any], name: str) -> dict[str, list[Any]]:
    groups: dict[str, list[Any]] = {}
    for row, key in zip(rows, column_keys(budget, rows, name), strict=True):
        groups.setdefault(key, []).append(row)
    return groups


@LISTS.add(
    "indexBy(list, string) -> map",
    summary="The last row for each value of a column, as a map of rows; the keys are text.",
    example='[{"id": 7, "n": "x"}].indexBy("id")["7"].n',
)
def _index_by(budget: Budget, rows: list[Any], name: str) -> dict[str, Any]:
    return dict(zip(column_keys(budget, rows, name), rows, strict=True))


@LISTS.add(
    "countBy(list, string) -> map",
    summary="How many rows there are for each value of a column; the keys are text.",
    example='[{"k": "a"}, {"k": "b"}, {"k": "a"}].countBy("k")',
)
def _count_by(budget: Budget, rows: list[Any], name: str) -> dict[str, int]:
    counts: dict[str, int] = {}
    for key in column_keys(budget, rows, name):
        counts[key] = counts.get(key, 0) + 1
    return counts


@LISTS.add(
    "lookup(list, string, any) -> any",
    summary="The first row whose column has a value; null: none.",
    example='[{"id": 1, "n": "x"}].lookup("id", 1).n',
)
def _lookup(budget: Budget, rows: list[Any], name: str, value: Any) -> Any:
    wanted = frozen(value, budget)
    for row, found in zip(rows, column(budget, rows, name), strict=True):
        if frozen(found, budget) == wanted:
            return row
    return None


@LISTS.add(
    "joinTable(list, list, string) -> list",
    "joinTable(list, list, string, string) -> list",
    summary="Each row with the columns of the first row of another table whose column has the same "
    "value; the own columns win. A row without a value there stays as it is.",
    example='[{"id": 1}].joinTable([{"id": 1, "n": "x"}], "id")',
)
def _join_table(
    budget: Budget, rows: list[Any], others: list[Any], name: str, theirs: str | None = None
) -> list[dict[str, Any]]:
    by_value: dict[Any, dict[str, Any]] = {}
    for value, other in zip(
        column_where_there(budget, others, theirs or name), others, strict=True
    ):
        if value is not None:
            by_value.setdefault(frozen(value, budget), other)
    found = []
    for value, row in zip(column_where_there(budget, rows, name), rows, strict=True):
        # As in SQL, a row without a value belongs to no other.
        other = {} if value is None else by_value.get(frozen(value, budget), {})
        joined_row = {**other, **row}
        budget.charge(len(joined_row))
        found.append(joined_row)
    return found


@LISTS.add(
    "sum(list) -> number",
    "sum(list, string) -> number",
    summary="The sum of the numbers, or of a column; null does not count.",
    example='[{"n": 1}, {"n": 2.5}].sum("n")',
)
def _sum(budget: Budget, items: list[Any], name: str | None = None) -> float:
    numbers = _numbers(items if name is None else column(budget, items, name))
    if all(isinstance(number, int) for number in numbers):
        return whole(int(sum(numbers)))
    return float(sum(map(float, numbers)))


@LISTS.add(
    "avg(list) -> any",
    "avg(list, string) -> any",
    summary="The average of the numbers, or of a column; null: none.",
    example="[1, 2].avg()",
)
def _avg(budget: Budget, items: list[Any], name: str | None = None) -> float | None:
    numbers = _numbers(items if name is None else column(budget, items, name))
    return float(sum(map(float, numbers))) / len(numbers) if numbers else None


@LISTS.add(
    "min(list) -> any",
    "min(list, string) -> any",
    "min(number, number) -> number",
    summary="The smallest item, value of a column, or of two numbers; null: none.",
    example="[3, 1].min()",
)
def _min(budget: Budget, items: Any, other: Any = None) -> Any:
    values = _comparable(budget, items, other)
    keys = sorting_keys(values, budget)
    return values[min(range(len(values)), key=keys.__getitem__)] if values else None


@LISTS.add(
    "max(list) -> any",
    "max(list, string) -> any",
    "max(number, number) -> number",
    summary="The greatest item, value of a column, or of two numbers; null: none.",
    example="[3, 1].max()",
)
def _max(budget: Budget, items: Any, other: Any = None) -> Any:
    values = _comparable(budget, items, other)
    keys = sorting_keys(values, budget)
    return values[max(range(len(values)), key=keys.__getitem__)] if values else None


def _comparable(budget: Budget, items: Any, other: Any) -> list[Any]:
    if not isinstance(items, list):
        return [items, other]
    values = items if other is None else column(budget, items, other)
    return [value for value in values if value is not None]


@LISTS.add(
    "keys(map) -> list", summary="The keys of a map, in order.", example='{"b": 1, "a": 2}.keys()'
)
def _keys_of(budget: Budget, value: dict[Any, Any]) -> list[Any]:
    return sorted_keys(value, budget)


@LISTS.add(
    "values(map) -> list",
    summary="The values of a map, in the order of its keys.",
    example='{"b": 1, "a": 2}.values()',
)
def _values(budget: Budget, value: dict[Any, Any]) -> list[Any]:
    return [value[key] for key in sorted_keys(value, budget)]


@LISTS.add(
    "entries(map) -> list",
    summary="A table with the columns `key` and `value`.",
    example='{"a": 1}.entries()',
)
def _entries(budget: Budget, value: dict[Any, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": value[key]} for key in sorted_keys(value, budget)]


@LISTS.add(
    "fromEntries(list) -> map",
    summary="A map of a table with the columns `key` and `value`.",
    example='[{"key": "a", "value": 1}].fromEntries()',
)
def _from_entries(budget: Budget, rows: list[Any]) -> dict[str, Any]:
    return dict(zip(column_keys(budget, rows, "key"), column(budget, rows, "value"), strict=True))


@LISTS.add(
    "merge(map, map) -> map",
    "merge(list) -> map",
    summary="Both maps, or all maps of a list, as one; the later one wins.",
    example='[{"a": 1, "b": 1}, {"b": 2}].merge()',
)
def _merge(budget: Budget, first: Any, second: Any = None) -> dict[Any, Any]:
    merged: dict[Any, Any] = {}
    for value in first if second is None else (first, second):
        if value is None:
            continue
        if not isinstance(value, dict):
            raise ExpressionError(f"`merge` takes maps, not {kind_of(value)}")
        budget.charge(2 * len(value))
        merged.update(value)
    return merged


@LISTS.add(
    "mergeDeep(map, map) -> map",
    "mergeDeep(list) -> map",
    summary="Both maps, or all maps of a list, as one, maps inside them too; of all else the later "
    "one wins.",
    example='{"a": {"x": 1, "y": 1}}.mergeDeep({"a": {"y": 2}})',
)
def _merge_deep(budget: Budget, first: Any, second: Any = None) -> dict[Any, Any]:
    merged: dict[Any, Any] = {}
    for value in first if second is None else (first, second):
        if value is None:
            continue
        if not isinstance(value, dict):
            raise ExpressionError(f"`mergeDeep` takes maps, not {kind_of(value)}")
        merged = _merged(budget, merged, value)
    return merged


def _merged(budget: Budget, left: dict[Any, Any], right: dict[Any, Any]) -> dict[Any, Any]:
    budget.charge(2 * len(left) + 4 * len(right))
    merged = dict(left)
    for key, value in right.items():
        before = merged.get(key)
        both = isinstance(before, dict) and isinstance(value, dict)
        merged[key] = _merged(budget, before or {}, value) if both else value
    return merged


@LISTS.add(
    "zip(list, list) -> list",
    summary="Pairs of the items at the same place of two lists, as long as the shorter one.",
    example='[1, 2].zip(["a", "b"])',
)
def _zip(budget: Budget, left: list[Any], right: list[Any]) -> list[list[Any]]:
    budget.charge(4 * min(len(left), len(right)))
    return [list(pair) for pair in zip(left, right, strict=False)]


@LISTS.add(
    "pick(map, list) -> map",
    summary="Only these keys, as far as they are there.",
    example='{"a": 1, "b": 2}.pick(["a"])',
)
def _pick(budget: Budget, value: dict[Any, Any], keys: list[Any]) -> dict[Any, Any]:
    return {key: value[key] for key in keys if isinstance(key, str | int) and key in value}


@LISTS.add(
    "omit(map, list) -> map",
    summary="Without these keys.",
    example='{"a": 1, "b": 2}.omit(["a"])',
)
def _omit(budget: Budget, value: dict[Any, Any], keys: list[Any]) -> dict[Any, Any]:
    left_out = {key for key in keys if isinstance(key, str | int)}
    return {key: item for key, item in value.items() if key not in left_out}
