"""What a developer needs beside the contract: for the console as for scripts."""

from __future__ import annotations

from fastapi import APIRouter

from api.manage import (
    account,
    automations,
    catalogue,
    connections,
    integrations,
    notifications,
    projects,
    registrations,
    runs,
    sessions,
    statistics,
    tokens,
    versions,
    webhook,
)
from api.strict_json import JsonRoute

router = APIRouter(prefix="/api/v1", route_class=JsonRoute)
for part in (
    sessions,
    account,
    catalogue,
    projects,
    tokens,
    webhook,
    notifications,
    integrations,
    connections,
    automations,
    versions,
    registrations,
    runs,
    statistics,
):
    router.include_router(part.router)
