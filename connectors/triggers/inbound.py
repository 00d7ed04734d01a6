"""Our own plain webhook, as an incoming that is made of its inputs.

`methods` (POST where left out); `secret`, sent as it is in `X-Webhook-Secret`, or, with
`signatureHeader`, as the key of an HMAC-SHA256 of the body in that header (in hexadecimal,
`sha256=` may stand in front); `responseStatus` and `responseBody`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connectors.templates import Expression, Template
from connectors.triggers.incoming import Incoming, Respond
from connectors.triggers.signatures import HmacSignature, TokenSignature

if TYPE_CHECKING:
    from collections.abc import Mapping

SIGNED = HmacSignature(
    type="hmac",
    key=Template("{{ inputs.secret }}"),
    signature=Expression(
        'request.headers[inputs.signatureHeader.trim().lower()].replace("sha256=", "", 1)'
    ),
)
SHARED = TokenSignature(
    type="token",
    value=Expression('request.headers["x-webhook-secret"]'),
    expected=Template("{{ inputs.secret }}"),
)
PRIVATE = '["authorization", "proxy-authorization", "cookie", "x-webhook-secret"]'
"""Headers that no run needs to know."""
EVENT = Template(
    {
        "method": "{{ request.method }}",
        "headers": f"{{{{ request.headers.omit({PRIVATE}) }}}}",
        "query": "{{ request.query }}",
        "body": "{{ event }}",
    }
)
KEY = Template(
    '{{ request.headers[?"idempotency-key"].or(request.headers[?"webhook-id"])'
    ".orValue(request.id) }}"
)
"""Callers that try again send one of these headers; else each request is an event of its own."""


def inbound(inputs: Mapping[str, Any]) -> Incoming:
    """How deliveries to a plain webhook with these inputs are taken."""
    verify = SIGNED if inputs.get("signatureHeader") else SHARED
    return Incoming(
        methods=tuple(inputs.get("methods") or ("POST",)),
        verify=verify if inputs.get("secret") else None,
        dedupe=KEY,
        emit=EVENT,
        respond=Respond(
            status=inputs.get("responseStatus") or 200,
            body=Template("{{ inputs.responseBody }}"),
        ),
    )
