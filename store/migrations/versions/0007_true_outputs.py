"""The true outputs of steps, sealed beside the masked ones that people see."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("run_steps", sa.Column("true_output", sa.LargeBinary(), nullable=True))
