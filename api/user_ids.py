"""End users' ids: one rule at every door, and paths that can carry them.

Any text of 1 to 255 characters and at most 1,000 bytes that a segment of a URL can carry
percent-encoded: no control characters, and neither `.` nor `..`, which programs take for folders
however they are written (RFC 3986, 5.2.4). Two ids are the same if their characters are.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import unquote

from fastapi import Path
from pydantic import AfterValidator, BeforeValidator, Field

from automations.messages import Message

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

MAX_BYTES = 1_000
PATTERN = r"^(?!\.{1,2}$)[^\u0000-\u001f\u007f-\u009f]+$"
"""For those who read our documents; `check` says it in words."""


def check(user_id: str) -> str:
    """The id itself; raises ValueError for what is none."""
    if user_id in {".", ".."}:
        raise ValueError(Message("user-id-dots"))
    kinds = {unicodedata.category(character) for character in user_id}
    if "Cs" in kinds:
        raise ValueError(Message("user-id-no-text"))
    if "Cc" in kinds:
        raise ValueError(Message("user-id-control"))
    if len(user_id.encode()) > MAX_BYTES:
        raise ValueError(Message("user-id-too-long", limit=MAX_BYTES))
    return user_id


def _plain(value: Any) -> Any:
    return unquote(value) if isinstance(value, str) else value


GivenUserId = Annotated[
    str,
    Field(min_length=1, max_length=255, json_schema_extra={"pattern": PATTERN}),
    AfterValidator(check),
]
"""In a body."""
UserId = Annotated[
    str,
    BeforeValidator(_plain),
    AfterValidator(check),
    Path(
        alias="userId",
        min_length=1,
        max_length=255,
        description="The end user, by the id that the developer chose, percent-encoded: `a/b` is "
        "`a%2Fb`.",
        examples=["user-42"],
        json_schema_extra={"pattern": PATTERN},
    ),
]
"""In a path, as `UserPaths` left it."""


class UserPaths:
    """Keeps the slashes of an id inside its segment.

    Servers decode a path before routes are looked for, so that `a%2Fb` would be two segments. Here
    a segment that stands behind `/users/` keeps its slashes and percent signs encoded; `UserId`
    decodes it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one request, as ASGI says."""
        raw: bytes = scope.get("raw_path") or b""
        if scope["type"] == "http" and b"/users/" in raw and b"%" in raw:
            front, users, rest = raw.partition(b"?")[0].partition(b"/users/")
            user_id, *others = rest.decode("latin-1").split("/")
            # What is no UTF-8 stays told apart, and is refused: as U+FFFD, `%FE` and `%FF` would be
            # one user.
            decoded = unquote(user_id, errors="surrogateescape")
            kept = decoded.replace("%", "%25").replace("/", "%2F")
            behind = "/".join([kept, *map(unquote, others)])
            path = unquote((front + users).decode("latin-1")) + behind
            scope = {**scope, "path": path}
        await self._app(scope, receive, send)
