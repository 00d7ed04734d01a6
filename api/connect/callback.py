"""Where an app sends the end user's browser back to after an authorization."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from api.accounts import restored
from api.connect import outcomes
from api.connect.browser import browser_of
from api.connect.pages import PageRoute
from api.state import StateDep

router = APIRouter(prefix="/api/v1/oauth", tags=["connections"], route_class=PageRoute)

MAX_PARAMETERS = 50
MAX_LENGTH = 16_384
PARAMETERS = (
    *("state", "code", "error", "error_description"),
    *("oauth_token", "oauth_verifier", "denied"),
)
"""Of RFC 6749 (4.1.2), and of RFC 5849 (2.2) with the word that vendors use for a refusal."""


@router.get(
    "/callback",
    summary="End of an authorization",
    response_class=HTMLResponse,
    openapi_extra={
        "parameters": [
            {"name": name, "in": "query", "required": False, "schema": {"type": "string"}}
            for name in PARAMETERS
        ]
    },
    responses={
        200: {"description": "A page that says that the account is connected."},
        303: {"description": "The same, told to the developer's return URL."},
        400: {
            "description": "A page that says why it is not, and what to do.",
            "content": {
                "text/html": {"schema": {"type": "string"}},
                # A URL that no route could handle, as everywhere.
                "application/json": {"schema": {"$ref": "#/components/schemas/Error"}},
            },
        },
        410: {
            "description": "A page that says that the link was used or has expired meanwhile.",
            "content": {"text/html": {"schema": {"type": "string"}}},
        },
        503: {
            "description": "A page that says to try again.",
            "content": {"text/html": {"schema": {"type": "string"}}},
        },
    },
)
async def complete_authorization(request: Request, state: StateDep) -> Response:
    """The redirect URI to register at each OAuth app (RFC 6749, 4.1.2; RFC 5849, 2.2)."""
    params = dict(request.query_params)
    if len(params) > MAX_PARAMETERS or any(len(value) > MAX_LENGTH for value in params.values()):
        return outcomes.problem(request, "too_large", 400)
    done = await state.links.complete(params, browser_of(request))
    await restored(state, done.project_id, done.user_id, done.app_key)
    return outcomes.connected(request, state, done)
