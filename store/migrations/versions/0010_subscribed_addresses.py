"""The address of ours that a registration's app was told, so that a change of it is noticed."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("registrations", sa.Column("told_url", sa.String(length=2048), nullable=True))
