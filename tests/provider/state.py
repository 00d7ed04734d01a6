"""What the provider remembers: what it received and gave, and whom it turned away."""

from __future__ import annotations

import asyncio
import secrets
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.provider.switches import Switches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class Refused(Exception):
    """The request is not what the switches demand. `page` answers a browser, else a program."""

    def __init__(
        self, why: str, error: str = "invalid_request", status: int = 400, *, page: bool = False
    ) -> None:
        super().__init__(why)
        self.why, self.error, self.status, self.page = why, error, status, page


@dataclass
class Received:
    """One request, as it came. Header names are lower case."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: str
    status: int | None = None
    """What it was answered; None: not yet."""


@dataclass
class Client:
    """Somebody who may ask for tokens."""

    client_id: str
    secret: str
    auth: str
    redirect_uris: list[str] = field(default_factory=list)
    registration_token: str = ""


@dataclass
class Code:
    """An authorization code (RFC 6749, 4.1.2) and what it was given for."""

    client_id: str
    redirect_uri: str | None
    challenge: str | None
    scopes: list[str]
    user: str
    family: str
    used: bool = False


@dataclass
class AccessToken:
    """`expires_at` in seconds since the epoch."""

    value: str
    user: str
    scopes: list[str]
    expires_at: float
    family: str
    revoked: bool = False


@dataclass
class RefreshToken:
    """Belongs to the family of the sign-in that it came from."""

    value: str
    user: str
    scopes: list[str]
    client_id: str
    family: str
    used_at: float | None = None
    revoked: bool = False


@dataclass
class OAuth1Token:
    """A temporary credential (RFC 5849, 2.1) until it is exchanged, or the token it became."""

    value: str
    secret: str
    callback: str
    user: str = ""
    verifier: str | None = None
    access: bool = False


@dataclass
class Issued:
    """A pair that was just given."""

    access: AccessToken
    refresh: RefreshToken | None


@dataclass
class Provider:
    """All of one provider; tests change `switches` and read the rest."""

    url: str = ""
    switches: Switches = field(default_factory=Switches)
    received: list[Received] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    """Why requests were turned away."""
    clients: dict[str, Client] = field(default_factory=dict)
    """Those that registered themselves."""
    codes: dict[str, Code] = field(default_factory=dict)
    tokens: dict[str, AccessToken] = field(default_factory=dict)
    refresh_tokens: dict[str, RefreshToken] = field(default_factory=dict)
    refreshes: int = 0
    """Requests with a refresh token that reached the judgement of it."""
    revocations: list[str] = field(default_factory=list)
    """Tokens that were revoked by request (RFC 7009), in order."""
    seen: set[str] = field(default_factory=set)
    """Nonces and token ids that came once."""
    steps: dict[str, str] = field(default_factory=dict)
    """Results of the steps of a token exchange: what was given, to what it continues."""
    oauth1: dict[str, OAuth1Token] = field(default_factory=dict)
    api_limited: int = 0
    faults: int = 0
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def issue(
        self, user: str, scopes: Iterable[str], client_id: str, family: str, *, renewable: bool
    ) -> Issued:
        """A new access token and, if `renewable`, a new refresh token of the family."""
        access = AccessToken(
            planted("access"),
            user,
            list(scopes),
            time.time() + self.switches.lifetime,
            family,
        )
        self.tokens[access.value] = access
        refresh = None
        if renewable:
            refresh = RefreshToken(planted("refresh"), user, access.scopes, client_id, family)
            self.refresh_tokens[refresh.value] = refresh
        return Issued(access, refresh)

    def revoke_family(self, family: str) -> None:
        """Ends all tokens that came from one sign-in."""
        for token in self._all():
            if token.family == family:
                token.revoked = True

    def expire_tokens(self) -> None:
        """All access tokens end now; refresh tokens stay good."""
        for token in self.tokens.values():
            token.expires_at = 0

    def revoke_all(self) -> None:
        """The user took the access back, at the provider's own pages."""
        for token in self._all():
            token.revoked = True

    def _all(self) -> list[AccessToken | RefreshToken]:
        return [*self.tokens.values(), *self.refresh_tokens.values()]

    def once(self, kind: str, value: str) -> bool:
        """Whether this nonce comes for the first time."""
        name = f"{kind} {value}"
        new = name not in self.seen
        self.seen.add(name)
        return new

    def news(self) -> None:
        """Wakes those who wait in `until`."""
        self._news.set()

    async def until(self, condition: Callable[[], bool], seconds: float = 60) -> None:
        """Waits until `condition` holds; it is looked at whenever a request came or ended."""
        async with asyncio.timeout(seconds):
            while not condition():
                self._news.clear()
                await self._news.wait()

    def at(self, path: str) -> list[Received]:
        """The requests that came to one path."""
        return [request for request in self.received if request.path == path]


def planted(kind: str) -> str:
    """A new secret that a search finds."""
    return f"planted-{kind}-{secrets.token_hex(12)}"


def account(user: str) -> dict[str, Any]:
    """Who a user is, as the API tells it."""
    return {"id": f"acct-{user}", "name": user.title(), "email": f"{user}@example.com"}
