"""What a model refuses is told in our own sentences, and without the value, which may be secret."""

from __future__ import annotations

import typing
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from pydantic import (
    AnyHttpUrl,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    EmailStr,
    Field,
    SecretStr,
    TypeAdapter,
    ValidationError,
)
from pydantic import Json as JsonText
from pydantic_core.core_schema import ErrorType

from automations.sentences import message_of_error

SECRET = "hunter2-hunter2"


class Colour(Enum):
    RED = "red"


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid")
    kind: Literal["part"]


class Other(BaseModel):
    kind: Literal["other"]


LongSecret = Annotated[SecretStr, Field(min_length=10, max_length=20)]
Either = Annotated[Part | Other, Field(discriminator="kind")]


def told(kind: Any, value: Any) -> str:
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(kind).validate_python(value)
    return " ".join(message_of_error(error) for error in refused.value.errors())


@pytest.mark.parametrize(
    ("kind", "value", "sentence"),
    [
        (str, 5, "This must be text."),
        (LongSecret, "short", "This must have at least 10 characters."),
        (LongSecret, SECRET * 2, "This may have at most 20 characters."),
        (Annotated[SecretStr, Field(min_length=1)], "", "This may not be empty."),
        (int, SECRET, "This must be a whole number."),
        (int, 1.5, "This must be a whole number, without a fraction."),
        (float, SECRET, "This must be a number."),
        (Decimal, SECRET, "This must be a number."),
        (bool, SECRET, "This must be true or false."),
        (dict[str, Any], SECRET, "This must be a map (an object of JSON)."),
        (list[int], SECRET, "This must be a list."),
        (date, SECRET, "This must be a date such as 2026-01-31."),
        (datetime, SECRET, "This must be a moment such as 2026-01-31T09:00:00Z."),
        (
            AwareDatetime,
            "2026-01-31T09:00:00",
            "This moment needs its offset, such as Z or +03:00.",
        ),
        (UUID, SECRET, "This must be a UUID."),
        (AnyHttpUrl, SECRET, "This must be a URL, such as https://example.com."),
        (AnyHttpUrl, "ftp://x", "This must be a URL that begins with `http`, `https`."),
        (EmailStr, SECRET, "This must be an email address, such as ada@example.com."),
        (JsonText, "{", "This is no JSON."),
        (Literal["a", "b"], SECRET, "This must be one of `a`, `b`."),
        (Colour, SECRET, "This must be `red`."),
        (Annotated[int, Field(ge=1)], 0, "This must be at least 1."),
        (Annotated[int, Field(lt=5_000)], 5_000, "This must be below 5,000."),
        (Annotated[float, Field(le=10)], 20, "This must be at most 10."),
        (Annotated[float, Field(le=0.5)], 20, "This must be at most 0.5."),
        (Annotated[str, Field(min_length=1)], "", "This may not be empty."),
        (Annotated[str, Field(max_length=3)], SECRET, "This may have at most 3 characters."),
        (Annotated[list[int], Field(min_length=1)], [], "This needs at least 1 item."),
        (Annotated[list[int], Field(max_length=1)], [1, 2], "This may have at most 1 item."),
        (Annotated[str, Field(pattern=r"\S")], " ", "This may not be blank."),
        (Annotated[str, Field(pattern="^(a|b)$")], SECRET, "This must be one of `a`, `b`."),
        (Part, SECRET, "This must be a map (an object of JSON)."),
        (Part, {}, "This is needed."),
        (Part, {"kind": "part", "x": SECRET}, "There is no field `x` here."),
        (Either, {}, "This needs `kind`, which says of what kind it is."),
        (
            Either,
            {"kind": "prat"},
            "`kind` must be one of `part`, `other`. Did you mean `part`?",
        ),
    ],
)
def test_a_refusal_is_a_sentence(kind: Any, value: Any, sentence: str) -> None:
    assert told(kind, value) == sentence


@pytest.mark.parametrize("kind", typing.get_args(ErrorType))
def test_no_kind_of_refusal_is_told_in_words_of_pydantic(kind: str) -> None:
    raw = f"Input should be {SECRET}"
    sentence = message_of_error(
        {"type": kind, "loc": ("x",), "msg": raw, "input": SECRET, "ctx": {}}
    )
    if kind not in ("value_error", "assertion_error"):
        assert SECRET not in sentence
        assert not sentence.startswith(("Input", "String", "List", "Field", "Value"))
    assert sentence
