"""A connect page as HTML with the headers that belong to it."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, RedirectResponse

from api.connect.assets import asset_url
from api.connect.languages import CATALOGUES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from api.connect.languages import Words

MAX_SHOWN = 120
"""Characters of a name or label on a page."""
TINTS = 6
"""Colours in the style sheet for circles with letters."""

HEADERS = {
    "cache-control": "no-store",
    # A browser that says nothing of the site says the origin, with which a form must come.
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex, nofollow",
    # The page in a popup speaks to the window that opened it.
    "cross-origin-opener-policy": "unsafe-none",
}

_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data: https:; "
    "base-uri 'none'; frame-ancestors 'none';"
)
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:\d{1,5})?|https?://\[[0-9A-Fa-f:.]+\](:\d{1,5})?")
_TURNING = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Control characters, and those of Unicode's bidirectional algorithm (UAX #9)."""

_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.globals["asset_url"] = asset_url
_templates.globals["languages"] = {
    code: catalogue["language.name"] for code, catalogue in CATALOGUES.items()
}


@dataclass(frozen=True)
class Face:
    """A name with its logo, or with letters in a circle."""

    name: str
    logo: str | None
    """What an <img> can show."""

    @property
    def letters(self) -> str:
        """One or two letters that stand for the name."""
        words = [word for word in re.split(r"[\W_]+", self.name) if word]
        return "".join(word[0] for word in words[:2]).upper() or "•"

    @property
    def tint(self) -> int:
        """The colour of the circle: always the same for a name."""
        return sum(map(ord, self.name)) % TINTS


def project_face(name: str, logo_url: str | None) -> Face:
    """The developer's product; only a logo from https:// passes the page's policy."""
    return Face(shown(name), logo_url if (logo_url or "").startswith("https://") else None)


def app_face(name: str, svg: str | None) -> Face:
    """The app; its SVG as an image, in which no script runs and nothing is loaded."""
    if not svg:
        return Face(shown(name), None)
    encoded = base64.b64encode(svg.encode()).decode()
    return Face(shown(name), f"data:image/svg+xml;base64,{encoded}")


def shown(text: str) -> str:
    """A name as it may stand in a sentence: short, and without signs that turn the text around."""
    short = " ".join(_TURNING.sub("", text).split())
    return short if len(short) <= MAX_SHOWN else short[: MAX_SHOWN - 1] + "…"


def page(
    template: str,
    words: Words,
    status: int,
    *,
    form_targets: Sequence[str] = (),
    **values: Any,
) -> HTMLResponse:
    """A page. `form_targets`: where its forms may lead beside this site, as sources of CSP."""
    content = _templates.get_template(template).render(t=words, **values)
    policy = " ".join([_POLICY, "form-action 'self'", *form_targets])
    headers = HEADERS | {"content-security-policy": policy}
    if status == 503:
        headers["retry-after"] = "5"
    return HTMLResponse(content, status, headers)


def redirect(url: str) -> RedirectResponse:
    """On to another site, by GET."""
    return RedirectResponse(url, 303, HEADERS)


def origin_source(url: str | None) -> list[str]:
    """The origin of a URL as a source of CSP; nothing where it cannot be one."""
    parts = urlsplit(url or "")
    origin = f"{parts.scheme}://{parts.netloc}"
    return [origin] if _ORIGIN.fullmatch(origin) else []


def with_result(return_url: str, result: Mapping[str, str]) -> str:
    """The developer's return URL with how it went in its query."""
    parts = urlsplit(return_url)
    kept = [
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if name not in {"status", "appKey", "reason"}
    ]
    return parts._replace(query=urlencode([*kept, *result.items()])).geturl()


def link_path(secret: str, language: str | None) -> str:
    """The path of a link's page, in the language that was asked for."""
    query = f"?lang={language}" if language else ""
    return f"/connect/{quote(secret, safe='')}{query}"
