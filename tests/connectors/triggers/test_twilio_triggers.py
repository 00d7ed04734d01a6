"""The triggers of Twilio, at a vendor that answers and delivers as is documented."""

from __future__ import annotations

import base64
import hmac
from typing import TYPE_CHECKING, ClassVar

import pytest

from connectors.credential import Credential
from connectors.triggers.delivery import Refused
from connectors.triggers.subscribing import OutcomeUnknown, Unaddressable
from tests.connectors.registered import HOOK, Registered, form_of, only, sample
from tests.connectors.vendor import Answer, Vendor, built_in

if TYPE_CHECKING:
    from connectors.http import OutgoingHttp

ACCOUNT = "AC" + "0a" * 16
NUMBER = "PN" + "1b" * 16
TOKEN = "auth-token-of-twilio"
TWILIO = Credential("basic", {"accountSid": ACCOUNT, "authToken": TOKEN})


class TestTwilio:
    @pytest.fixture
    def number(self, vendor: Vendor, http: OutgoingHttp) -> Registered:
        app = built_in("twilio", vendor.url)
        return Registered(app, "incoming-message", TWILIO, http, phoneNumberSid=NUMBER)

    message: ClassVar = {
        "MessageSid": "SM" + "2c" * 16,
        "AccountSid": ACCOUNT,
        "From": "+15551234567",
        "To": "+15557654321",
        "Body": "Grüße & more",
        "NumMedia": "2",
        "MediaUrl0": "https://a.example/0",
        "MediaUrl1": "https://a.example/1",
        "FromCountry": "US",
    }

    def signed(self, values: dict[str, str], token: str = TOKEN) -> tuple[bytes, dict[str, str]]:
        body, headers = form_of(values)
        text = HOOK.url + "".join(name + values[name] for name in sorted(values))
        digest = hmac.digest(token.encode(), text.encode(), "sha1")
        return body, {**headers, "X-Twilio-Signature": base64.b64encode(digest).decode()}

    async def test_the_number_is_set_and_cleared(self, number: Registered, vendor: Vendor) -> None:
        vendor.answer(Answer(200, {"sid": NUMBER, "sms_url": HOOK.url}))
        made = await number.subscribe()
        path = f"/2010-04-01/Accounts/{ACCOUNT}/IncomingPhoneNumbers/{NUMBER}.json"
        assert (vendor.last.method, vendor.last.path) == ("POST", path)
        assert vendor.last.form == [("SmsUrl", HOOK.url), ("SmsMethod", "POST")]
        assert made.id == NUMBER
        await number.delete()
        assert (vendor.last.path, vendor.last.form) == (path, [("SmsUrl", "")])

    async def test_a_try_of_which_nothing_is_known_clears_nothing(
        self, number: Registered, vendor: Vendor
    ) -> None:
        vendor.answer(Answer(503, {"message": "later"}))
        with pytest.raises(OutcomeUnknown):
            await number.subscribe()
        with pytest.raises(Unaddressable):
            await number.delete()
        assert len(vendor.arrived) == 1

    async def test_a_signed_message(self, number: Registered, vendor: Vendor) -> None:
        vendor.answer(Answer(200, {"sid": NUMBER}))
        await number.subscribe()
        event = only(number.deliver(*self.signed(self.message)))
        assert event.key == self.message["MessageSid"]
        assert event.value.keys() == sample("twilio.incoming-message").keys()
        assert event.value["body"] == "Grüße & more"
        assert event.value["mediaUrls"] == ["https://a.example/0", "https://a.example/1"]
        assert number.answer.body == b"<Response></Response>"
        assert number.answer.headers["content-type"] == "text/xml"

    async def test_a_wrong_signature(self, number: Registered, vendor: Vendor) -> None:
        vendor.answer(Answer(200, {"sid": NUMBER}))
        await number.subscribe()
        body, headers = self.signed(self.message, "another token")
        with pytest.raises(Refused) as caught:
            number.deliver(body, headers)
        assert caught.value.status == 401
        body, headers = self.signed(self.message)
        with pytest.raises(Refused):
            number.deliver(body.replace(b"more", b"less"), headers)

    def test_the_example_of_twilios_documentation(self, number: Registered) -> None:
        # https://www.twilio.com/docs/usage/security: token 12345, and this URL with these values.
        values = {
            "CallSid": "CA1234567890ABCDE",
            "Caller": "+14158675309",
            "Digits": "1234",
            "From": "+14158675309",
            "To": "+18005551212",
        }
        verify = number.incoming.verify
        assert verify is not None
        assert verify.type == "hmac"
        request = {"url": "https://mycompany.com/myapp.php?foo=1&bar=2", "form": values}
        message = verify.message.resolve({"request": request})
        digest = hmac.digest(b"12345", message.encode(), "sha1")
        assert base64.b64encode(digest) == b"RSOYDt4T1cUTdK1PDd93/VVr8B8="

    async def test_messages_are_polled(self, vendor: Vendor, http: OutgoingHttp) -> None:
        polled = Registered(built_in("twilio", vendor.url), "incoming-message-polled", TWILIO, http)
        first = sample("twilio.incoming-message-polled")
        vendor.answer(Answer(200, {"messages": [first], "next_page_uri": None}))
        assert await polled.poll() == []
        assert [name for name, _ in vendor.last.query] == ["DateSent>"]
        new = {**first, "sid": "SM2", "date_sent": "Thu, 02 May 2030 08:15:30 +0000"}
        sent = {**first, "sid": "SM3", "direction": "outbound-api", "date_sent": None}
        vendor.answer(Answer(200, {"messages": [sent, new, first], "next_page_uri": None}))
        assert [one.payload["sid"] for one in await polled.poll()] == ["SM2"]
        assert dict(vendor.last.query) == {"DateSent>": "2030-05-02T08:10:30Z"}
