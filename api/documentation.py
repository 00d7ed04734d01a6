"""The OpenAPI document: which errors a route can give, and what FastAPI does not say by itself."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from api.errors import Error, ErrorKind
from automations.messages import Message, listed

VERSION = "0.1.0"
TAGS = [
    {"name": "ipaas", "description": "The contract: what a developer's application calls."},
    {"name": "account", "description": "Sign-up, sign-in, developer mode, plan and credits."},
    {"name": "projects", "description": "Projects, their API tokens and integrations."},
    {"name": "catalogue", "description": "The apps, their components and schemas."},
    {"name": "connections", "description": "The developer's own accounts, and end users."},
    {"name": "automations", "description": "Drafts, published versions and test runs."},
    {"name": "runs", "description": "What ran, what waits, and how to act on it."},
    {"name": "registrations", "description": "End users' subscriptions to triggers."},
    {"name": "notifications", "description": "What the project's webhook URL is told."},
    {"name": "callbacks", "description": "URLs that other programs call."},
    {"name": "health", "description": "For probes of the operator."},
]

_MISSING = Message("field-needed", names=listed(["title"]))
_EXAMPLES: dict[ErrorKind, tuple[str, Any]] = {
    ErrorKind.INVALID_PARAMETER: (
        f"data: {_MISSING}",
        [
            {
                "path": "data",
                "message": _MISSING,
                "code": _MISSING.code,
                "params": dict(_MISSING.params),
            }
        ],
    ),
    ErrorKind.BODY_TOO_LARGE: ("The body is larger than 1048576 bytes: send less.", None),
    ErrorKind.AUTOMATION_NOT_DEPLOYED: (
        "The automation “Create a task” has no published version: publish it.",
        None,
    ),
    ErrorKind.AUTOMATION_NOT_FOUND: ("There is no automation 0199… in the project.", None),
    ErrorKind.CONNECTION_NOT_FOUND: ("The user “user-42” has not connected cubicl.", None),
    ErrorKind.INVALID_NODE_TYPE: (
        "The automation “New issue” is started by an app's events and cannot be run by call.",
        None,
    ),
    ErrorKind.TRIGGER_NOT_FOUND: ("The automation “Create a task” has no trigger.", None),
    ErrorKind.MISSING_PROJECT_INTEGRATION: (
        "Add these integrations in the project's settings first: cubicl.",
        ["cubicl"],
    ),
    ErrorKind.END_USER_NOT_CONNECTED: (
        "The user “user-42” has not connected google-calendar: connect it.",
        ["google-calendar"],
    ),
    ErrorKind.NOT_FOUND: ("There is no such project.", None),
    ErrorKind.CONFLICT: ("Somebody else saved this draft since you read it.", None),
    ErrorKind.CREDIT_LIMIT_EXCEEDED: (
        "All 10000 credits of the day are used. They renew at 2026-11-25T00:00:00Z.",
        {"renewsAt": "2026-11-25T00:00:00Z", "dailyCredits": 10000, "usedDailyCredits": 10000},
    ),
    ErrorKind.UNAVAILABLE: (
        "The engine cannot be reached at the moment. Nothing was started; try again.",
        None,
    ),
    ErrorKind.INTEGRATION_NOT_FOUND: (
        "The project has no integration of cubicl: add it in the project's settings.",
        ["cubicl"],
    ),
    ErrorKind.INVALID_TOKEN: ("This API token is unknown or was revoked: make a new one.", None),
    ErrorKind.WRONG_PASSWORD: ("The email or the password is wrong.", None),
    ErrorKind.TOO_MANY_ATTEMPTS: ("Too many failed sign-ins: try again in 840 seconds.", None),
    ErrorKind.DEVELOPER_MODE_REQUIRED: (
        "Projects appear in developer mode: turn it on in the profile.",
        None,
    ),
    ErrorKind.FORBIDDEN: (
        "A request with the session's cookie must come from Inlay's own pages.",
        None,
    ),
    ErrorKind.IDEMPOTENCY_CONFLICT: (
        "This Idempotency-Key was used for another request within the last day: send a new one.",
        None,
    ),
    ErrorKind.USER_NOT_FOUND: ("There is no record of the user “user-42”.", None),
}


def errors(*kinds: ErrorKind) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that can answer these errors, each with an example."""
    responses: dict[int | str, dict[str, Any]] = {}
    for kind in kinds:
        message, details = _EXAMPLES[kind]
        value = {"code": kind.code, "name": kind.title, "message": message}
        if details is not None:
            value["details"] = details
        response = responses.setdefault(
            kind.status,
            {
                "model": Error,
                "description": "",
                "content": {"application/json": {"examples": {}}},
            },
        )
        response["content"]["application/json"]["examples"][f"{kind.code} {kind.title}"] = {
            "value": value
        }
        told = f"{kind.code} {kind.title}"
        response["description"] = "; ".join(filter(None, [response["description"], told]))
    return responses


BY_TOKEN = errors(ErrorKind.INVALID_TOKEN, ErrorKind.INVALID_PARAMETER, ErrorKind.UNAVAILABLE)
"""What every route that needs a project's token can answer."""
SIGNED_IN = errors(
    ErrorKind.INVALID_TOKEN,
    ErrorKind.FORBIDDEN,
    ErrorKind.INVALID_PARAMETER,
    ErrorKind.UNAVAILABLE,
)
"""What every route of an account can answer."""
OF_PROJECT = errors(
    ErrorKind.INVALID_TOKEN,
    ErrorKind.FORBIDDEN,
    ErrorKind.DEVELOPER_MODE_REQUIRED,
    ErrorKind.INVALID_PARAMETER,
    ErrorKind.NOT_FOUND,
    ErrorKind.UNAVAILABLE,
)
"""What every route below a project can answer."""


def operation_id(route: APIRoute) -> str:
    """The handler's name, in camelCase: short names in generated clients."""
    first, *rest = route.name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def install(app: FastAPI) -> None:
    """Makes the app's document complete: see `document`."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = document(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way


def document(app: FastAPI) -> dict[str, Any]:
    """The document, with 413 where there is a body and without FastAPI's own 422."""
    schema = get_openapi(
        title="Inlay",
        version=VERSION,
        summary="Embedded integrations, self-hosted and durable on Temporal.",
        description=(
            "Every failure has one shape: `{code, name, message, details?}`. Lists are paged: "
            "`nextCursor` of one page is `cursor` of the next. Times are milliseconds since the "
            "epoch."
        ),
        routes=app.routes,
        tags=TAGS,
    )
    too_large = errors(ErrorKind.BODY_TOO_LARGE)[413]
    too_large.pop("model")
    too_large["content"]["application/json"]["schema"] = {"$ref": "#/components/schemas/Error"}
    for path in schema["paths"].values():
        for operation in path.values():
            operation["responses"].pop("422", None)
            if "requestBody" in operation:
                operation["responses"].setdefault("413", too_large)
    for name in ("HTTPValidationError", "ValidationError"):
        schema["components"]["schemas"].pop(name, None)
    return schema
