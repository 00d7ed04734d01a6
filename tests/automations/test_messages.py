"""What is wrong is a code with parameters; sentences are made of it, and never drift from it."""

from __future__ import annotations

import ast
import copy
import json
import pickle
import re
from pathlib import Path

import pytest

from automations.constants import faults_of_value
from automations.expressions import ExpressionError, compile_expression
from automations.messages import CATALOGUE, PARAMETER, Message, message_of, parameters, word

ROOT = Path(__file__).parents[2]
TURKISH = json.loads((ROOT / "console/src/locales/tr/faults.json").read_text("utf-8"))
SOURCES = [
    path
    for folder in ("api", "automations", "connections", "connectors")
    for path in (ROOT / folder).rglob("*.py")
]


def test_every_code_has_a_turkish_template_and_no_other_has() -> None:
    assert TURKISH.keys() == CATALOGUE.keys()


@pytest.mark.parametrize("code", CATALOGUE)
def test_both_languages_tell_the_same_parameters(code: str) -> None:
    assert parameters(TURKISH[code]) == parameters(CATALOGUE[code])


def test_codes_are_words_with_hyphens() -> None:
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", code) for code in CATALOGUE)


def test_parameters_are_shown_in_forms_that_there_are() -> None:
    forms = {form for template in CATALOGUE.values() for _, form in PARAMETER.findall(template)}
    assert forms <= {"", "number", "s", "kinds", "both", "thing", "names", "entry"}


def _made(path: Path) -> list[tuple[str, set[str]]]:
    """The codes that a file makes messages of, where they are written out, with parameters."""
    made = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not (isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Message"):
            continue
        names = {keyword.arg for keyword in node.keywords}
        if node.args and isinstance(node.args[0], ast.Constant) and None not in names:
            made.append((str(node.args[0].value), {name for name in names if name}))
    return made


def test_messages_are_made_of_codes_that_there_are_with_all_their_parameters() -> None:
    made = [one for path in SOURCES for one in _made(path)]
    assert len(made) > 150
    for code, given in made:
        told = parameters(CATALOGUE[code])
        assert given <= told, code
        # A hint, and what else is an entry, may have nothing to say.
        entries = {name for name, form in PARAMETER.findall(CATALOGUE[code]) if form == "entry"}
        assert told - entries <= given, code


def test_what_a_message_holds_stands_by_its_code_beside_its_parameters() -> None:
    made = Message("no-step", id="fetsh", hint=Message("near", near="fetch"))
    assert made == "There is no step `fetsh`. Did you mean `fetch`?"
    assert made.code == "no-step"
    assert made.params == {"id": "fetsh", "hint": "near", "near": "fetch"}


def test_what_is_not_there_leaves_nothing_behind() -> None:
    made = Message("no-step", id="fetsh", hint=None)
    assert made == "There is no step `fetsh`."
    assert made.params == {"id": "fetsh"}


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda made: pickle.loads(pickle.dumps(made))])
def test_a_message_keeps_its_code_on_its_way(copied: object) -> None:
    made = Message("max-length", limit=3).sentence
    assert callable(copied)
    arrived = copied(made)
    assert (arrived, arrived.code, arrived.params) == (made, "max-length", {"limit": 3})


def test_a_name_without_end_is_told_by_its_beginning() -> None:
    key = "k" * 100_000
    [(_, told)] = faults_of_value({"type": "object", "additionalProperties": False}, {key: 1}, "")
    assert told.code == "unknown-field"
    assert len(told) < 1_000
    assert len(str(told.params["names"])) < 1_000


def test_what_others_told_is_kept_as_it_is() -> None:
    told = message_of("Quota {exceeded}")
    assert told == "Quota {exceeded}"
    assert (told.code, told.params) == ("other", {"text": "Quota {exceeded}"})


@pytest.mark.parametrize(
    ("code", "params", "sentence"),
    [
        ("max-items", {"limit": 1}, "Bu listede en çok 1 öğe olabilir."),
        ("max-length", {"limit": 16384}, "Bu metin en çok 16.384 karakter olabilir."),
        ("gives-wrong-kind", {"kinds": "null,string", "wanted": "boolean"}, None),
        ("never-equal", {"left": "own", "right": "item list"}, None),
    ],
)
def test_another_language_is_worded_by_the_same_rules(
    code: str, params: dict[str, str | int], sentence: str | None
) -> None:
    worded = word(TURKISH, code, params, ".")
    assert "{" not in worded
    assert sentence is None or worded == sentence


@pytest.mark.parametrize(
    ("source", "code", "params"),
    [
        ("dta.x.toUpperCase()", "no-function-hint", {"write": "`x.upper()`"}),
        ("a and b", "cannot-be-read-near-hint", {"hint": "hint-and"}),
        ('1 + "a"', "cannot-be-applied", {"kinds": "integer,string", "hint": "applied-text"}),
        ("", "expression-empty", {}),
    ],
)
def test_what_is_wrong_with_an_expression_has_a_code(
    source: str, code: str, params: dict[str, str]
) -> None:
    with pytest.raises(ExpressionError) as refused:
        compile_expression(source)
    told = message_of(refused.value.message)
    assert told.code == code
    assert params.items() <= told.params.items()
