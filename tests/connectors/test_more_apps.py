"""The actions of the apps that came with triggers: what arrives is what the vendor asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connectors.credential import Credential
from connectors.executor import ComponentError
from tests.connectors.vendor import Answer, Caller, Vendor, built_in

if TYPE_CHECKING:
    from connectors.http import OutgoingHttp

TOKEN = Credential("oauth2", access_token="the-token")


class TestGitHub:
    @pytest.fixture
    def github(self, vendor: Vendor, http: OutgoingHttp) -> Caller:
        return Caller(built_in("github", vendor.url), TOKEN, http)

    async def test_an_issue_and_a_comment(self, github: Caller, vendor: Vendor) -> None:
        vendor.answer(Answer(201, {"id": 1, "number": 17}))
        made = await github("create-issue", owner="octo-org", repo="shop", title="T", labels=["a"])
        assert made["number"] == 17
        assert (vendor.last.method, vendor.last.path) == ("POST", "/repos/octo-org/shop/issues")
        assert vendor.last.json == {"title": "T", "labels": ["a"]}
        assert vendor.last.headers["authorization"] == "Bearer the-token"
        assert vendor.last.headers["accept"] == "application/vnd.github+json"
        assert vendor.last.headers["user-agent"]
        await github("create-comment", owner="octo-org", repo="shop", issue_number=17, body="B")
        assert vendor.last.path == "/repos/octo-org/shop/issues/17/comments"
        assert vendor.last.json == {"body": "B"}

    async def test_issues_by_the_link_header(self, github: Caller, vendor: Vendor) -> None:
        further = f'<{vendor.url}/repositories/1/issues?page=2>; rel="next"'
        vendor.answer(
            Answer(200, [{"id": 1}, {"id": 2}], {"Link": further}), Answer(200, [{"id": 3}])
        )
        found = await github("list-issues", owner="o", repo="r", state="all")
        assert found == {"issues": [{"id": 1}, {"id": 2}, {"id": 3}], "truncated": False}
        assert vendor.last.path == "/repositories/1/issues"

    @pytest.mark.parametrize(
        ("status", "headers", "message", "kind"),
        [
            (403, {"X-RateLimit-Remaining": "0"}, "limit exceeded", "rate_limited"),
            (403, {"Retry-After": "30"}, "secondary", "rate_limited"),
            (403, {}, "You have exceeded a secondary rate limit", "rate_limited"),
            (403, {"X-RateLimit-Remaining": "7"}, "Must have admin rights", "not_permitted"),
            (401, {}, "Bad credentials", "reauth"),
            (404, {}, "Not Found", "not_found"),
            (422, {}, "Validation Failed", "invalid_input"),
        ],
    )
    async def test_errors(
        self,
        github: Caller,
        vendor: Vendor,
        status: int,
        headers: dict[str, str],
        message: str,
        kind: str,
    ) -> None:
        vendor.answer(Answer(status, {"message": message}, headers))
        with pytest.raises(ComponentError) as caught:
            await github("create-issue", owner="o", repo="r", title="T")
        assert caught.value.kind == kind
        assert message in caught.value.message


class TestSlack:
    @pytest.fixture
    def slack(self, vendor: Vendor, http: OutgoingHttp) -> Caller:
        return Caller(built_in("slack", f"{vendor.url}/api"), TOKEN, http)

    async def test_a_message(self, slack: Caller, vendor: Vendor) -> None:
        told = {"ok": True, "channel": "C1", "ts": "1.2", "message": {"text": "Hi"}}
        vendor.answer(Answer(200, told))
        sent = await slack("post-message", channel="C1", text="Hi", threadTs="1.1")
        assert sent == {"channel": "C1", "ts": "1.2", "message": {"text": "Hi"}}
        assert vendor.last.path == "/api/chat.postMessage"
        assert vendor.last.json == {"channel": "C1", "text": "Hi", "thread_ts": "1.1"}

    async def test_channels_by_the_cursor(self, slack: Caller, vendor: Vendor) -> None:
        more, last = {"next_cursor": "dGVhbQ=="}, {"next_cursor": ""}
        vendor.answer(
            Answer(200, {"ok": True, "channels": [{"id": "C1"}], "response_metadata": more}),
            Answer(200, {"ok": True, "channels": [{"id": "C2"}], "response_metadata": last}),
        )
        found = await slack("list-channels")
        assert [channel["id"] for channel in found["channels"]] == ["C1", "C2"]
        assert dict(vendor.last.query)["cursor"] == "dGVhbQ=="


async def test_an_asana_task_is_wrapped_in_data(vendor: Vendor, http: OutgoingHttp) -> None:
    asana = Caller(built_in("asana", f"{vendor.url}/api/1.0"), TOKEN, http)
    vendor.answer(Answer(201, {"data": {"gid": "1", "name": "Call"}}))
    assert await asana("create-task", name="Call", project="12") == {"gid": "1", "name": "Call"}
    assert vendor.last.json == {"data": {"name": "Call", "projects": ["12"]}}
    assert await asana("get-task", task_gid="1") == {"gid": "1", "name": "Call"}
    assert vendor.last.path == "/api/1.0/tasks/1"


async def test_a_mail_by_outlook(vendor: Vendor, http: OutgoingHttp) -> None:
    outlook = Caller(built_in("microsoft-outlook", f"{vendor.url}/v1.0"), TOKEN, http)
    vendor.answer(Answer(202))
    assert await outlook("send-mail", to=["a@b.example"], subject="S", body="B") == {"sent": True}
    assert vendor.last.path == "/v1.0/me/sendMail"
    assert vendor.last.json == {
        "message": {
            "subject": "S",
            "body": {"contentType": "Text", "content": "B"},
            "toRecipients": [{"emailAddress": {"address": "a@b.example"}}],
        },
        "saveToSentItems": True,
    }
    vendor.answer(Answer(200, {"id": "m="}))
    await outlook("get-message", messageId="m=")
    assert vendor.last.path == "/v1.0/me/messages/m%3D"


async def test_a_customer_of_stripe(vendor: Vendor, http: OutgoingHttp) -> None:
    stripe = Caller(
        built_in("stripe", vendor.url), Credential("api_key", {"apiKey": "sk_test_1"}), http
    )
    vendor.answer(Answer(200, {"id": "cus_1"}))
    await stripe("create-customer", email="a@b.example", reference="7")
    assert vendor.last.form == [("email", "a@b.example"), ("metadata[reference]", "7")]
    assert vendor.last.headers["idempotency-key"]
    vendor.answer(
        Answer(200, {"data": [{"id": "cus_2"}], "has_more": True}),
        Answer(200, {"data": [{"id": "cus_1"}], "has_more": False}),
    )
    found = await stripe("list-customers")
    assert [customer["id"] for customer in found["customers"]] == ["cus_2", "cus_1"]
    assert dict(vendor.last.query)["starting_after"] == "cus_2"
