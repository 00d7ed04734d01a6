"""Why the last refused delivery of a registration or of an app was refused, and how many were."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    for table in ("registrations", "integrations"):
        op.add_column(table, sa.Column("last_refusal", sa.LargeBinary(), nullable=True))
        op.add_column(table, sa.Column("last_refused_at", sa.BigInteger(), nullable=True))
    rejected = sa.Column("rejected", sa.BigInteger(), nullable=False, server_default="0")
    op.add_column("integrations", rejected)
