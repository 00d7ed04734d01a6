"""Which account a person of the OpenID provider has: theirs, one with their email, or a new one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from api.manage.sessions import normal_email
from api.openid import Failure, Person, SignInFailed
from store.models import Account, AccountSession, Identity, new_id

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from settings import Settings
    from store.database import Database


async def account_of(database: Database, settings: Settings, person: Person) -> str:
    """The id of the account; raises `SignInFailed` with one of the failures of emails."""
    _check_domain(settings, person)
    try:
        async with database.begin() as session:
            return await _found_or_made(session, settings, person)
    except IntegrityError:
        # Two browsers of one person came first at the same moment: now one was first.
        async with database.begin() as session:
            return await _found_or_made(session, settings, person)


async def _found_or_made(session: AsyncSession, settings: Settings, person: Person) -> str:
    key = (person.issuer, person.subject)
    if known := await session.get(Identity, key):
        return known.account_id
    email = _email_of(person)
    account = await session.scalar(select(Account).where(Account.email == email))
    if account is None:
        account = Account(
            id=new_id(),
            email=email,
            name=person.name[:200],
            password_hash="",
            daily_credits=settings.daily_credits,
        )
        session.add(account)
        await session.flush()
    else:
        await _join(session, account, person)
    session.add(Identity(issuer=person.issuer, subject=person.subject, account_id=account.id))
    return account.id


async def _join(session: AsyncSession, account: Account, person: Person) -> None:
    """Gives an account to the person who owns its email, and to nobody else.

    Whoever signed up with this email never proved to own it, so the password and the sessions end:
    else somebody could sign up for another person and wait for them to come.
    """
    if not person.email_verified:
        raise SignInFailed(
            Failure.EMAIL_UNVERIFIED,
            "there is an account with the email, for which the provider does not vouch",
        )
    # Providers give an address that was freed to somebody else (Core 5.7).
    other = await session.scalar(
        select(Identity.subject).where(
            Identity.account_id == account.id, Identity.issuer == person.issuer
        )
    )
    # The same subject came by another browser since we looked: the insertion will tell.
    if other not in (None, person.subject):
        raise SignInFailed(
            Failure.EMAIL_TAKEN, "another subject of the provider has the account with the email"
        )
    account.password_hash = ""
    await session.execute(delete(AccountSession).where(AccountSession.account_id == account.id))


def _check_domain(settings: Settings, person: Person) -> None:
    domains = {
        domain.strip().lower().removeprefix("@")
        for domain in settings.openid_email_domains.split(",")
        if domain.strip()
    }
    if not domains:
        return
    if _email_of(person).rpartition("@")[2] not in domains:
        raise SignInFailed(
            Failure.EMAIL_NOT_ALLOWED, "the email's domain is not in INLAY_OPENID_EMAIL_DOMAINS"
        )
    if not person.email_verified:
        raise SignInFailed(
            Failure.EMAIL_UNVERIFIED,
            "INLAY_OPENID_EMAIL_DOMAINS is set, and the provider does not vouch for the email",
        )


def _email_of(person: Person) -> str:
    try:
        return normal_email(person.email or "")
    except ValueError:
        raise SignInFailed(
            Failure.EMAIL_MISSING, "the provider told no email, or one that is none"
        ) from None
