"""How connecting ended, as an answer to the browser."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

from api.connect import rendering
from api.connect.browser import LANGUAGE, asked_language
from api.connect.form import OTHER_ACCOUNT
from api.connect.languages import CATALOGUES, Words
from api.languages import choose

if TYPE_CHECKING:
    from fastapi import Request
    from starlette.responses import Response

    from api.state import State
    from connections.errors import AuthorizationFailed
    from connections.links import Connected, LinkPage

logger = logging.getLogger(__name__)

_STATUS = {
    "unknown_link": 404,
    "expired_link": 410,
    "used_link": 410,
    "provider_unavailable": 503,
}
"""Of every other kind: 400."""
_NO_SUPPORT = {
    *("unknown_link", "expired_link", "used_link"),
    *("denied", "unknown", "other_browser", "misconfigured"),
}
"""Kinds that end users can mend themselves, or whose own words name the support."""
_DETAILED = {"misconfigured", "provider_error", "provider_unavailable", "rejected"}
"""Kinds of which the English message helps those who are asked for help."""


def words_for(request: Request, language: str | None = None) -> Words:
    """The language: asked for in the URL, of the link, of the browser."""
    return Words(
        choose(
            asked_language(request),
            request.cookies.get(LANGUAGE) if "secret" not in request.path_params else None,
            language,
            accept=request.headers.get("accept-language"),
            known=CATALOGUES,
        )
    )


def connected(request: Request, state: State, done: Connected) -> Response:
    """Back to the developer's product, or the page that says that it worked."""
    result = {"status": "connected", "appKey": done.app_key}
    if done.return_url:
        return rendering.redirect(rendering.with_result(done.return_url, result))
    app = state.catalogue.app(done.app_key)
    return rendering.page(
        "connected.html",
        words_for(request, done.language),
        200,
        project=rendering.project_face(done.project_name, done.logo_url),
        app=rendering.app_face(done.app_name, app.logo if app else None),
        account=rendering.shown(done.account or ""),
        message=message(result, done.allowed_origins),
    )


def message(result: dict[str, str], origins: list[str]) -> dict[str, str]:
    """What the page's script tells the window that opened it, if that is of one of `origins`."""
    return {"result": json.dumps(result), "origins": json.dumps(origins)}


def status_of(error: AuthorizationFailed) -> int:
    """The HTTP status of a failure."""
    return _STATUS.get(error.kind, 400)


def names(error: AuthorizationFailed, page: LinkPage | None) -> dict[str, str]:
    """What the words of a failure may name."""
    known = {key: rendering.shown(str(value)) for key, value in error.details.items()}
    if page is not None:
        known |= {
            "project": rendering.shown(page.project_name),
            "app": rendering.shown(page.app.name),
        }
    return known


async def failed(request: Request, state: State, error: AuthorizationFailed) -> Response:
    """The page that says why nothing is connected, and the ways on."""
    page = await state.links.page_of_failure(error)
    words = words_for(request, page.language if page else None)
    known = names(error, page)
    result = {"status": "failed", "reason": error.kind}
    values: dict[str, Any] = {"project": None, "app": None, "back": None, "message": None}
    targets: list[str] = []
    if page is not None:
        result["appKey"] = page.app.key
        targets = leads_to(state, page)
        values = {
            "project": rendering.project_face(page.project_name, page.logo_url),
            "app": rendering.app_face(page.app.name, page.app.logo),
            "back": page.return_url and rendering.with_result(page.return_url, result),
            "message": message(result, page.allowed_origins),
        }
    return rendering.page(
        "failure.html",
        words,
        status_of(error),
        form_targets=targets,
        title=words(f"failure.{error.kind}.title", **known),
        text=words(f"failure.{error.kind}.text", **known),
        names=known,
        again=_link(error.link, request) if error.link and error.may_try_again else None,
        other_account=OTHER_ACCOUNT if error.kind == "wrong_account" else None,
        as_previous=error.kind == "wrong_account",
        support=error.kind not in _NO_SUPPORT,
        details=error.message if error.kind in _DETAILED else None,
        **values,
    )


def problem(request: Request, name: str, status: int) -> Response:
    """A page about what is wrong with the request itself, or here."""
    words = words_for(request)
    secret = request.path_params.get("secret")
    return rendering.page(
        "failure.html",
        words,
        status,
        title=words(f"problem.{name}.title"),
        text=words(f"problem.{name}.text"),
        names={},
        again=secret and _link(secret, request),
        other_account=None,
        as_previous=False,
        support=name == "broken",
        details=None,
        project=None,
        app=None,
        back=None,
        message=None,
    )


def leads_to(state: State, page: LinkPage) -> list[str]:
    """Where a form of this link's pages may lead, as sources of CSP's `form-action`.

    Chromium applies the directive to each redirect that follows, too, and a provider may redirect
    to any host of its own. So the form that leads to the provider may go anywhere; one that takes a
    credential may go back to the developer's product alone.
    """
    if not page.goes_to_provider:
        return rendering.origin_source(page.return_url)
    return ["https:"] if state.settings.public_url.startswith("https:") else ["https:", "http:"]


def _link(secret: str, request: Request) -> str:
    language = asked_language(request)
    return rendering.link_path(secret, language)
