"""How old a signed delivery may be, as the developer sets it for an app."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.add_column("integrations", sa.Column("signature_tolerance", sa.BigInteger(), nullable=True))
