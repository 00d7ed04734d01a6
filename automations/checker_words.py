"""What CEL's parser and type checker have against an expression, in plain words."""

from __future__ import annotations

import difflib
import re

from automations.foreign import RESERVED_WORDS, function_hint, syntax_hint
from automations.functions import LIBRARY, STANDARD
from automations.shapes import WORDS

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
    "string": WORDS["string"],
    "int": "a whole number",
    "uint": "an unsigned number",
    "double": "a decimal number",
    "bool": WORDS["boolean"],
    "bytes": WORDS["bytes"],
    "null": WORDS["null"],
    "null_type": WORDS["null"],
    "dyn": "any value",
    "any": "any value",
    "list": WORDS["array"],
    "map": WORDS["object"],
    "type": WORDS["type"],
    "optional_type": WORDS["optional"],
    "optional": WORDS["optional"],
    "timestamp": WORDS["timestamp"],
    "duration": WORDS["duration"],
    "google.protobuf.Timestamp": WORDS["timestamp"],
    "google.protobuf.Duration": WORDS["duration"],
}


def plain_words(source: str, message: str) -> str:
    """The first thing that the checker's message has against an expression: where, and what to do.

    Values in the expression are not repeated, but for a few characters where it cannot be read.
    """
    if "recursion" in message:
        return "the expression is nested too deeply (32 levels at most): split it over steps"
    fault = _FAULT.search(message)
    if fault is None:
        hint = syntax_hint(source)
        return f"the expression cannot be read{f': {hint}' if hint else _ASK}"
    line, column, what = int(fault[1]), int(fault[2]), fault[3]
    where = f"at character {column}" if line <= 1 else f"at line {line}, character {column}"
    if undeclared := _UNDECLARED.match(what):
        return f"{where}: {_unknown(undeclared[1])}"
    if mismatch := _MISMATCH.match(what):
        kinds = [_kind(part) for part in _parts(mismatch[2].removeprefix("(").removesuffix(")"))]
        return f"{where}: {_mismatch(mismatch[1], kinds)}"
    if what.startswith("Syntax error"):
        lines = source.splitlines() or [""]
        rest = lines[min(line, len(lines)) - 1][max(column - 1, 0) :][:20]
        # A text in the expression may be a secret.
        shown = re.split(r"[\"'`]", rest)[0].strip()
        near = f"near `{shown}`" if shown else "here" if rest else "at its end"
        hint = syntax_hint(source)
        return f"{where}: the expression cannot be read {near}{f': {hint}' if hint else ''}"
    return f"{where}: {_other(source, what)}"


_ASK = "; see the documentation of expressions"


def _other(source: str, what: str) -> str:
    if reserved := re.match(r"reserved identifier: (\w+)", what):
        told = f"`{reserved[1]}` is a word that CEL keeps for itself"
        hint = syntax_hint(source)
        return (
            f"{told}: {hint}"
            if hint
            else f"{told}; a step is read by `steps.<id>`, a variable by `vars.<name>`"
        )
    if "variable name must be a simple identifier" in what or "argument must be" in what:
        macro = what.partition("(")[0].strip()
        if macro in ("map", "filter", "all", "exists", "exists_one"):
            return (
                f"`{macro}` takes a name for the item, then what to do with it: "
                f"`list.{macro}(x, …)`"
            )
        return "`has` takes a field, as in `has(data.title)`" if macro == "has" else _short(what)
    if "invalid argument to has()" in what:
        return "`has` takes a field, as in `has(data.title)`"
    if "operand of a select operation" in what:
        kind = re.search(r"of type '([^']*)'", what)
        return (
            f"{_kind(kind[1] if kind else '')} has no fields; a function is written with "
            "parentheses, such as `x.upper()`"
        )
    if "expected type" in what or "does not support field selection" in what:
        return _selection(what)
    return _short(what)


def _selection(what: str) -> str:
    if found := re.search(r"'([^']*)' does not support field selection", what):
        return f"{_kind(found[1])} has no fields"
    if found := re.search(r"expected type '([^']*)' but found '([^']*)'", what):
        return f"this must be {_kind(found[1])}, and it is {_kind(found[2])}"
    return _short(what)


def _short(what: str) -> str:
    # Whatever the checker may say beside: its names of types in ours.
    for name in sorted(_KINDS, key=len, reverse=True):
        if "." in name:
            what = what.replace(name, _KINDS[name])
    return what[:200]


def _unknown(name: str) -> str:
    known = {**dict.fromkeys(STANDARD), **LIBRARY}
    if name in known:
        if name in LIBRARY:
            return _usage(name)
        if name in ("map", "filter", "all", "exists", "exists_one"):
            return (
                f"`{name}` takes a name for the item, then what to do with it: `list.{name}(x, …)`"
            )
        if name == "has":
            return "`has` takes a field, as in `has(data.title)`"
    if name in RESERVED_WORDS or name in _KINDS or name in _VARIABLES:
        return f"`{name}` cannot be used like this"
    if hint := function_hint(name):
        return f"there is no function `{name}`: {hint}"
    near = [full for full in known if full.split(".")[-1].lower() == name.lower()]
    near += difflib.get_close_matches(name, known, 3, 0.7)
    hint = " or ".join(f"`{found}`" for found in dict.fromkeys(near))
    return f"there is no function `{name}`" + (f"; did you mean {hint}?" if hint else "")


_VARIABLES = ("data", "event", "steps", "vars", "run", "callbacks")
_COLUMNS = {"sort": 'by a column: `list.sortBy("id")`'}


def _usage(name: str) -> str:
    told = f"`{name}` cannot be called with these; it is written {LIBRARY[name].usage}"
    return f"{told}; {_COLUMNS[name]}" if name in _COLUMNS else told


def _mismatch(function: str, kinds: list[str]) -> str:
    name = _OPERATORS.get(function, function.strip("_"))
    said = f"`{name}` cannot be applied to {_listed(kinds)}"
    if name == "?:":
        return (
            f"{said}: the condition must be true or false and both results of one kind; dyn(…) "
            "lets them differ"
        )
    if name in ("&&", "||", "!"):
        return f"{said}: it takes true or false; compare the value, for example `x != null`"
    if {"a whole number", "a decimal number"} <= set(kinds):
        return f"{said}: write whole numbers as decimals (2.0) or use double(…)"
    if name == "+" and WORDS["string"] in kinds:
        return f"{said}: use string(…) to make text of a value"
    if WORDS["optional"] in kinds:
        return f"{said}: `.orValue(…)` gives the value, or another where there is none"
    if WORDS["duration"] in kinds and name in ("+", "-", "*", "/"):
        return f'{said}: a duration is written `duration("1h30m")`, its seconds `time.seconds(…)`'
    if name == "in":
        return f"{said}: it looks into a list or a map; for text write `text.contains(part)`"
    if name in LIBRARY:
        return f"{said}; it is written {LIBRARY[name].usage}"
    if name == "size":
        return f"{said}: it takes text, a list or a map"
    if WORDS["timestamp"] in kinds:
        return f"{said}: a timestamp is made of text by `timestamp(…)`"
    return f"{said}: convert with string(…), int(…) or double(…)"


def _listed(kinds: list[str]) -> str:
    return " and ".join(kinds) if len(kinds) < 3 else f"{', '.join(kinds[:-1])} and {kinds[-1]}"


def _kind(name: str) -> str:
    """A type of CEL in words: `list(dyn)`, `google.protobuf.Timestamp`."""
    name = name.strip().removeprefix("wrapper(").strip()
    whole = name.partition("(")[0].strip() or name
    return _KINDS.get(name) or _KINDS.get(whole) or "another value"


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
