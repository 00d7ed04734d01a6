"""The profile: name, developer mode, password, plan and credits."""

from __future__ import annotations

from fastapi import APIRouter, Request
from pydantic import Field
from sqlalchemy import delete, select, update

from api.auth import DECLARE_SESSION, SignedIn
from api.brake import try_account, was_right
from api.documentation import SIGNED_IN, errors
from api.errors import ApiError, ErrorKind, invalid
from api.launch import renews_at
from api.manage.sessions import (
    AccountView,
    GivenPassword,
    Password,
    account_view,
    not_too_busy,
)
from api.passwords import weakness_of
from api.schemas import Model
from api.state import State, StateDep
from api.strict_json import JsonRoute
from automations.messages import Message
from store.bookings import credits_of, today
from store.models import Account, AccountSession, CreditUsage

router = APIRouter(
    tags=["account"], dependencies=DECLARE_SESSION, responses=SIGNED_IN, route_class=JsonRoute
)


class AccountBody(Model):
    """What changes; the rest stays."""

    name: str | None = Field(None, max_length=200, examples=["Ada"])
    developer_mode: bool | None = Field(None, description="Projects appear in developer mode.")


class PasswordBody(Model):
    """The password that was and the one that shall be."""

    current_password: GivenPassword | None = Field(
        None, description="Needed where the account has a password."
    )
    new_password: Password


class Credits(Model):
    """What the plan grants a day and what is used of it, over all projects of the account."""

    plan: str
    daily_credits: int
    used_daily_credits: int
    renews_at: str = Field(description="RFC 3339: the next midnight in UTC.")


@router.get("/account", summary="Show the account")
async def get_account(signed_in: SignedIn, state: StateDep) -> AccountView:
    """The account that is signed in."""
    return account_view(await _account(state, signed_in.account_id))


@router.patch("/account", summary="Change the account")
async def update_account(body: AccountBody, signed_in: SignedIn, state: StateDep) -> AccountView:
    """Changes the name or turns developer mode on or off."""
    changes = body.model_dump(exclude_none=True)
    if changes:
        async with state.database.begin() as session:
            await session.execute(
                update(Account).where(Account.id == signed_in.account_id).values(changes)
            )
    return account_view(await _account(state, signed_in.account_id))


@router.put(
    "/account/password",
    status_code=204,
    summary="Change the password",
    responses=errors(ErrorKind.FORBIDDEN, ErrorKind.TOO_MANY_ATTEMPTS),
)
async def change_password(
    body: PasswordBody, request: Request, signed_in: SignedIn, state: StateDep
) -> None:
    """Changes the password, or sets the first one, and ends all other sessions."""
    account = await _account(state, signed_in.account_id)
    if account.password_hash:
        if body.current_password is None:
            raise invalid([("currentPassword", Message("current-password"))])
        current = body.current_password.get_secret_value()
        # By the account's id: who guesses at the door outside does not count here.
        attempt = await try_account(state.database, account.id, request)
        with not_too_busy():
            right = await state.passwords.verify(account.password_hash, current, is_known=True)
        if not right:
            raise ApiError(ErrorKind.FORBIDDEN, "The current password is wrong.")
        await was_right(state.database, attempt)
    new_password = body.new_password.get_secret_value()
    weakness = await weakness_of(new_password, account.email, account.name)
    if weakness is not None:
        raise invalid([("newPassword", weakness)])
    with not_too_busy():
        hashed = await state.passwords.hash(new_password)
    async with state.database.begin() as session:
        await session.execute(
            update(Account).where(Account.id == account.id).values(password_hash=hashed)
        )
        await session.execute(
            delete(AccountSession).where(
                AccountSession.account_id == account.id, AccountSession.id != signed_in.session_id
            )
        )


@router.get("/account/credits", summary="Show plan and credits")
async def get_credits(signed_in: SignedIn, state: StateDep) -> Credits:
    """What the plan grants and what is used today."""
    async with state.database() as session:
        plan, daily, app_executions, free_executions = (
            await session.execute(
                select(
                    Account.plan,
                    Account.daily_credits,
                    CreditUsage.app_executions,
                    CreditUsage.free_executions,
                )
                .select_from(Account)
                .outerjoin(
                    CreditUsage,
                    (CreditUsage.account_id == Account.id) & (CreditUsage.day == today()),
                )
                .where(Account.id == signed_in.account_id)
            )
        ).one()
    return Credits(
        plan=plan,
        daily_credits=daily,
        used_daily_credits=credits_of(app_executions or 0, free_executions or 0),
        renews_at=renews_at(),
    )


async def _account(state: State, account_id: str) -> Account:
    async with state.database() as session:
        return await session.get_one(Account, account_id)
