"""Tracker's OAuth 2.0 server: authorization code with PKCE, and refresh tokens that rotate.

RFC 6749, RFC 7636 and RFC 6750 by Authlib; here is only what Authlib leaves to an application.
"""

from __future__ import annotations

import secrets
import time
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from authlib.oauth2 import AuthorizationServer, OAuth2Request, ResourceProtector
from authlib.oauth2.rfc6749 import OAuth2Payload, grants
from authlib.oauth2.rfc6750 import BearerTokenGenerator, BearerTokenValidator
from authlib.oauth2.rfc7636 import CodeChallenge
from starlette.responses import JSONResponse, Response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.datastructures import FormData
    from starlette.requests import Request

    from examples.tracker.state import Config, State, User

SCOPES = {
    "tickets:read": "See your tickets",
    "tickets:write": "Create tickets and comments in your name",
    "announcements:write": "Post announcements in your name",
}
CODE_LIFETIME = 60
"""Seconds that an authorization code is good for."""


class _Payload(OAuth2Payload):
    def __init__(self, request: Request, form: FormData | None) -> None:
        pairs = [*request.query_params.multi_items(), *(form.multi_items() if form else [])]
        self._data = {name: str(value) for name, value in pairs}
        self._lists: defaultdict[str, list[str]] = defaultdict(list)
        for name, value in pairs:
            self._lists[name].append(str(value))

    @property
    def data(self) -> Mapping[str, str]:
        return self._data

    @property
    def datalist(self) -> Mapping[str, list[str]]:
        return self._lists


class StarletteOAuthRequest(OAuth2Request):
    """A request of Starlette, with its form already read, as Authlib wants to see it."""

    def __init__(self, request: Request, form: FormData | None = None) -> None:
        super().__init__(request.method, str(request.url), headers=request.headers)
        self.payload = _Payload(request, form)
        self._form = {name: str(value) for name, value in form.items()} if form else {}
        self._args = dict(request.query_params)

    @property
    def args(self) -> Mapping[str, str]:
        """The query of the URL."""
        return self._args

    @property
    def form(self) -> Mapping[str, str]:
        """The fields of the body."""
        return self._form


@dataclass(frozen=True)
class Client:
    """The registered client; see Authlib's `ClientMixin`."""

    config: Config

    @property
    def client_id(self) -> str:
        """Its public name."""
        return self.config.client_id

    def get_client_id(self) -> str:
        """Its public name."""
        return self.config.client_id

    def get_default_redirect_uri(self) -> str:
        """Where answers go when a request does not say."""
        return self.config.redirect_uri

    def get_allowed_scope(self, scope: str | None) -> str:
        """Those of the asked scopes that exist."""
        return " ".join(name for name in (scope or "").split() if name in SCOPES)

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Exactly the registered one (RFC 9700, section 2.1)."""
        return redirect_uri == self.config.redirect_uri

    def check_client_secret(self, client_secret: str) -> bool:
        """Whether that is its secret."""
        return secrets.compare_digest(self.config.client_secret, client_secret)

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        """The secret comes by HTTP Basic or in the body."""
        return method in {"client_secret_basic", "client_secret_post"}

    def check_response_type(self, response_type: str) -> bool:
        """Codes only."""
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        """Codes and refresh tokens."""
        return grant_type in {"authorization_code", "refresh_token"}


@dataclass(frozen=True)
class Code:
    """An authorization code that was not used yet."""

    user: User
    redirect_uri: str
    scope: str
    code_challenge: str | None
    code_challenge_method: str | None
    expires_at: float

    def get_redirect_uri(self) -> str:
        """The redirect URI of the request that it answers."""
        return self.redirect_uri

    def get_scope(self) -> str:
        """What the user agreed to."""
        return self.scope


@dataclass
class Token:
    """An access token and the refresh token that came with it."""

    user: User
    scope: str
    access_token: str
    refresh_token: str
    expires_at: float
    revoked: bool = False

    def check_client(self, client: Client) -> bool:
        """There is but one client."""
        return True

    def get_scope(self) -> str:
        """What the user agreed to."""
        return self.scope

    def is_expired(self) -> bool:
        """Whether its time is over."""
        return time.time() >= self.expires_at

    def is_revoked(self) -> bool:
        """Whether it was replaced."""
        return self.revoked


class OAuthServer(AuthorizationServer):
    """The authorization server, and the guard of Tracker's resources."""

    def __init__(self, state: State) -> None:
        super().__init__(scopes_supported=list(SCOPES))
        self.client = Client(state.config)
        self.codes: dict[str, Code] = {}
        self.by_access_token: dict[str, Token] = {}
        self.by_refresh_token: dict[str, Token] = {}
        self._lifetime = state.config.token_lifetime
        self.register_token_generator(
            "default",
            BearerTokenGenerator(_new_secret, _new_secret, lambda client, grant: self._lifetime),
        )
        self.register_grant(_CodeGrant, [CodeChallenge(required=True)])
        self.register_grant(_RefreshGrant)
        self.protector = ResourceProtector()
        self.protector.register_token_validator(_TokenValidator(self))

    def query_client(self, client_id: str) -> Client | None:
        """The client of that name."""
        return self.client if client_id == self.client.client_id else None

    def save_token(self, token: dict[str, Any], request: Any) -> None:
        """Keeps what was issued."""
        kept = Token(
            request.user,
            token.get("scope", ""),
            token["access_token"],
            token["refresh_token"],
            time.time() + self._lifetime,
        )
        self.by_access_token[kept.access_token] = kept
        self.by_refresh_token[kept.refresh_token] = kept

    def create_oauth2_request(self, request: StarletteOAuthRequest) -> StarletteOAuthRequest:
        """Requests are made by the routes, which can await the body."""
        return request

    def handle_response(self, status: int, body: Any, headers: list[tuple[str, str]]) -> Response:
        """An answer of Authlib as one of Starlette."""
        if isinstance(body, dict):
            return JSONResponse(body, status, dict(headers))
        return Response(body, status, dict(headers))

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Nobody listens."""


def _new_secret(**_: Any) -> str:
    return secrets.token_urlsafe(32)


class _CodeGrant(grants.AuthorizationCodeGrant):
    def save_authorization_code(self, code: str, request: Any) -> None:
        data = request.payload.data
        self.server.codes[code] = Code(
            request.user,
            request.payload.redirect_uri,
            request.scope,
            data.get("code_challenge"),
            data.get("code_challenge_method"),
            time.time() + CODE_LIFETIME,
        )

    def query_authorization_code(self, code: str, client: Client) -> Code | None:
        found: Code | None = self.server.codes.pop(code, None)
        return found if found and found.expires_at > time.time() else None

    def delete_authorization_code(self, authorization_code: Code) -> None:
        """Taken out when it was looked up: no code is good for a second try."""

    def authenticate_user(self, authorization_code: Code) -> User:
        return authorization_code.user


class _RefreshGrant(grants.RefreshTokenGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic", "client_secret_post")
    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, refresh_token: str) -> Token | None:
        token: Token | None = self.server.by_refresh_token.get(refresh_token)
        return token if token and not token.revoked else None

    def authenticate_user(self, refresh_token: Token) -> User:
        return refresh_token.user

    def revoke_old_credential(self, refresh_token: Token) -> None:
        refresh_token.revoked = True


class _TokenValidator(BearerTokenValidator):
    def __init__(self, server: OAuthServer) -> None:
        super().__init__(realm="tracker")
        self._server = server

    def authenticate_token(self, token_string: str) -> Token | None:
        return self._server.by_access_token.get(token_string)
