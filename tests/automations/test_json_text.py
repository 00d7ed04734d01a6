"""JSON text is read strictly, and no number of it is changed."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automations import json_text
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
        ('{"n": 1e400, "m": [-1.5E+999]}', {"n": "1e400", "m": ["-1.5E+999"]}),
        ('{"a": 1, "b": 2, "a": 3}', {"a": 3, "b": 2}),
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
        "[-Infinity, 1]",
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


WHOLE = [
    '{"a": [1, -2.5, 1e3, null, true], "": {}, "é\\u00e9\\ud83e\\udd9c": "x\\n", "a": [[]]}',
    '"text"',
    " 12345678901234567890 ",
    "\ufeff[]",
]
FAULTY = ["[1,]", "[NaN]", '{"a" 1}', "'a'", '"a\nb"', "[01]", "1 2", "", '["\\udfff"]', "[" * 80]


@pytest.mark.parametrize("values_an_object", [0, 50])
@pytest.mark.parametrize("text", [*WHOLE, *FAULTY])
def test_a_large_text_is_read_as_a_small_one_is(
    text: str, values_an_object: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def outcome() -> Any:
        found = []
        for content in (text, text.encode("utf-8", "surrogatepass")):
            try:
                found.append(read(content))
            except JsonError as error:
                found.append(type(error))
        return found

    at_once = outcome()
    monkeypatch.setattr(json_text, "AT_ONCE_VALUES", -1)
    monkeypatch.setattr(json_text, "VALUES_AN_OBJECT", values_an_object)
    assert outcome() == at_once


@pytest.mark.parametrize("item", ['{"id": 1, "name": "n"},' * 2, "[],"])
def test_others_have_their_turns_while_a_large_text_is_read(item: str) -> None:
    text = '{"items": [' + item * 150_000 + "1]}"
    reading = threading.Thread(target=read, args=[text])
    reading.start()
    turns = 0
    while reading.is_alive():
        turns += 1
        reading.join(0.001)
    assert turns > 5


def test_more_values_than_a_text_may_have_are_counted_before_any_is_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(json_text, "MAX_VALUES_READ", 1_000)
    with pytest.raises(JsonError, match="larger than 1,000 values"):
        read("[" + "[]," * 1_000 + "1]")
    assert len(read("[" + "[ ]," * 998 + "1]")) == 999
    # What stands in a text is none.
    assert len(read(b'["' + b'[{\\",:' * 1_000 + b'"]')) == 1
