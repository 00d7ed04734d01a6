"""Resources for callers that sign: a JWT of their own, or every request."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from typing import TYPE_CHECKING

from joserfc.jwk import ECKey, OctKey, RSAKey
from starlette.responses import JSONResponse, Response

from tests.provider.checks import same
from tests.provider.jwts import checked, header_of, public_key
from tests.provider.state import Provider, Refused, account

if TYPE_CHECKING:
    from starlette.requests import Request

OLDEST = 300
"""Seconds after which a signed request is stale, and before which it is of the future."""


def hex_key(provider: Provider) -> str:
    """The key of HS256 as its owner gets it: the signing secret's bytes in hex."""
    return provider.switches.signing_secret.encode().hex()


async def jwt(provider: Provider, request: Request) -> Response:
    """/signed/jwt: Authorization: Bearer with a JWT that lives for a short while."""
    switches = provider.switches
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme != "Bearer":
        raise Refused("the JWT is missing", "invalid_token", 401)
    header = header_of(value)
    if header.get("alg") != switches.jwt_algorithm or header.get("typ") != "JWT":
        raise Refused(f"the JWT's header is {header}", "invalid_token", 401)
    key: RSAKey | ECKey | OctKey
    if switches.jwt_algorithm == "HS256":
        key = OctKey.import_key(switches.signing_secret.encode())
    else:
        key = public_key(provider)
    claims = checked(
        provider,
        value,
        key,
        [switches.jwt_algorithm],
        audience=switches.jwt_audience,
        longest=switches.jwt_longest,
        error="invalid_token",
    )
    if switches.jwt_issuer and claims.get("iss") != switches.jwt_issuer:
        raise Refused(f"the JWT's iss is {claims.get('iss')!r}", "invalid_token", 401)
    return JSONResponse({**account("ada"), "claims": claims, "kid": header.get("kid")})


async def sha256(provider: Provider, request: Request) -> Response:
    """/signed/hmac-sha256: X-Signature is hex HMAC-SHA256 over six lines.

    The lines: method, path, query as it is sent, X-Timestamp (epoch seconds), X-Nonce, body.
    """
    stamp, nonce = request.headers.get("x-timestamp", ""), request.headers.get("x-nonce", "")
    _fresh(stamp, 1)
    query, body = request.url.query, (await request.body()).decode()
    lines = [request.method, _path(request), query, stamp, nonce, body]
    mac = hmac.new(_secret(provider), "\n".join(lines).encode(), hashlib.sha256).hexdigest()
    _caller(provider, request.headers.get("x-key", ""))
    if not same(request.headers.get("x-signature", ""), mac):
        raise Refused("the signature is wrong", "unauthorized", 401)
    if len(nonce) < 8 or not provider.once("signed", nonce):
        raise Refused("the nonce is too short or came before", "unauthorized", 401)
    return JSONResponse({**account("ada"), "query": query, "body": body})


async def sha1(provider: Provider, request: Request) -> Response:
    """/signed/hmac-sha1: Authorization: HMAC key:signature, base64 HMAC-SHA1 over one text.

    The text: method, path with query, X-Timestamp (epoch milliseconds), body; nothing between.
    """
    stamp, body = request.headers.get("x-timestamp", ""), (await request.body()).decode()
    _fresh(stamp, 1000)
    query = f"?{request.url.query}" if request.url.query else ""
    text = f"{request.method}{_path(request)}{query}{stamp}{body}"
    mac = base64.b64encode(hmac.new(_secret(provider), text.encode(), hashlib.sha1).digest())
    scheme, _, rest = request.headers.get("authorization", "").partition(" ")
    key, _, given = rest.partition(":")
    _caller(provider, key)
    if scheme != "HMAC" or not same(given, mac.decode()):
        raise Refused("the signature is wrong", "unauthorized", 401)
    if not provider.once("signed", given):
        raise Refused("the very request came before", "unauthorized", 401)
    return JSONResponse({**account("ada"), "query": request.url.query, "body": body})


def _path(request: Request) -> str:
    raw: bytes = request.scope.get("raw_path") or request.url.path.encode()
    return raw.partition(b"?")[0].decode()


def _secret(provider: Provider) -> bytes:
    return provider.switches.signing_secret.encode()


def _caller(provider: Provider, key: str) -> None:
    if not same(key, provider.switches.key):
        raise Refused("the key is not known", "unauthorized", 401)


def _fresh(stamp: str, units: int) -> None:
    if not stamp.isdigit() or abs(time.time() - int(stamp) / units) > OLDEST:
        raise Refused("the timestamp is missing or stale", "unauthorized", 401)
