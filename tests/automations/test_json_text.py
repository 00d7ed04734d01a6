"""JSON text is read strictly, and no number of it is changed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automations.bounds import MAX_DEPTH
from automations.json_text import DepthError, JsonError, read


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12345678901234567890123", "12345678901234567890123"),
        ("-12345678901234567890123", "-12345678901234567890123"),
        ("18446744073709551615", "18446744073709551615"),
        ("9223372036854775808", "9223372036854775808"),
        ("9223372036854775807", 2**63 - 1),
        ("-9223372036854775808", -(2**63)),
        ("9007199254740993.0", 2**53 + 1),
        ("12345678901234567890123.00", "12345678901234567890123"),
        ('{"a": [1, {"b":99999999999999999999}]}', {"a": [1, {"b": "9" * 20}]}),
        ("1" * 300, "1" * 300),
        ("0.1", 0.1),
        ("1234567890123456.75", 1234567890123456.75),
        ('"1234567890123456789012"', "1234567890123456789012"),
    ],
)
@pytest.mark.parametrize("as_bytes", [True, False])
def test_no_whole_number_loses_a_digit(text: str, value: Any, as_bytes: bool) -> None:
    found = read(text.encode() if as_bytes else text)
    assert (found, type(found)) == (value, type(value))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8")),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
        max_leaves=12,
    )
)
def test_a_value_comes_back_with_large_whole_numbers_as_text(value: Any) -> None:
    def large_as_text(item: Any) -> Any:
        if isinstance(item, dict):
            return {key: large_as_text(inner) for key, inner in item.items()}
        if isinstance(item, list):
            return list(map(large_as_text, item))
        is_large = isinstance(item, int) and not -(2**63) <= item < 2**63
        return str(item) if is_large else item

    written = json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")
    try:
        found = read(written)
    except JsonError:
        assert any("\ud800" <= letter <= "\udfff" for letter in written.decode("utf-8", "replace"))
        return
    assert found == large_as_text(value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "NaN",
        "[Infinity]",
        "01",
        "'a'",
        '"\\ud800"',
        "1e400",
        '{"a":1,}',
        b'"\xff"',
        "1 2",
    ],
)
def test_what_is_no_json_is_refused_with_its_place(text: str | bytes) -> None:
    with pytest.raises(JsonError, match="no valid JSON: "):
        read(text)


def test_depth_is_bounded_whatever_is_nested() -> None:
    for opening, closing in (("[", "]"), ('{"a":', "}")):
        deepest = opening * MAX_DEPTH + "1" + closing * MAX_DEPTH
        read(deepest)
        for deeper in (1, 200, 100_000):
            count = MAX_DEPTH + deeper
            with pytest.raises(JsonError):
                read(opening * count + "1" + closing * count)
    assert read("[" + "[1]," * 500 + "1]")[-1] == 1


def test_a_byte_order_mark_is_no_part_of_the_value() -> None:
    assert read(b'\xef\xbb\xbf{"a":1}') == read('\ufeff{"a":1}') == {"a": 1}


def test_what_is_nested_far_too_deeply_is_told_as_such_and_is_no_text() -> None:
    for levels in (MAX_DEPTH + 1, 1_100, 100_000):
        with pytest.raises(DepthError):
            read("[" * levels + "]" * levels)
