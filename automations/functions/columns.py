"""Columns of tables: a table is a list of maps, a column is a key of those maps or a path to one
inside them, such as `customer.city`."""

from __future__ import annotations

from itertools import islice
from typing import Any

from automations.values import Budget, ExpressionError, as_read, kind_of, plain_text

SHOWN_COLUMNS = 20


def column(budget: Budget, rows: list[Any], name: str) -> list[Any]:
    """The values of a column, null where a row has none.

    Raises ExpressionError where no row has it: then its name is mistyped.
    """
    values, is_there = _values(budget, rows, name)
    if rows and not is_there:
        raise ExpressionError(f"no row has the column `{name[:60]}`; {_known(rows)}")
    return values


def column_where_there(budget: Budget, rows: list[Any], name: str) -> list[Any]:
    """The values of a column, null where a row has none; no row needs to have it."""
    return _values(budget, rows, name)[0]


def column_keys(budget: Budget, rows: list[Any], name: str) -> list[str]:
    """The values of a column as keys of a map: as `string(…)` writes them, null as empty text."""
    values = column(budget, rows, name)
    for value in values:
        if isinstance(value, list | dict | bytes):
            raise ExpressionError(f"`{name[:60]}` holds {kind_of(value)}, which cannot be a key")
    budget.charge(3 * len(values))
    return ["" if value is None else plain_text(value) for value in values]


def _values(budget: Budget, rows: list[Any], name: str) -> tuple[list[Any], bool]:
    for row in rows:
        if not isinstance(row, dict):
            raise ExpressionError(f"a table is a list of maps, but an item is {kind_of(row)}")
    path = name.split(".")
    budget.charge(2 * len(rows) * len(path))
    values, is_there = [], False
    for row in rows:
        # A key that has a dot itself comes first.
        value: Any = None
        if name in row:
            value, is_there = row[name], True
        elif len(path) > 1:
            value, found = _inside(row, path)
            is_there = is_there or found
        values.append(as_read(value))
    return values, is_there


def _inside(row: Any, path: list[str]) -> tuple[Any, bool]:
    for part in path:
        if not isinstance(row, dict) or part not in row:
            return None, False
        row = row[part]
    return row, True


def _known(rows: list[dict[Any, Any]]) -> str:
    names = sorted({str(key) for row in rows[:100] for key in islice(row, 100)})
    if not names:
        return "the rows are empty"
    shown = ", ".join(f"`{name[:60]}`" for name in names[:SHOWN_COLUMNS])
    return f"there are {shown}" + (" and others" if len(names) > SHOWN_COLUMNS else "")
