"""What cannot be read is answered with what to write instead, in words that people know."""

from __future__ import annotations

import pytest

from automations.checker import check
from automations.values import ExpressionError


def told(source: str) -> str:
    with pytest.raises(ExpressionError) as refused:
        check(source)
    return refused.value.message


@pytest.mark.parametrize(
    ("source", "instead"),
    [
        ("{{ data.a }}", "without braces"),
        ("$json.body", "`steps.<id>.output`"),
        ('$node["Fetch"].json.id', "`steps.<id>.output`"),
        ("$('Fetch').item.json", "`steps.<id>.output`"),
        ("data.a and data.b", "`&&`"),
        ("data.a or data.b", "`||`"),
        ("not data.a", "`!`"),
        ("data.a not in data.b", "`!(x in list)`"),
        ("data.a is null", "`== null`"),
        ("data.a === 1", "`==`"),
        ("data.a !== 1", "`!=`"),
        ("data.a = 1", "`==`"),
        ("data.a <> 1", "`!=`"),
        ("data.a ?? 1", "`default(x, y)`"),
        ("data.a?.b", "`x.?y`"),
        ("data.a | upper", "no filters"),
        ("data.a & data.b", "`&&`"),
        ("data.list.map(x => x.id)", "`list.map(x, …)`"),
        ("${data.a}", "`${…}`"),
        ("`Hello`", "quotes"),
        ("if data.a then 1 else 2", "`condition ? a : b`"),
        ("1 if data.a else 2", "`condition ? a : b`"),
        ("[x for x in data.list]", "`list.map(x, …)`"),
        ("data.a ** 2", "`pow(x, y)`"),
        ("data.count++", "a set step"),
        ("data.list[*].id", "`list.map(x, x.field)`"),
        ("data.list.0", "`list[0]`"),
        ("data.a;", "leave out `;`"),
        ("\u201cdone\u201d", "straight quotes"),
        ("data.a == 'open", "not closed"),
        ("steps.in.output", '`steps["in"]`'),
        ("new Date()", "`now()`"),
        ("return data.a", "leave `return` out"),
    ],
)
def test_what_other_languages_write(source: str, instead: str) -> None:
    assert instead in told(source)


@pytest.mark.parametrize(
    ("source", "instead"),
    [
        ("len(data.list)", "`size(x)`"),
        ("data.list.length()", "`size(x)`"),
        ("data.title.toLowerCase()", "`x.lower()`"),
        ("concat(data.a, data.b)", "`a + b`"),
        ("parseInt(data.a)", "`int(x)`"),
        ("str(data.a)", "`string(x)`"),
        ("isEmpty(data.a)", "`size(x) == 0`"),
        ("data.list.push(1)", "`list + [item]`"),
        ("data.list.find(1)", "`list.filter(x, …).first()`"),
        ("JSON.stringify(data)", "`json.encode(x)`"),
        ("formatDate(data.a)", "`time.format("),
        ("ifEmpty(data.a, 1)", "`default(x, y)`"),
        ("uper(data.a)", "did you mean `upper`?"),
        ("data.list.filter(x)", "`list.filter(x, …)`"),
        ("has(data)", "`has(data.title)`"),
    ],
)
def test_functions_of_other_languages(source: str, instead: str) -> None:
    assert instead in told(source)


def test_a_function_that_is_there_is_not_said_to_be_missing() -> None:
    said = told("data.list.sort('id')")
    assert "no function" not in said
    assert "`sort(list)`" in said
    assert '`list.sortBy("id")`' in said


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ('"a" + timestamp("2026-01-01T00:00:00Z")', "text and a timestamp"),
        ('duration("1h") + 1', "a duration and a whole number"),
        ("[1] + {'a': 1}", "a list and a map"),
        ("data.?a + 1", "an optional value and a whole number"),
        ("[[1]] + ''", "a list and text"),
    ],
)
def test_types_are_told_in_words(source: str, words: str) -> None:
    said = told(source)
    assert words in said
    assert not any(
        name in said for name in ("google", "protobuf", "(int)", "dyn,", "optional_type")
    )


def test_a_text_in_an_expression_is_not_repeated() -> None:
    assert "hunter2" not in told("data.a == 'hunter2' or data.b")
    assert "hunter2" not in told("data.a 'hunter2'")
    assert "hunter2" not in told("data.a + `hunter2`")
