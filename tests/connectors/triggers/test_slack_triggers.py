"""The triggers of Slack, at a vendor that answers and delivers as is documented."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from connectors.credential import Credential
from connectors.failures import ComponentError
from connectors.triggers.delivery import Refused
from connectors.triggers.receiving import Handshaken, routes_of
from tests.connectors.registered import Registered, hexmac, only, sample, shape
from tests.connectors.vendor import Answer, Caller, Vendor, built_in

if TYPE_CHECKING:
    from connectors.http import OutgoingHttp

SLACK = Credential(
    "oauth2",
    access_token="xoxb-bot",
    captured={"teamId": "T0123ABCD", "botUserId": "U0BOT0001"},
    integration={"signing_secret": "8f742231b10e8888abcd99yyyzzz85a5"},
)


class TestSlack:
    def registered(
        self, vendor: Vendor, http: OutgoingHttp, name: str, **inputs: Any
    ) -> Registered:
        return Registered(built_in("slack", vendor.url), name, SLACK, http, **inputs)

    def signed(self, body: bytes, at: int | None = None) -> dict[str, str]:
        moment = int(time.time()) if at is None else at
        digest = hexmac(SLACK.integration["signing_secret"], f"v0:{moment}:{body.decode()}")
        return {"X-Slack-Request-Timestamp": str(moment), "X-Slack-Signature": f"v0={digest}"}

    def told(self, event: dict[str, Any]) -> bytes:
        return json.dumps(
            {
                "token": "x",
                "team_id": "T0123ABCD",
                "api_app_id": "A1",
                "type": "event_callback",
                "event_id": "Ev0123",
                "event_time": 1904025600,
                "authorizations": [{"team_id": "T0SHARED1", "user_id": "U0BOT0001"}],
                "event": event,
            }
        ).encode()

    message: ClassVar = {
        "type": "message",
        "channel": "C0123ABCD",
        "user": "U0123ABCD",
        "text": "Has anybody seen the cart?",
        "ts": "1904025600.000100",
    }

    def test_the_challenge_is_given_back(self, vendor: Vendor, http: OutgoingHttp) -> None:
        body = json.dumps({"type": "url_verification", "challenge": "3eZbrw1a", "token": "x"})
        part = self.registered(vendor, http, "message")
        shaken = part.deliver(body.encode(), self.signed(body.encode()))
        assert isinstance(shaken, Handshaken)
        assert json.loads(shaken.answer.body) == {"challenge": "3eZbrw1a"}
        with pytest.raises(Refused):
            part.deliver(body.encode(), {"X-Slack-Signature": "v0=00"})

    @pytest.mark.parametrize(
        ("name", "event"),
        [
            ("message", message),
            ("app-mention", {**message, "type": "app_mention"}),
            (
                "reaction-added",
                {
                    "type": "reaction_added",
                    "user": "U0123ABCD",
                    "reaction": "ticket",
                    "item": {"type": "message", "channel": "C0123ABCD", "ts": "1904025600.000100"},
                },
            ),
        ],
    )
    def test_a_signed_event(
        self, vendor: Vendor, http: OutgoingHttp, name: str, event: dict[str, Any]
    ) -> None:
        part = self.registered(vendor, http, name)
        body = self.told(event)
        found = only(part.deliver(body, self.signed(body)))
        retried = only(part.deliver(body, {**self.signed(body), "X-Slack-Retry-Num": "1"}))
        assert found.key == retried.key == "Ev0123"
        assert shape(found.value) == shape(sample(f"slack.{name}"))
        source = part.trigger.source
        assert source.type == "app_webhook"
        assert part.client.route({}) in routes_of(source, part.scope, json.loads(body))

    def test_another_workspace_has_other_routes(self, vendor: Vendor, http: OutgoingHttp) -> None:
        part = self.registered(vendor, http, "message")
        body = self.told(self.message)
        part.deliver(body, self.signed(body))
        source = part.trigger.source
        assert source.type == "app_webhook"
        routes = routes_of(source, part.scope, json.loads(body))
        assert routes == {"T0123ABCD", "T0SHARED1"}

    @pytest.mark.parametrize(
        "change",
        [{"subtype": "channel_join"}, {"bot_id": "B1"}, {"subtype": "message_changed"}],
    )
    def test_what_no_person_posted_is_ignored(
        self, vendor: Vendor, http: OutgoingHttp, change: dict[str, Any]
    ) -> None:
        body = self.told({**self.message, **change})
        part = self.registered(vendor, http, "message")
        assert part.deliver(body, self.signed(body)) == []

    def test_another_channel_and_bots(self, vendor: Vendor, http: OutgoingHttp) -> None:
        body = self.told({**self.message, "bot_id": "B1"})
        with_bots = self.registered(vendor, http, "message", bots=True, channel="C0123ABCD")
        assert only(with_bots.deliver(body, self.signed(body))).value["botId"] == "B1"
        elsewhere = self.registered(vendor, http, "message", bots=True, channel="C2")
        assert elsewhere.deliver(body, self.signed(body)) == []

    def test_old_and_forged_deliveries(self, vendor: Vendor, http: OutgoingHttp) -> None:
        part = self.registered(vendor, http, "message")
        body = self.told(self.message)
        old = self.signed(body, int(time.time()) - 301)
        for headers in (old, {**self.signed(body), "X-Slack-Signature": "v0=" + "0" * 64}, {}):
            with pytest.raises(Refused) as caught:
                part.deliver(body, headers)
            assert caught.value.status == 401

    def test_the_example_of_slacks_documentation(self, vendor: Vendor, http: OutgoingHttp) -> None:
        # https://docs.slack.dev/authentication/verifying-requests-from-slack
        body = (
            "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow"
            "&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner"
            "&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com"
            "%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
            "&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
        )
        told = "a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Slack-Request-Timestamp": "1531420618",
            "X-Slack-Signature": f"v0={told}",
        }
        part = self.registered(vendor, http, "message")
        assert part.deliver(body.encode(), headers, now=1531420618) == []

    @pytest.mark.parametrize(
        ("error", "kind"),
        [
            ("ratelimited", "rate_limited"),
            ("token_revoked", "reauth"),
            ("missing_scope", "not_permitted"),
            ("channel_not_found", "not_found"),
            ("internal_error", "transient"),
            ("msg_too_long", "invalid_input"),
        ],
    )
    async def test_errors_inside_a_200(
        self, vendor: Vendor, http: OutgoingHttp, error: str, kind: str
    ) -> None:
        vendor.answer(Answer(200, {"ok": False, "error": error}))
        slack = Caller(built_in("slack", vendor.url), SLACK, http)
        with pytest.raises(ComponentError) as caught:
            await slack("post-message", channel="C1", text="Hi")
        assert caught.value.kind == kind
        assert error in caught.value.message
