"""The triggers of Google Calendar, at a vendor that answers and delivers as is documented."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar

import pytest

from connectors.credential import Credential
from connectors.triggers.delivery import Refused
from connectors.triggers.receiving import Handshaken
from tests.connectors.registered import HOOK, SECRET, Registered, sample
from tests.connectors.vendor import Answer, Vendor, built_in

if TYPE_CHECKING:
    from connectors.http import OutgoingHttp

GOOGLE = Credential("oauth2", access_token="ya29.google-token")


class TestGoogleCalendar:
    @pytest.fixture
    def calendar(self, vendor: Vendor, http: OutgoingHttp) -> Registered:
        app = built_in("google-calendar", f"{vendor.url}/calendar/v3")
        return Registered(app, "event-changed", GOOGLE, http)

    channel: ClassVar = {"X-Goog-Channel-Token": SECRET, "X-Goog-Channel-ID": "hook-1"}

    async def test_a_channel_is_opened_and_stopped(
        self, calendar: Registered, vendor: Vendor
    ) -> None:
        told = {"id": "hook-1", "resourceId": "res-1", "expiration": "1904630400000"}
        vendor.answer(Answer(200, told))
        made = await calendar.subscribe()
        assert vendor.last.path == "/calendar/v3/calendars/primary/events/watch"
        assert vendor.last.headers["authorization"] == "Bearer ya29.google-token"
        assert vendor.last.json == {
            "id": "hook-1",
            "type": "web_hook",
            "address": HOOK.url,
            "token": SECRET,
        }
        assert (made.id, made.expires_at) == ("hook-1", 1_904_630_400_000)
        vendor.answer(Answer(204))
        await calendar.delete()
        assert (vendor.last.method, vendor.last.path) == ("POST", "/calendar/v3/channels/stop")
        assert vendor.last.json == {"id": "hook-1", "resourceId": "res-1"}

    async def test_a_channel_without_an_end_is_taken_to_live_a_week(
        self, calendar: Registered, vendor: Vendor
    ) -> None:
        vendor.answer(Answer(200, {"id": "hook-1", "resourceId": "res-1"}))
        made = await calendar.subscribe()
        assert made.expires_at is not None
        assert made.expires_at / 1000 - time.time() == pytest.approx(604_800, abs=30)

    def test_the_first_message_is_no_event(self, calendar: Registered) -> None:
        headers = {**self.channel, "X-Goog-Resource-State": "sync"}
        assert isinstance(calendar.deliver(b"", headers), Handshaken)

    def test_a_message_has_no_body(self, calendar: Registered) -> None:
        events = calendar.deliver(b"", {**self.channel, "X-Goog-Resource-State": "exists"})
        assert len(events) == 1  # type: ignore[arg-type]  # a list, not a handshake

    @pytest.mark.parametrize("state", ["sync", "exists"])
    def test_another_token_is_refused(self, calendar: Registered, state: str) -> None:
        headers = {"X-Goog-Channel-Token": "guessed", "X-Goog-Resource-State": state}
        with pytest.raises(Refused) as caught:
            calendar.deliver(b"", headers)
        assert caught.value.status == 401

    async def test_what_changed_is_asked_for_by_the_sync_token(
        self, calendar: Registered, vendor: Vendor
    ) -> None:
        event = sample("google-calendar.event-changed")
        vendor.answer(
            Answer(200, {"items": [event], "nextPageToken": "p2"}),
            Answer(200, {"items": [], "nextSyncToken": "s1"}),
        )
        assert await calendar.poll() == []
        assert dict(vendor.last.query) == {"maxResults": "2500", "pageToken": "p2"}
        changed = {**event, "summary": "Moved", "updated": "2030-05-03T00:00:00.000Z"}
        gone = {"id": "other", "status": "cancelled"}
        vendor.answer(Answer(200, {"items": [changed, gone], "nextSyncToken": "s2"}))
        news = await calendar.poll()
        assert dict(vendor.last.query) == {"syncToken": "s1", "maxResults": "2500"}
        assert {one.payload["id"]: one.payload for one in news} == {
            event["id"]: changed,
            "other": gone,
        }
        assert len({one.key for one in news}) == 2

    async def test_a_token_that_is_too_old_brings_no_flood(
        self, calendar: Registered, vendor: Vendor
    ) -> None:
        event = sample("google-calendar.event-changed")
        vendor.answer(Answer(200, {"items": [event], "nextSyncToken": "s1"}))
        await calendar.poll()
        newer = {**event, "id": "new", "updated": "2030-06-01T00:00:00.000Z"}
        older = {**event, "id": "old", "updated": "2020-06-01T00:00:00.000Z"}
        vendor.answer(
            Answer(410, {"error": {"code": 410, "message": "Sync token is no longer valid"}}),
            Answer(200, {"items": [older, event, newer], "nextSyncToken": "s9"}),
        )
        assert [one.payload["id"] for one in await calendar.poll()] == ["new"]
        assert "syncToken" not in dict(vendor.last.query)

    async def test_deleted_events_can_be_left_out(self, vendor: Vendor, http: OutgoingHttp) -> None:
        app = built_in("google-calendar", vendor.url)
        calendar = Registered(app, "event-changed", GOOGLE, http, deleted=False)
        vendor.answer(Answer(200, {"items": [], "nextSyncToken": "s1"}))
        await calendar.poll()
        gone = {"id": "e", "status": "cancelled"}
        vendor.answer(Answer(200, {"items": [gone], "nextSyncToken": "s2"}))
        assert await calendar.poll() == []

    async def test_the_polled_variant_asks_from_the_last_change(
        self, vendor: Vendor, http: OutgoingHttp
    ) -> None:
        app = built_in("google-calendar", f"{vendor.url}/calendar/v3")
        calendar = Registered(app, "event-changed-polled", GOOGLE, http, q="call")
        event = sample("google-calendar.event-changed-polled")
        vendor.answer(Answer(200, {"items": [event]}))
        assert await calendar.poll() == []
        first = dict(vendor.last.query)
        assert first.keys() == {"updatedMin", "orderBy", "showDeleted", "q", "maxResults"}
        later = {**event, "updated": "2030-05-02T08:16:00.000Z"}
        vendor.answer(Answer(200, {"items": [event, later]}))
        assert [one.payload for one in await calendar.poll()] == [later]
        assert dict(vendor.last.query)["updatedMin"] == "2030-05-02T08:14:30.123000Z"
