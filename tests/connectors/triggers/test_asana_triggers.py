"""The triggers of Asana, at a vendor that answers and delivers as is documented."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from connectors.credential import Credential
from connectors.triggers.delivery import Refused
from connectors.triggers.receiving import Handshaken
from tests.connectors.registered import HOOK, Registered, hexmac, only, sample
from tests.connectors.vendor import Answer, Vendor, built_in

if TYPE_CHECKING:
    from connectors.http import OutgoingHttp

ASANA = Credential("oauth2", access_token="asana-token")


class TestAsana:
    @pytest.fixture
    def project(self, vendor: Vendor, http: OutgoingHttp) -> Registered:
        app = built_in("asana", f"{vendor.url}/api/1.0")
        return Registered(app, "task-changed", ASANA, http, project="12")

    event: ClassVar = {
        "user": {"gid": "1200000000000001", "resource_type": "user"},
        "created_at": "2030-05-02T08:15:30.123Z",
        "action": "added",
        "resource": {"gid": "1200000000000002", "resource_type": "task"},
        "parent": {"gid": "12", "resource_type": "project"},
    }

    async def test_the_secret_is_told_while_the_webhook_is_made(
        self, project: Registered, vendor: Vendor
    ) -> None:
        answers = []

        def create(_: Any) -> Answer:
            shaken = project.deliver(b"", {"X-Hook-Secret": "told-once"})
            assert isinstance(shaken, Handshaken)
            answers.append(shaken.answer.headers)
            return Answer(201, {"data": {"gid": "77", "active": True}})

        vendor.answer(create)
        await project.subscribe()
        assert answers == [{"x-hook-secret": "told-once"}]
        assert vendor.last.json == {
            "data": {
                "resource": "12",
                "target": HOOK.url,
                "filters": [{"resource_type": "task", "action": "added"}],
            }
        }
        assert project.subscription == {"id": "77", "secret": "told-once"}
        vendor.answer(Answer(200, {"data": {}}))
        await project.delete()
        assert (vendor.last.method, vendor.last.path) == ("DELETE", "/api/1.0/webhooks/77")

    async def test_events_name_tasks_that_are_asked_for(
        self, project: Registered, vendor: Vendor
    ) -> None:
        project.subscription = {"id": "77", "secret": "told-once"}
        story = {**self.event, "resource": {"gid": "9", "resource_type": "story"}}
        body = json.dumps({"events": [self.event, story]}).encode()
        signed = {"X-Hook-Signature": hexmac("told-once", body.decode())}
        event = only(project.deliver(body, signed))
        assert event.key == only(project.deliver(body, signed)).key
        expected = sample("asana.task-changed")
        vendor.answer(Answer(200, {"data": expected["task"]}))
        assert await project.fetched(event.value) == expected
        assert vendor.last.path == "/api/1.0/tasks/1200000000000002"
        with pytest.raises(Refused):
            project.deliver(body, {"X-Hook-Signature": hexmac("guessed", body.decode())})

    def test_a_sign_of_life_is_no_event(self, project: Registered) -> None:
        project.subscription = {"secret": "told-once"}
        for body in ("{}", '{"events": []}'):
            signed = {"X-Hook-Signature": hexmac("told-once", body)}
            assert project.deliver(body.encode(), signed) == []
