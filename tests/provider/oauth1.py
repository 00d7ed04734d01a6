"""OAuth 1.0a (RFC 5849): its three endpoints and a protected resource.

The signatures are checked by oauthlib, which the product does not use. oauthlib has RSA through a
package that is not here, so RSA-SHA1 is verified by cryptography, over oauthlib's base string.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from oauthlib.oauth1 import (  # type: ignore[import-untyped]  # it ships no types
    AccessTokenEndpoint,
    RequestTokenEndpoint,
    RequestValidator,
    ResourceEndpoint,
)
from oauthlib.oauth1.rfc5849 import signature  # type: ignore[import-untyped]
from starlette.responses import JSONResponse, RedirectResponse, Response

from tests.provider import pages
from tests.provider.checks import form_body
from tests.provider.state import OAuth1Token, Provider, Refused, account, planted

if TYPE_CHECKING:
    from starlette.requests import Request


class _Validator(RequestValidator):  # type: ignore[misc]  # oauthlib has no types
    """What oauthlib asks about this provider."""

    enforce_ssl = False
    dummy_client = "nobody"
    dummy_request_token = dummy_access_token = "none"

    def __init__(self, provider: Provider) -> None:
        super().__init__()
        self.provider = provider
        self.why = ""

    @property
    def allowed_signature_methods(self) -> list[str]:
        return [self.provider.switches.signature_method]

    def check_client_key(self, key: str) -> bool:
        return bool(key)

    def check_request_token(self, token: str) -> bool:
        return bool(token)

    def check_access_token(self, token: str) -> bool:
        return bool(token)

    def check_nonce(self, nonce: str) -> bool:
        return len(nonce) >= 8

    def check_verifier(self, verifier: str) -> bool:
        return bool(verifier)

    def validate_timestamp_and_nonce(
        self, client_key: str, timestamp: str, nonce: str, request: Any, **tokens: Any
    ) -> bool:
        new = self.provider.once("oauth1", f"{client_key} {timestamp} {nonce} {tokens}")
        self.why = "" if new else "the nonce came before"
        return new

    def validate_client_key(self, key: str, request: Any) -> bool:
        return key == self.provider.switches.client_id

    def get_client_secret(self, key: str, request: Any) -> str:
        return self.provider.switches.client_secret

    def get_rsa_key(self, key: str, request: Any) -> str:
        return self.provider.switches.public_key

    def _secret(self, token: str, *, access: bool) -> str:
        found = self.provider.oauth1.get(token)
        return found.secret if found and found.access == access else "planted-of-nobody"

    def get_request_token_secret(self, key: str, token: str, request: Any) -> str:
        return self._secret(token, access=False)

    def get_access_token_secret(self, key: str, token: str, request: Any) -> str:
        return self._secret(token, access=True)

    def validate_redirect_uri(self, key: str, uri: str, request: Any) -> bool:
        registered = self.provider.switches.redirect_uris
        return not registered or uri in registered

    def validate_request_token(self, key: str, token: str, request: Any) -> bool:
        found = self.provider.oauth1.get(token)
        return found is not None and not found.access

    def validate_access_token(self, key: str, token: str, request: Any) -> bool:
        found = self.provider.oauth1.get(token)
        return found is not None and found.access

    def validate_verifier(self, key: str, token: str, verifier: str, request: Any) -> bool:
        found = self.provider.oauth1.get(token)
        return found is not None and found.verifier is not None and found.verifier == verifier

    def get_default_realms(self, key: str, request: Any) -> list[str]:
        return []

    def get_realms(self, token: str, request: Any) -> list[str]:
        return []

    def validate_requested_realms(self, key: str, realms: Any, request: Any) -> bool:
        return True

    def validate_realms(self, key: str, token: str, request: Any, **more: Any) -> bool:
        return True

    def save_request_token(self, token: dict[str, str], request: Any) -> None:
        value, secret = token["oauth_token"], token["oauth_token_secret"]
        self.provider.oauth1[value] = OAuth1Token(value, secret, request.redirect_uri)

    def save_access_token(self, token: dict[str, str], request: Any) -> None:
        temporary = self.provider.oauth1[request.resource_owner_key]
        value, secret = token["oauth_token"], token["oauth_token_secret"]
        self.provider.oauth1[value] = OAuth1Token(value, secret, "", temporary.user, access=True)

    def invalidate_request_token(self, key: str, token: str, request: Any) -> None:
        del self.provider.oauth1[token]


class _RsaToo:
    """Verifies RSA-SHA1 (RFC 5849, 3.4.3) and leaves the rest to oauthlib."""

    request_validator: _Validator

    def _check_signature(self, request: Any, is_token_request: bool = False) -> bool:
        if request.signature_method != "RSA-SHA1":
            valid: bool = super()._check_signature(request, is_token_request)  # type: ignore[misc]
            return valid
        key = load_pem_public_key(self.request_validator.get_rsa_key("", request).encode())
        assert isinstance(key, RSAPublicKey)
        text = signature.signature_base_string(
            request.http_method,
            signature.base_string_uri(request.uri),
            signature.normalize_parameters(request.params),
        )
        try:
            key.verify(base64.b64decode(request.signature), text.encode(), PKCS1v15(), SHA1())
        except (InvalidSignature, binascii.Error):
            return False
        return True


class _RequestToken(_RsaToo, RequestTokenEndpoint):  # type: ignore[misc]
    pass


class _AccessToken(_RsaToo, AccessTokenEndpoint):  # type: ignore[misc]
    pass


class _Resource(_RsaToo, ResourceEndpoint):  # type: ignore[misc]
    pass


async def _parts(request: Request) -> tuple[str, str, str, dict[str, str]]:
    body = (await request.body()).decode()
    # oauthlib knows this header by its usual spelling only.
    headers = {name.title(): value for name, value in request.headers.items()}
    return str(request.url), request.method, body, headers


def _answer(validator: _Validator, made: tuple[dict[str, str], str | None, int]) -> Response:
    headers, body, status = made
    if status != 200:
        why = validator.why or body or "the signature, the client or the token is wrong"
        raise Refused(f"OAuth 1.0a: {why}", "invalid_request", status)
    return Response(body, status, headers)


async def request_token(provider: Provider, request: Request) -> Response:
    """Temporary credentials (RFC 5849, 2.1)."""
    validator = _Validator(provider)
    endpoint = _RequestToken(validator, lambda: planted("oauth1"))
    return _answer(validator, endpoint.create_request_token_response(*await _parts(request)))


async def authorize(provider: Provider, request: Request) -> Response:
    """Asks the user (RFC 5849, 2.2), and sends them back to the callback."""
    switches = provider.switches
    token = provider.oauth1.get(request.query_params.get("oauth_token", ""))
    if token is None or token.access or token.verifier is not None:
        raise Refused("the request token is not known or was used", page=True)
    user, allowed = switches.user, not switches.denial
    if request.method == "POST":
        answer = await form_body(request)
        user, allowed = answer.get("user", ""), answer.get("decision") == "allow"
    elif not switches.auto:
        return pages.consent(switches.client_id, [], switches.user)
    if allowed:
        token.user, token.verifier = user, planted("verifier")
        query = {"oauth_token": token.value, "oauth_verifier": token.verifier}
    elif switches.oauth1_denial == "denied":
        query = {"denied": token.value}
    else:
        query = {"error": switches.deny_code}
    mark = "&" if urlsplit(token.callback).query else "?"
    return RedirectResponse(f"{token.callback}{mark}{urlencode(query)}", 303)


async def access_token(provider: Provider, request: Request) -> Response:
    """Token credentials (RFC 5849, 2.3), once for each verifier."""
    validator = _Validator(provider)
    endpoint = _AccessToken(validator, lambda: planted("oauth1"))
    owner = next((t.user for t in provider.oauth1.values() if t.verifier is not None), "")
    extra = {"user_id": f"acct-{owner}", "screen_name": owner}
    return _answer(
        validator,
        endpoint.create_access_token_response(*await _parts(request), credentials=extra),
    )


async def resource(provider: Provider, request: Request) -> Response:
    """A signed request of any method; its query and its form are part of the signature."""
    validator = _Validator(provider)
    valid, asked = _Resource(validator).validate_protected_resource_request(*await _parts(request))
    if not valid:
        raise Refused(f"OAuth 1.0a: {validator.why or 'the signature is wrong'}", "denied", 401)
    return JSONResponse(
        {
            **account(provider.oauth1[asked.resource_owner_key].user),
            "query": dict(request.query_params),
            "body": (await request.body()).decode(),
        }
    )
