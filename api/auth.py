"""Who calls: a project by its API token, or a developer by a session."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyCookie, HTTPBearer
from sqlalchemy import select

from api.errors import ApiError, ErrorKind, not_found
from api.origin import Sender, sender_of
from api.schemas import ProjectId
from api.state import State, StateDep
from store.models import Account, AccountSession, ApiToken, Project, now_ms

TOKEN_PREFIX = "inlay_"  # noqa: S105 - what tokens begin with
SESSION_PREFIX = "session_"
COOKIE = "inlay_session"
"""What the session's cookie is called; behind it stands which installation set it."""

project_token = HTTPBearer(
    scheme_name="projectToken",
    auto_error=False,
    description="An API token of a project: `Authorization: Bearer inlay_…`.",
)
session_token = HTTPBearer(
    scheme_name="session",
    auto_error=False,
    description="The token of a sign-in: `Authorization: Bearer session_…`.",
)
session_cookie = APIKeyCookie(
    name=COOKIE, scheme_name="sessionCookie", auto_error=False, description="Set by a sign-in."
)


@dataclass(frozen=True, slots=True)
class ProjectAccess:
    """A caller who may act in this project."""

    project_id: str
    account_id: str
    name: str
    """Of who calls, for people: the token's name, or the account's address."""
    is_program: bool
    """The developer's application calls, with a token, rather than a person who is signed in."""


@dataclass(frozen=True, slots=True)
class Developer:
    """A developer who is signed in."""

    account_id: str
    session_id: str
    developer_mode: bool
    email: str


def digest(secret: str) -> str:
    """What is kept of a token's or a session's secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def bearer(request: Request) -> str | None:
    """The secret in the Authorization header (RFC 6750, 2.1)."""
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    return secret.strip() or None if scheme.lower() == "bearer" else None


def invalid_token(message: str) -> ApiError:
    """Code 900."""
    return ApiError(
        ErrorKind.INVALID_TOKEN, message, headers={"www-authenticate": 'Bearer realm="inlay"'}
    )


def token_hash_of(request: Request) -> str:
    """The hash of the project's token that the request carries; raises code 900 without one."""
    secret = bearer(request)
    if secret is None:
        raise invalid_token(
            "Send an API token of the project in the header: Authorization: Bearer inlay_…"
        )
    return digest(secret)


NO_SUCH_TOKEN = (
    "This API token is unknown or was revoked: make a new one in the project's settings."  # noqa: S105 - a sentence
)


async def project_of_token(request: Request, state: StateDep) -> ProjectAccess:
    """The project whose token the request carries."""
    access = await _read_token(state, token_hash_of(request))
    if access is None:
        raise invalid_token(NO_SUCH_TOKEN)
    return access


async def developer(request: Request, state: StateDep) -> Developer:
    """The developer whose session the request carries."""
    secret = bearer(request)
    if secret is None:
        secret = _cookie(request, state)
    async with state.database() as session:
        row = (
            await session.execute(
                select(
                    AccountSession.account_id,
                    AccountSession.id,
                    Account.developer_mode,
                    Account.email,
                )
                .join(Account)
                .where(AccountSession.id == digest(secret), AccountSession.expires_at > now_ms())
            )
        ).one_or_none()
    if row is None:
        raise invalid_token("This session is unknown or has ended: sign in again.")
    return Developer(*row)


async def project_access(request: Request, project_id: ProjectId, state: StateDep) -> ProjectAccess:
    """Somebody who may act in the project of the path: its token, or its developer."""
    secret = bearer(request)
    if secret is not None and secret.startswith(TOKEN_PREFIX):
        access = await _read_token(state, digest(secret))
        if access is None:
            raise invalid_token(NO_SUCH_TOKEN)
        if access.project_id != project_id:
            raise invalid_token("This API token does not belong to this project.")
        return access
    return await owned_project(
        project_id, await project_owner(await developer(request, state)), state
    )


async def project_owner(signed_in: Annotated[Developer, Depends(developer)]) -> Developer:
    """A developer who has developer mode on, without which no project appears."""
    if not signed_in.developer_mode:
        raise ApiError(
            ErrorKind.DEVELOPER_MODE_REQUIRED,
            "Projects appear in developer mode: turn it on in the profile "
            '(PATCH /api/v1/account with {"developerMode": true}).',
        )
    return signed_in


async def owned_project(
    project_id: ProjectId, owner: Annotated[Developer, Depends(project_owner)], state: StateDep
) -> ProjectAccess:
    """A project of the developer who is signed in; a token does not suffice."""
    async with state.database() as session:
        found = await session.scalar(
            select(Project.id).where(
                Project.id == project_id, Project.account_id == owner.account_id
            )
        )
    if found is None:
        raise not_found("project")
    return ProjectAccess(project_id, owner.account_id, owner.email, is_program=False)


async def known_caller(request: Request, state: StateDep) -> None:
    """Anybody who is signed in or has a project's token."""
    secret = bearer(request)
    if secret is not None and secret.startswith(TOKEN_PREFIX):
        await project_of_token(request, state)
    else:
        await developer(request, state)


async def _read_token(state: State, token_hash: str) -> ProjectAccess | None:
    async with state.database() as session:
        row = (
            await session.execute(
                select(
                    ApiToken.id,
                    ApiToken.last_used_at,
                    Project.id,
                    Project.account_id,
                    ApiToken.name,
                )
                .join(Project, Project.id == ApiToken.project_id)
                .where(ApiToken.token_hash == token_hash, ApiToken.revoked_at.is_(None))
            )
        ).one_or_none()
    if row is None:
        return None
    token_id, last_used_at, project_id, account_id, name = row
    state.token_use.note(token_id, last_used_at)
    return ProjectAccess(project_id, account_id, name, is_program=True)


def cookie_of(name: str, public_url: str) -> str:
    """The name of a cookie of this installation alone.

    Browsers send cookies to every port of a host (RFC 6265, 8.5): two installations on one host
    would end each other's sessions.
    """
    return f"{name}_{hashlib.sha256(public_url.encode()).hexdigest()[:8]}"


def _cookie(request: Request, state: State) -> str:
    secret = request.cookies.get(cookie_of(COOKIE, state.settings.public_url))
    if not secret:
        raise invalid_token("Sign in first (POST /api/v1/sessions).")
    # A browser sends the cookie by itself: what changes something must come from our own pages.
    changes = request.method not in {"GET", "HEAD", "OPTIONS"}
    if changes and sender_of(request, state.settings.public_url) is not Sender.OURS:
        raise ApiError(
            ErrorKind.FORBIDDEN,
            "A request with the session's cookie must come from Inlay's own pages. "
            "Other programs send the session as: Authorization: Bearer session_…",
        )
    return secret


TokenAccess = Annotated[ProjectAccess, Depends(project_of_token)]
SignedIn = Annotated[Developer, Depends(developer)]
Owner = Annotated[Developer, Depends(project_owner)]
OwnedProject = Annotated[ProjectAccess, Depends(owned_project)]
AnyAccess = Annotated[ProjectAccess, Depends(project_access)]

DECLARE_TOKEN = [Security(project_token)]
"""For routers: the document says that a project's token is needed."""
DECLARE_SESSION = [Security(session_token), Security(session_cookie)]
DECLARE_ANY = [Security(project_token), *DECLARE_SESSION]
