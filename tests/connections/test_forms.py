from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connections.errors import FieldErrors
from connections.forms import check_fields, credential_info
from connectors.manifest import App

FIELDS: list[dict[str, Any]] = [
    {
        "name": "region",
        "type": "select",
        "label": "Region",
        "options": [{"value": "eu", "label": "Europe"}, {"value": "own", "label": "Own server"}],
    },
    {"name": "server", "type": "url", "show_when": {"key": "region", "value": "own"}},
    {
        "name": "port",
        "type": "number",
        "show_when": {"key": "server", "value": "https://a.example"},
    },
    {"name": "key", "type": "password", "pattern": "sk-[a-z0-9]{4,}", "example": "sk-1234"},
    {"name": "email", "type": "email", "is_optional": True, "desc": "Yours"},
    {"name": "notes", "type": "textarea", "is_optional": True},
    {"name": "limit", "type": "number", "default": "10"},
    {"name": "code", "show": False},
]
APP = App.model_validate(
    {
        "key": "tickets",
        "name": "Tickets",
        "auth": {
            "type": "api_key",
            "desc": "Open your settings.",
            "fields": FIELDS,
            "apply": [{"in": "header", "name": "X-Key", "template": "{{ fields.key }}"}],
        },
    }
)
GOOD: dict[str, Any] = {"region": "eu", "key": "sk-abcd"}


def test_the_form_is_described_as_the_contract_says() -> None:
    info = credential_info(APP).model_dump(by_alias=True, exclude_none=True)
    assert info["appName"] == "Tickets"
    assert info["desc"] == "Open your settings."
    region, server, _, key, email, *_, code = info["fields"]
    assert region == {
        "name": "region",
        "type": "select",
        "label": "Region",
        "options": [{"value": "eu", "label": "Europe"}, {"value": "own", "label": "Own server"}],
    }
    assert server["showWhen"] == {"key": "region", "value": "own"}
    assert key == {"name": "key", "type": "password"}
    assert email["isOptional"] is True
    assert code["show"] is False


def test_good_values_are_accepted_with_defaults_and_without_hidden_fields() -> None:
    given = {**GOOD, "email": " ada@example.com ", "server": "https://hidden.example"}
    assert check_fields(APP, given) == {
        "region": "eu",
        "key": "sk-abcd",
        "email": "ada@example.com",
        "limit": "10",
    }


def test_a_field_is_required_while_its_condition_holds() -> None:
    with pytest.raises(FieldErrors) as caught:
        check_fields(APP, {**GOOD, "region": "own"})
    assert caught.value.errors == {"server": "This field is required."}
    with pytest.raises(FieldErrors) as caught:
        check_fields(APP, {**GOOD, "region": "own", "server": "https://a.example"})
    assert list(caught.value.errors) == ["port"]


def test_a_field_is_hidden_with_the_field_that_it_depends_on() -> None:
    given = {**GOOD, "server": "https://a.example", "port": "no number"}
    assert "port" not in check_fields(APP, given)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("region", "mars", "options"),
        ("region", "", "required"),
        ("key", "secret-that-must-not-show", "Example: sk-1234"),
        ("key", "sk-abcd\r\nX-Evil: 1", "control character"),
        ("key", ["sk-abcd"], "text or a number"),
        ("key", {"a": 1}, "text or a number"),
        ("key", "s" * 20_000, "longer than"),
        ("email", "nobody", "e-mail"),
        ("limit", "many", "number"),
        ("limit", "nan", "number"),
        ("notes", "bell\x07", "control character"),
        ("surprise", "x", "no such field"),
    ],
)
def test_each_wrong_value_has_its_own_sentence(name: str, value: Any, words: str) -> None:
    with pytest.raises(FieldErrors) as caught:
        check_fields(APP, {**GOOD, name: value})
    assert list(caught.value.errors) == [name]
    assert words in caught.value.errors[name]
    assert "secret-that-must-not-show" not in str(caught.value)


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(FieldErrors) as caught:
        check_fields(APP, {"limit": "x", "other": 1})
    assert set(caught.value.errors) == {"region", "key", "limit", "other"}


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=4,
)


@given(st.dictionaries(st.sampled_from([f["name"] for f in FIELDS]) | st.text(), values))
def test_any_answer_is_accepted_as_text_or_refused_by_field(answer: dict[str, Any]) -> None:
    try:
        accepted = check_fields(APP, answer)
    except FieldErrors as error:
        assert error.errors  # noqa: PT017 - both outcomes are right
    else:
        assert all(isinstance(value, str) for value in accepted.values())
