"""The triggers of Stripe, at a vendor that answers and delivers as is documented."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from connectors.credential import Credential
from connectors.triggers.delivery import Refused
from tests.connectors.registered import HOOK, Registered, hexmac, only, sample
from tests.connectors.vendor import Answer, Vendor, built_in

if TYPE_CHECKING:
    from connectors.http import OutgoingHttp

STRIPE = Credential("api_key", {"apiKey": "sk_test_1"})


class TestStripe:
    def registered(
        self, vendor: Vendor, http: OutgoingHttp, name: str, **inputs: Any
    ) -> Registered:
        return Registered(built_in("stripe", vendor.url), name, STRIPE, http, **inputs)

    def signed(self, body: bytes, secret: str, at: int | None = None) -> dict[str, str]:
        moment = int(time.time()) if at is None else at
        digest = hexmac(secret, f"{moment}.{body.decode()}")
        return {"Stripe-Signature": f"t={moment},v1={'0' * 64},v1={digest},v0=1"}

    async def test_an_endpoint_is_made_and_deleted(
        self, vendor: Vendor, http: OutgoingHttp
    ) -> None:
        part = self.registered(vendor, http, "event", types=["customer.created", "plan.created"])
        vendor.answer(Answer(200, {"id": "we_1", "secret": "whsec_1"}))
        await part.subscribe()
        assert vendor.last.path == "/v1/webhook_endpoints"
        assert vendor.last.headers["authorization"] == "Bearer sk_test_1"
        assert vendor.last.form == [
            ("url", HOOK.url),
            ("enabled_events[]", "customer.created"),
            ("enabled_events[]", "plan.created"),
            ("description", "Inlay"),
        ]
        vendor.answer(Answer(200, {"id": "we_1", "deleted": True}))
        await part.delete()
        assert (vendor.last.method, vendor.last.path) == ("DELETE", "/v1/webhook_endpoints/we_1")

    def test_a_signed_event(self, vendor: Vendor, http: OutgoingHttp) -> None:
        part = self.registered(vendor, http, "event", types=["customer.created"])
        part.subscription = {"id": "we_1", "secret": "whsec_1"}
        payload = sample("stripe.event")
        body = json.dumps(payload).encode()
        event = only(part.deliver(body, self.signed(body, "whsec_1")))
        assert (event.key, event.value) == (payload["id"], payload)
        other = json.dumps({**payload, "type": "customer.deleted"}).encode()
        assert part.deliver(other, self.signed(other, "whsec_1")) == []
        for wrong in (
            self.signed(body, "whsec_2"),
            self.signed(body, "whsec_1", int(time.time()) - 400),
            {},
        ):
            with pytest.raises(Refused) as caught:
                part.deliver(body, wrong)
            assert caught.value.status == 401

    async def test_events_are_polled(self, vendor: Vendor, http: OutgoingHttp) -> None:
        part = self.registered(vendor, http, "event-polled", type="customer.created")
        first = sample("stripe.event-polled")
        vendor.answer(Answer(200, {"data": [first], "has_more": False}))
        assert await part.poll() == []
        second = {**first, "id": "evt_2"}
        vendor.answer(
            Answer(200, {"data": [second], "has_more": True}),
            Answer(200, {"data": [first], "has_more": False}),
        )
        assert [one.payload["id"] for one in await part.poll()] == ["evt_2"]
        assert dict(vendor.last.query) == {
            "type": "customer.created",
            "created[gte]": str(first["created"] - 60),
            "limit": "100",
            "starting_after": "evt_2",
        }
