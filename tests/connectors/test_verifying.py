"""Signatures of deliveries: what proves where a delivery comes from, and what does not.

The schemes of real apps are written as data here, and their signatures are computed with nothing
but the standard library, as each vendor's documentation describes them.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from connectors.triggers import Signature
from connectors.triggers.delivery import Delivery, Refused, request_scope
from connectors.triggers.verifying import NotProven, verify

NOW = 1_796_000_000
SECRET = "a secret of the app's own"
URL = "https://inlay.example.com/api/v1/hooks/abc?tenant=7"
BODY = json.dumps({"id": "evt_1", "text": "Grüße"}, ensure_ascii=False).encode()
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


def scope(
    body: bytes = BODY,
    headers: dict[str, str] | None = None,
    *,
    kind: str = JSON,
    method: str = "POST",
    secret: str | None = SECRET,
) -> dict[str, Any]:
    delivery = Delivery(
        id="delivery-1",
        method=method,
        url=URL,
        path="/api/v1/hooks/abc",
        query="tenant=7",
        headers=[("Content-Type", kind), *(headers or {}).items()],
        body=body,
    )
    return {
        "request": request_scope(delivery),
        "hook": {"id": "hook-1", "secret": secret},
        "subscription": {},
        "inputs": {},
        "integration": {"authToken": secret},
    }


def signature(**data: Any) -> Signature:
    parsed: Signature = TypeAdapter(Signature).validate_python(data)
    return parsed


def hex_of(key: str, message: bytes, algorithm: str = "sha256") -> str:
    return hmac.new(key.encode(), message, algorithm).hexdigest()


def base64_of(key: str, message: bytes, algorithm: str = "sha256") -> str:
    return base64.b64encode(hmac.new(key.encode(), message, algorithm).digest()).decode()


# GitHub: X-Hub-Signature-256, https://docs.github.com/webhooks/using-webhooks
GITHUB = signature(
    type="hmac",
    key="{{ hook.secret }}",
    signature='request.headers["x-hub-signature-256"].after("sha256=")',
)
# Slack: v0:timestamp:body, https://docs.slack.dev/authentication/verifying-requests-from-slack
SLACK = signature(
    type="hmac",
    key="{{ hook.secret }}",
    timestamp='request.headers["x-slack-request-timestamp"]',
    message='v0:{{ request.headers["x-slack-request-timestamp"] }}:{{ request.body }}',
    signature='request.headers["x-slack-signature"].after("v0=")',
)
# Stripe: t=…,v1=…,v1=…, https://docs.stripe.com/webhooks/signature
STRIPE = signature(
    type="hmac",
    key="{{ hook.secret }}",
    timestamp='request.headers["stripe-signature"].regexExtract("t=([0-9]+)")',
    message=(
        '{{ request.headers["stripe-signature"].regexExtract("t=([0-9]+)") }}.{{ request.body }}'
    ),
    signature='request.headers["stripe-signature"].regexExtractAll("v1=([0-9a-f]+)")',
)
# Shopify: base64, https://shopify.dev/docs/apps/build/webhooks/subscribe/https
SHOPIFY = signature(
    type="hmac",
    key="{{ hook.secret }}",
    signature='request.headers["x-shopify-hmac-sha256"]',
    encoding="base64",
)
# Twilio: URL and sorted parameters, https://www.twilio.com/docs/usage/security
TWILIO = signature(
    type="hmac",
    algorithm="sha1",
    key="{{ integration.authToken }}",
    message="{{ request.url }}{{ request.form.entries().map(e, e.key + e.value).join() }}",
    signature='request.headers["x-twilio-signature"]',
    encoding="base64",
)
# HubSpot, version 3: method, URI, body and time in milliseconds
HUBSPOT = signature(
    type="hmac",
    key="{{ hook.secret }}",
    timestamp='request.headers["x-hubspot-request-timestamp"]',
    message=(
        "{{ request.method }}{{ request.url }}{{ request.body }}"
        '{{ request.headers["x-hubspot-request-timestamp"] }}'
    ),
    signature='request.headers["x-hubspot-signature-v3"]',
    encoding="base64",
)


def github(body: bytes, key: str, _at: int) -> dict[str, str]:
    return {"X-Hub-Signature-256": "sha256=" + hex_of(key, body)}


def slack(body: bytes, key: str, at: int) -> dict[str, str]:
    signed = hex_of(key, b"v0:%d:" % at + body)
    return {"X-Slack-Request-Timestamp": str(at), "X-Slack-Signature": f"v0={signed}"}


def stripe(body: bytes, key: str, at: int) -> dict[str, str]:
    signed = hex_of(key, b"%d." % at + body)
    other = hex_of("the secret before", b"%d." % at + body)
    return {"Stripe-Signature": f"t={at},v1={other},v1={signed},v0={'0' * 64}"}


def shopify(body: bytes, key: str, _at: int) -> dict[str, str]:
    return {"X-Shopify-Hmac-Sha256": base64_of(key, body)}


def twilio(body: bytes, key: str, _at: int) -> dict[str, str]:
    pairs = sorted(parse_qsl(body.decode(), keep_blank_values=True))
    message = URL + "".join(name + value for name, value in pairs)
    return {"X-Twilio-Signature": base64_of(key, message.encode(), "sha1")}


def hubspot(body: bytes, key: str, at: int) -> dict[str, str]:
    stamp = str(at * 1000)
    signed = base64_of(key, b"POST" + URL.encode() + body + stamp.encode())
    return {"X-HubSpot-Request-Timestamp": stamp, "X-HubSpot-Signature-v3": signed}


SMS = urlencode({"To": "+49 30 1", "From": "+90 5", "Body": "çay & kahve", "Empty": ""}).encode()
SCHEMES = [
    pytest.param(GITHUB, github, BODY, JSON, id="github"),
    pytest.param(SLACK, slack, BODY, JSON, id="slack"),
    pytest.param(STRIPE, stripe, BODY, JSON, id="stripe"),
    pytest.param(SHOPIFY, shopify, BODY, JSON, id="shopify"),
    pytest.param(TWILIO, twilio, SMS, FORM, id="twilio"),
    pytest.param(HUBSPOT, hubspot, BODY, JSON, id="hubspot"),
]
TIMED = [case for case in SCHEMES if case.id in {"slack", "stripe", "hubspot"}]


@pytest.mark.parametrize(("scheme", "sign", "body", "kind"), SCHEMES)
def test_a_signature_of_the_app_is_taken(
    scheme: Signature, sign: Any, body: bytes, kind: str
) -> None:
    verify(scheme, scope(body, sign(body, SECRET, NOW), kind=kind), NOW)


@pytest.mark.parametrize(("scheme", "sign", "body", "kind"), SCHEMES)
def test_another_key_and_another_body_and_no_signature_are_not(
    scheme: Signature, sign: Any, body: bytes, kind: str
) -> None:
    other = scope(body, sign(body, "another secret", NOW), kind=kind)
    changed = scope(body + (b" " if kind == JSON else b"&x=1"), sign(body, SECRET, NOW), kind=kind)
    unsigned = scope(body, {}, kind=kind)
    for wrong in (other, changed, unsigned):
        with pytest.raises(NotProven) as told:
            verify(scheme, wrong, NOW)
        assert SECRET not in str(told.value)


@pytest.mark.parametrize(("scheme", "sign", "body", "kind"), SCHEMES)
@pytest.mark.parametrize("secret", [None, ""])
def test_a_secret_that_is_not_known_proves_nothing(
    scheme: Signature, sign: Any, body: bytes, kind: str, secret: str | None
) -> None:
    forged = scope(body, sign(body, "", NOW), kind=kind, secret=secret)
    with pytest.raises(NotProven, match="not known"):
        verify(scheme, forged, NOW)


@pytest.mark.parametrize(("scheme", "sign", "body", "kind"), TIMED)
def test_what_was_sent_long_ago_is_a_replay(
    scheme: Signature, sign: Any, body: bytes, kind: str
) -> None:
    sent = scope(body, sign(body, SECRET, NOW), kind=kind)
    verify(scheme, sent, NOW + 299)
    verify(scheme, sent, NOW - 299)
    for moment in (NOW + 301, NOW - 301):
        with pytest.raises(NotProven, match="replay"):
            verify(scheme, sent, moment)


@pytest.mark.parametrize(("scheme", "sign", "body", "kind"), TIMED)
def test_the_developer_says_how_late_a_delivery_may_be(
    scheme: Signature, sign: Any, body: bytes, kind: str
) -> None:
    sent = {**scope(body, sign(body, SECRET, NOW), kind=kind), "tolerance": 14_400}
    verify(scheme, sent, NOW + 14_399)
    with pytest.raises(NotProven, match=r"sent 14401 s ago.*by 14400 s.*ToleranceSeconds"):
        verify(scheme, sent, NOW + 14_401)
    with pytest.raises(NotProven, match="sent 31 s ago"):
        verify(scheme, {**sent, "tolerance": 30}, NOW + 31)


@pytest.mark.parametrize(("scheme", "sign", "body", "kind"), TIMED)
def test_a_replay_cannot_be_given_another_time(
    scheme: Signature, sign: Any, body: bytes, kind: str
) -> None:
    headers = sign(body, SECRET, NOW)
    later = NOW + 3600
    renewed = {name: value.replace(str(NOW), str(later)) for name, value in headers.items()}
    assert renewed != headers
    with pytest.raises(NotProven, match="does not fit"):
        verify(scheme, scope(body, renewed, kind=kind), later)


@pytest.mark.parametrize("stamp", ["", "soon", "NaN", "inf", "-1", "1e400", "2026-11-24T10:00:00"])
def test_a_time_that_is_none_is_refused(stamp: str) -> None:
    signed = hex_of(SECRET, f"v0:{stamp}:".encode() + BODY)
    headers = {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={signed}"}
    with pytest.raises(NotProven, match="sent"):
        verify(SLACK, scope(headers=headers), NOW)


@pytest.mark.parametrize("stamp", ["2026-11-30T00:53:20Z", "2026-11-30T01:53:20.5+01:00"])
def test_a_time_may_be_written_as_rfc_3339_says(stamp: str) -> None:
    signed = hex_of(SECRET, f"v0:{stamp}:".encode() + BODY)
    headers = {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={signed}"}
    verify(SLACK, scope(headers=headers), NOW)


@pytest.mark.parametrize("change", [str.upper, str.lower])
def test_hexadecimal_may_have_capitals(change: Any) -> None:
    signed = change(hex_of(SECRET, BODY))
    verify(GITHUB, scope(headers={"X-Hub-Signature-256": f"sha256={signed}"}), NOW)


@pytest.mark.parametrize("change", [lambda text: text.rstrip("="), lambda text: text])
def test_base64_may_lack_its_padding_and_have_the_other_alphabet(change: Any) -> None:
    signed = base64_of(SECRET, BODY)
    written = change(signed).replace("+", "-").replace("/", "_")
    verify(SHOPIFY, scope(headers={"X-Shopify-Hmac-Sha256": written}), NOW)


@pytest.mark.parametrize(
    "written", ["", "é", "==", "a", "0" * 63, "g" * 64, "0" * 64, "sha1=00", "\x7f", ", ,"]
)
def test_odd_signatures_are_only_wrong(written: str) -> None:
    for scheme, name in ((GITHUB, "X-Hub-Signature-256"), (SHOPIFY, "X-Shopify-Hmac-Sha256")):
        with pytest.raises(NotProven):
            verify(scheme, scope(headers={name: written}), NOW)


def test_a_body_that_is_no_utf_8_is_checked_byte_by_byte() -> None:
    body = b"\xff\xfe binary"
    good = scope(body, github(body, SECRET, NOW), kind="application/octet-stream")
    verify(GITHUB, good, NOW)
    other = scope(b"\xff\xfd binary", github(body, SECRET, NOW), kind="application/octet-stream")
    with pytest.raises(NotProven):
        verify(GITHUB, other, NOW)


@pytest.mark.parametrize(
    ("encoding", "written"), [("hex", "00ff10"), ("base64", "AP8Q"), ("text", "00ff10")]
)
def test_keys_come_in_encodings(encoding: str, written: str) -> None:
    scheme = signature(
        type="hmac",
        algorithm="sha512",
        key="{{ hook.secret }}",
        key_encoding=encoding,
        signature='request.headers["x-signature"]',
    )
    key = b"00ff10" if encoding == "text" else b"\x00\xff\x10"
    signed = hmac.new(key, BODY, "sha512").hexdigest()
    verify(scheme, scope(headers={"X-Signature": signed}, secret=written), NOW)
    if encoding != "text":
        with pytest.raises(NotProven, match=encoding):
            verify(scheme, scope(headers={"X-Signature": signed}, secret="?!"), NOW)


def test_no_more_than_some_candidates_are_tried() -> None:
    signed = hex_of(SECRET, b"%d." % NOW + BODY)
    many = ",".join(["v1=" + "0" * 64] * 20)
    with pytest.raises(NotProven):
        verify(STRIPE, scope(headers={"Stripe-Signature": f"t={NOW},{many},v1={signed}"}), NOW)


class TestToken:
    scheme = signature(
        type="token", value='request.headers["x-gitlab-token"]', expected="{{ hook.secret }}"
    )

    def test_the_shared_secret_is_taken(self) -> None:
        verify(self.scheme, scope(headers={"X-Gitlab-Token": SECRET}), NOW)

    @pytest.mark.parametrize("value", ["", "x", SECRET[:-1], SECRET + "x", SECRET.upper(), "ü"])
    def test_another_is_not(self, value: str) -> None:
        with pytest.raises(NotProven):
            verify(self.scheme, scope(headers={"X-Gitlab-Token": value}), NOW)
        with pytest.raises(NotProven):
            verify(self.scheme, scope(), NOW)

    @pytest.mark.parametrize("secret", ["", None])
    def test_nothing_is_no_secret(self, secret: str | None) -> None:
        with pytest.raises(NotProven, match="not known"):
            verify(self.scheme, scope(headers={"X-Gitlab-Token": ""}, secret=secret), NOW)


class TestStandardWebhooks:
    """The vector's form: https://github.com/standard-webhooks/standard-webhooks, the spec."""

    key = b"0123456789abcdef01234567"
    secret = "whsec_" + base64.b64encode(key).decode()
    scheme = signature(type="standard_webhooks", key="{{ hook.secret }}")

    def headers(self, at: int, body: bytes = BODY, key: bytes | None = None) -> dict[str, str]:
        signed = hmac.new(key or self.key, b"msg_1.%d." % at + body, hashlib.sha256).digest()
        return {
            "webhook-id": "msg_1",
            "webhook-timestamp": str(at),
            "webhook-signature": "v1a,AAAA v1," + base64.b64encode(signed).decode(),
        }

    def test_the_developer_says_how_late_it_may_be(self) -> None:
        late = scope(headers=self.headers(NOW), secret=self.secret)
        with pytest.raises(NotProven, match="replay"):
            verify(self.scheme, late, NOW + 301)
        verify(self.scheme, {**late, "tolerance": 14_400}, NOW + 301)
        with pytest.raises(NotProven, match="does not fit"):
            verify(
                self.scheme, {**late, "tolerance": 14_400, "hook": {"secret": "whsec_AAAA"}}, NOW
            )

    def check(
        self,
        headers: dict[str, str],
        body: bytes = BODY,
        *,
        secret: str = secret,
        kind: str = JSON,
    ) -> None:
        verify(self.scheme, scope(body, headers, secret=secret, kind=kind), time.time())

    def test_it_is_taken(self) -> None:
        self.check(self.headers(int(time.time())))

    def test_what_is_wrong_is_not(self) -> None:
        now = int(time.time())
        good = self.headers(now)
        wrong: list[dict[str, str]] = [
            self.headers(now - 301),
            self.headers(now + 310),
            self.headers(now, key=b"another"),
            {**good, "webhook-id": "msg_2"},
            {**good, "webhook-timestamp": str(now - 1)},
            {**good, "webhook-timestamp": "soon"},
            {**good, "webhook-signature": "v1"},
            {**good, "webhook-signature": "v1,???"},
            {**good, "webhook-signature": "v1,a,b"},
            {**good, "webhook-signature": ""},
            {},
        ]
        for headers in wrong:
            with pytest.raises(NotProven):
                self.check(headers)
        with pytest.raises(NotProven):
            self.check(good, BODY + b" ")
        with pytest.raises(NotProven):
            self.check(good, b"\xff", kind="application/octet-stream")

    @pytest.mark.parametrize("secret", ["", "whsec_", "whsec_a", "whsec_é"])
    def test_a_secret_that_is_none_proves_nothing(self, secret: str) -> None:
        with pytest.raises(NotProven):
            self.check(self.headers(int(time.time())), secret=secret)


class TestEd25519:
    """As Discord signs: https://discord.com/developers/docs/interactions."""

    private = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()
    scheme = signature(
        type="ed25519",
        public_key="{{ hook.secret }}",
        timestamp='request.headers["x-signature-timestamp"]',
        message='{{ request.headers["x-signature-timestamp"] }}{{ request.body }}',
        signature='request.headers["x-signature-ed25519"]',
    )

    def headers(self, at: int = NOW) -> dict[str, str]:
        signed = self.private.sign(str(at).encode() + BODY).hex()
        return {"X-Signature-Timestamp": str(at), "X-Signature-Ed25519": signed}

    def test_it_is_taken_once_in_time(self) -> None:
        verify(self.scheme, scope(headers=self.headers(), secret=self.public), NOW)
        with pytest.raises(NotProven, match="replay"):
            verify(self.scheme, scope(headers=self.headers(), secret=self.public), NOW + 1000)

    def test_what_is_wrong_is_not(self) -> None:
        other = Ed25519PrivateKey.generate().public_key()
        foreign = other.public_bytes(Encoding.Raw, PublicFormat.Raw).hex()
        good = self.headers()
        cases = [
            scope(BODY + b" ", good, secret=self.public),
            scope(headers=good, secret=foreign),
            scope(headers={**good, "X-Signature-Ed25519": "00" * 64}, secret=self.public),
            scope(headers={**good, "X-Signature-Ed25519": "zz"}, secret=self.public),
            scope(headers={**good, "X-Signature-Timestamp": str(NOW + 1)}, secret=self.public),
            scope(headers=good, secret="00"),
            scope(headers=good, secret="no hexadecimal"),
            scope(headers=good, secret=None),
            scope(headers={}, secret=self.public),
        ]
        for wrong in cases:
            with pytest.raises(NotProven):
                verify(self.scheme, wrong, NOW)


class TestEcdsa:
    """As SendGrid's Event Webhook signs: P-256 and SHA-256 over the time and the body."""

    private = ec.derive_private_key(123_456_789, ec.SECP256R1())
    public = base64.b64encode(
        private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    ).decode()
    scheme = signature(
        type="ecdsa",
        public_key="{{ hook.secret }}",
        timestamp='request.headers["x-twilio-email-event-webhook-timestamp"]',
        message=(
            '{{ request.headers["x-twilio-email-event-webhook-timestamp"] }}{{ request.body }}'
        ),
        signature='request.headers["x-twilio-email-event-webhook-signature"]',
    )

    def headers(self) -> dict[str, str]:
        signed = self.private.sign(str(NOW).encode() + BODY, ec.ECDSA(hashes.SHA256()))
        return {
            "X-Twilio-Email-Event-Webhook-Timestamp": str(NOW),
            "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signed).decode(),
        }

    def test_it_is_taken_once_in_time(self) -> None:
        verify(self.scheme, scope(headers=self.headers(), secret=self.public), NOW)
        with pytest.raises(NotProven, match="replay"):
            verify(self.scheme, scope(headers=self.headers(), secret=self.public), NOW + 1000)

    def test_what_is_wrong_is_not(self) -> None:
        name = "X-Twilio-Email-Event-Webhook-Signature"
        other = ec.generate_private_key(ec.SECP384R1()).public_key()
        foreign = other.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        good = self.headers()
        cases = [
            scope(BODY + b" ", good, secret=self.public),
            scope(headers={**good, name: "AAAA"}, secret=self.public),
            scope(headers={**good, name: "é"}, secret=self.public),
            scope(headers=good, secret=base64.b64encode(foreign).decode()),
            scope(headers=good, secret="AAAA"),
            scope(headers=good, secret="?"),
            scope(headers=good, secret=None),
        ]
        for wrong in cases:
            with pytest.raises(NotProven):
                verify(self.scheme, wrong, NOW)


@given(
    body=st.binary(max_size=200),
    kind=st.sampled_from([JSON, FORM, "text/plain", "", "application/octet-stream"]),
    values=st.lists(st.text(max_size=80), min_size=3, max_size=3),
)
def test_nothing_that_is_sent_breaks_a_check(body: bytes, kind: str, values: list[str]) -> None:
    names = ("x-hub-signature-256", "x-slack-request-timestamp", "stripe-signature")
    headers = {**dict(zip(names, values, strict=True)), "x-slack-signature": values[0]}
    try:
        seen = scope(body, headers, kind=kind)
    except Refused:
        return
    for scheme in (GITHUB, SLACK, STRIPE, TWILIO, TestEd25519.scheme, TestEcdsa.scheme):
        with pytest.raises(NotProven):
            verify(scheme, seen, NOW)
