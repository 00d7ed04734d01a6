"""Expressions and definitions with sizes drawn to hurt end soon, and only with the language's own
errors."""

from __future__ import annotations

import contextlib
import tracemalloc
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from automations.components import ComponentCatalogue
from automations.expressions import Expression, ExpressionError, compile_expression
from automations.functions import LIBRARY
from automations.validation import validate
from tests.pace import assert_takes_at_most

SECONDS = 0.25
SLACK = 3
"""Some machines are slower than others at their usual pace, too."""

SIZES = st.sampled_from([0, 1, 2, 63, 1000, 29_999, 100_000, 4_000_000])
NUMBERS = st.one_of(
    SIZES.map(str), st.sampled_from(["-1", "1.5", "-9223372036854775807", "1e308", "0.0"])
)
TEXTS = st.one_of(
    st.builds(
        lambda text, n: f"'{text}'.repeat({n})", st.sampled_from(["a", "é", "ab,", "9"]), SIZES
    ),
    st.sampled_from(["''", "'[1,2]'", "'a.*b|a'", "'(a|b)*a(a|b){300}'", "'2026-01-01T00:00:00Z'"]),
    st.sampled_from(["data.text", "data.deep", "data.none"]),
)
LISTS = st.one_of(
    st.builds("range({})".format, SIZES),
    st.builds("range({}).map(i, [i])".format, SIZES),
    st.builds("cel.bind(b, range({0}), [b, b, b].map(x, [x, b]))".format, SIZES),
    st.sampled_from(["data.rows", "[]", "[{1: 'a'}, {'b': 1}]", "[null, 1, 'a', [1], {'a': 2}]"]),
)
VALUES = st.one_of(
    NUMBERS, TEXTS, LISTS, st.sampled_from(["null", "true", "data", "data.map", "duration('1h')"])
)


def _calls(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    names = st.sampled_from(sorted(LIBRARY))
    arguments = st.lists(inner, min_size=1, max_size=3).map(", ".join)
    operators = st.sampled_from(["+", "==", "<", "in", "*", "&&", "||"])
    return st.one_of(
        st.builds("{}({})".format, names, arguments),
        st.builds("({}) {} ({})".format, inner, operators, inner),
        st.builds("range({}).map(i, {})".format, SIZES, inner),
        st.builds("range({}).all(i, {} == i)".format, SIZES, inner),
        st.builds("default({}, {})".format, inner, inner),
    )


EXPRESSIONS = st.recursive(VALUES, _calls, max_leaves=6)
DEEP: Any = 1
for _ in range(60):
    DEEP = [DEEP]
DATA = {
    "text": "a" * 200_000,
    "deep": DEEP,
    "rows": [{"id": i, "name": f"n{i}"} for i in range(3000)],
    "map": {f"k{i}": i for i in range(3000)},
}
BOUNDED = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@BOUNDED
@given(EXPRESSIONS)
def test_no_expression_takes_long_or_fails_in_another_way(source: str) -> None:
    def compute() -> None:
        with contextlib.suppress(ExpressionError):
            Expression(source).evaluate({"data": DATA})

    assert_takes_at_most(SECONDS * SLACK, compute)


@pytest.mark.parametrize(
    "source",
    [
        "range(8).map(i, 'a'.repeat(4000000 - i)).size()",
        "'ß'.repeat(1900000).upper().size()",
        "json.decode('[' + '[],'.repeat(60000) + '1]').size()",
        "range(30).map(i, data.text + string(i)).size()",
    ],
)
def test_no_expression_takes_much_memory(source: str) -> None:
    expression = compile_expression(source)
    tracemalloc.start()
    try:
        with contextlib.suppress(ExpressionError):
            expression.evaluate({"data": DATA})
        assert tracemalloc.get_traced_memory()[1] < 64_000_000
    finally:
        tracemalloc.stop()


@BOUNDED
@given(st.text(alphabet="[](){}.?:,'\"\\/ \nabdx1+-*&|=optMapmapcelbind\x00é", max_size=4096))
def test_no_source_takes_long_to_read_or_fails_in_another_way(source: str) -> None:
    def read() -> None:
        with contextlib.suppress(ExpressionError):
            Expression(source)

    assert_takes_at_most(SECONDS * SLACK, read)


JSON = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), EXPRESSIONS
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=8,
)
STEPS = st.fixed_dictionaries(
    {"type": st.sampled_from(["set", "delay", "wait-until", "stop", "condition", "for-each", "x"])},
    optional=dict.fromkeys(("id", "values", "seconds", "at", "branches", "items", "steps"), JSON),
)


class NoApps:
    @property
    def apps(self) -> dict[str, Any]:
        return {}

    def component(self, key: str) -> None:
        return None

    def trigger(self, key: str) -> None:
        return None


CATALOGUE: ComponentCatalogue = NoApps()


@BOUNDED
@given(
    st.one_of(JSON, st.fixed_dictionaries({"steps": st.lists(STEPS, max_size=3), "result": JSON}))
)
def test_no_definition_fails_validation_itself(definition: Any) -> None:
    for fault in validate(definition, CATALOGUE, {}):
        assert fault.message
