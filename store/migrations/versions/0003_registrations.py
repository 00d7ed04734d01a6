"""Registrations to triggers and their last events; the URL of an integration's app webhook."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"

_JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "registrations",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("project_id", sa.String(length=255), nullable=False),
        sa.Column("automation_id", sa.String(length=255), nullable=False),
        sa.Column("user_id", sa.String(length=255), nullable=False),
        sa.Column("data", _JSON, nullable=False),
        sa.Column("wanted", sa.String(length=255), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("applied", sa.BigInteger(), nullable=False),
        sa.Column("trigger", sa.String(length=255), nullable=False),
        sa.Column("app_key", sa.String(length=255), nullable=False),
        sa.Column("trigger_version", sa.BigInteger(), nullable=False),
        sa.Column("inputs", _JSON, nullable=True),
        sa.Column("state", sa.String(length=255), nullable=False),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("hook_id", sa.String(length=255), nullable=True),
        sa.Column("secret", sa.LargeBinary(), nullable=True),
        sa.Column("route", sa.String(length=255), nullable=True),
        sa.Column("subscription_id", sa.String(length=255), nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("cursor", _JSON, nullable=True),
        sa.Column("cursor_version", sa.BigInteger(), nullable=False),
        sa.Column("next_poll_at", sa.BigInteger(), nullable=True),
        sa.Column("last_event_at", sa.BigInteger(), nullable=True),
        sa.Column("events", sa.BigInteger(), nullable=False),
        sa.Column("rejected", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("hook_id"),
    )
    op.create_index(
        "registrations_of_user", "registrations", ["automation_id", "user_id"], unique=True
    )
    op.create_index("registrations_of_project", "registrations", ["project_id", "id"])
    op.create_index("registrations_by_route", "registrations", ["project_id", "app_key", "route"])
    op.create_table(
        "registration_events",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("registration_id", sa.String(length=255), nullable=False),
        sa.Column("status", sa.String(length=255), nullable=False),
        sa.Column("run_id", sa.String(length=255), nullable=True),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("payload", sa.LargeBinary(), nullable=True),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["registration_id"], ["registrations.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("events_of_registration", "registration_events", ["registration_id", "id"])
    with op.batch_alter_table("integrations") as batch:
        batch.add_column(sa.Column("hook_id", sa.String(length=255), nullable=True))
        batch.add_column(sa.Column("hook_secret", sa.LargeBinary(), nullable=True))
        batch.create_unique_constraint("integrations_hook_id_key", ["hook_id"])
