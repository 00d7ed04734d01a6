"""Signatures of whole requests and of tokens, by the libraries that know the standards.

OAuth 1.0a (RFC 5849) by Authlib, AWS Signature Version 4 by httpx-auth, JWT (RFC 7519) by joserfc.
Apps that sign in their own way do so in `apply`, whose templates see the request.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import time
from typing import TYPE_CHECKING, Any

import httpx
from authlib.oauth1.rfc5849.client_auth import ClientAuth
from authlib.oauth1.rfc5849.signature import generate_signature_base_string
from authlib.oauth1.rfc5849.util import escape
from httpx_auth import AWS4Auth
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, OctKey, OKPKey, RSAKey

from automations.expressions import ExpressionError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connectors.auth import AwsSigV4Auth, OAuth1Auth, SignedJwt
    from connectors.credential import Credential

FORM = "application/x-www-form-urlencoded"


class SigningError(Exception):
    """A key or a value cannot be used to sign; the message holds neither."""


def _sign_hmac_sha256(client: ClientAuth, request: Any) -> str:
    key = f"{escape(client.client_secret or '')}&{escape(client.token_secret or '')}"
    text = generate_signature_base_string(request)
    digest = hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


# Authlib knows the three methods of RFC 5849 and takes others so.
ClientAuth.register_signature_method("HMAC-SHA256", _sign_hmac_sha256)


def oauth1_client(
    auth: OAuth1Auth,
    client_id: str,
    client_secret: str,
    *,
    token: str | None = None,
    token_secret: str | None = None,
    redirect_uri: str | None = None,
    verifier: str | None = None,
) -> ClientAuth:
    """Authlib's signer for one request."""
    is_rsa = auth.signature == "RSA-SHA1"
    return ClientAuth(
        client_id,
        client_secret=None if is_rsa else client_secret,
        rsa_key=client_secret if is_rsa else None,
        token=token,
        token_secret=token_secret,
        redirect_uri=redirect_uri,
        verifier=verifier,
        signature_method=auth.signature,
        realm=auth.realm,
    )


def sign_oauth1(client: ClientAuth, request: httpx.Request) -> None:
    """Puts the Authorization header of RFC 5849, 3.5.1, into a request."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    is_form = kind == FORM
    headers = {"Content-Type": FORM} if is_form else {"Content-Type": kind or "text/plain"}
    body = request.content.decode() if is_form else b""
    try:
        _, signed, _ = client.prepare(request.method, str(request.url), headers, body)
    except (ValueError, TypeError) as error:
        raise SigningError(f"the request cannot be signed by {client.signature_method}") from error
    request.headers["Authorization"] = signed["Authorization"]


def sign_with_token(auth: OAuth1Auth, credential: Credential, request: httpx.Request) -> None:
    """Signs a request of a connected account."""
    client = oauth1_client(
        auth,
        credential.integration.get("client_id", ""),
        credential.integration.get("client_secret", ""),
        token=credential.access_token,
        token_secret=credential.token_secret,
    )
    sign_oauth1(client, request)


def sign_aws(auth: AwsSigV4Auth, scope: Mapping[str, Any], request: httpx.Request) -> None:
    """Signs a request by AWS Signature Version 4."""
    names = ("access_key_id", "secret_access_key", "region", "service", "session_token")
    values = {name: getattr(auth, name).resolve(scope) for name in names}
    if missing := [name for name in names[:4] if not values[name]]:
        raise SigningError(f"{missing[0]} is missing")
    signer = AWS4Auth(
        str(values["access_key_id"]),
        str(values["secret_access_key"]),
        str(values["region"]),
        str(values["service"]),
        security_token=values["session_token"],
    )
    next(signer.auth_flow(request))


def signed_jwt(rules: SignedJwt, scope: Mapping[str, Any]) -> str:
    """A token made now; raises `SigningError` and `ExpressionError`."""
    now = int(time.time())
    claims: dict[str, Any] = {"iat": now, "exp": now + rules.lifetime}
    claims |= _resolved(rules.claims, scope)
    header = {"alg": rules.algorithm, "typ": "JWT", **_resolved(rules.header, scope)}
    return sign_claims(
        rules.algorithm, rules.key.resolve(scope), header, claims, rules.key_encoding
    )


def sign_claims(
    algorithm: str, key: Any, header: dict[str, Any], claims: dict[str, Any], encoding: str = "text"
) -> str:
    """A compact JWS of claims; raises `SigningError`."""
    try:
        found = _key(algorithm, key, encoding)
        return jwt.encode(header, claims, found, algorithms=[algorithm])
    except (JoseError, ValueError, TypeError, binascii.Error) as error:
        raise SigningError(f"the key does not fit {algorithm}") from error


def _key(algorithm: str, key: Any, encoding: str) -> Key:
    if not isinstance(key, str) or not key:
        raise ValueError("no key")
    if algorithm.startswith("HS"):
        decoded = {
            "text": lambda: key.encode(),
            "base64": lambda: base64.b64decode(key),
            "hex": lambda: bytes.fromhex(key),
        }[encoding]()
        return OctKey.import_key(decoded)
    if algorithm == "EdDSA":
        return OKPKey.import_key(key)
    return ECKey.import_key(key) if algorithm.startswith("ES") else RSAKey.import_key(key)


def _resolved(templates: Mapping[str, Any], scope: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a mapping of templates, without nulls."""
    found = {}
    for name, template in templates.items():
        try:
            value = template.resolve(scope)
        except ExpressionError as error:
            raise SigningError(f"{name} of the token cannot be computed") from error
        if value is not None:
            found[name] = value
    return found
