"""A developer's work with Inlay, through its REST API alone."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from types import TracebackType

RUN_TIMEOUT = 120.0
"""Seconds; `run` answers when the run ends or pauses."""


class RefusedError(Exception):
    """The API did not do what was asked; the message is its own."""


@dataclass
class Rest:
    """The API for one bearer: a signed-in developer, or a project by its token."""

    base_url: str
    bearer: str | None = None

    def __post_init__(self) -> None:
        self._client = httpx.AsyncClient(base_url=self.base_url, timeout=RUN_TIMEOUT)

    async def __aenter__(self) -> Rest:
        return self

    async def __aexit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._client.aclose()

    async def call(self, method: str, path: str, json: Any = None, **params: Any) -> Any:
        """What the API answers; raises `RefusedError`."""
        answer = await self._client.request(
            method,
            path,
            json=json,
            params=params,
            headers={"Authorization": f"Bearer {self.bearer}"} if self.bearer else {},
        )
        if not answer.is_success:
            raise RefusedError(f"{method} {path} answered {answer.status_code}: {answer.text}")
        return answer.json() if answer.content else None


@dataclass(frozen=True)
class Project:
    """What the demonstration made."""

    id: str
    token: str
    automation_id: str


async def sign_up(api: Rest) -> str:
    """Makes an account with developer mode; leaves `api` signed in and gives the email address."""
    email = f"developer-{secrets.token_hex(4)}@example.com"
    password = secrets.token_urlsafe(16)
    await api.call(
        "POST", "/api/v1/accounts", {"email": email, "password": password, "name": "Demo"}
    )
    session = await api.call("POST", "/api/v1/sessions", {"email": email, "password": password})
    api.bearer = session["token"]
    await api.call("PATCH", "/api/v1/account", {"developerMode": True})
    return email
