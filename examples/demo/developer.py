"""A developer's work with Inlay, through its REST API alone."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from types import TracebackType

RUN_TIMEOUT = 120.0
"""Seconds; `run` answers when the run ends or pauses."""
NOWHERE = "https://acme.example/inlay"
"""A webhook for projects that nobody hears of."""
TELLING_TIMEOUT = 60.0
"""Seconds within which the webhook must have been told."""


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


async def sign_up(api: Rest) -> tuple[str, str]:
    """Makes an account with developer mode; leaves `api` signed in.

    Gives the email address and the password, with which one signs in to the console.
    """
    email = f"developer-{secrets.token_hex(4)}@example.com"
    password = secrets.token_urlsafe(16)
    await api.call(
        "POST", "/api/v1/accounts", {"email": email, "password": password, "name": "Demo"}
    )
    session = await api.call("POST", "/api/v1/sessions", {"email": email, "password": password})
    api.bearer = session["token"]
    await api.call("PATCH", "/api/v1/account", {"developerMode": True})
    return email, password


async def make_project(api: Rest, webhook_url: str = NOWHERE) -> Project:
    """A project, its token, and an automation that is still empty."""
    project = await api.call(
        "POST", "/api/v1/projects", {"name": "Acme Helpdesk", "webhookUrl": webhook_url}
    )
    path = f"/api/v1/projects/{project['id']}"
    token = await api.call("POST", f"{path}/tokens", {"name": "Acme's server"})
    automation = await api.call("POST", f"{path}/automations", {"name": "A customer asks for help"})
    return Project(project["id"], token["token"], automation["id"])


async def webhook_secret(api: Rest, project: Project) -> str:
    """What the developer's server verifies notifications with."""
    answer = await api.call("GET", f"/api/v1/projects/{project.id}/webhook/secret")
    secret: str = answer["secret"]
    return secret


async def add_automation(
    api: Rest, project: Project, name: str, definition: dict[str, Any]
) -> Project:
    """One more automation of the same project, published."""
    automation = await api.call(
        "POST", f"/api/v1/projects/{project.id}/automations", {"name": name}
    )
    added = replace(project, automation_id=automation["id"])
    await publish(api, added, definition)
    return added


async def add_integration(
    api: Rest, project: Project, app_key: str, client_id: str, client_secret: str
) -> None:
    """Registers an OAuth app in the project, with all scopes that its actions need."""
    await api.call(
        "POST",
        f"/api/v1/projects/{project.id}/integrations",
        {"appKey": app_key, "clientId": client_id, "clientSecret": client_secret},
    )


async def own_connection_link(api: Rest, project: Project, app_key: str) -> str:
    """The link at which the developer connects their own account."""
    link: str = await api.call(
        "POST", f"/api/v1/projects/{project.id}/developer/connections/{app_key}"
    )
    return link


async def publish(api: Rest, project: Project, definition: dict[str, Any]) -> int:
    """Saves the draft, has it validated and publishes it; gives the version.

    Raises `RefusedError` with all faults when it is not valid.
    """
    path = _automation_path(project)
    draft = await api.call("GET", path)
    draft = await api.call("PATCH", path, {"definition": definition, "revision": draft["revision"]})
    found = await api.call("POST", f"{path}/validate")
    if found["faults"]:
        told = "; ".join(f"{fault['path']}: {fault['message']}" for fault in found["faults"])
        raise RefusedError(f"the automation is not valid: {told}")
    version = await api.call("POST", f"{path}/publish", {"revision": draft["revision"]})
    number: int = version["number"]
    return number


def runs_path(project: Project) -> str:
    """Path and query that list the automation's runs; the project's token suffices."""
    return f"/api/v1/projects/{project.id}/runs?automationId={project.automation_id}"


async def latest_run(api: Rest, project: Project, user_id: str) -> dict[str, Any] | None:
    """The newest run of the automation for a user with its steps so far, if there is one."""
    path = f"/api/v1/projects/{project.id}/runs"
    runs = await api.call("GET", path, automationId=project.automation_id, userId=user_id, limit=1)
    if not runs["items"]:
        return None
    run: dict[str, Any] = await api.call("GET", f"{path}/{runs['items'][0]['id']}")
    return run


async def until_told(api: Rest, project: Project) -> None:
    """Waits until the project's webhook has been told all; raises `RefusedError` if it fails."""
    deadline = asyncio.get_running_loop().time() + TELLING_TIMEOUT
    while (webhook := await api.call("GET", f"/api/v1/projects/{project.id}/webhook"))["pending"]:
        if asyncio.get_running_loop().time() > deadline:
            raise RefusedError(f"the application was not told all: {webhook['lastError']}")
        await asyncio.sleep(0.1)


def _automation_path(project: Project) -> str:
    return f"/api/v1/projects/{project.id}/automations/{project.automation_id}"
