"""Sign-in at the operator's OpenID provider: the browser's way there and back."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import logging
import re
import secrets
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.responses import RedirectResponse

from api import console
from api.auth import cookie_of
from api.brake import Try, try_feature, was_right
from api.documentation import errors
from api.errors import ApiError, ErrorKind, not_found
from api.manage.identities import account_of
from api.manage.sessions import begin_session
from api.openid import Failure, SignInFailed
from api.schemas import Model
from api.state import State, StateDep
from api.strict_json import JsonRoute
from store.encryption import DecryptionError
from store.models import now_ms

if TYPE_CHECKING:
    from api.openid import OpenId, Person
    from store.encryption import Keyring

logger = logging.getLogger(__name__)

router = APIRouter(tags=["account"], route_class=JsonRoute)

COOKIE = "inlay_openid"
PATH = "/api/v1/sign-in/openid"
OF_OPENID = 5
"""Returns from the provider that are not genuine, from one place."""
LIFE_S = 600
"""For which somebody may take their time at the provider."""
MAX_NEXT = 1024
PARAMETERS = ("state", "code", "error", "error_description", "iss")
"""Of RFC 6749 (4.1.2) and RFC 9207."""
_CONTEXT = b"sign-in by openid"
_PLAIN_PATH = re.compile(r"/[A-Za-z0-9/._~-]*(\?[A-Za-z0-9/._~%&=+:,-]*)?")


class OpenIdView(Model):
    """The operator's OpenID provider."""

    name: str = Field(description="For the button.", examples=["Example Inc."])


class SignInWays(Model):
    """How one can sign in beside by password."""

    open_id: OpenIdView | None = Field(
        description="Open `/api/v1/sign-in/openid` in the browser; null: the operator has none."
    )


def _token() -> str:
    return secrets.token_urlsafe(32)


@dataclass(frozen=True, slots=True)
class _Flow:
    """One way to the provider and back: what the browser keeps of it, sealed, in a cookie."""

    next: str
    state: str = field(default_factory=_token)
    nonce: str = field(default_factory=_token)
    verifier: str = field(default_factory=_token)
    expires_at: int = field(default_factory=lambda: now_ms() + LIFE_S * 1000)

    def sealed(self, keyring: Keyring) -> str:
        plaintext = json.dumps(asdict(self)).encode()
        return base64.urlsafe_b64encode(keyring.encrypt(plaintext, _CONTEXT)).decode()

    @classmethod
    def opened(cls, keyring: Keyring, cookie: str) -> _Flow | None:
        """None for what is none of ours, or older than its life."""
        try:
            ciphertext = base64.urlsafe_b64decode(cookie)
            flow = cls(**json.loads(keyring.decrypt(ciphertext, _CONTEXT)))
        except (binascii.Error, ValueError, DecryptionError):
            return None
        return flow if flow.expires_at > now_ms() else None


@router.get("/sign-in", summary="Show the ways to sign in")
async def get_sign_in(state: StateDep) -> SignInWays:
    """Whether one can sign in by OpenID Connect. Needs no sign-in."""
    openid = state.openid
    return SignInWays(open_id=OpenIdView(name=openid.name) if openid else None)


@router.get(
    "/sign-in/openid",
    status_code=302,
    summary="Sign in by OpenID Connect",
    response_class=RedirectResponse,
    responses={
        302: {"description": "To the provider; to `/sign-in?error=…` when it is away."},
        **errors(ErrorKind.INVALID_PARAMETER, ErrorKind.NOT_FOUND),
    },
)
async def begin_openid(
    request: Request,
    state: StateDep,
    wanted: Annotated[
        str, Query(alias="next", description="The console's path to open afterwards.")
    ] = "/",
) -> RedirectResponse:
    """Sends the browser to the provider, from where it comes back to the callback."""
    openid = _configured(state)
    flow = _Flow(console_path(wanted))
    try:
        await _check_attempts(state, request)
        url = await openid.authorization_url(
            state=flow.state, nonce=flow.nonce, verifier=flow.verifier
        )
    except SignInFailed as error:
        return _back(error, flow.next)
    response = RedirectResponse(url, 302)
    response.set_cookie(
        cookie_of(COOKIE, state.settings.public_url),
        flow.sealed(state.keyring),
        max_age=LIFE_S,
        path=PATH,
        secure=state.settings.public_url.startswith("https:"),
        httponly=True,
        samesite="lax",
    )
    return response


@router.get(
    "/sign-in/openid/callback",
    status_code=302,
    summary="End of a sign-in by OpenID Connect",
    response_class=RedirectResponse,
    openapi_extra={
        "parameters": [
            {"name": name, "in": "query", "required": False, "schema": {"type": "string"}}
            for name in PARAMETERS
        ]
    },
    responses={
        302: {"description": "To the console; to `/sign-in?error=…` when it did not succeed."},
        **errors(ErrorKind.INVALID_PARAMETER, ErrorKind.NOT_FOUND, ErrorKind.UNAVAILABLE),
    },
)
async def complete_openid(request: Request, state: StateDep) -> RedirectResponse:
    """The redirect URI to register at the provider. Begins a session as sign-in does."""
    openid = _configured(state)
    answer = dict(request.query_params)
    flow = _Flow.opened(
        state.keyring, request.cookies.get(cookie_of(COOKIE, state.settings.public_url), "")
    )
    if flow is None or not hmac.compare_digest(
        flow.state.encode(), answer.get("state", "").encode()
    ):
        return _back(
            SignInFailed(Failure.EXPIRED, "no sign-in of this browser has this state"), "/"
        )
    try:
        attempt = await _attempt(state, request)
        person = await _person(state, openid, attempt, answer, flow)
        account_id = await account_of(state.database, state.settings, person)
        response = RedirectResponse(flow.next, 302)
        await begin_session(state, response, account_id)
    except SignInFailed as error:
        response = _back(error, flow.next)
    # The state is of one use.
    response.delete_cookie(cookie_of(COOKIE, state.settings.public_url), path=PATH)
    return response


def console_path(wanted: str) -> str:
    """`wanted`, if it is a plain path of the console that one can be signed in at; else its start.

    Browsers take `//host` and `/\\host` for other sites; encoded, a server in front may decode it.
    """
    path = wanted.partition("?")[0]
    is_page = (
        len(wanted) <= MAX_NEXT
        and _PLAIN_PATH.fullmatch(wanted)
        and "//" not in path
        and not path.startswith("/sign-")
        and console.has_page(path)
    )
    return wanted if is_page else "/"


async def _person(
    state: State, openid: OpenId, attempt: Try, answer: dict[str, str], flow: _Flow
) -> Person:
    try:
        person = await openid.person(answer, nonce=flow.nonce, verifier=flow.verifier)
    except SignInFailed as error:
        if error.failure is not Failure.FAILED:
            await was_right(state.database, attempt)
        raise
    await was_right(state.database, attempt)
    return person


async def _attempt(state: State, request: Request) -> Try:
    """Counts a return from the provider, before it is asked whether the return is genuine."""
    try:
        return await try_feature(state.database, PATH, request, OF_OPENID)
    except ApiError as error:
        raise SignInFailed(Failure.TOO_MANY, error.message) from None


async def _check_attempts(state: State, request: Request) -> None:
    """Whether a return would be looked at at all."""
    attempt = await _attempt(state, request)
    await was_right(state.database, attempt)


def _configured(state: State) -> OpenId:
    if state.openid is None:
        raise not_found("sign-in by OpenID Connect: the operator has configured no provider")
    return state.openid


def _back(error: SignInFailed, wanted: str) -> RedirectResponse:
    """To the console's page of sign-in, which explains the failure."""
    logger.warning("A sign-in by OpenID Connect did not succeed (%s): %s", error.failure, error)
    query = {"error": error.failure.value} | ({"next": wanted} if wanted != "/" else {})
    return RedirectResponse(f"/sign-in?{urlencode(query)}", 302)
