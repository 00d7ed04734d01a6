"""The official conformance tests of CEL pass; what is left out is listed with its reason."""

from __future__ import annotations

import base64
import json
import math
import re
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from automations.checker import check
from automations.evaluator import build
from automations.operators import CALLS
from automations.values import Budget, ExpressionError, TypeValue
from tests.packages import installed, node_and_npm

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(__file__).parent / "cel"
SECTIONS = """basic block_ext bindings_ext comparisons conversions dynamic encoders_ext enums fields
fp_math integer_math lists logic macros macros2 math_ext namespace optionals parse plumbing proto2
proto2_ext proto3 string string_ext timestamps type_deductions wrappers""".split()  # noqa: SIM905


@dataclass(frozen=True)
class Case:
    """One official test: the path of its name, and what cel-spec's SimpleTest says, as JSON."""

    section: str
    name: str
    told: dict[str, Any]

    @property
    def content(self) -> str:
        """What rows of the list are looked for in."""
        parts = (self.told[key] for key in ("expr", *_VALUES, "bindings") if key in self.told)
        return "\n".join(part if isinstance(part, str) else json.dumps(part) for part in parts)


_VALUES = ("value", "typedResult")


@dataclass(frozen=True)
class Row:
    """Tests that are left out."""

    section: str
    tests: str

    def names(self, case: Case) -> bool:
        """Whether the row is about this test."""
        if self.section not in ("*", case.section):
            return False
        if pattern := re.fullmatch(r"containing `(.*)`", self.tests):
            return re.search(pattern[1], case.content) is not None
        if self.tests == "checked only":
            return bool(case.told.get("checkOnly"))
        listed = re.findall(r"`(.*?)`", self.tests)
        return self.tests == "all" or any(f"{case.name}/".startswith(f"{x}/") for x in listed)


@cache
def _cases() -> tuple[Case, ...]:
    files = ["package.json", "package-lock.json", ".npmrc", "suite.mjs"]

    def finish(folder: Path) -> None:
        command = [*node_and_npm()[0], "suite.mjs"]
        done = subprocess.run(command, cwd=folder, capture_output=True, check=True)
        (folder / "suite.json").write_bytes(done.stdout)

    suite = json.loads((installed(FOLDER, files, finish) / "suite.json").read_bytes())

    def within(part: dict[str, Any], path: tuple[str, ...]) -> Iterator[Case]:
        for inner in part.get("suites", ()):
            yield from within(inner, (*path, inner["name"]))
        for test in part.get("tests", ()):
            told = test["original"]
            yield Case(path[0], "/".join((*path[1:], told["name"])), told)

    return tuple(within(suite, ()))


def _rows() -> list[Row]:
    rows = re.findall(
        r"^\| `(.+?)` \| (.+?) \| .{20,} \|$", (FOLDER / "left-out.md").read_text(), re.M
    )
    assert rows
    return [Row(section, tests) for section, tests in rows]


def _value(told: dict[str, Any]) -> Any:
    ((kind, value),) = told.items()
    match kind:
        case "int64Value":
            return int(value)
        case "doubleValue":
            return float(value)
        case "stringValue" | "boolValue":
            return value
        case "nullValue":
            return None
        case "bytesValue":
            return base64.b64decode(value)
        case "listValue":
            return [_value(item) for item in value.get("values", ())]
        case "mapValue":
            entries = value.get("entries", ())
            return {_value(entry["key"]): _value(entry["value"]) for entry in entries}
        case "typeValue":
            return TypeValue(value.replace("google.protobuf.", "").lower())
        case "objectValue":
            name = value["@type"].rpartition(".")[2].lower()
            return CALLS[name](Budget(), value["value"])
    raise AssertionError(f"no value of {kind}")


def _same(left: Any, right: Any) -> bool:
    if type(left) is not type(right):
        return False
    match left:
        case float():
            return bool(left == right or (math.isnan(left) and math.isnan(right)))
        case list():
            return len(left) == len(right) and all(map(_same, left, right))
        case dict():
            return left.keys() == right.keys() and all(_same(left[key], right[key]) for key in left)
        case TypeValue():
            return bool(left.name == right.name)
    return bool(left == right)


def _fault(case: Case) -> str | None:
    """What is wrong about how a test comes out; None: nothing."""
    told = case.told
    try:
        bindings = {name: _value(item["value"]) for name, item in told.get("bindings", {}).items()}
        found = build(check(told["expr"]))(bindings, Budget())
    except ExpressionError as error:
        return None if "evalError" in told else f"{told['expr']} fails: {error}"
    if "evalError" in told:
        return f"{told['expr']} gives {found!r} and should fail"
    wanted = told.get("value") or told.get("typedResult", {}).get("result") or {"boolValue": True}
    return None if _same(found, _value(wanted)) else f"{told['expr']} gives {found!r}, not {wanted}"


def test_every_section_is_run() -> None:
    assert {case.section for case in _cases()} == set(SECTIONS)


@pytest.mark.parametrize("section", SECTIONS)
def test_what_applies_passes(section: str) -> None:
    rows = _rows()
    cases = [case for case in _cases() if case.section == section]
    faults = {
        case.name: fault
        for case in cases
        if not any(row.names(case) for row in rows) and (fault := _fault(case))
    }
    assert not faults


def test_nothing_is_left_out_that_passes() -> None:
    for row in _rows():
        listed = re.findall(r"`(.*?)`", row.tests) if row.tests.startswith("`") else [None]
        for name in listed:
            one = row if name is None else Row(row.section, f"`{name}`")
            left_out = [case for case in _cases() if one.names(case)]
            assert left_out, f"{one} names no test"
            assert any(map(_is_faulty, left_out)), f"{one} passes"


def _is_faulty(case: Case) -> bool:
    try:
        return case.told.get("checkOnly") or _fault(case) is not None
    except (AssertionError, KeyError):
        # Values and names that the language does not have.
        return True


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ('duration("-1.5s").getMilliseconds()', -500),
        ('duration("-1.5s").getSeconds()', -1),
        ('duration("-90m").getHours()', -1),
        ('int(timestamp("9999-12-31T23:59:59.999999Z"))', 253402300799),
        ('int(timestamp("1969-12-31T23:59:59.5Z"))', -1),
        ('timestamp("2009-02-13T23:31:30Z").getHours("02:00")', 1),
        ("bool('t') && bool('1') && bool('True') && !bool('FALSE')", True),
        ('base64.decode("/w==") == b"\\xff"', True),
    ],
)
def test_values_that_the_official_tests_do_not_ask_for(source: str, value: Any) -> None:
    assert _same(build(check(source))({}, Budget()), value)


@pytest.mark.parametrize("source", ["bool('tRUE')", "bool('T')", "int(-1e19)", "int(9.3e18)"])
def test_conversions_are_as_strict_as_cel(source: str) -> None:
    with pytest.raises(ExpressionError):
        build(check(source))({}, Budget())
