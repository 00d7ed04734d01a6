"""Probes for the operator, and the documentation's page."""

from __future__ import annotations

import logging
from typing import Literal

from fastapi import APIRouter, Request
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.responses import HTMLResponse

from api.documentation import errors
from api.errors import ApiError, ErrorKind
from api.schemas import Model
from api.state import StateDep
from store.migrations import problem_of

router = APIRouter(tags=["health"])
logger = logging.getLogger(__name__)

_DOCS_CSP = (
    "default-src 'none'; connect-src 'self'; img-src 'self' data: https://fastapi.tiangolo.com; "
    "script-src 'unsafe-inline' https://cdn.jsdelivr.net; "
    "style-src 'unsafe-inline' https://cdn.jsdelivr.net; frame-ancestors 'none'"
)


class Health(Model):
    """The process answers."""

    status: Literal["ok"] = "ok"


@router.get("/healthz", summary="Alive")
async def healthz() -> Health:
    """The process lives. It asks nothing of others."""
    return Health()


@router.get("/readyz", summary="Ready", responses=errors(ErrorKind.UNAVAILABLE))
async def readyz(request: Request, state: StateDep) -> Health:
    """The database can be reached, and the process is not about to stop.

    Temporal is not asked: most routes work without it.
    """
    if getattr(request.app.state, "stopping", False):
        raise ApiError(ErrorKind.UNAVAILABLE, "This server is about to stop.")
    if (problem := await problem_of(state.engine)) is not None:
        # Whoever may see this page may be a stranger: the log has the driver's words.
        logger.error("%s", problem)
        raise ApiError(
            ErrorKind.UNAVAILABLE,
            "The database cannot be used; the log of the API says why.",
            headers={"retry-after": "2"},
        )
    return Health()


@router.get("/docs", include_in_schema=False)
async def docs() -> HTMLResponse:
    """The document as a page."""
    page = get_swagger_ui_html(openapi_url="/openapi.json", title="Inlay's API")
    page.headers["content-security-policy"] = _DOCS_CSP
    return page
