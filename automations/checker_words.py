"""What CEL's parser and type checker have against an expression, in plain words."""

from __future__ import annotations

import difflib
import re

from automations.foreign import RESERVED_WORDS, function_hint, syntax_hint
from automations.functions import LIBRARY, STANDARD
from automations.messages import CATALOGUE, Message

_FAULT = re.compile(r"ERROR: <input>:(-?\d+):(-?\d+): (.*)")
_UNDECLARED = re.compile(r"undeclared reference to '([^']*)'")
_MISMATCH = re.compile(r"found no matching overload for '([^']*)' applied to '(.*)'")
_OPERATORS = {
    "_?_:_": "?:",
    "_[_]": "[ ]",
    "_?._": ".?",
    "_[?_]": "[? ]",
    "!_": "!",
    "-_": "-",
    "@in": "in",
    "_in_": "in",
}
_KINDS = {
    "string": "string",
    "int": "integer",
    "uint": "unsigned",
    "double": "decimal",
    "bool": "boolean",
    "bytes": "bytes",
    "null": "null",
    "null_type": "null",
    "dyn": "any",
    "any": "any",
    "list": "array",
    "map": "object",
    "type": "type",
    "optional_type": "optional",
    "optional": "optional",
    "timestamp": "timestamp",
    "duration": "duration",
    "google.protobuf.Timestamp": "timestamp",
    "google.protobuf.Duration": "duration",
}
"""CEL's names of types, as messages name kinds."""
_MACROS = ("map", "filter", "all", "exists", "exists_one")


def plain_words(source: str, message: str) -> Message:
    """The first thing that the checker's message has against an expression: where, and what to do.

    Values in the expression are not repeated, but for a few characters where it cannot be read.
    """
    if "recursion" in message:
        return Message("expression-too-deep")
    fault = _FAULT.search(message)
    hint = syntax_hint(source)
    if fault is None:
        return Message("cannot-be-read-hint", hint=hint) if hint else Message("cannot-be-read")
    line, column, what = int(fault[1]), int(fault[2]), fault[3]
    where = (
        Message("at-character", column=column)
        if line <= 1
        else Message("at-line", line=line, column=column)
    )
    if undeclared := _UNDECLARED.match(what):
        return _unknown(undeclared[1], where)
    if mismatch := _MISMATCH.match(what):
        kinds = [_kind(part) for part in _parts(mismatch[2].removeprefix("(").removesuffix(")"))]
        return _mismatch(mismatch[1], kinds, where)
    if what.startswith("Syntax error"):
        lines = source.splitlines() or [""]
        rest = lines[min(line, len(lines)) - 1][max(column - 1, 0) :][:20]
        # A text in the expression may be a secret.
        shown = re.split(r"[\"'`]", rest)[0].strip()
        place = "near" if shown else "here" if rest else "end"
        code = f"cannot-be-read-{place}{'-hint' if hint else ''}"
        return Message(code, where=where, near=shown or None, hint=hint)
    return _other(hint, what, where)


def _other(hint: Message | None, what: str, where: Message) -> Message:
    if reserved := re.match(r"reserved identifier: (\w+)", what):
        if hint:
            return Message("reserved-word-hint", where=where, name=reserved[1], hint=hint)
        return Message("reserved-word", where=where, name=reserved[1])
    if "variable name must be a simple identifier" in what or "argument must be" in what:
        macro = what.partition("(")[0].strip()
        if macro in _MACROS:
            return Message("macro-arguments", where=where, macro=macro)
        return Message("has-takes-field", where=where) if macro == "has" else _short(what, where)
    if "invalid argument to has()" in what:
        return Message("has-takes-field", where=where)
    if "operand of a select operation" in what:
        kind = re.search(r"of type '([^']*)'", what)
        return Message(
            "method-without-parentheses", where=where, kind=_kind(kind[1] if kind else "")
        )
    if found := re.search(r"'([^']*)' does not support field selection", what):
        return Message("kind-without-fields", where=where, kind=_kind(found[1]))
    if found := re.search(r"expected type '([^']*)' but found '([^']*)'", what):
        wanted, kind_found = _kind(found[1]), _kind(found[2])
        return Message("other-kind-expected", where=where, wanted=wanted, kind=kind_found)
    return _short(what, where)


def _short(what: str, where: Message) -> Message:
    # Whatever the checker may say beside: its names of types in ours.
    for name in sorted(_KINDS, key=len, reverse=True):
        if "." in name:
            what = what.replace(name, CATALOGUE[f"kind-{_KINDS[name]}"])
    return Message("checker-other", where=where, text=what[:200])


def _unknown(name: str, where: Message) -> Message:
    known = {**dict.fromkeys(STANDARD), **LIBRARY}
    if name in LIBRARY:
        code = "wrong-use-sort" if name == "sort" else "wrong-use"
        return Message(code, where=where, name=name, usage=LIBRARY[name].usage)
    if name in known:
        if name in _MACROS:
            return Message("macro-arguments", where=where, macro=name)
        if name == "has":
            return Message("has-takes-field", where=where)
    if name in RESERVED_WORDS or name in _KINDS or name in _VARIABLES:
        return Message("cannot-be-used", where=where, name=name)
    if hint := function_hint(name):
        return Message("no-function-hint", where=where, name=name, hint=hint)
    near = [full for full in known if full.split(".")[-1].lower() == name.lower()]
    near += difflib.get_close_matches(name, known, 3, 0.7)
    return _no_function(name, list(dict.fromkeys(near))[:3], where)


def _no_function(name: str, near: list[str], where: Message) -> Message:
    match near:
        case [first]:
            return Message("no-function-near", where=where, name=name, near=first)
        case [first, second]:
            code = "no-function-near-2"
            return Message(code, where=where, name=name, near=first, second=second)
        case [first, second, third]:
            code = "no-function-near-3"
            return Message(code, where=where, name=name, near=first, second=second, third=third)
        case _:
            return Message("no-function", where=where, name=name)


_VARIABLES = ("data", "event", "steps", "vars", "run", "callbacks")


def _mismatch(function: str, kinds: list[str], where: Message) -> Message:
    name = _OPERATORS.get(function, function.strip("_"))
    return Message(
        "cannot-be-applied",
        where=where,
        operator=name,
        kinds=",".join(kinds),
        hint=_remedy(name, kinds),
    )


def _remedy(name: str, kinds: list[str]) -> Message:
    """What to do about an operator or a function that takes other kinds of values."""
    if name == "?:":
        return Message("applied-choice")
    if name in ("&&", "||", "!"):
        return Message("applied-truth")
    if {"integer", "decimal"} <= set(kinds):
        return Message("applied-decimals")
    if name == "+" and "string" in kinds:
        return Message("applied-text")
    if "optional" in kinds:
        return Message("applied-optional")
    if "duration" in kinds and name in ("+", "-", "*", "/"):
        return Message("applied-duration")
    if name == "in":
        return Message("applied-in")
    if name in LIBRARY:
        return Message("applied-usage", usage=LIBRARY[name].usage)
    if name == "size":
        return Message("applied-size")
    return Message("applied-timestamp" if "timestamp" in kinds else "applied-conversion")


def _kind(name: str) -> str:
    """A type of CEL, such as `list(dyn)` or `google.protobuf.Timestamp`, as messages name it."""
    name = name.strip().removeprefix("wrapper(").strip()
    whole = name.partition("(")[0].strip() or name
    return _KINDS.get(name) or _KINDS.get(whole) or "other"


def _parts(text: str) -> list[str]:
    """The types between the commas of a signature, nested ones whole; a receiver comes first."""
    # A method's receiver is told before its parentheses: `string.(int)`.
    text = re.sub(r"\.\((.*)$", lambda rest: f", {rest[1]}", text, count=1, flags=re.DOTALL)
    parts, depth, start = [], 0, 0
    for position, character in enumerate(text):
        if character in "(<":
            depth += 1
        elif character in ")>":
            depth -= 1
        elif character == "," and depth == 0:
            parts.append(text[start:position])
            start = position + 1
    parts.append(text[start:])
    return [part.strip() for part in parts if part.strip()]
