"""Whatever a function is given, it gives a value or the language's own error, within its budget."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automations.functions import LIBRARY
from automations.values import Budget, ExpressionError, Occasion, to_json
from tests.automations.test_numbers import PARAMETERS

TEXTS = """\
|a|n|u.c|days|en|tr|de|UTC|Europe/Berlin|json|sha256|hex|a,b\n1,2|<a><b>1</b></a>|{"a": [1]}|\
(a)(b)?|https://u@h:1/p?q=1#f|EUR|%zz|\x00|1e999|dd.MM.yyyy|**a** <b>|1.234,5 €"""
LONG_TEXTS = ["9" * 400, "[" * 200, "<a>" * 200, "\ud800", "|"]
ANY_TEXT = st.text(st.characters(), max_size=12) | st.sampled_from([*TEXTS.split("|"), *LONG_TEXTS])
NUMBERS = (
    st.integers(-(2**70), 2**70)
    | st.floats()
    | st.sampled_from([0, -1, 2**63 - 1, -(2**63), 1e300, -0.0])
)
PLAIN = st.none() | st.booleans() | NUMBERS | ANY_TEXT
KEYS = st.sampled_from("n a u key value scheme host query port".split()) | ANY_TEXT  # noqa: SIM905
JSON = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)
OF_KIND: dict[str, st.SearchStrategy[Any]] = {
    "number": NUMBERS,
    "int": st.integers(-3, 3) | NUMBERS,
    "any": JSON,
    "list": st.lists(JSON, max_size=4) | st.lists(st.dictionaries(st.just("n"), JSON), max_size=4),
    "map": st.dictionaries(KEYS, JSON) | st.dictionaries(st.integers(), JSON, max_size=2),
    "string": ANY_TEXT,
    "text|bytes": ANY_TEXT | st.binary(max_size=8),
    "bytes": st.binary(max_size=8),
    "bool": st.booleans(),
    "timestamp": st.datetimes(timezones=st.just(UTC)),
    "duration": st.timedeltas(timedelta(days=-3_652_500), timedelta(days=3_652_500)),
}


@pytest.mark.parametrize("name", sorted(LIBRARY))
def test_a_function_gives_a_value_or_the_language_s_own_error(name: str) -> None:
    function = LIBRARY[name]

    @settings(max_examples=10, deadline=None, database=None)
    @given(st.data())
    def check(data: st.DataObject) -> None:
        overload = data.draw(st.sampled_from(function.overloads))
        arguments = [data.draw(OF_KIND[kind] | JSON) for kind in overload.parameters]
        budget = Budget(occasion=Occasion(datetime(2026, 1, 31, tzinfo=UTC), "test"))
        with suppress(ExpressionError):
            to_json(function(budget, arguments), budget)

    check()


def test_every_kind_of_parameter_is_tried() -> None:
    kinds = {kind for f in LIBRARY.values() for o in f.overloads for kind in o.parameters}
    assert kinds <= OF_KIND.keys() & PARAMETERS.keys()


LONG: dict[str, Any] = {
    "list": [{"n": 1}] * 5000,
    "map": {str(number): number for number in range(5000)},
    "string": "ab " * 9000,
}
SHORT: dict[str, Any] = {"int": 1, "list": [], "map": {}, "any": 1, "bool": True}


@pytest.mark.parametrize("name", sorted(LIBRARY))
def test_work_is_charged(name: str) -> None:
    # What takes a list, a map or a text that is long cannot be had for nothing.
    function = LIBRARY[name]
    for overload in function.overloads:
        if not overload.parameters or overload.parameters[0] not in LONG:
            continue
        arguments = [SHORT.get(kind, "n") for kind in overload.parameters]
        arguments[0] = LONG[overload.parameters[0]]
        budget = Budget(occasion=Occasion(datetime(2026, 1, 31, tzinfo=UTC), "test"))
        before = budget.left
        with suppress(ExpressionError):
            function(budget, arguments)
            assert before - budget.left > 400


LOADED = """
import resource, sys, time
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
import automations.expressions
late = [m for m in ("babel", "markdown_it", "nh3", "xmltodict") if m in sys.modules]
before, started = peak(), time.monotonic()
for source in sys.argv[1:]:
    automations.expressions.compile_expression(source).evaluate({})
print(late, peak() - before)
"""


def test_languages_and_documents_are_loaded_when_they_are_asked_for() -> None:
    sources = [
        'number.format(1.5, "de")',
        'number.currency(1.5, "EUR", "tr")',
        'time.format(timestamp("2026-01-31T09:00:00Z"), "EEEE", "UTC", "pl")',
        'markdown.html("*a*")',
        'xml.decode("<a/>")',
    ]
    told = subprocess.run(
        [sys.executable, "-c", LOADED, *sources],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "LANG": "xx", "LC_ALL": "xx"},
    ).stdout
    late, megabytes = told.rsplit(maxsplit=1)
    assert late == "[]"
    assert float(megabytes) < 20


SAME = """
import json, sys
from automations.expressions import compile_expression
print(json.dumps([compile_expression(source).evaluate({}) for source in sys.argv[1:]]))
"""


def test_functions_give_the_same_in_every_process_whatever_its_surroundings() -> None:
    sources = [
        function.example for name, function in LIBRARY.items() if name not in ("now", "uuid")
    ]
    surroundings = (
        {"PYTHONHASHSEED": "1", "LANG": "C", "TZ": "UTC"},
        {"PYTHONHASHSEED": "2", "LANG": "tr_TR.UTF-8", "LC_ALL": "tr_TR", "TZ": "Asia/Tokyo"},
    )
    answers = {
        subprocess.run(
            [sys.executable, "-c", SAME, *sources],
            cwd=Path(__file__).parents[2],
            env={**os.environ, **each},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for each in surroundings
    }
    assert len(answers) == 1
