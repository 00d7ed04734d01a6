"""Checks of the proofs that deliveries carry, one function a kind of signature.

Pure: what a template needs is in the scope, and the moment is an argument. Secrets and digests are
compared in constant time (`hmac.compare_digest`). A secret that is empty proves nothing.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key
from standardwebhooks.webhooks import (
    EmptyWebhookSecretError,
    Webhook,
)

from automations.expressions import ExpressionError
from connectors.triggers.signatures import (
    MAX_TOLERANCE,
    TOLERANCE,
    EcdsaSignature,
    Ed25519Signature,
    HmacSignature,
    StandardWebhooksSignature,
    TokenSignature,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from connectors.templates import Template
    from connectors.triggers.signatures import Signature, Signed

    Scope = Mapping[str, Any]

MAX_CANDIDATES = 20
"""So many signatures of one delivery are tried; apps send two while a secret is changed."""
MILLISECONDS_FROM = 1e11
"""A greater number is a moment in milliseconds: in seconds it would be the year 5138."""


class NotProven(Exception):
    """The delivery does not prove that it is the app's own; the message holds no secret."""


def verify(signature: Signature, scope: Scope, now: float) -> None:
    """Returns when the delivery is the app's own; `now` is in seconds since 1970.

    `tolerance` of the scope (seconds), where the developer has set it, stands instead of that of
    the manifest.

    Raises NotProven.
    """
    try:
        _CHECKS[type(signature)](signature, scope, now)
    except ExpressionError as error:
        raise NotProven(f"the signature cannot be checked: {error}") from None


def _check_hmac(signature: HmacSignature, scope: Scope, now: float) -> None:
    _check_moment(signature, scope, now)
    key = _key_bytes(_secret(signature.key, scope), signature.key_encoding)
    expected = hmac.digest(key, _message(signature.message, scope), signature.algorithm)
    for candidate in _candidates(signature.signature.find(scope)):
        given = _decoded(candidate, signature.encoding)
        if given is not None and hmac.compare_digest(given, expected):
            return
    raise NotProven("the signature does not fit the delivery: check the secret on both sides")


def _check_standard(signature: StandardWebhooksSignature, scope: Scope, now: float) -> None:
    request = scope["request"]
    names = ("webhook-id", "webhook-timestamp", "webhook-signature")
    identity, stamp, found = (request["headers"].get(name) for name in names)
    if not (identity and stamp and found):
        raise NotProven("the delivery lacks one of " + ", ".join(names))
    try:
        webhook = Webhook(_secret(signature.key, scope))
    except (EmptyWebhookSecretError, ValueError):
        raise NotProven(
            "the secret of this hook is no Standard Webhooks secret (whsec_…)"
        ) from None
    sent = _checked_age(_seconds(stamp), scope, TOLERANCE, now)
    moment = datetime.fromtimestamp(sent, UTC)
    try:
        expected = webhook.sign(identity, moment, request["body"]).partition(",")[2]
    except ValueError:
        raise NotProven("the body of the delivery is no text that can be signed") from None
    for candidate in str(found).split(" ")[:MAX_CANDIDATES]:
        version, _, given = candidate.partition(",")
        if version == "v1" and hmac.compare_digest(_bytes(given), _bytes(expected)):
            return
    raise NotProven("the signature does not fit the delivery: check the secret on both sides")


def _check_token(signature: TokenSignature, scope: Scope, _now: float) -> None:
    expected = _secret(signature.expected, scope)
    for candidate in _candidates(signature.value.find(scope)):
        if hmac.compare_digest(_bytes(candidate), _bytes(expected)):
            return
    raise NotProven("the shared secret is missing or is not the one of this hook")


def _check_ed25519(signature: Ed25519Signature, scope: Scope, now: float) -> None:
    _check_moment(signature, scope, now)
    raw = _key_bytes(_secret(signature.public_key, scope), "hex")
    try:
        key = Ed25519PublicKey.from_public_bytes(raw)
    except ValueError:
        raise NotProven("the public key of this hook has not 32 bytes") from None
    message = _message(signature.message, scope)
    _check_public(signature.signature.find(scope), "hex", lambda given: key.verify(given, message))


def _check_ecdsa(signature: EcdsaSignature, scope: Scope, now: float) -> None:
    _check_moment(signature, scope, now)
    raw = _key_bytes(_secret(signature.public_key, scope), "base64")
    try:
        key = load_der_public_key(raw)
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256R1):
        raise NotProven("the public key of this hook is no key of the curve P-256")
    message = _message(signature.message, scope)
    found = signature.signature.find(scope)
    _check_public(found, "base64", lambda given: key.verify(given, message, ECDSA(SHA256())))


_CHECKS: Mapping[type, Callable[[Any, Scope, float], None]] = {
    HmacSignature: _check_hmac,
    StandardWebhooksSignature: _check_standard,
    TokenSignature: _check_token,
    Ed25519Signature: _check_ed25519,
    EcdsaSignature: _check_ecdsa,
}


def _check_public(found: Any, encoding: str, check: Callable[[bytes], None]) -> None:
    for candidate in _candidates(found):
        given = _decoded(candidate, encoding)
        if given is None:
            continue
        try:
            check(given)
        except InvalidSignature:
            continue
        return
    raise NotProven("the signature does not fit the delivery: check the app's public key")


def _check_moment(signature: Signed, scope: Scope, now: float) -> None:
    if signature.timestamp is None:
        return
    _checked_age(_seconds(signature.timestamp.find(scope)), scope, signature.tolerance, now)


def _checked_age(sent: float | None, scope: Scope, tolerance: int, now: float) -> float:
    """When the delivery was sent; raises NotProven unless that is near enough to now."""
    if sent is None:
        raise NotProven("the delivery does not say when it was sent")
    tolerance = scope.get("tolerance") or tolerance
    if abs(now - sent) > tolerance:
        raise NotProven(
            f"the delivery was sent {_span(abs(now - sent))} {'ago' if sent < now else 'ahead'}, "
            f"and may be by {tolerance} s: it may be a replay, or a clock is wrong; an app that "
            "sends again for hours needs a greater `signatureToleranceSeconds` of its integration"
        )
    return sent


def _span(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < MAX_TOLERANCE else "more than a day"


def _seconds(value: Any) -> float | None:
    """A moment as seconds since 1970."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return _rfc3339(str(value))
    if number != number:
        return None
    return number / 1000 if number > MILLISECONDS_FROM else number


def _rfc3339(text: str) -> float | None:
    try:
        moment = datetime.fromisoformat(text)
        return moment.timestamp() if moment.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def _secret(template: Template, scope: Scope) -> str:
    """The secret or key to check with; what is not known proves nothing."""
    try:
        value = template.resolve(scope)
    except ExpressionError:
        value = None
    if not isinstance(value, str) or not value:
        raise NotProven("the secret to check it with is not known here: enter it, or register anew")
    return value


def _message(template: Template, scope: Scope) -> bytes:
    value = template.resolve(scope)
    if not isinstance(value, str):
        raise NotProven("what should be signed is no text")
    return _bytes(value)


def _candidates(found: Any) -> list[str]:
    values = found if isinstance(found, list) else [found]
    return [value for value in values if isinstance(value, str) and value][:MAX_CANDIDATES]


def _bytes(text: str) -> bytes:
    """The bytes as they came: a body that is no UTF-8 stands as surrogates in its text."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise NotProven("what should be signed cannot be written in UTF-8") from None


def _key_bytes(secret: str, encoding: str) -> bytes:
    if encoding == "text":
        return _bytes(secret)
    key = _decoded(secret, encoding)
    if not key:
        raise NotProven(f"the secret of this hook is not written in {encoding}")
    return key


def _decoded(text: str, encoding: str) -> bytes | None:
    """The bytes of hexadecimal or base64, of either alphabet, padded or not; None: it is none."""
    try:
        if encoding == "hex":
            return binascii.unhexlify(text)
        plain = text.rstrip("=").replace("-", "+").replace("_", "/")
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except ValueError:
        return None
