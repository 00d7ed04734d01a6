"""Checks of JWTs that clients sign themselves."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OctKey, RSAKey

from tests.provider.state import Provider, Refused

if TYPE_CHECKING:
    from collections.abc import Collection

SKEW = 60
"""Seconds that a client's clock may be off."""


def public_key(provider: Provider) -> RSAKey | ECKey:
    """The key of the switch `public_key`."""
    pem = provider.switches.public_key
    for kind in (RSAKey, ECKey):
        try:
            return kind.import_key(pem)
        except (JoseError, ValueError):
            continue
    raise Refused("the switch public_key holds no RSA or EC key in PEM", "server_error", 500)


def checked(
    provider: Provider,
    value: str,
    key: RSAKey | ECKey | OctKey,
    algorithms: Collection[str],
    *,
    audience: str,
    longest: float,
    error: str,
) -> dict[str, Any]:
    """The claims of a JWT whose signature, header, audience and times are right.

    `longest` is how many seconds after now it may still live. A `jti` must not come twice.
    """

    def refused(why: str) -> Refused:
        return Refused(f"the JWT {why}", error, 401)

    try:
        token = jwt.decode(value, key, algorithms=list(algorithms))
    except (JoseError, ValueError) as failure:
        raise refused(f"is not valid: {failure}") from None
    header, claims, now = token.header, token.claims, time.time()
    if header.get("typ", "JWT") != "JWT":
        raise refused("has another typ than JWT")
    if provider.switches.key_id and header.get("kid") != provider.switches.key_id:
        raise refused(f"names the kid {header.get('kid')!r}")
    if claims.get("aud") != audience:
        raise refused(f"is for {claims.get('aud')!r} and not for {audience!r}")
    for name in ("exp", "iat"):
        if not isinstance(claims.get(name), int) or isinstance(claims.get(name), bool):
            raise refused(f"has no whole number as {name}")
    if not now - SKEW < claims["exp"] <= now + longest + SKEW:
        raise refused("has ended, or lives too long")
    if abs(claims["iat"] - now) > SKEW:
        raise refused("was not made now")
    if "jti" in claims and not provider.once("jti", str(claims["jti"])):
        raise refused("came before")
    return claims


def header_of(value: str) -> dict[str, Any]:
    """The header of a compact JWS, unverified."""
    try:
        return dict(jws.extract_compact(value.encode()).headers())
    except (JoseError, ValueError):
        raise Refused("the credential is no JWT", "invalid_token", 401) from None
