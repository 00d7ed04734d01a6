"""Which language an answer is in: what the caller prefers of those that there are."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Annotated

from fastapi import Depends, Header, Response

from api.state import StateDep
from connectors.catalogue import ENGLISH


def choose(*wishes: str | None, accept: str | None, known: Collection[str]) -> str:
    """The first of `wishes` that is known, else what the caller prefers most; else English.

    `accept` is the header Accept-Language (RFC 9110, 12.5.4). A region that is not known is
    ignored: `tr-CY` is `tr`.
    """
    for wish in (*wishes, *_preferred(accept or "")):
        tag = (wish or "")[:35].replace("_", "-").strip()
        for language in (tag, tag.partition("-")[0].lower()):
            if language in known:
                return language
    return ENGLISH


def _preferred(accept: str) -> list[str]:
    weighed: list[tuple[float, str]] = []
    for part in accept[:1000].split(","):
        language, _, weight = part.partition(";")
        found = re.fullmatch(r"\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*", weight) if weight else None
        quality = float(found.group(1)) if found else 0.0 if weight else 1.0
        if quality > 0:
            weighed.append((quality, language))
    return [language for _, language in sorted(weighed, key=lambda item: -item[0])]


def _of_apps(
    response: Response,
    state: StateDep,
    accept_language: Annotated[
        str | None,
        Header(
            description="The language of what people read of apps; English where an app has no "
            "translation.",
            examples=["tr"],
        ),
    ] = None,
) -> str:
    response.headers["vary"] = "accept-language"
    return choose(accept=accept_language, known=state.catalogue.languages)


AppLanguage = Annotated[str, Depends(_of_apps)]
"""The language in which an answer tells of apps; the answer says that it depends on the header."""
