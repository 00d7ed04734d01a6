"""Whether a browser sent a request from one of our own pages (Fetch Metadata; RFC 6454, 7)."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from fastapi import Request


class Sender(Enum):
    """Who had a request sent."""

    OURS = "a page of ours"
    OTHER = "a page of another site, or one that hides which it is"
    NOBODY = "no page: a person who opens a link, or another program than a browser"


def sender_of(request: Request, public_url: str) -> Sender:
    """Who sent a request that may change something; `public_url` is that of our pages.

    Of `Sec-Fetch-Site`, `Origin` and `Referer` none can be set by a page. All that are there must
    agree: browsers leave out the first where they are old or see no TLS.
    """
    ours = origin_of(public_url)
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    referer = request.headers.get("referer")
    if site is not None and site not in {"same-origin", "none"}:
        return Sender.OTHER
    # A page of ours that hides its address says "null"; then the browser must vouch for it.
    if origin is not None and origin != ours and (origin != "null" or site is None):
        return Sender.OTHER
    if origin is None and referer is not None and origin_of(referer) != ours:
        return Sender.OTHER
    is_ours = site == "same-origin" or (site is None and (origin or referer) is not None)
    return Sender.OURS if is_ours else Sender.NOBODY


def origin_of(url: str) -> str:
    """Scheme, host and port of a URL, as browsers write them."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return ""
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}" + ("" if port in (None, usual) else f":{port}")
