"""Probes for the operator, and the documentation's page."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from fastapi.openapi.docs import get_swagger_ui_html
from sqlalchemy import text
from starlette.responses import HTMLResponse

from api.documentation import errors
from api.errors import ErrorKind
from api.schemas import Model
from api.state import StateDep

router = APIRouter(tags=["health"])

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
async def readyz(state: StateDep) -> Health:
    """The database can be reached. Temporal is not asked: most routes work without it."""
    async with state.engine.connect() as connection:
        await connection.execute(text("SELECT 1"))
    return Health()


@router.get("/docs", include_in_schema=False)
async def docs() -> HTMLResponse:
    """The document as a page."""
    page = get_swagger_ui_html(openapi_url="/openapi.json", title="Inlay's API")
    page.headers["content-security-policy"] = _DOCS_CSP
    return page
