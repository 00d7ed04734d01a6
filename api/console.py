"""The console, as it was built into console/dist: its page at each of its addresses, its assets."""

from __future__ import annotations

import re
import secrets
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, HTMLResponse, Response

DIST = Path(__file__).parents[1] / "console" / "dist"
"""Made by `make console`; a wheel contains it."""
NONCE = "INLAY_NONCE"
"""What console/vite.config.ts writes where the nonce of an answer belongs."""

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; "
    "img-src 'self' data: https:; font-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_FOREVER = "public, max-age=31536000, immutable"
_ASSET = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*")
"""Names that cannot lead out of the folder."""
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}

_COMPRESSED = {"br": "br", "gzip": "gz"}
"""Codings and the endings of their files, the smallest first."""

_NOT_BUILT = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Inlay</title>
<h1>Inlay is running</h1>
<p>The console is not built. Build it with <code>make console</code>, then reload this page.</p>
<p>The REST API needs no console: see <a href="/docs">its documentation</a>.</p>
</html>
"""

router = APIRouter(include_in_schema=False)


@router.api_route("/", methods=["GET", "HEAD"])
@router.api_route("/sign-in", methods=["GET", "HEAD"])
@router.api_route("/sign-up", methods=["GET", "HEAD"])
@router.api_route("/profile", methods=["GET", "HEAD"])
@router.api_route("/projects", methods=["GET", "HEAD"])
@router.api_route("/projects/{rest:path}", methods=["GET", "HEAD"])
def console_page() -> Response:
    """The one page; its script shows what belongs to the address. Without a build, how to make it.

    Styles that the component library makes while it runs carry the nonce of this answer.
    """
    try:
        page = (DIST / "index.html").read_text(encoding="utf-8")
    except FileNotFoundError:
        return HTMLResponse(_NOT_BUILT)
    nonce = secrets.token_urlsafe(16)
    headers = {
        "content-security-policy": _POLICY.format(nonce=nonce),
        # The window in which an account is connected closes itself, and is known to be closed.
        "cross-origin-opener-policy": "same-origin-allow-popups",
    }
    return HTMLResponse(page.replace(NONCE, nonce), headers=headers)


@router.api_route("/assets/{name}", methods=["GET", "HEAD"])
def asset(name: str, request: Request) -> Response:
    """A script, style or image, whose name changes with it; compressed for whoever takes that."""
    file = DIST / "assets" / name
    media_type = _TYPES.get(file.suffix)
    if media_type is None or not _ASSET.fullmatch(name) or not file.is_file():
        raise HTTPException(404)
    headers = {"cache-control": _FOREVER, "vary": "accept-encoding"}
    accepted = request.headers.get("accept-encoding", "")
    for coding, ending in _COMPRESSED.items():
        compressed = file.with_name(f"{name}.{ending}")
        if _takes(coding, accepted) and compressed.is_file():
            headers["content-encoding"] = coding
            file = compressed
            break
    return FileResponse(file, headers=headers, media_type=media_type)


def has_page(path: str) -> bool:
    """Whether the console is shown at this path."""
    return any(
        route.path_regex.match(path)
        for route in router.routes
        if isinstance(route, APIRoute) and route.endpoint is console_page
    )


def _takes(coding: str, accept_encoding: str) -> bool:
    """Whether this coding is among the encodings, and not at quality 0 (RFC 9110, 12.5.3)."""
    for offer in accept_encoding.lower().split(","):
        offered, _, parameters = offer.partition(";")
        if offered.strip() == coding:
            return not re.fullmatch(r"\s*q\s*=\s*0(\.0*)?\s*", parameters)
    return False
