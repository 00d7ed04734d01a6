"""An OpenID provider that answers what a test wants, also what no good provider would."""

from __future__ import annotations

import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from tests.api.beacon import listening

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

CLIENT = "inlay-at-the-issuer"
SECRET = "secret/of+the client"
ACCESS_TOKEN = "access-token-of-the-issuer"


def new_key(kid: str) -> ECKey:
    return ECKey.generate_key("P-256", {"kid": kid, "use": "sig"})


@dataclass
class Issuer:
    """What it publishes and answers."""

    url: str = ""
    signing: ECKey = field(default_factory=lambda: new_key("first"))
    published: list[ECKey] = field(default_factory=list)
    nonce: str = ""
    """Of the sign-in that is under way."""
    claims: dict[str, Any] = field(default_factory=dict)
    """Over those of a good ID token; None leaves one out."""
    header: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] = field(default_factory=lambda: {"sub": "7"})
    description: dict[str, Any] = field(default_factory=dict)
    """Over that of a good provider."""
    token_status: int = 200
    asked: list[Request] = field(default_factory=list)
    forms: list[dict[str, Any]] = field(default_factory=list)
    issued: list[str] = field(default_factory=list)
    """ID tokens."""

    def paths(self) -> list[str]:
        return [request.url.path for request in self.asked]

    async def describe(self, request: Request) -> JSONResponse:
        self.asked.append(request)
        return JSONResponse(
            {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/auth",
                "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/keys",
                "userinfo_endpoint": f"{self.url}/me",
                **self.description,
            }
        )

    async def keys(self, request: Request) -> JSONResponse:
        self.asked.append(request)
        keys = self.published or [self.signing]
        return JSONResponse(KeySet(list(keys)).as_dict(private=False))

    async def token(self, request: Request) -> JSONResponse:
        self.asked.append(request)
        self.forms.append(dict(await request.form()))
        if self.token_status != 200:
            return JSONResponse({"error": "invalid_grant"}, self.token_status)
        now = int(time.time())
        claims = {
            "iss": self.url,
            "sub": "7",
            "aud": CLIENT,
            "nonce": self.nonce,
            "iat": now,
            "exp": now + 300,
            "email": "ada@example.com",
            "email_verified": True,
            **self.claims,
        }
        kept = {name: value for name, value in claims.items() if value is not None}
        header = {"alg": "ES256", "kid": self.signing.kid, **self.header}
        self.issued.append(jwt.encode(header, kept, self.signing, algorithms=[header["alg"]]))
        return JSONResponse(
            {"token_type": "Bearer", "access_token": ACCESS_TOKEN, "id_token": self.issued[-1]}
        )

    async def me(self, request: Request) -> JSONResponse:
        self.asked.append(request)
        return JSONResponse(self.userinfo)


@asynccontextmanager
async def issuing() -> AsyncIterator[Issuer]:
    """The provider on a port of its own."""
    issuer = Issuer()
    web = Starlette(
        routes=[
            Route("/.well-known/openid-configuration", issuer.describe),
            Route("/keys", issuer.keys),
            Route("/token", issuer.token, methods=["POST"]),
            Route("/me", issuer.me),
        ]
    )
    async with listening(web) as url:
        issuer.url = url
        yield issuer
