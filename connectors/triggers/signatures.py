"""How a delivery proves that it is the app's own.

Templates and expressions see `request` (`id` of our own, `method`, `url` as the app called it,
`path`, `query`, `headers` with names in lower case, `body` as text, `json`, `form`), `hook.secret`
(made for each registration; null for an app webhook, whose secret is one of `integration`),
`subscription` (what the app told when it was made), `inputs` (empty for an app webhook, until it is
known whose event it is), and `integration`. A query and a form hold text by name, or a list where a
name came several times.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from connectors.request import Part
from connectors.templates import Expression, Template

TOLERANCE = 300
MAX_TOLERANCE = 86_400
"""Seconds; a day is as long as an app may be allowed to be late."""


class Signed(Part):
    """What all signatures have."""

    timestamp: Expression | None = None
    """When it was sent, in seconds or milliseconds since 1970, or as RFC 3339 text."""
    tolerance: int = Field(TOLERANCE, gt=0, le=MAX_TOLERANCE)
    """Seconds by which that moment may differ from now: an old delivery is a replay. The developer
    may set another number for the project."""


class HmacSignature(Signed):
    """A keyed hash of the delivery (RFC 2104)."""

    type: Literal["hmac"]
    algorithm: Literal["sha1", "sha256", "sha512"] = "sha256"
    key: Template
    key_encoding: Literal["text", "base64", "hex"] = "text"
    message: Template = Field(default_factory=lambda: Template("{{ request.body }}"))
    """What is signed."""
    signature: Expression
    """What was sent: text, or a list of texts of which one must fit."""
    encoding: Literal["hex", "base64"] = "hex"


class StandardWebhooksSignature(Part):
    """https://www.standardwebhooks.com: `webhook-id`, `webhook-timestamp`, `webhook-signature`."""

    type: Literal["standard_webhooks"]
    key: Template
    """`whsec_…`"""


class TokenSignature(Part):
    """A shared secret that is sent as it is."""

    type: Literal["token"]
    value: Expression
    expected: Template


class Ed25519Signature(Signed):
    """A signature by the app's own key (RFC 8032)."""

    type: Literal["ed25519"]
    public_key: Template
    """32 bytes in hexadecimal."""
    message: Template
    signature: Expression
    """In hexadecimal."""


class EcdsaSignature(Signed):
    """A signature over P-256 and SHA-256 by the app's own key, in DER."""

    type: Literal["ecdsa"]
    public_key: Template
    """SubjectPublicKeyInfo in base64."""
    message: Template
    signature: Expression
    """In base64."""


Signature = Annotated[
    HmacSignature | StandardWebhooksSignature | TokenSignature | Ed25519Signature | EcdsaSignature,
    Field(discriminator="type"),
]
