"""What Alembic runs around the migrations: over the connection that the caller opened."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from sqlalchemy import JSON

from store.models import Base


def _render(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    # Alembic writes arguments of JSONB that are its defaults, with names that it does not import.
    if kind == "type" and isinstance(item, JSON):
        return (
            "sa.JSON(none_as_null=True)"
            ".with_variant(postgresql.JSONB(none_as_null=True), 'postgresql')"
        )
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    compare_server_default=True,
    render_item=_render,
)
context.run_migrations()
