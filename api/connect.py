"""Where an app sends the end user's browser back to after an authorization."""

from __future__ import annotations

import html
import logging

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

from api.accounts import restored
from api.state import StateDep
from connections.errors import AuthorizationFailed, ConnectionProblem

logger = logging.getLogger(__name__)

router = APIRouter(prefix="/api/v1/oauth", tags=["connections"])

MAX_PARAMETERS = 50
MAX_LENGTH = 16_384

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }}
body {{ margin: 0; min-height: 100vh; display: grid; place-items: center; }}
main {{ max-width: 26rem; padding: 2rem; text-align: center; }}
h1 {{ font-size: 1.4rem; margin: 0 0 .5rem; }}
p {{ margin: 0; opacity: .8; overflow-wrap: anywhere; }}
</style>
</head>
<body><main><h1>{title}</h1><p>{text}</p></main></body>
</html>
"""
_CSP = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"


@router.get(
    "/callback",
    summary="End of an authorization",
    response_class=HTMLResponse,
    openapi_extra={
        "parameters": [
            {"name": name, "in": "query", "required": False, "schema": {"type": "string"}}
            for name in ("state", "code", "error", "error_description")
        ]
    },
    responses={
        200: {"description": "A page that says that the account is connected."},
        400: {
            "description": "A page that says why it is not, and what to do.",
            "content": {
                "text/html": {"schema": {"type": "string"}},
                # A URL that no route could handle, as everywhere.
                "application/json": {"schema": {"$ref": "#/components/schemas/Error"}},
            },
        },
        503: {
            "description": "A page that says to try again.",
            "content": {"text/html": {"schema": {"type": "string"}}},
        },
    },
)
async def complete_authorization(request: Request, state: StateDep) -> HTMLResponse:
    """The redirect URI to register at each OAuth app (RFC 6749, 4.1.2)."""
    params = dict(request.query_params)
    if len(params) > MAX_PARAMETERS or any(len(value) > MAX_LENGTH for value in params.values()):
        return _page("Not connected", "The address is too long. Begin again.", 400)
    try:
        done = await state.connections.complete_authorization(params)
    except AuthorizationFailed as error:
        return _page("Not connected", error.message, 400)
    except ConnectionProblem as error:
        return _page("Not connected", error.message, 503)
    except Exception as error:
        # The traceback could hold the code, which is a secret until it is exchanged.
        logger.error("An authorization failed unexpectedly: %s", type(error).__name__)
        return _page("Not connected", "Something failed here. Begin again in a moment.", 503)
    await restored(state, done.project_id, done.user_id, done.app_key)
    app = state.catalogue.app(done.app_key)
    name = app.name if app else done.app_key
    return _page("Connected", f"Your {name} account is connected. You can close this page.", 200)


def _page(title: str, text: str, status: int) -> HTMLResponse:
    content = _PAGE.format(title=html.escape(title), text=html.escape(text))
    return HTMLResponse(content, status, {"content-security-policy": _CSP})
