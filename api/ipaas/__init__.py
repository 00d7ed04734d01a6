"""The routes of the REST contract, for a developer's application with an API token."""

from __future__ import annotations

from fastapi import APIRouter

from api.auth import DECLARE_TOKEN
from api.documentation import BY_TOKEN
from api.ipaas import automations, connections, registrations
from api.strict_json import JsonRoute

router = APIRouter(
    prefix="/api/v1/ipaas",
    tags=["ipaas"],
    dependencies=DECLARE_TOKEN,
    responses=BY_TOKEN,
    route_class=JsonRoute,
)
router.include_router(connections.router)
router.include_router(automations.router)
router.include_router(registrations.router)
