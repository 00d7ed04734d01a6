"""The triggers of Microsoft Outlook, at a vendor that answers and delivers as is documented."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from connectors.credential import Credential
from connectors.triggers.delivery import Refused
from connectors.triggers.receiving import Handshaken
from tests.connectors.registered import HOOK, SECRET, Registered, sample
from tests.connectors.vendor import Answer, Vendor, built_in

if TYPE_CHECKING:
    from connectors.http import OutgoingHttp

OUTLOOK = Credential("oauth2", access_token="graph-token")


class TestMicrosoftOutlook:
    @pytest.fixture
    def inbox(self, vendor: Vendor, http: OutgoingHttp) -> Registered:
        app = built_in("microsoft-outlook", f"{vendor.url}/v1.0")
        return Registered(app, "mail-received", OUTLOOK, http)

    def told(self, *ids: str, state: str = SECRET) -> dict[str, Any]:
        return {
            "value": [
                {
                    "subscriptionId": "s-1",
                    "clientState": state,
                    "changeType": "created",
                    "resource": f"Users/u/Messages/{one}",
                    "resourceData": {"@odata.type": "#Microsoft.Graph.Message", "id": one},
                }
                for one in ids
            ]
        }

    async def test_the_url_is_asked_and_the_subscription_is_renewed(
        self, inbox: Registered, vendor: Vendor
    ) -> None:
        bodies = []

        def create(_: Any) -> Answer:
            query = "validationToken=Validation%3A+Testing"
            shaken = inbox.deliver(b"", {"Content-Type": "text/plain"}, query=query)
            assert isinstance(shaken, Handshaken)
            bodies.append((shaken.answer.headers["content-type"], shaken.answer.body))
            return Answer(201, {"id": "s-1", "expirationDateTime": "2030-05-08T08:00:00.0000000Z"})

        vendor.answer(create)
        made = await inbox.subscribe()
        assert bodies == [("text/plain", b"Validation: Testing")]
        asked = vendor.last.json
        assert asked.pop("expirationDateTime").endswith("Z")
        assert asked == {
            "changeType": "created",
            "notificationUrl": HOOK.url,
            "resource": "me/mailFolders('inbox')/messages",
            "clientState": SECRET,
        }
        assert made.expires_at == 1_904_457_600_000
        vendor.answer(Answer(200, {"id": "s-1", "expirationDateTime": "2030-05-14T08:00:00Z"}))
        renewed = await inbox.renew()
        assert renewed is not None
        assert (vendor.last.method, vendor.last.path) == ("PATCH", "/v1.0/subscriptions/s-1")
        assert vendor.last.json.keys() == {"expirationDateTime"}
        assert renewed.expires_at == made.expires_at + 6 * 86_400_000
        vendor.answer(Answer(404, {"error": {"code": "ResourceNotFound", "message": "gone"}}))
        assert await inbox.renew() is None
        await inbox.delete()
        assert (vendor.last.method, vendor.last.path) == ("DELETE", "/v1.0/subscriptions/s-1")

    async def test_each_mail_of_a_batch_is_asked_for(
        self, inbox: Registered, vendor: Vendor
    ) -> None:
        events = inbox.deliver(self.told("m1", "AAMk="))
        assert isinstance(events, list)
        assert [event.key for event in events] == ["m1", "AAMk="]
        assert inbox.answer.status == 202
        expected = sample("microsoft-outlook.mail-received")
        vendor.answer(Answer(200, expected))
        assert await inbox.fetched(events[1].value) == expected
        assert vendor.last.path == "/v1.0/me/messages/AAMk%3D"

    def test_one_wrong_client_state_refuses_the_batch(self, inbox: Registered) -> None:
        mixed = self.told("m1")
        mixed["value"] += self.told("m2", state="guessed")["value"]
        empty: dict[str, Any] = {"value": []}
        for body in (mixed, self.told("m1", state="guessed"), empty, {}):
            with pytest.raises(Refused) as caught:
                inbox.deliver(body)
            assert caught.value.status == 401
