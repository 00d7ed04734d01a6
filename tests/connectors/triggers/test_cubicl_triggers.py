"""The triggers of Cubicl, at a vendor that answers and delivers as is documented."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connectors.credential import Credential
from connectors.failures import ComponentError
from tests.connectors.registered import HOOK, Registered, only, sample
from tests.connectors.vendor import Answer, Vendor, built_in

if TYPE_CHECKING:
    from connectors.http import OutgoingHttp

CUBICL = Credential("api_key", {"accessToken": "cubicl-token"})


class TestCubicl:
    def registered(self, vendor: Vendor, http: OutgoingHttp, name: str) -> Registered:
        inputs = {} if name == "client-created" else {"group": "g1"}
        app = built_in("cubicl", f"{vendor.url}/api/v1")
        return Registered(app, name, CUBICL, http, **inputs)

    async def test_the_webhook_is_made_and_deleted(
        self, vendor: Vendor, http: OutgoingHttp
    ) -> None:
        task = self.registered(vendor, http, "task-created")
        vendor.answer(Answer(200, {"_id": "w1", "url": HOOK.url}))
        made = await task.subscribe()
        assert (vendor.last.method, vendor.last.path) == ("POST", "/api/v1/users/self/webhook")
        assert vendor.last.json == {"type": "taskCreated", "url": HOOK.url, "group": "g1"}
        assert made.id == "w1"
        await task.delete()
        assert (vendor.last.method, vendor.last.path) == (
            "DELETE",
            "/api/v1/users/self/webhook/w1",
        )

    async def test_a_type_that_cubicl_does_not_know_is_told(
        self, vendor: Vendor, http: OutgoingHttp
    ) -> None:
        task = self.registered(vendor, http, "task-created")
        vendor.answer(Answer(400, {"code": 118}))
        with pytest.raises(ComponentError) as caught:
            await task.subscribe()
        assert "webhookType" in caught.value.message

    @pytest.mark.parametrize(
        ("name", "path"),
        [
            ("task-created", "/api/v1/tasks/5f"),
            ("task-archived", "/api/v1/tasks/5f"),
            ("client-created", "/api/v1/crm/customers/5f"),
        ],
    )
    async def test_what_a_delivery_says_is_read_again(
        self, vendor: Vendor, http: OutgoingHttp, name: str, path: str
    ) -> None:
        part = self.registered(vendor, http, name)
        event = only(part.deliver({"_id": "5f", "name": "forged"}))
        true = sample(f"cubicl.{name}")
        vendor.answer(Answer(200, true))
        assert await part.fetched(event.value) == true
        assert vendor.last.path == path

    async def test_a_change_has_both_states(self, vendor: Vendor, http: OutgoingHttp) -> None:
        part = self.registered(vendor, http, "task-updated")
        expected = sample("cubicl.task-updated")
        body = {"oldTask": expected["before"], "updatedTask": expected["after"]}
        event, again = only(part.deliver(body)), only(part.deliver(body))
        assert event.key == again.key
        assert event.key != only(part.deliver({**body, "oldTask": {"_id": "5f"}})).key
        vendor.answer(Answer(200, expected["task"]))
        assert await part.fetched(event.value) == expected
