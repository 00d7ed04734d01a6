"""Sign-in at the operator's OpenID provider: the protocol.

OpenID Connect Core 1.0 (code flow, section 3.1) and Discovery 1.0, with PKCE (RFC 7636), the
provider's name in its answer (RFC 9207) and what else RFC 9700 advises. Knows no database.
"""

from __future__ import annotations

import base64
import hmac
import json
import logging
import re
import ssl
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

import certifi
from authlib.common.urls import add_params_to_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from pydantic import BaseModel, ValidationError

from connectors.addresses import AllowedHosts
from connectors.http import OutgoingError, OutgoingHttp

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    import httpx

    from settings import Settings

logger = logging.getLogger(__name__)

CALLBACK = "/api/v1/sign-in/openid/callback"
SCOPE = "openid email profile"
ALGORITHMS = [f"{family}{bits}" for family in ("RS", "PS", "ES") for bits in (256, 384, 512)]
"""Of signatures; not those with the client secret as key."""
TIMEOUT = 10.0
"""Seconds for one answer of the provider."""
MAX_ANSWER_BYTES = 1024 * 1024
KEEP = 3600.0
"""Seconds for which the provider's description and keys are not asked for again."""
LEEWAY = 60
"""Seconds by which the provider's clock may differ from ours."""
_ERROR_CODE = re.compile(r"[A-Za-z0-9_.-]{1,64}")


class Failure(StrEnum):
    """Why a sign-in did not succeed, as the console is told and explains it."""

    DENIED = "denied"
    """The person did not agree, or the provider does not let them in."""
    EXPIRED = "expired"
    """It was begun too long ago, in another browser, or is over already."""
    FAILED = "failed"
    """What the provider answered cannot be believed."""
    UNAVAILABLE = "unavailable"
    """The provider cannot be reached, or has a fault."""
    TOO_MANY = "too-many"
    """Too many that failed came from one address."""
    EMAIL_MISSING = "email-missing"
    EMAIL_UNVERIFIED = "email-unverified"
    """There is an account with the email, or domains are prescribed, and the provider does not
    vouch for the email."""
    EMAIL_TAKEN = "email-taken"
    """Another person of the provider has the account with the email."""
    EMAIL_NOT_ALLOWED = "email-not-allowed"


class SignInFailed(Exception):
    """A sign-in did not succeed; `str()` says why to the operator, and holds no secret."""

    def __init__(self, failure: Failure, reason: str) -> None:
        super().__init__(reason)
        self.failure = failure


@dataclass(frozen=True, slots=True)
class Person:
    """Who the provider says has signed in."""

    issuer: str
    subject: str
    email: str | None
    email_verified: bool
    name: str


class Provider(BaseModel):
    """What the provider says of itself (Discovery 1.0, section 3)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None = None
    token_endpoint_auth_methods_supported: list[str] = ["client_secret_basic"]
    authorization_response_iss_parameter_supported: bool = False


class OpenId:
    """The operator's provider, with Inlay as its client."""

    def __init__(self, settings: Settings, http: OutgoingHttp) -> None:
        self.name = settings.openid_name or urlsplit(settings.openid_issuer).netloc
        self.redirect_uri = settings.public_url.rstrip("/") + CALLBACK
        self._issuer = settings.openid_issuer
        self._client_id = settings.openid_client_id
        self._client_secret = settings.openid_client_secret
        self._http = http
        self._provider: tuple[float, Provider] | None = None
        self._keys: tuple[float, KeySet] | None = None

    async def authorization_url(self, *, state: str, nonce: str, verifier: str) -> str:
        """Where the browser goes to sign in (Core 3.1.2.1); raises `SignInFailed`."""
        params = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": self.redirect_uri,
            "scope": SCOPE,
            "state": state,
            "nonce": nonce,
            "code_challenge": create_s256_code_challenge(verifier),
            "code_challenge_method": "S256",
        }
        provider = await self._described()
        url: str = add_params_to_uri(provider.authorization_endpoint, list(params.items()))
        return url

    async def person(self, answer: Mapping[str, str], *, nonce: str, verifier: str) -> Person:
        """Who it is, by the query with which the browser came back; raises `SignInFailed`.

        The caller has compared the state.
        """
        provider = await self._described()
        issuer = answer.get("iss")
        must_name = provider.authorization_response_iss_parameter_supported
        if (issuer or must_name) and issuer != provider.issuer:
            raise SignInFailed(Failure.FAILED, "the answer is of another provider (RFC 9207)")
        if error := answer.get("error"):
            is_denied = error == "access_denied"
            raise SignInFailed(
                Failure.DENIED if is_denied else Failure.FAILED,
                f"the provider answered the error {_shown(error)}",
            )
        if not answer.get("code"):
            raise SignInFailed(Failure.FAILED, "the provider's answer has no code")
        tokens = await self._tokens(provider, answer["code"], verifier)
        claims = await self._claims(provider, tokens.get("id_token"), nonce)
        told = claims if claims.get("email") else await self._userinfo(provider, tokens, claims)
        email, name = told.get("email"), told.get("name") or claims.get("name")
        return Person(
            issuer=provider.issuer,
            subject=claims["sub"],
            email=email if isinstance(email, str) else None,
            # Amazon Cognito writes the boolean as text.
            email_verified=told.get("email_verified") in (True, "true"),
            name=name if isinstance(name, str) else "",
        )

    async def _described(self) -> Provider:
        """The provider's own description, at most KEEP seconds old (Discovery 4)."""
        if self._provider and time.monotonic() - self._provider[0] < KEEP:
            return self._provider[1]
        url = self._issuer.rstrip("/") + "/.well-known/openid-configuration"
        try:
            provider = Provider.model_validate(await self._read("its description", "GET", url))
        except ValidationError as error:
            lacking = ", ".join(str(fault["loc"][0]) for fault in error.errors())
            raise SignInFailed(
                Failure.UNAVAILABLE, f"the description at {url} lacks: {lacking}"
            ) from None
        if provider.issuer != self._issuer:
            raise SignInFailed(
                Failure.UNAVAILABLE,
                f"the provider calls itself {provider.issuer!r}: INLAY_OPENID_ISSUER must be that",
            )
        self._provider = (time.monotonic(), provider)
        return provider

    async def _tokens(self, provider: Provider, code: str, verifier: str) -> dict[str, Any]:
        """What the token endpoint gives for the code (Core 3.1.3)."""
        client = {
            "client_id": self._client_id,
            "client_secret": self._client_secret.get_secret_value(),
        }
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": verifier,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if "client_secret_basic" in provider.token_endpoint_auth_methods_supported:
            # Each part is written as in a form (RFC 6749, 2.3.1).
            pair = ":".join(quote(part, safe="") for part in client.values())
            headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
        else:
            form |= client
        return await self._read(
            "tokens", "POST", provider.token_endpoint, headers=headers, content=urlencode(form)
        )

    async def _claims(self, provider: Provider, token: Any, nonce: str) -> dict[str, Any]:
        """The claims of an ID token that is good (Core 3.1.3.7)."""
        if not isinstance(token, str):
            raise SignInFailed(Failure.FAILED, "the provider gave no ID token")
        rules = jwt.JWTClaimsRegistry(
            leeway=LEEWAY,
            iss={"essential": True, "value": provider.issuer},
            sub={"essential": True},
            aud={"essential": True, "value": self._client_id},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True},
        )
        try:
            claims = await self._verified(provider, token)
            rules.validate(claims)
        except (JoseError, ValueError, TypeError) as error:
            reason = str(error) if isinstance(error, JoseError) else type(error).__name__
            raise SignInFailed(Failure.FAILED, f"the ID token is not good: {reason}") from None
        if not hmac.compare_digest(str(claims["nonce"]).encode(), nonce.encode()):
            raise SignInFailed(Failure.FAILED, "the ID token's nonce is of another sign-in")
        audience, party = claims["aud"], claims.get("azp")
        is_shared = isinstance(audience, list) and len(audience) > 1
        if party != self._client_id and (party is not None or is_shared):
            raise SignInFailed(Failure.FAILED, "the ID token was issued to another client (azp)")
        return claims

    async def _verified(self, provider: Provider, token: str) -> dict[str, Any]:
        """The claims below a signature of the provider's; raises what joserfc raises."""
        kept = self._keys
        if kept and time.monotonic() - kept[0] < KEEP:
            try:
                return jwt.decode(token, kept[1], ALGORITHMS).claims
            except JoseError:
                logger.info("The keys of the OpenID provider are read anew.")
        found = await self._read("its keys", "GET", provider.jwks_uri)
        try:
            keys = KeySet.import_key_set({"keys": found["keys"]})
        except (JoseError, KeyError, ValueError, TypeError) as error:
            raise SignInFailed(
                Failure.UNAVAILABLE, f"the provider's keys cannot be read: {type(error).__name__}"
            ) from None
        self._keys = (time.monotonic(), keys)
        return jwt.decode(token, keys, ALGORITHMS).claims

    async def _userinfo(
        self, provider: Provider, tokens: Mapping[str, Any], claims: Mapping[str, Any]
    ) -> dict[str, Any]:
        """What the userinfo endpoint tells of the same person (Core 5.3); {} without one."""
        access_token = tokens.get("access_token")
        if provider.userinfo_endpoint is None or not isinstance(access_token, str):
            return {}
        headers = {"Authorization": f"Bearer {access_token}"}
        told = await self._read("userinfo", "GET", provider.userinfo_endpoint, headers=headers)
        if told.get("sub") != claims["sub"]:
            raise SignInFailed(Failure.FAILED, "userinfo is of another person than the ID token")
        return told

    async def _read(self, what: str, method: str, url: str, **request: Any) -> dict[str, Any]:
        """The JSON object that the provider answers; raises `SignInFailed`."""
        try:
            response = await self._http.request(method, url, timeout=TIMEOUT, **request)
        except OutgoingError as error:
            raise SignInFailed(Failure.UNAVAILABLE, f"{what}: {error}") from None
        answer = _decoded(response)
        if response.is_success and answer is not None:
            return answer
        # A code or a token that is not taken is the sign-in's fault, all else the provider's.
        is_refused = response.status_code in (400, 401, 403)
        told = _shown((answer or {}).get("error"))
        raise SignInFailed(
            Failure.FAILED if is_refused else Failure.UNAVAILABLE,
            f"{what}: the provider answered {response.status_code}, error {told}",
        )


@asynccontextmanager
async def open_openid(settings: Settings) -> AsyncIterator[OpenId | None]:
    """The operator's provider, for the time of a block; None where none is configured.

    It may be a private host, and have a certificate of the system's authorities.
    """
    if not settings.openid_issuer:
        yield None
        return
    authorities = ssl.create_default_context(cafile=certifi.where())
    authorities.load_default_certs()
    async with OutgoingHttp(
        AllowedHosts.parse("0.0.0.0/0, ::/0"),
        plain_http=settings.environment != "production",
        verify=authorities,
        max_response_bytes=MAX_ANSWER_BYTES,
    ) as http:
        yield OpenId(settings, http)


def _decoded(response: httpx.Response) -> dict[str, Any] | None:
    try:
        answer = json.loads(response.content)
    except ValueError:
        return None
    return answer if isinstance(answer, dict) else None


def _shown(error: Any) -> str:
    """A provider's error code as a log may hold it."""
    return error if isinstance(error, str) and _ERROR_CODE.fullmatch(error) else "(unnamed)"
