"""Registrations as rows: their secrets, their last events, and who is to be told of a change."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import orjson
from pydantic import BaseModel, Field
from sqlalchemy import delete, select, update

from store.models import Registration, RegistrationEvent, new_id, now_ms
from store.notifications import notify

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from store.database import Database
    from store.encryption import Keyring
    from store.notifications import NotificationType

EVENTS_KEPT = 100
"""So many of the last events of a registration are kept for people."""
MAX_PAYLOAD = 262_144
"""Bytes of an event's JSON that are kept, so that it can be delivered again."""

EventStatus = Literal["run", "test", "skipped", "rejected"]


class Ask(BaseModel):
    """One time that an app was asked to subscribe us, and what came of it."""

    trigger: str
    inputs: dict[str, Any]
    owner: str
    """Whose connection asked: the end user's id, or DEVELOPER."""
    creation: str = Field(default_factory=new_id)
    """`hook.id` of manifests: ours, another one for each time."""
    answered: bool = False
    """Whether the app said that it did; until then nobody knows."""
    subscription_id: str | None = None
    made_at: int = Field(default_factory=now_ms)
    expires_at: int | None = None
    public_url: str | None = None
    """Where this installation was reached then; None: a version asked that did not note it."""


class Leftover(Ask):
    """A subscription that another one has replaced, until the app has deleted it."""

    hook: str
    signing: str
    subscription: dict[str, Any]
    since: int = Field(default_factory=now_ms)


class Progress(BaseModel):
    """What is needed to go on after a crash at any point."""

    ask: Ask | None = None
    """The subscription that is there, or that the app was asked for when we crashed."""
    leftovers: list[Leftover] = Field(default_factory=list)
    failures: int = 0
    """How often in a row it could not be made as it is wanted."""
    is_told: bool = False
    """The developer has been told that it fails."""


@dataclass(frozen=True)
class HookSecret:
    """What must not be known of a registration's subscription."""

    hook: str = field(repr=False)
    """Stands in the URL that the app delivers to."""
    signing: str = field(repr=False)
    """`hook.secret` of manifests: what the app may be told to sign with."""
    subscription: dict[str, Any] = field(default_factory=dict, repr=False)
    """What the app told of the subscription."""
    progress: Progress = field(default_factory=Progress, repr=False)

    @classmethod
    def new(cls) -> HookSecret:
        """Secrets of 256 random bits each."""
        return cls(secrets.token_urlsafe(32), secrets.token_hex(32))


def hook_id_of(secret: str) -> str:
    """The name under which the secret of a hook's URL is kept."""
    return hashlib.sha256(secret.encode()).hexdigest()


def seal_hook(keyring: Keyring, registration_id: str, secret: HookSecret) -> bytes:
    """The ciphertext for the column `secret` of a registration."""
    content = {
        "hook": secret.hook,
        "signing": secret.signing,
        "subscription": secret.subscription,
        "progress": secret.progress.model_dump(),
    }
    return keyring.encrypt(orjson.dumps(content), _context(registration_id))


def unseal_hook(keyring: Keyring, row: Registration) -> HookSecret | None:
    """The secrets of a registration that has a hook; raises `DecryptionError`."""
    if row.secret is None:
        return None
    content = orjson.loads(keyring.decrypt(row.secret, _context(row.id)))
    progress = Progress.model_validate(content.get("progress", {}))
    return HookSecret(content["hook"], content["signing"], content["subscription"], progress)


class RegistrationGone(Exception):
    """The registration was removed meanwhile."""


def registration_data(row: Registration) -> dict[str, Any]:
    """What notifications say of a registration; never its data or a secret."""
    return {
        "registrationId": row.id,
        "automationId": row.automation_id,
        "userId": row.user_id or None,
        "trigger": row.trigger or None,
        "state": row.state,
        "message": row.message,
    }


async def remove_ended(database: Database, row: Registration) -> bool:
    """Removes a registration that is still not wanted, and tells the developer."""
    async with database.begin() as session:
        removed = await session.scalar(
            delete(Registration)
            .where(
                Registration.id == row.id,
                Registration.wanted == "ended",
                Registration.revision == row.revision,
            )
            .returning(Registration.id)
        )
        if removed is None:
            return False
        told = registration_data(row) | {"state": "ended", "message": None}
        await notify(session, row.project_id, "registration.stopped", told)
    return True


async def save_secret(
    database: Database,
    keyring: Keyring,
    row: Registration,
    secret: HookSecret,
    values: dict[str, Any],
    notice: NotificationType | None = None,
) -> HookSecret:
    """Writes the secret with other columns, in `row`, too; gives what was written.

    What a handshake told meanwhile (it may come while the app is being asked) is kept. `notice`:
    what the developer is told in the same transaction. Raises `RegistrationGone`.
    """
    while True:
        sealed = seal_hook(keyring, row.id, secret)
        unchanged = (
            Registration.secret.is_(None)
            if row.secret is None
            else Registration.secret == row.secret
        )
        changes = {**values, "secret": sealed, "updated_at": now_ms()}
        async with database.begin() as session:
            saved = await session.scalar(
                update(Registration)
                .where(Registration.id == row.id, unchanged)
                .values(changes)
                .returning(Registration.id),
                execution_options={"synchronize_session": False},
            )
            if saved is not None:
                for name, value in changes.items():
                    setattr(row, name, value)
                if notice is not None:
                    await notify(session, row.project_id, notice, registration_data(row))
        if saved is not None:
            return secret
        async with database() as session:
            there = await session.get(Registration, row.id)
        if there is None:
            raise RegistrationGone(row.id)
        row.secret = there.secret
        told = unseal_hook(keyring, there)
        if told is not None and told.hook == secret.hook:
            secret = replace(secret, subscription={**told.subscription, **secret.subscription})


async def record_event(
    session: AsyncSession,
    keyring: Keyring,
    registration_id: str,
    status: EventStatus,
    *,
    run_id: str | None = None,
    message: str | None = None,
    payload: Any = None,
) -> None:
    """Keeps an event for people, in the transaction of `session`."""
    sealed = None
    if payload is not None:
        plain = orjson.dumps(payload)
        if len(plain) <= MAX_PAYLOAD:
            sealed = keyring.encrypt(plain, _event_context(registration_id))
    session.add(
        RegistrationEvent(
            id=new_id(),
            registration_id=registration_id,
            status=status,
            run_id=run_id,
            message=message,
            payload=sealed,
            received_at=now_ms(),
        )
    )


def event_payload(keyring: Keyring, row: RegistrationEvent) -> Any:
    """What the run of the event got; None where it was too large to keep."""
    if row.payload is None:
        return None
    return orjson.loads(keyring.decrypt(row.payload, _event_context(row.registration_id)))


async def trim_events(session: AsyncSession, registration_id: str) -> None:
    """Removes events older than the last ones."""
    oldest = (
        select(RegistrationEvent.id)
        .where(RegistrationEvent.registration_id == registration_id)
        .order_by(RegistrationEvent.id.desc())
        .offset(EVENTS_KEPT)
        .limit(1)
        .scalar_subquery()
    )
    await session.execute(
        delete(RegistrationEvent).where(
            RegistrationEvent.registration_id == registration_id, RegistrationEvent.id <= oldest
        )
    )


def _context(registration_id: str) -> bytes:
    return f"registration:{registration_id}".encode()


def _event_context(registration_id: str) -> bytes:
    return f"registration-event:{registration_id}".encode()
