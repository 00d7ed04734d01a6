"""The page that a link leads to: who asks for which app, and the button or the form."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api.accounts import restored
from api.connect import outcomes, rendering
from api.connect.browser import asked_language, browser_of, new_browser, remember
from api.connect.form import OTHER_ACCOUNT, UnreadableForm, field_views, read_form
from api.origin import Sender, sender_of
from api.state import State, StateDep
from api.strict_json import JsonResponse
from automations.messages import Message
from connections.errors import AuthorizationFailed, ConnectionProblem, FieldErrors

if TYPE_CHECKING:
    from connections.links import LinkPage

logger = logging.getLogger(__name__)

MENDED_IN_THE_FORM = {"rejected", "wrong_account", "provider_error", "provider_unavailable"}
"""Failures after which the form is shown again, where there is one."""


class PageRoute(APIRoute):
    """Answers whatever fails with a page."""

    def get_route_handler(self) -> Callable[[Request], Awaitable[Response]]:  # type: ignore[override]
        """The handler of FastAPI's with ours around it."""
        handle = super().get_route_handler()

        async def handle_page(request: Request) -> Response:
            try:
                return await _handled(handle, request)
            except UnreadableForm as error:
                return outcomes.problem(request, error.problem, error.status)
            except HTTPException:
                raise
            except ConnectionProblem as error:
                logger.warning("Connecting failed: %s", error.message)
            except Exception as error:
                # The traceback could hold a code or a link, which are secrets.
                logger.error("A connect page failed unexpectedly: %s", type(error).__name__)
            return outcomes.problem(request, "broken", 503)

        return handle_page


async def _handled(handle: Callable[[Request], Any], request: Request) -> Response:
    try:
        response: Response = await handle(request)
    except AuthorizationFailed as error:
        return await outcomes.failed(request, request.app.state.inlay, error)
    return response


router = APIRouter(prefix="/connect", route_class=PageRoute, include_in_schema=False)


@router.api_route("/{secret}", methods=["GET", "HEAD"])
async def show_link(request: Request, secret: str, state: StateDep) -> Response:
    """The page of a link. Changes nothing: previews and scanners open links, too."""
    return _form(request, state, await state.links.page(secret), 200)


@router.get("/{secret}/progress")
async def show_progress(request: Request, secret: str, state: StateDep) -> Response:
    """How far a link is, for pages of the project's allowed origins that have opened it.

    An app's page may cut the tie between its window and them (`Cross-Origin-Opener-Policy`).
    """
    try:
        progress = await state.links.progress(secret)
    except AuthorizationFailed:
        return Response(status_code=404)
    headers = {"Cache-Control": "no-store", "Vary": "Origin"}
    origin = request.headers.get("origin")
    if origin in progress.allowed_origins:
        headers["Access-Control-Allow-Origin"] = origin
    return JsonResponse({"status": progress.status, "appKey": progress.app_key}, headers=headers)


@router.post("/{secret}")
async def submit_link(request: Request, secret: str, state: StateDep) -> Response:
    """To the provider, or the connection made of the form's values."""
    # A link of an attacker's must not be followed to its end without the end user's own click.
    if sender_of(request, state.settings.public_url) is Sender.OTHER:
        return outcomes.problem(request, "foreign", 400)
    sent = await read_form(request)
    page = await state.links.page(secret)
    values = {field.name: sent[field.name] for field in page.fields if field.name in sent}
    other_account = sent.get(OTHER_ACCOUNT) == "1"
    browser = browser_of(request) or new_browser()
    try:
        outcome = await state.links.submit(secret, values, browser, other_account=other_account)
    except FieldErrors as error:
        return _form(request, state, page, 400, values, error.errors, other_account=other_account)
    except AuthorizationFailed as error:
        if not page.fields or error.kind not in MENDED_IN_THE_FORM:
            raise
        status = outcomes.status_of(error)
        return _form(request, state, page, status, values, {}, failure=error)
    if isinstance(outcome, str):
        response: Response = rendering.redirect(outcome)
    else:
        await restored(state, outcome.project_id, outcome.user_id, outcome.app_key)
        response = outcomes.connected(request, state, outcome)
    secure = state.settings.public_url.startswith("https:")
    remember(response, browser, asked_language(request), secure=secure)
    return response


def _form(
    request: Request,
    state: State,
    page: LinkPage,
    status: int,
    values: dict[str, str] | None = None,
    errors: Mapping[str, Message] | None = None,
    *,
    failure: AuthorizationFailed | None = None,
    other_account: bool = False,
) -> Response:
    words = outcomes.words_for(request, page.language)
    auth = page.app.in_language(words.language).auth
    in_words = {field.name: field for field in auth.fields}
    fields = [in_words.get(field.name, field) for field in page.fields]
    known = outcomes.names(failure, page) if failure else {}
    result = {"status": "failed", "appKey": page.app.key}
    if failure:
        result["reason"] = failure.kind
    back = {"status": "failed", "appKey": page.app.key, "reason": "denied"}
    return rendering.page(
        "link.html",
        words,
        status,
        form_targets=outcomes.leads_to(state, page),
        project=rendering.project_face(page.project_name, page.logo_url),
        app=rendering.app_face(page.app.name, page.app.logo),
        desc=auth.desc if page.fields else "",
        goes_to_provider=page.goes_to_provider,
        fields=field_views(fields, values or {}, errors or {}, words),
        errors=errors or {},
        state=page.status,
        account=rendering.shown(page.account or ""),
        failure=failure and words(f"failure.{failure.kind}.title", **known),
        failure_text=failure and words(f"failure.{failure.kind}.text", **known),
        names=known,
        offers_other=failure is not None and failure.kind == "wrong_account",
        other_account=OTHER_ACCOUNT if other_account else None,
        other_account_name=OTHER_ACCOUNT,
        action=rendering.link_path(page.secret, asked_language(request)),
        path=rendering.link_path(page.secret, None),
        back=page.return_url and rendering.with_result(page.return_url, back),
        message=outcomes.message(result, page.allowed_origins) if failure else None,
    )
