"""What a project's steps cost on a day, read from an index alone."""

from __future__ import annotations

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_index("run_steps_of_project", "run_steps", ["project_id", "started_at", "component"])
    op.drop_index("ix_run_steps_project_id", table_name="run_steps")
