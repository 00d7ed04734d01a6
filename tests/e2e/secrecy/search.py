"""Finds secrets in bytes, also where they are percent-encoded, escaped, in base64 or in hex."""

from __future__ import annotations

import html
import json
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import quote, quote_plus

AROUND = 60
"""Bytes of a place that are shown on both sides of what was found."""


@dataclass(frozen=True)
class Place:
    """Bytes in which no secret may be, and what they are."""

    name: str
    data: bytes


@dataclass(frozen=True)
class Secret:
    """`allowed` is a regular expression for the names of places that may hold it."""

    name: str
    value: str | bytes
    allowed: str | None = None

    @property
    def bytes(self) -> bytes:
        return self.value.encode() if isinstance(self.value, str) else self.value


@dataclass(frozen=True)
class Leak:
    """A secret where it must not be."""

    secret: str
    place: str
    around: str


def leaks(secrets: Iterable[Secret], places: Iterable[Place]) -> list[Leak]:
    """All that was found in places where it is not allowed."""
    needles = [(secret, forms(secret.bytes)) for secret in secrets]
    found = []
    for place in places:
        for secret, sought in needles:
            if secret.allowed is not None and re.fullmatch(secret.allowed, place.name):
                continue
            found += [
                Leak(secret.name, place.name, _around(place.data, at))
                for at in map(place.data.find, sought)
                if at >= 0
            ]
    return list(dict.fromkeys(found))


def forms(secret: bytes) -> set[bytes]:
    """The byte strings of which one is there wherever the secret is written."""
    found = {secret, secret.hex().encode(), secret.hex().upper().encode(), *_in_base64(secret)}
    try:
        text = secret.decode()
    except UnicodeDecodeError:
        return found
    written = {
        quote(text, safe=""),
        quote(text),
        quote_plus(text),
        html.escape(text),
        _escaped(text),
        _escaped(_escaped(text)),
        json.dumps(text, ensure_ascii=False)[1:-1],
    }
    written |= {re.sub("%..", lambda match: match[0].lower(), one) for one in written}
    return found | {one.encode() for one in written}


def _escaped(text: str) -> str:
    return json.dumps(text)[1:-1]


def _in_base64(secret: bytes) -> Iterator[bytes]:
    """What is in the base64 of any text with the secret inside, at all three alignments.

    The first and the last character may also depend on what is beside the secret: left out.
    """
    for before in range(3):
        start = (before * 8 + 5) // 6
        end = (before + len(secret)) * 8 // 6
        for encode in (b64encode, urlsafe_b64encode):
            yield encode(bytes(before) + secret)[start:end]


def _around(data: bytes, at: int) -> str:
    return repr(data[max(0, at - AROUND) : at + AROUND])
