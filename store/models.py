"""The tables. Times are milliseconds since the epoch (UTC); identifiers are UUIDv7 text."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, LargeBinary
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from uuid_utils import uuid7

from store.sealed import SealedJson, SealedText
from store.texts import LongText, ShortText

JsonValue = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")

DEVELOPER = ""
"""The `user_id` of what belongs to the developer themselves and to no end user."""

ENCRYPTED = {"encrypted": True}
"""The `info` of columns that hold ciphertexts: `inlay keys rotate` finds them by it."""


def new_id() -> str:
    """A new identifier; later ones sort after earlier ones."""
    return str(uuid7())


def now_ms() -> int:
    """Milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def rfc3339(milliseconds: int) -> str:
    """A stored moment as text in UTC, to the millisecond (RFC 3339)."""
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Base(DeclarativeBase):
    """The metadata of all tables."""

    type_annotation_map = {str: ShortText(255), int: BigInteger, Any: JsonValue, bytes: LargeBinary}  # noqa: RUF012


class Account(Base):
    """A developer: signs in, owns projects, has a plan."""

    __tablename__ = "accounts"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(default="")
    password_hash: Mapped[str]
    """Empty: the account has no password, and its developer signs in by OpenID Connect."""
    developer_mode: Mapped[bool] = mapped_column(default=False)
    plan: Mapped[str] = mapped_column(default="free")
    daily_credits: Mapped[int]
    created_at: Mapped[int] = mapped_column(default=now_ms)


class AccountSession(Base):
    """A signed-in browser or script; the id is the SHA-256 of the secret that it holds."""

    __tablename__ = "account_sessions"

    id: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    created_at: Mapped[int] = mapped_column(default=now_ms)
    expires_at: Mapped[int]


class Attempt(Base):
    """How often something was tried that can be guessed; the key is a digest of by whom."""

    __tablename__ = "attempts"

    key: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int]
    until: Mapped[int] = mapped_column(index=True)
    """When it is forgotten."""


class Identity(Base):
    """A person of an OpenID provider, to whom an account belongs (OpenID Connect Core 1.0, 5.7)."""

    __tablename__ = "identities"

    issuer: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(
        ForeignKey("accounts.id", ondelete="CASCADE"), index=True
    )
    created_at: Mapped[int] = mapped_column(default=now_ms)


class Project(Base):
    """One application of a developer."""

    __tablename__ = "projects"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[str] = mapped_column(
        ForeignKey("accounts.id", ondelete="CASCADE"), index=True
    )
    name: Mapped[str]
    webhook_url: Mapped[str] = mapped_column(ShortText(2048))
    logo_url: Mapped[str | None] = mapped_column(ShortText(2048))
    allowed_origins: Mapped[Any | None]
    """Web origins of the developer's product: connect pages return to and speak to these only."""
    created_at: Mapped[int] = mapped_column(default=now_ms)


class ApiToken(Base):
    """A secret of a project; only its SHA-256 is kept."""

    __tablename__ = "api_tokens"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    project_id: Mapped[str] = mapped_column(
        ForeignKey("projects.id", ondelete="CASCADE"), index=True
    )
    name: Mapped[str]
    token_hash: Mapped[str] = mapped_column(unique=True)
    hint: Mapped[str]
    """The first characters of the token, so that people can tell tokens apart."""
    created_at: Mapped[int] = mapped_column(default=now_ms)
    last_used_at: Mapped[int | None]
    revoked_at: Mapped[int | None]


class Integration(Base):
    """An app registered in a project; `secret` is an OAuth app's client secret, encrypted."""

    __tablename__ = "integrations"
    __table_args__ = (Index("integrations_app", "project_id", "app_key", unique=True),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    app_key: Mapped[str]
    client_id: Mapped[str | None] = mapped_column(LongText)
    secret: Mapped[bytes | None] = mapped_column(info=ENCRYPTED)
    settings: Mapped[bytes | None] = mapped_column(info=ENCRYPTED)
    """What the manifest asks of the developer beside the client, as JSON, encrypted."""
    hook_id: Mapped[str | None] = mapped_column(unique=True)
    """The SHA-256 of the secret in the URL at which the app tells all its events."""
    hook_secret: Mapped[bytes | None] = mapped_column(info=ENCRYPTED)
    """That secret, encrypted: the developer enters the URL at the app."""
    scopes: Mapped[Any]
    """The scopes asked of the end user: a list of strings."""
    signature_tolerance: Mapped[int | None]
    """Seconds by which the moment of a signed delivery may differ from now; None: as the app's
    manifest says."""
    rejected: Mapped[int] = mapped_column(default=0, server_default="0")
    """Deliveries to its URL that were refused."""
    last_refusal: Mapped[str | None] = mapped_column(SealedText("integrations.last_refusal"))
    """Why the last of them was."""
    last_refused_at: Mapped[int | None]
    created_at: Mapped[int] = mapped_column(default=now_ms)
    updated_at: Mapped[int] = mapped_column(default=now_ms)


class Automation(Base):
    """A trigger and steps: the draft, and which version of it is published."""

    __tablename__ = "automations"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    project_id: Mapped[str] = mapped_column(
        ForeignKey("projects.id", ondelete="CASCADE"), index=True
    )
    name: Mapped[str]
    draft: Mapped[Any] = mapped_column(SealedJson("automations.draft"))
    draft_revision: Mapped[int] = mapped_column(default=1)
    """Grows with each save, so that two editors do not overwrite each other unseen."""
    published_version: Mapped[int | None]
    created_at: Mapped[int] = mapped_column(default=now_ms)
    updated_at: Mapped[int] = mapped_column(default=now_ms)


class AutomationVersion(Base):
    """A published definition; never changed."""

    __tablename__ = "automation_versions"

    automation_id: Mapped[str] = mapped_column(
        ForeignKey("automations.id", ondelete="CASCADE"), primary_key=True
    )
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    definition: Mapped[Any] = mapped_column(SealedJson("automation_versions.definition"))
    published_at: Mapped[int] = mapped_column(default=now_ms)


class EndUser(Base):
    """A user of the developer's product, by the id that the developer chose."""

    __tablename__ = "end_users"

    project_id: Mapped[str] = mapped_column(
        ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[str] = mapped_column(primary_key=True)
    created_at: Mapped[int] = mapped_column(default=now_ms)


class Connection(Base):
    """One account at one app, of an end user or (with `user_id` DEVELOPER) of the developer."""

    __tablename__ = "connections"
    __table_args__ = (Index("connections_owner", "project_id", "user_id", "app_key", unique=True),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    user_id: Mapped[str]
    app_key: Mapped[str]
    status: Mapped[str] = mapped_column(default="connected")
    """`connected` or `invalid`."""
    invalid_reason: Mapped[str | None] = mapped_column(SealedText("connections.invalid_reason"))
    auth_type: Mapped[str]
    secret: Mapped[bytes] = mapped_column(info=ENCRYPTED)
    """The credential as JSON, encrypted."""
    account: Mapped[Any | None] = mapped_column(SealedJson("connections.account"))
    """`{id?, name?, email?}` of the account at the app."""
    scopes: Mapped[Any]
    expires_at: Mapped[int | None]
    revision: Mapped[int] = mapped_column(default=1)
    """Grows with each change of the credential; refreshes compare and swap on it."""
    refresh_lease_until: Mapped[int] = mapped_column(default=0)
    """A refresh is under way until then, at the latest; negative: it has ended and failed."""
    created_at: Mapped[int] = mapped_column(default=now_ms)
    updated_at: Mapped[int] = mapped_column(default=now_ms)


class ConnectLink(Base):
    """A link at which one account is connected; the id is the SHA-256 of the secret in its URL."""

    __tablename__ = "connect_links"

    id: Mapped[str] = mapped_column(primary_key=True)
    project_id: Mapped[str] = mapped_column(
        ForeignKey("projects.id", ondelete="CASCADE"), index=True
    )
    user_id: Mapped[str]
    app_key: Mapped[str]
    fields: Mapped[bytes | None] = mapped_column(info=ENCRYPTED)
    """Values of the form that the developer gave already, as JSON, encrypted."""
    return_url: Mapped[str | None] = mapped_column(ShortText(2048))
    language: Mapped[str | None]
    created_at: Mapped[int] = mapped_column(default=now_ms)
    expires_at: Mapped[int] = mapped_column(index=True)
    used_at: Mapped[int | None]
    """When the account was connected; kept for a while, so that a second use can be told."""


class Authorization(Base):
    """A way to the provider and back; the id is the SHA-256 of the `state` in the URL."""

    __tablename__ = "authorizations"

    id: Mapped[str] = mapped_column(primary_key=True)
    link_id: Mapped[str] = mapped_column(
        ForeignKey("connect_links.id", ondelete="CASCADE"), index=True
    )
    project_id: Mapped[str] = mapped_column(
        ForeignKey("projects.id", ondelete="CASCADE"), index=True
    )
    user_id: Mapped[str]
    app_key: Mapped[str]
    browser: Mapped[str]
    """The SHA-256 of the cookie of the browser that went to the provider."""
    secret: Mapped[bytes] = mapped_column(info=ENCRYPTED)
    """What is needed on the way back (PKCE's verifier, the form's values), as JSON, encrypted."""
    other_account: Mapped[bool] = mapped_column(default=False)
    """The user wants another account in place of the one that is connected."""
    created_at: Mapped[int] = mapped_column(default=now_ms)
    expires_at: Mapped[int] = mapped_column(index=True)
    used_at: Mapped[int | None]
    """Kept for a while, so that a second use is told from an unknown state."""


class WebhookEndpoint(Base):
    """How notifications to a project's webhook URL are signed, and how it fares."""

    __tablename__ = "webhook_endpoints"

    project_id: Mapped[str] = mapped_column(
        ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True
    )
    secret: Mapped[bytes] = mapped_column(info=ENCRYPTED)
    previous_secret: Mapped[bytes | None] = mapped_column(info=ENCRYPTED)
    """Signs beside the new one until `previous_until`, so that receivers can change over."""
    previous_until: Mapped[int | None]
    failing_since: Mapped[int | None]
    """The first failure since the last success."""
    paused_at: Mapped[int | None]
    """Nothing is sent since then: the endpoint was dead for too long."""
    last_error: Mapped[str | None] = mapped_column(SealedText("webhook_endpoints.last_error"))


class Notification(Base):
    """Something that the developer is told at the project's webhook URL."""

    __tablename__ = "notifications"
    __table_args__ = (
        Index("notifications_of_project", "project_id", "id"),
        Index("notifications_due", "status", "next_attempt_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    type: Mapped[str]
    data: Mapped[Any] = mapped_column(SealedJson("notifications.data"))
    status: Mapped[str] = mapped_column(default="pending")
    """`pending`, `delivered` or `failed`."""
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[int | None] = mapped_column(default=now_ms)
    """Null once nothing is to be sent any more."""
    last_status: Mapped[int | None]
    """The HTTP status of the last answer; null where there was none."""
    last_error: Mapped[str | None] = mapped_column(SealedText("notifications.last_error"))
    created_at: Mapped[int] = mapped_column(default=now_ms)
    delivered_at: Mapped[int | None]


class Registration(Base):
    """One end user's subscription to one automation's trigger, as it is wanted and as it is.

    Its workflow (id `registration-<id>`) makes the world so; hooks and polls read it here.
    """

    __tablename__ = "registrations"
    __table_args__ = (
        Index("registrations_of_user", "automation_id", "user_id", unique=True),
        Index("registrations_of_project", "project_id", "id"),
        Index("registrations_by_route", "project_id", "app_key", "route"),
    )

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    automation_id: Mapped[str]
    user_id: Mapped[str]
    """Empty: the developer's own."""
    data: Mapped[Any] = mapped_column(SealedJson("registrations.data"))
    """What the developer registered with: reaches the trigger and each run."""
    wanted: Mapped[str] = mapped_column(default="active")
    """`active`, `paused`, or `ended`: then the workflow removes the row at last."""
    revision: Mapped[int] = mapped_column(default=1)
    """Grows with each change of what is wanted."""
    applied: Mapped[int] = mapped_column(default=0)
    """The revision that the world was last made to agree with."""
    trigger: Mapped[str] = mapped_column(default="")
    """The trigger's key that is subscribed now; empty: none."""
    app_key: Mapped[str] = mapped_column(default="")
    trigger_version: Mapped[int] = mapped_column(default=0)
    """The published version whose trigger that is."""
    inputs: Mapped[Any | None] = mapped_column(SealedJson("registrations.inputs"))
    """The trigger's inputs, resolved of `data`."""
    state: Mapped[str] = mapped_column(default="starting")
    """`starting`, `active`, `paused`, `needs-connection`, `failing` or `ending`."""
    message: Mapped[str | None] = mapped_column(SealedText("registrations.message"))
    """What is wrong and what to do."""
    hook_id: Mapped[str | None] = mapped_column(unique=True)
    """The SHA-256 of the secret in the URL that the app delivers to."""
    told_url: Mapped[str | None] = mapped_column(ShortText(2048))
    """The public URL of this installation when the app was asked to deliver there; null where it
    was not asked, or by a version that did not note it."""
    secret: Mapped[bytes | None] = mapped_column(info=ENCRYPTED)
    """The URL's secret, the signing secret and what the app told of the subscription: JSON,
    encrypted."""
    route: Mapped[str | None]
    """What an event of an app webhook must name to be this registration's."""
    subscription_id: Mapped[str | None]
    expires_at: Mapped[int | None]
    """When the app forgets the subscription unless it is renewed."""
    cursor: Mapped[Any | None] = mapped_column(SealedJson("registrations.cursor"))
    """How far polling has come; moves only after the runs that it led to exist."""
    cursor_version: Mapped[int] = mapped_column(default=0)
    """Grows with each move of the cursor: of two polls at once only one moves it."""
    next_poll_at: Mapped[int | None]
    last_event_at: Mapped[int | None]
    events: Mapped[int] = mapped_column(default=0)
    """Events that started a run."""
    rejected: Mapped[int] = mapped_column(default=0)
    """Deliveries that were refused (signature, form, size)."""
    last_refusal: Mapped[str | None] = mapped_column(SealedText("registrations.last_refusal"))
    """Why the last of them was."""
    last_refused_at: Mapped[int | None]
    created_at: Mapped[int] = mapped_column(default=now_ms)
    updated_at: Mapped[int] = mapped_column(default=now_ms)


class RegistrationEvent(Base):
    """One of the last events of a registration, for people; older ones are removed."""

    __tablename__ = "registration_events"
    __table_args__ = (Index("events_of_registration", "registration_id", "id"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    registration_id: Mapped[str] = mapped_column(ForeignKey("registrations.id", ondelete="CASCADE"))
    status: Mapped[str]
    """`run`, `test`, `skipped` (paused) or `rejected`."""
    run_id: Mapped[str | None]
    message: Mapped[str | None] = mapped_column(SealedText("registration_events.message"))
    """Why it was skipped or rejected."""
    payload: Mapped[bytes | None] = mapped_column(info=ENCRYPTED)
    """The event as the run gets it, as JSON, encrypted; null where it is too large to keep."""
    received_at: Mapped[int] = mapped_column(default=now_ms)


class Run(Base):
    """What is known of a run when Temporal has forgotten it."""

    __tablename__ = "runs"
    __table_args__ = (
        Index("runs_of_project", "project_id", "started_at"),
        Index("runs_of_automation", "automation_id", "started_at"),
        Index("runs_by_status", "status", "started_at"),
        Index("runs_by_parent", "parent_run_id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    """Also the id of its Temporal workflow."""
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    automation_id: Mapped[str]
    version: Mapped[int]
    """The published version; 0 for a run of the draft."""
    user_id: Mapped[str]
    trigger: Mapped[str]
    """`manual`, or the trigger's component key."""
    parent_run_id: Mapped[str | None]
    status: Mapped[str] = mapped_column(default="running")
    """`running`, `paused`, `completed`, `error` or `canceled`."""
    message: Mapped[str | None] = mapped_column(SealedText("runs.message"))
    result: Mapped[Any | None] = mapped_column(SealedJson("runs.result"))
    started_at: Mapped[int]
    ended_at: Mapped[int | None]
    restored_at: Mapped[int | None]
    """When the row was written anew from what Temporal knows: what its steps did before is not in
    the book, nor what they cost. Null: it never was lost."""


class RunStep(Base):
    """One execution of one step; written once by its key however often it was tried."""

    __tablename__ = "run_steps"
    # With the component, statistics count what steps cost without reading the rows.
    __table_args__ = (Index("run_steps_of_project", "project_id", "started_at", "component"),)

    run_id: Mapped[str] = mapped_column(primary_key=True)
    step_id: Mapped[str] = mapped_column(primary_key=True)
    iteration: Mapped[str] = mapped_column(primary_key=True, default="")
    """Indexes of the loops around it, outer first, joined by dots; empty outside loops."""
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    type: Mapped[str]
    """The step's type in the definition."""
    name: Mapped[str]
    component: Mapped[str | None]
    connection_user_id: Mapped[str | None]
    """Whose connection was used; null where none was."""
    status: Mapped[str]
    """`completed`, `error` or `waiting`."""
    inputs: Mapped[Any | None] = mapped_column(SealedJson("run_steps.inputs"))
    output: Mapped[Any | None] = mapped_column(SealedJson("run_steps.output"))
    """Its secrets are masked: what people see."""
    true_output: Mapped[Any | None] = mapped_column(SealedJson("run_steps.true_output"))
    """What the app gave, where that is another: who executes the step again goes on with it."""
    error: Mapped[str | None] = mapped_column(SealedText("run_steps.error"))
    attempts: Mapped[int] = mapped_column(default=1)
    started_at: Mapped[int]
    ended_at: Mapped[int | None]


class RunWait(Base):
    """A time in which a run did not work (`store.waits`)."""

    __tablename__ = "run_waits"

    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)
    began_at: Mapped[int] = mapped_column(primary_key=True)
    ended_at: Mapped[int | None]
    """Null: it goes on."""


class RunPause(Base):
    """A place where a run waits for the world, and which workflow to tell when it comes."""

    __tablename__ = "run_pauses"

    run_id: Mapped[str] = mapped_column(primary_key=True)
    step_id: Mapped[str] = mapped_column(primary_key=True)
    iteration: Mapped[str] = mapped_column(primary_key=True, default="")
    workflow_id: Mapped[str]
    """Empty while only an early answer is here and nothing waits yet, and of a callback whose wait
    is over."""
    kind: Mapped[str]
    """`delay`, `approval`, `callback`, `connection`, `credits` or `unavailable`."""
    message: Mapped[str] = mapped_column(SealedText("run_pauses.message"))
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id", ondelete="CASCADE"))
    app_key: Mapped[str | None]
    user_id: Mapped[str | None]
    since: Mapped[int]
    until: Mapped[int | None]
    answer: Mapped[Any | None] = mapped_column(SealedJson("run_pauses.answer"))
    """The first answer; the run reads it when it goes on. A callback's may come before its wait."""


class IdempotentRequest(Base):
    """A request that its sender may send again, by the key that it gave (`store.idempotency`)."""

    __tablename__ = "idempotent_requests"

    project_id: Mapped[str] = mapped_column(
        ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True
    )
    key: Mapped[str] = mapped_column(primary_key=True)
    """The SHA-256 of the sender's key."""
    request: Mapped[str]
    """The SHA-256 of what was asked."""
    run_id: Mapped[str]
    """The run that it starts, or started."""
    is_done: Mapped[bool] = mapped_column(default=False)
    """It was answered with success."""
    created_at: Mapped[int] = mapped_column(index=True)


class CreditUsage(Base):
    """Executions of an account on one UTC day."""

    __tablename__ = "credit_usage"

    account_id: Mapped[str] = mapped_column(
        ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True
    )
    day: Mapped[str] = mapped_column(ShortText(10), primary_key=True)
    """YYYY-MM-DD."""
    app_executions: Mapped[int] = mapped_column(default=0)
    free_executions: Mapped[int] = mapped_column(default=0)


Index("connections_by_expiry", Connection.expires_at)
Index("run_pauses_by_connection", RunPause.project_id, RunPause.user_id, RunPause.app_key)
