"""Functions that write and read JSON, base64, hex and addresses, and that hash."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import Any

from automations.functions.registry import Section
from automations.json_text import JsonError, read
from automations.values import (
    Budget,
    ExpressionError,
    bounded,
    json_text,
    to_json,
)

ENCODING = Section("JSON, encodings and hashes")


def _bytes(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else value


@ENCODING.add(
    "json.encode(any) -> string",
    summary="JSON text with sorted keys.",
    example='json.encode({"b": [1], "a": null})',
)
def _json_encode(budget: Budget, value: Any) -> str:
    text = json_text(to_json(value, budget))
    budget.charge(len(text) / 8)
    bounded(len(text))
    return text


@ENCODING.add(
    "json.decode(string) -> any",
    summary="The value that JSON text writes.",
    example="json.decode('{\"a\": 1}').a",
)
def _json_decode(budget: Budget, text: str) -> Any:
    # Each item of JSON takes one character at least, and a comma or colon stands between two.
    marks = text.count(",") + text.count(":") + 2 * (text.count("[") + text.count("{"))
    budget.charge(len(text) / 8 + 2 * marks)
    try:
        return read(text)
    except JsonError as error:
        raise ExpressionError(f"json.decode(…) cannot read the text: {error}") from None


@ENCODING.add(
    "base64.encode(text|bytes) -> string",
    summary="Base64; text is UTF-8.",
    example='base64.encode("hello")',
)
def _base64_encode(budget: Budget, value: str | bytes) -> str:
    return base64.b64encode(_bytes(value)).decode()


@ENCODING.add(
    "base64.decode(string) -> bytes",
    summary="The bytes that base64 holds, with or without padding; `string(…)` makes text of them.",
    example='string(base64.decode("aGVsbG8="))',
)
def _base64_decode(budget: Budget, text: str) -> bytes:
    return _decoded(text, None)


@ENCODING.add(
    "base64url.encode(text|bytes) -> string",
    summary="Base64 for addresses, without padding.",
    example='base64url.encode("hi?")',
)
def _base64url_encode(budget: Budget, value: str | bytes) -> str:
    return base64.urlsafe_b64encode(_bytes(value)).decode().rstrip("=")


@ENCODING.add(
    "base64url.decode(string) -> bytes",
    summary="The bytes that base64 for addresses holds, such as a part of a JSON Web Token.",
    example='string(base64url.decode("aGk_"))',
)
def _base64url_decode(budget: Budget, text: str) -> bytes:
    return _decoded(text, b"-_")


def _decoded(text: str, letters: bytes | None) -> bytes:
    padded = text.strip().rstrip("=")
    try:
        return base64.b64decode(padded + "=" * (-len(padded) % 4), letters, validate=True)
    except (binascii.Error, ValueError):
        raise ExpressionError("the text is no base64") from None


@ENCODING.add(
    "hex.encode(text|bytes) -> string", summary="Hexadecimal.", example='hex.encode("hi")'
)
def _hex_encode(budget: Budget, value: str | bytes) -> str:
    return _bytes(value).hex()


@ENCODING.add(
    "hex.decode(string) -> bytes",
    summary="The bytes that hexadecimal holds.",
    example='string(hex.decode("6869"))',
)
def _hex_decode(budget: Budget, text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise ExpressionError("the text is no hexadecimal") from None


def _hash(name: str, summary: str) -> None:
    @ENCODING.add(
        f"hash.{name}(text|bytes) -> string", summary=summary, example=f'hash.{name}("hello")'
    )
    def compute(budget: Budget, value: str | bytes) -> str:
        return hashlib.new(name, _bytes(value), usedforsecurity=False).hexdigest()


_hash("md5", "MD5 in hexadecimal, for services that ask for it.")
_hash("sha1", "SHA-1 in hexadecimal, for services that ask for it.")
_hash("sha256", "SHA-256 in hexadecimal.")
_hash("sha512", "SHA-512 in hexadecimal.")


@ENCODING.add(
    "hash.hmac(string, text|bytes, text|bytes) -> string",
    "hash.hmac(string, text|bytes, text|bytes, string) -> string",
    summary="HMAC by `sha1`, `sha256` or `sha512` with a key over a value, in `hex` or `base64`.",
    example='hash.hmac("sha256", "key", "hello")',
)
def _hmac(
    budget: Budget, name: str, key: str | bytes, value: str | bytes, form: str = "hex"
) -> str:
    if name not in ("sha1", "sha256", "sha512"):
        raise ExpressionError("`hash.hmac` takes sha1, sha256 or sha512 as argument 1")
    if form not in ("hex", "base64"):
        raise ExpressionError("`hash.hmac` takes hex or base64 as argument 4")
    digest = hmac.new(_bytes(key), _bytes(value), name).digest()
    return digest.hex() if form == "hex" else base64.b64encode(digest).decode()
