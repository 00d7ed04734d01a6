"""What is wrong, as a code with parameters, and the English sentence that is made of them.

Every sentence about a fault comes from a template of the catalogue, so that a sentence and its
code cannot drift apart; whoever speaks another language words the code instead (docs/errors.md).

In a template `{name}` stands for a parameter, and `{name:form}` for it in a form:

- `number`: with separators of thousands; `s`: nothing but the English plural's ending;
- `kinds`, `both`: kinds of values, such as `string,null`, as alternatives or one beside another;
- `thing`: a part of an expression; `names`: steps, perhaps after `trigger`;
- `entry`: another template of the catalogue, by its code, with the same parameters.

A parameter that is not there leaves nothing behind.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from automations.messages.definition import DEFINITION
from automations.messages.expressions import EXPRESSIONS
from automations.messages.fields import FIELDS
from automations.messages.hints import HINTS
from automations.messages.requests import REQUESTS
from automations.messages.words import WORDS

__all__ = [
    "CATALOGUE",
    "Message",
    "Parameter",
    "listed",
    "message_of",
    "parameters",
    "word",
]

Parameter = str | int | float

CATALOGUE: Mapping[str, str] = {
    **WORDS,
    **FIELDS,
    **DEFINITION,
    **EXPRESSIONS,
    **HINTS,
    **REQUESTS,
}
"""The English template of each code."""
MAX_NAME = 200
"""Characters of a name that are told; it may be a key of somebody's data."""
PARAMETER = re.compile(r"\{(\w+)(?::(\w+))?\}")
"""A parameter in a template, and its form."""


class Message(str):
    """A sentence, with the code and the parameters that it was made of.

    A parameter that is a message itself stands by its code, beside its own parameters.
    """

    __slots__ = ("code", "params")

    code: str
    params: Mapping[str, Parameter]

    def __new__(cls, code: str, **params: Parameter | Message | None) -> Message:
        """Raises KeyError for a code that the catalogue does not have."""
        flat: dict[str, Parameter] = {}
        for name, value in params.items():
            if isinstance(value, Message):
                flat |= {**value.params, name: value.code}
            elif value is not None:
                flat[name] = value
        return cls._made(word(CATALOGUE, code, flat), code, flat)

    @classmethod
    def _made(cls, text: str, code: str, params: Mapping[str, Parameter]) -> Message:
        made = str.__new__(cls, text)
        made.code, made.params = code, params
        return made

    @property
    def sentence(self) -> Message:
        """The same, beginning and ending as a sentence does."""
        text = f"{self[:1].upper()}{self[1:]}"
        text = text if text.endswith((".", "?", "!")) else f"{text}."
        return self._made(text, self.code, self.params)

    def __reduce__(self) -> tuple[Callable[..., Message], tuple[str, str, Mapping[str, Parameter]]]:
        """Copies and travels with its code."""
        return self._made, (str(self), self.code, self.params)


def message_of(text: str) -> Message:
    """A message as it is; other text, such as what an app told, as that of the code `other`."""
    return text if isinstance(text, Message) else Message("other", text=text)


def word(
    catalogue: Mapping[str, str], code: str, params: Mapping[str, Parameter], group: str = ","
) -> str:
    """The sentence of a code in the language of a catalogue; `group` separates thousands.

    Raises KeyError for a code that the catalogue does not have.
    """

    def fill(hole: re.Match[str]) -> str:
        value = params.get(hole[1])
        if value is None:
            return ""
        if hole[2] == "entry":
            return word(catalogue, str(value), params, group)
        if hole[2] == "number" and isinstance(value, int | float):
            return _number(value).replace(",", group)
        return _in_form(catalogue, hole[2], value)

    return PARAMETER.sub(fill, catalogue[code])


def _in_form(catalogue: Mapping[str, str], form: str | None, value: Parameter) -> str:
    text = str(value)
    match form:
        case "s":
            return "" if value == 1 else "s"
        case "kinds":
            return catalogue["word-or"].join(catalogue[f"kind-{kind}"] for kind in text.split(","))
        case "both":
            words = [catalogue[f"kind-{kind}"] for kind in text.split(",")]
            return ", ".join([*words[:-2], catalogue["word-and"].join(words[-2:])])
        case "thing":
            return _thing(catalogue, text)
        case "names":
            return re.sub(r"^trigger\b", catalogue["word-trigger"], text)
        case _:
            return text


def _thing(catalogue: Mapping[str, str], text: str) -> str:
    if text.startswith("`"):
        return text
    name, _, inside = text.partition(" ")
    words = catalogue[f"thing-{name}"]
    return words.replace("{of}", _thing(catalogue, inside)) if inside else words


def _number(value: int | float) -> str:
    is_whole = isinstance(value, float) and value.is_integer()
    return f"{int(value) if is_whole else value:,}"


def parameters(template: str) -> set[str]:
    """The names of a template's parameters; the ending of the English plural says nothing."""
    return {name for name, form in PARAMETER.findall(template) if form != "s"}


def listed(names: Iterable[str]) -> str:
    """Names in code, with commas between them; of endless ones the beginning."""
    return ", ".join(f"`{str(name)[:MAX_NAME]}`" for name in names)
