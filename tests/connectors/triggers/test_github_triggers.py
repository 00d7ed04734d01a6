"""The triggers of GitHub, at a vendor that answers and delivers as is documented."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from connectors.credential import Credential
from connectors.triggers.delivery import Refused
from connectors.triggers.receiving import Handshaken
from tests.connectors.registered import HOOK, SECRET, Registered, hexmac, only, sample
from tests.connectors.vendor import Answer, Vendor, built_in

if TYPE_CHECKING:
    from connectors.http import OutgoingHttp

GITHUB = Credential("oauth2", access_token="gho_token")


class TestGitHub:
    def registered(
        self, vendor: Vendor, http: OutgoingHttp, name: str, **inputs: Any
    ) -> Registered:
        app = built_in("github", vendor.url)
        return Registered(app, name, GITHUB, http, owner="octo-org", repo="shop", **inputs)

    def headers(self, event: str, body: bytes, secret: str = SECRET) -> dict[str, str]:
        return {
            "X-GitHub-Event": event,
            "X-GitHub-Delivery": "0b989ba4-242f-11e5-81e1-c7b6966d2516",
            "X-Hub-Signature-256": f"sha256={hexmac(secret, body.decode())}",
        }

    async def test_a_hook_is_made_and_deleted(self, vendor: Vendor, http: OutgoingHttp) -> None:
        issue = self.registered(vendor, http, "issue")
        vendor.answer(Answer(201, {"id": 12345678, "type": "Repository"}))
        made = await issue.subscribe()
        assert (vendor.last.method, vendor.last.path) == ("POST", "/repos/octo-org/shop/hooks")
        assert vendor.last.headers["x-github-api-version"] == "2022-11-28"
        assert vendor.last.json == {
            "name": "web",
            "active": True,
            "events": ["issues"],
            "config": {
                "url": f"{HOOK.url}?subscription=hook-1",
                "content_type": "json",
                "secret": SECRET,
            },
        }
        assert made.id == "12345678"
        vendor.answer(Answer(404, {"message": "Not Found"}))
        await issue.delete()
        assert vendor.last.path == "/repos/octo-org/shop/hooks/12345678"

    def test_a_ping_is_no_event(self, vendor: Vendor, http: OutgoingHttp) -> None:
        body = json.dumps({"zen": "Design for failure.", "hook_id": 1}).encode()
        answer = self.registered(vendor, http, "issue").deliver(body, self.headers("ping", body))
        assert isinstance(answer, Handshaken)

    @pytest.mark.parametrize(
        ("name", "event"),
        [
            ("issue", "issues"),
            ("pull-request", "pull_request"),
            ("push", "push"),
            ("issue-comment", "issue_comment"),
        ],
    )
    def test_a_signed_event(
        self, vendor: Vendor, http: OutgoingHttp, name: str, event: str
    ) -> None:
        payload = sample(f"github.{name}")
        body = json.dumps(payload).encode()
        part = self.registered(vendor, http, name)
        found = only(part.deliver(body, self.headers(event, body)))
        assert found.key == "0b989ba4-242f-11e5-81e1-c7b6966d2516"
        assert found.value == payload
        assert part.deliver(body, self.headers("star", body)) == []
        for wrong in (self.headers(event, body, "guessed"), {"X-GitHub-Event": event}):
            with pytest.raises(Refused) as caught:
                part.deliver(body, wrong)
            assert caught.value.status == 401

    def test_the_example_of_githubs_documentation(self, vendor: Vendor, http: OutgoingHttp) -> None:
        # https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries
        verify = self.registered(vendor, http, "issue").incoming.verify
        assert verify is not None
        assert verify.type == "hmac"
        told = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
        request = {"body": "Hello, World!", "headers": {"x-hub-signature-256": f"sha256={told}"}}
        message = verify.message.resolve({"request": request})
        assert hexmac("It's a Secret to Everybody", message) == told
        assert verify.signature.evaluate({"request": request}) == told

    @pytest.mark.parametrize(
        ("name", "inputs", "change"),
        [
            ("issue", {}, {"action": "closed"}),
            ("issue", {"actions": ["closed", "reopened"]}, {}),
            ("push", {"branch": "main"}, {"ref": "refs/heads/other"}),
            ("issue-comment", {}, {"action": "deleted"}),
        ],
    )
    def test_what_was_not_asked_for_is_ignored(
        self,
        vendor: Vendor,
        http: OutgoingHttp,
        name: str,
        inputs: dict[str, Any],
        change: dict[str, Any],
    ) -> None:
        event = {"issue": "issues", "push": "push", "issue-comment": "issue_comment"}[name]
        body = json.dumps({**sample(f"github.{name}"), **change}).encode()
        part = self.registered(vendor, http, name, **inputs)
        assert part.deliver(body, self.headers(event, body)) == []

    async def test_issues_are_polled(self, vendor: Vendor, http: OutgoingHttp) -> None:
        polled = self.registered(vendor, http, "issue-polled")
        first = sample("github.issue-polled")
        vendor.answer(Answer(200, [first]))
        assert await polled.poll() == []
        assert dict(vendor.last.query)["direction"] == "desc"
        second = {**first, "id": 2, "updated_at": "2030-05-02T08:15:30Z"}
        pull = {**first, "id": 3, "pull_request": {}, "updated_at": "2030-05-02T08:20:00Z"}
        vendor.answer(Answer(200, [first, second, pull]))
        assert [one.payload["id"] for one in await polled.poll()] == [2]
        query = dict(vendor.last.query)
        assert (query["since"], query["direction"]) == ("2030-05-02T08:15:30Z", "asc")
