"""Sign-up, sign-in and sign-out."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from email_validator import EmailNotValidError, validate_email
from fastapi import APIRouter, Request, Response
from pydantic import AfterValidator, Field, SecretStr
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from api.auth import COOKIE, DECLARE_SESSION, SESSION_PREFIX, SignedIn, cookie_of, digest
from api.brake import OF_FEATURE, try_account, try_feature, was_right
from api.documentation import SIGNED_IN, errors
from api.errors import ApiError, ErrorKind, invalid
from api.passwords import BusyError, weakness_of
from api.schemas import Model, Timestamp
from api.state import State, StateDep
from api.strict_json import JsonRoute
from automations.messages import Message
from store.models import Account, AccountSession, new_id, now_ms

router = APIRouter(tags=["account"], route_class=JsonRoute)

SESSION_DAYS = 30


def normal_email(text: str) -> str:
    """The email as accounts are found by it; raises ValueError for what is none."""
    try:
        # Names of test networks are allowed: an installation may have no other.
        valid = validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        raise ValueError(Message("no-email")) from None
    return valid.normalized.lower()


Email = Annotated[
    str, Field(max_length=254, examples=["ada@example.com"]), AfterValidator(normal_email)
]
Password = Annotated[
    SecretStr, Field(min_length=10, max_length=256, examples=["correct horse battery"])
]
GivenPassword = Annotated[SecretStr, Field(max_length=256, examples=["correct horse battery"])]


class SignUpBody(Model):
    """A new account."""

    email: Email
    password: Password
    name: str = Field("", max_length=200, examples=["Ada"])


class SignInBody(Model):
    """An account's email and password."""

    email: Annotated[str, Field(max_length=254, examples=["ada@example.com"])]
    password: GivenPassword


class AccountView(Model):
    """An account as its developer sees it."""

    id: str
    email: str
    name: str
    developer_mode: bool
    has_password: bool = Field(
        description="False: its developer signs in by OpenID Connect, and may set a password."
    )
    plan: str
    created_at: Timestamp


class SignedInView(Model):
    """A session; its token is shown this once."""

    token: str = Field(description="For `Authorization: Bearer …`; browsers got it as a cookie.")
    expires_at: Timestamp
    account: AccountView


def account_view(account: Account) -> AccountView:
    """An account as the API answers it."""
    return AccountView(
        id=account.id,
        email=account.email,
        name=account.name,
        developer_mode=account.developer_mode,
        has_password=bool(account.password_hash),
        plan=account.plan,
        created_at=account.created_at,
    )


@router.post(
    "/accounts",
    status_code=201,
    summary="Sign up",
    responses=errors(
        ErrorKind.INVALID_PARAMETER,
        ErrorKind.CONFLICT,
        ErrorKind.TOO_MANY_ATTEMPTS,
        ErrorKind.UNAVAILABLE,
    ),
)
async def sign_up(body: SignUpBody, request: Request, state: StateDep) -> AccountView:
    """Makes an account. Sign in next."""
    attempt = await try_feature(state.database, "sign-up", request, OF_FEATURE)
    password = body.password.get_secret_value()
    weakness = await weakness_of(password, body.email, body.name)
    if weakness is not None:
        raise invalid([("password", weakness)])
    with not_too_busy():
        hashed = await state.passwords.hash(password)
    account = Account(
        id=new_id(),
        email=body.email,
        name=body.name,
        password_hash=hashed,
        developer_mode=False,
        plan="free",
        daily_credits=state.settings.daily_credits,
        created_at=now_ms(),
    )
    try:
        async with state.database.begin() as session:
            session.add(account)
    except IntegrityError:
        raise ApiError(
            ErrorKind.CONFLICT, "There is an account with this email: sign in instead."
        ) from None
    await was_right(state.database, attempt)
    return account_view(account)


@router.post(
    "/sessions",
    status_code=201,
    summary="Sign in",
    responses=errors(
        ErrorKind.INVALID_PARAMETER,
        ErrorKind.WRONG_PASSWORD,
        ErrorKind.TOO_MANY_ATTEMPTS,
        ErrorKind.UNAVAILABLE,
    ),
)
async def sign_in(
    body: SignInBody, request: Request, response: Response, state: StateDep
) -> SignedInView:
    """Begins a session, which lasts 30 days; a browser also gets it as a cookie."""
    try:
        email = normal_email(body.email)
    except ValueError:
        email = body.email  # of no account, and answered like one
    password = body.password.get_secret_value()
    account = await _authenticated(state, email, password, request)
    secret, expires_at = await begin_session(state, response, account.id)
    return SignedInView(token=secret, expires_at=expires_at, account=account_view(account))


async def begin_session(state: State, response: Response, account_id: str) -> tuple[str, int]:
    """A new session, with its cookie on the answer: its secret, and when it ends (ms)."""
    secret = SESSION_PREFIX + secrets.token_urlsafe(32)
    lasts = SESSION_DAYS * 86_400
    expires_at = now_ms() + lasts * 1000
    async with state.database.begin() as session:
        session.add(
            AccountSession(
                id=digest(secret), account_id=account_id, created_at=now_ms(), expires_at=expires_at
            )
        )
        await session.execute(
            delete(AccountSession).where(
                AccountSession.account_id == account_id, AccountSession.expires_at < now_ms()
            )
        )
    response.set_cookie(
        cookie_of(COOKIE, state.settings.public_url),
        secret,
        max_age=lasts,
        path="/api",
        secure=state.settings.public_url.startswith("https:"),
        httponly=True,
        samesite="lax",
    )
    return secret, expires_at


@router.delete(
    "/sessions/current",
    status_code=204,
    summary="Sign out",
    dependencies=DECLARE_SESSION,
    responses=SIGNED_IN,
)
async def sign_out(signed_in: SignedIn, response: Response, state: StateDep) -> None:
    """Ends this session."""
    async with state.database.begin() as session:
        await session.execute(
            delete(AccountSession).where(AccountSession.id == signed_in.session_id)
        )
    response.delete_cookie(cookie_of(COOKIE, state.settings.public_url), path="/api")


async def _authenticated(state: State, email: str, password: str, request: Request) -> Account:
    """The account; one answer, after one time, for a wrong password and an unknown email."""
    attempt = await try_account(state.database, email, request)
    async with state.database() as session:
        account = await session.scalar(select(Account).where(Account.email == email))
    known_hash = account.password_hash if account else None
    with not_too_busy():
        right = await state.passwords.verify(known_hash, password, is_known=attempt.is_known)
    if not right:
        raise ApiError(ErrorKind.WRONG_PASSWORD, "The email or the password is wrong.")
    assert account is not None  # noqa: S101 - no password is right without an account
    await was_right(state.database, attempt)
    return account


@contextmanager
def not_too_busy() -> Iterator[None]:
    """Asks whoever comes while many passwords are being checked to come again."""
    try:
        yield
    except BusyError:
        raise ApiError(
            ErrorKind.TOO_MANY_ATTEMPTS,
            "Many people sign in at this moment: try again in some seconds.",
            headers={"retry-after": "5"},
        ) from None
