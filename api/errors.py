"""The errors that the API answers: a small closed set, in one shape everywhere.

The codes up to 1000 beside 901 to 904 are those of the REST contract; the others are ours, and
equal their HTTP status where there is one that says it all.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from enum import Enum
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.exc import IntegrityError, NoResultFound
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api.runs import EngineUnavailable, RunNotActive
from api.strict_json import JsonResponse
from automations.messages import Message
from automations.sentences import message_of_error
from store.encryption import DecryptionError
from store.outages import StoreUnavailable, was_anything_committed

logger = logging.getLogger(__name__)

MAX_TOLD = 100
"""Faults of a request that its answer tells."""
MAX_PATH = 1000
"""Characters of a fault's place: somebody's keys stand in it, which may be as long as the body."""


class ErrorKind(Enum):
    """What can be wrong: code, name and HTTP status."""

    INVALID_PARAMETER = (1, "INVALID PARAMETER", 400)
    BODY_TOO_LARGE = (1, "INVALID PARAMETER", 413)
    AUTOMATION_NOT_DEPLOYED = (201, "AUTOMATION NOT DEPLOYED", 409)
    AUTOMATION_NOT_FOUND = (204, "AUTOMATION NOT FOUND", 404)
    CONNECTION_NOT_FOUND = (209, "CONNECTION NOT FOUND", 404)
    INVALID_NODE_TYPE = (210, "INVALID NODE TYPE", 409)
    TRIGGER_NOT_FOUND = (211, "TRIGGER NOT FOUND", 409)
    MISSING_PROJECT_INTEGRATION = (216, "MISSING PROJECT INTEGRATION", 409)
    END_USER_NOT_CONNECTED = (217, "IPAAS END USER NOT CONNECTED", 409)
    NOT_FOUND = (404, "NOT FOUND", 404)
    METHOD_NOT_ALLOWED = (405, "METHOD NOT ALLOWED", 405)
    CONFLICT = (409, "CONFLICT", 409)
    CREDIT_LIMIT_EXCEEDED = (429, "CREDIT LIMIT EXCEEDED", 429)
    INTERNAL_ERROR = (500, "INTERNAL ERROR", 500)
    UNAVAILABLE = (503, "UNAVAILABLE", 503)
    INTEGRATION_NOT_FOUND = (600, "INTEGRATION NOT FOUND", 404)
    INVALID_TOKEN = (900, "INVALID TOKEN", 401)
    WRONG_PASSWORD = (901, "WRONG EMAIL OR PASSWORD", 401)
    TOO_MANY_ATTEMPTS = (902, "TOO MANY ATTEMPTS", 429)
    DEVELOPER_MODE_REQUIRED = (903, "DEVELOPER MODE REQUIRED", 403)
    FORBIDDEN = (904, "FORBIDDEN", 403)
    IDEMPOTENCY_CONFLICT = (906, "IDEMPOTENCY CONFLICT", 409)
    USER_NOT_FOUND = (1000, "IPAAS USER NOT FOUND", 404)

    def __init__(self, code: int, title: str, status: int) -> None:
        self.code = code
        self.title = title
        self.status = status


class ApiError(Exception):
    """Answered as it stands: `message` says what is wrong and what to do."""

    def __init__(
        self,
        kind: ErrorKind,
        message: str,
        details: Any = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.details = details
        self.headers = headers


class Error(BaseModel):
    """The body of every answer that is not a success."""

    model_config = ConfigDict(extra="forbid")

    code: int = Field(description="The contract's number of the error.")
    name: str = Field(description="The name that belongs to the code.")
    message: str = Field(description="What is wrong and what to do.")
    details: Any = Field(None, description="What a program needs to act on it; often absent.")


def error_response(
    kind: ErrorKind, message: str, details: Any = None, headers: dict[str, str] | None = None
) -> Response:
    """The answer of one error."""
    body = {"code": kind.code, "name": kind.title, "message": message}
    if details is not None:
        body["details"] = details
    return JsonResponse(body, kind.status, headers)


def invalid(faults: Sequence[tuple[str, Message]], message: str | None = None) -> ApiError:
    """Code 1 with every fault as (path, message), each also as a code with its parameters.

    Of many faults the first are told.
    """
    faults = [(path[:MAX_PATH], text) for path, text in faults[:MAX_TOLD]]
    if message is None:
        path, text = faults[0]
        more = f" ({len(faults) - 1} more in details)" if len(faults) > 1 else ""
        message = f"{path}: {text}{more}" if path else f"{text}{more}"
    details = [
        {"path": path, "message": text, "code": text.code, "params": text.params}
        for path, text in faults
    ]
    return ApiError(ErrorKind.INVALID_PARAMETER, message, details)


def path_of(parts: Sequence[str | int]) -> str:
    """A place in a JSON value as people write it: `steps[0].inputs.to`."""
    path = ""
    for part in parts:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path


def not_found(what: str) -> ApiError:
    """For what is not there, or belongs to somebody else: the answer does not tell which."""
    return ApiError(ErrorKind.NOT_FOUND, f"There is no such {what}.")


def install(app: FastAPI) -> None:
    """Makes the app answer every failure in the one shape."""
    app.add_exception_handler(ApiError, _api_error)
    app.add_exception_handler(RequestValidationError, _request_invalid)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(EngineUnavailable, _engine_unavailable)
    app.add_exception_handler(RunNotActive, _run_not_active)
    app.add_exception_handler(StoreUnavailable, _database_unavailable)
    app.add_exception_handler(DecryptionError, _unreadable)
    app.add_exception_handler(IntegrityError, _gone_meanwhile)
    app.add_exception_handler(NoResultFound, _gone_meanwhile)
    app.add_exception_handler(Exception, _unexpected)


async def _api_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)  # noqa: S101 - narrows the type for the checker
    return error_response(error.kind, error.message, error.details, error.headers)


async def _request_invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - narrows the type
    faults: list[tuple[str, Message]] = []
    for fault in error.errors()[:MAX_TOLD]:
        if fault["type"] == "json_invalid":
            faults.append(("body", Message("body-unreadable", text=fault["ctx"]["error"])))
            continue
        place = [part for part in fault["loc"] if part != "body"] or ["body"]
        if place[0] in {"query", "path", "header"} and len(place) > 1:
            place = place[1:]
        faults.append((path_of(place), message_of_error(fault)))
    answer = invalid(faults)
    return error_response(answer.kind, answer.message, answer.details)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - narrows the type for the checker
    headers = dict(error.headers) if error.headers else None
    match error.status_code:
        case 404:
            message = f"There is no {request.method} {request.url.path}."
            return error_response(ErrorKind.NOT_FOUND, message, headers=headers)
        case 405:
            message = f"{request.url.path} does not know the method {request.method}."
            return error_response(ErrorKind.METHOD_NOT_ALLOWED, message, headers=headers)
        case 413:
            return error_response(ErrorKind.BODY_TOO_LARGE, str(error.detail), headers=headers)
        case status if status < 500:
            return error_response(ErrorKind.INVALID_PARAMETER, str(error.detail), headers=headers)
        case _:
            return error_response(ErrorKind.INTERNAL_ERROR, UNEXPECTED, headers=headers)


async def _engine_unavailable(_: Request, error: Exception) -> Response:
    run_id = error.run_id if isinstance(error, EngineUnavailable) else None
    details = None if run_id is None else {"runId": run_id}
    return error_response(ErrorKind.UNAVAILABLE, str(error), details, {"retry-after": "2"})


async def _run_not_active(_: Request, error: Exception) -> Response:
    return error_response(ErrorKind.CONFLICT, str(error))


async def _database_unavailable(_: Request, error: Exception) -> Response:
    logger.error("The database failed: %s", error)
    # A commit whose answer was lost may have come about.
    known = PERHAPS_CHANGED if was_anything_committed() else UNCHANGED
    return error_response(
        ErrorKind.UNAVAILABLE,
        f"The database cannot be reached at the moment. {known}",
        headers={"retry-after": "2"},
    )


UNCHANGED = "Nothing was changed; try again."
PERHAPS_CHANGED = "What was asked for may be done, or part of it: look at it before you try again."


async def _unreadable(_: Request, error: Exception) -> Response:
    logger.error("What is stored cannot be read: %s", error)
    return error_response(
        ErrorKind.UNAVAILABLE,
        "What is stored here cannot be read with the encryption keys of this server. Its operator "
        "sees with `inlay keys status` which key is missing.",
    )


async def _gone_meanwhile(_: Request, error: Exception) -> Response:
    # What the request was checked against was deleted or made anew before it was written.
    logger.info("A request met a change of somebody else's: %s", type(error).__name__)
    return error_response(
        ErrorKind.CONFLICT, "Somebody else changed this at the same time: look at it again."
    )


UNEXPECTED = (
    "This is a fault of Inlay's; the operator finds it in the log of the API by the header "
    "x-request-id of this answer."
)


async def _unexpected(_: Request, error: Exception) -> Response:
    logger.error("A request failed unexpectedly: %s", type(error).__name__)
    return error_response(ErrorKind.INTERNAL_ERROR, UNEXPECTED)
