"""The runs that a run called, read from an index."""

from __future__ import annotations

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_index("runs_by_parent", "runs", ["parent_run_id"])
