"""What a developer needs beside the contract: for the console as for scripts."""

from __future__ import annotations

from fastapi import APIRouter

from api.manage import (
    account,
    automations,
    catalogue,
    connections,
    end_users,
    integrations,
    notifications,
    openid,
    options,
    projects,
    registrations,
    runs,
    sessions,
    statistics,
    testing,
    tokens,
    user_connections,
    versions,
    webhook,
)
from api.strict_json import JsonRoute

router = APIRouter(prefix="/api/v1", route_class=JsonRoute)
for part in (
    sessions,
    openid,
    account,
    catalogue,
    projects,
    tokens,
    webhook,
    notifications,
    integrations,
    connections,
    end_users,
    user_connections,
    options,
    automations,
    testing,
    versions,
    registrations,
    runs,
    statistics,
):
    router.include_router(part.router)
