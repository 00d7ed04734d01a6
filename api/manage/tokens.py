"""API tokens of a project: made, shown once, revoked."""

from __future__ import annotations

import secrets
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field
from sqlalchemy import select, update

from api.auth import DECLARE_SESSION, TOKEN_PREFIX, OwnedProject, digest
from api.documentation import OF_PROJECT
from api.errors import not_found
from api.schemas import Cursor, Limit, Model, Page, Timestamp, page_of
from api.state import StateDep
from api.strict_json import JsonRoute
from store.models import ApiToken, new_id, now_ms

router = APIRouter(
    prefix="/projects/{projectId}/tokens",
    tags=["projects"],
    dependencies=DECLARE_SESSION,
    responses=OF_PROJECT,
    route_class=JsonRoute,
)

HINT_LENGTH = len(TOKEN_PREFIX) + 4


class TokenBody(Model):
    """A new token."""

    name: str = Field(min_length=1, max_length=200, examples=["production"])


class TokenView(Model):
    """A token, without its secret."""

    id: str
    name: str
    hint: str = Field(description="How it begins.")
    created_at: Timestamp
    last_used_at: Timestamp | None = Field(description="To the minute; null: never.")
    revoked_at: Timestamp | None


class NewToken(TokenView):
    """A token with its secret, which is shown this once."""

    token: str


@router.get("", summary="List the API tokens")
async def list_tokens(
    access: OwnedProject, state: StateDep, limit: Limit = 50, cursor: Cursor = None
) -> Page[TokenView]:
    """The project's tokens, the newest first; revoked ones stay in the list."""
    query = select(ApiToken).where(ApiToken.project_id == access.project_id)
    if cursor is not None:
        query = query.where(ApiToken.id < cursor)
    async with state.database() as session:
        rows = list(await session.scalars(query.order_by(ApiToken.id.desc()).limit(limit + 1)))
    items, next_cursor = page_of([TokenView(**_shown(row)) for row in rows], limit, "id")
    return Page(items=items, next_cursor=next_cursor)


@router.post("", status_code=201, summary="Create an API token")
async def create_token(body: TokenBody, access: OwnedProject, state: StateDep) -> NewToken:
    """Makes a token. Its secret is in this answer and nowhere else."""
    secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
    token = ApiToken(
        id=new_id(),
        project_id=access.project_id,
        name=body.name,
        token_hash=digest(secret),
        hint=secret[:HINT_LENGTH],
        created_at=now_ms(),
    )
    async with state.database.begin() as session:
        session.add(token)
    return NewToken(**_shown(token), token=secret)


@router.delete("/{tokenId}", status_code=204, summary="Revoke an API token")
async def revoke_token(
    token_id: Annotated[str, Path(alias="tokenId", max_length=64)],
    access: OwnedProject,
    state: StateDep,
) -> None:
    """Revokes a token; from now on it is refused."""
    async with state.database.begin() as session:
        found = await session.scalar(
            select(ApiToken.id).where(
                ApiToken.id == token_id, ApiToken.project_id == access.project_id
            )
        )
        if found is None:
            raise not_found("token")
        await session.execute(
            update(ApiToken)
            .where(ApiToken.id == token_id, ApiToken.revoked_at.is_(None))
            .values(revoked_at=now_ms())
        )


def _shown(token: ApiToken) -> dict[str, str | int | None]:
    return {
        "id": token.id,
        "name": token.name,
        "hint": token.hint,
        "created_at": token.created_at,
        "last_used_at": token.last_used_at,
        "revoked_at": token.revoked_at,
    }
