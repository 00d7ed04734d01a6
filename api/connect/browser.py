"""What a connect page keeps in the end user's browser, and what it learns from it."""

from __future__ import annotations

import re
import secrets

from fastapi import Request
from starlette.responses import Response

from api.connect.languages import CATALOGUES

BROWSER = "inlay-connect"
"""Proves on the way back that it is the browser that left for the app (RFC 9700, 4.7)."""
LANGUAGE = "inlay-connect-language"
"""The language that `?lang=` asked for, so that the way back speaks it, too."""
LIFE_S = 3600

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


def browser_of(request: Request) -> str | None:
    """The browser's token; None where there is none of the form that `new_browser` gives."""
    value = request.cookies.get(BROWSER, "")
    return value if _TOKEN.fullmatch(value) else None


def new_browser() -> str:
    """A token of 256 random bits."""
    return secrets.token_urlsafe(32)


def remember(response: Response, browser: str, language: str | None, *, secure: bool) -> None:
    """Sets the cookies with which the callback knows the browser again."""
    values = {BROWSER: browser, LANGUAGE: language}
    for name, value in values.items():
        if value is not None:
            response.set_cookie(
                name, value, max_age=LIFE_S, httponly=True, samesite="lax", secure=secure
            )


def asked_language(request: Request) -> str | None:
    """The language of `?lang=`, if it is one that the pages speak."""
    wish = request.query_params.get("lang", "").partition("-")[0].lower()
    return wish if wish in CATALOGUES else None
