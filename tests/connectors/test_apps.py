"""Every action of the built-in apps, sent to a server: what arrives is what the vendor asks for."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from connectors.catalogue import load_catalogue
from connectors.credential import Credential
from connectors.executor import ComponentError
from tests.connectors.vendor import Answer, Caller, Vendor, built_in

if TYPE_CHECKING:
    from connectors.http import OutgoingHttp

SID = "AC" + "0a" * 16
MESSAGE = "SM" + "1b" * 16
TOKEN = "auth-token-of-twilio"
TWILIO = Credential("basic", {"accountSid": SID, "authToken": TOKEN})
GOOGLE = Credential("oauth2", access_token="ya29.google-token")
CUBICL = Credential("api_key", {"accessToken": "cubicl-token"})
ACCOUNT = f"/2010-04-01/Accounts/{SID}"


@pytest.fixture
def twilio(vendor: Vendor, http: OutgoingHttp) -> Caller:
    return Caller(built_in("twilio", vendor.url), TWILIO, http)


@pytest.fixture
def google(vendor: Vendor, http: OutgoingHttp) -> Caller:
    return Caller(built_in("google-calendar", f"{vendor.url}/calendar/v3"), GOOGLE, http)


@pytest.fixture
def cubicl(vendor: Vendor, http: OutgoingHttp) -> Caller:
    return Caller(built_in("cubicl", f"{vendor.url}/api/v1"), CUBICL, http)


class TestTwilio:
    async def test_send_message(self, twilio: Caller, vendor: Vendor) -> None:
        vendor.answer(Answer(201, {"sid": MESSAGE, "status": "queued"}))
        output = await twilio(
            "send-message",
            to="+15551234567",
            **{"from": "+15557654321"},
            body="Grüße & more",
            mediaUrl=["https://a.example/1.png", "https://a.example/2.png"],
            sendAt="2030-01-01T00:00:00Z",
        )
        assert output == {"sid": MESSAGE, "status": "queued"}
        arrived = vendor.last
        assert (arrived.method, arrived.path) == ("POST", f"{ACCOUNT}/Messages.json")
        pair = base64.b64encode(f"{SID}:{TOKEN}".encode()).decode()
        assert arrived.headers["authorization"] == f"Basic {pair}"
        assert arrived.headers["content-type"] == "application/x-www-form-urlencoded"
        assert arrived.form == [
            ("To", "+15551234567"),
            ("From", "+15557654321"),
            ("Body", "Grüße & more"),
            ("MediaUrl", "https://a.example/1.png"),
            ("MediaUrl", "https://a.example/2.png"),
            ("SendAt", "2030-01-01T00:00:00Z"),
            ("ScheduleType", "fixed"),
        ]

    async def test_a_sender_is_needed(self, twilio: Caller, vendor: Vendor) -> None:
        with pytest.raises(ComponentError) as caught:
            await twilio("send-message", to="+15551234567", body="Hi")
        assert caught.value.kind == "invalid_input"
        assert vendor.arrived == []

    async def test_get_message(self, twilio: Caller, vendor: Vendor) -> None:
        vendor.answer(Answer(200, {"sid": MESSAGE, "status": "delivered"}))
        assert (await twilio("get-message", sid=MESSAGE))["status"] == "delivered"
        assert (vendor.last.method, vendor.last.path) == (
            "GET",
            f"{ACCOUNT}/Messages/{MESSAGE}.json",
        )

    async def test_list_messages_follows_the_next_page(
        self, twilio: Caller, vendor: Vendor
    ) -> None:
        further = f"{ACCOUNT}/Messages.json?PageSize=3&Page=1&PageToken=PA1"
        vendor.answer(
            Answer(200, {"messages": [{"sid": "1"}, {"sid": "2"}], "next_page_uri": further}),
            Answer(200, {"messages": [{"sid": "3"}, {"sid": "4"}], "next_page_uri": None}),
        )
        output = await twilio(
            "list-messages", to="+1555", sentAfter="2030-01-01T00:00:00Z", limit=3
        )
        assert output == {"messages": [{"sid": "1"}, {"sid": "2"}, {"sid": "3"}], "truncated": True}
        first, second = vendor.arrived
        assert first.query == [
            ("To", "+1555"),
            ("DateSent>", "2030-01-01T00:00:00Z"),
            ("PageSize", "3"),
        ]
        assert second.query == [("PageSize", "3"), ("Page", "1"), ("PageToken", "PA1")]
        assert second.headers["authorization"] == first.headers["authorization"]

    async def test_make_call(self, twilio: Caller, vendor: Vendor) -> None:
        vendor.answer(Answer(201, {"sid": "CA" + "2c" * 16, "status": "queued"}))
        await twilio(
            "make-call",
            to="+1555",
            **{"from": "+1556"},
            twiml="<Response/>",
            timeout="20",
            record=True,
        )
        assert vendor.last.path == f"{ACCOUNT}/Calls.json"
        assert vendor.last.form == [
            ("To", "+1555"),
            ("From", "+1556"),
            ("Twiml", "<Response/>"),
            ("Timeout", "20"),
            ("Record", "true"),
        ]

    async def test_get_call(self, twilio: Caller, vendor: Vendor) -> None:
        call = "CA" + "2c" * 16
        vendor.answer(Answer(200, {"sid": call}))
        await twilio("get-call", sid=call)
        assert vendor.last.path == f"{ACCOUNT}/Calls/{call}.json"

    async def test_list_phone_numbers(self, twilio: Caller, vendor: Vendor) -> None:
        page = {"incoming_phone_numbers": [{"phone_number": "+1"}], "next_page_uri": None}
        vendor.answer(Answer(200, page))
        output = await twilio("list-phone-numbers", phoneNumber="555")
        assert output == {"phoneNumbers": [{"phone_number": "+1"}], "truncated": False}
        assert vendor.last.path == f"{ACCOUNT}/IncomingPhoneNumbers.json"
        assert vendor.last.query == [("PhoneNumber", "555"), ("PageSize", "100")]

    @pytest.mark.parametrize(
        ("status", "code", "kind"),
        [
            (429, 20429, "rate_limited"),
            (401, 20003, "reauth"),
            (404, 20404, "not_found"),
            (400, 21211, "invalid_input"),
            (400, 21610, "invalid_input"),
            (403, 20403, "not_permitted"),
            (503, 20503, "transient"),
        ],
    )
    async def test_errors(
        self, twilio: Caller, vendor: Vendor, status: int, code: int, kind: str
    ) -> None:
        body = {"code": code, "message": f"What happened with {TOKEN}", "status": status}
        vendor.answer(Answer(status, body, {"Retry-After": "7"}))
        with pytest.raises(ComponentError) as caught:
            await twilio("send-message", to="+1", **{"from": "+2"}, body="Hi")
        error = caught.value
        assert error.kind == kind
        assert error.message.startswith(f"Twilio answered {status}: What happened with")
        assert TOKEN not in error.message
        assert error.retry_after == (7 if kind in {"rate_limited", "transient"} else None)


class TestGoogleCalendar:
    async def test_list_calendars_reads_all_pages(self, google: Caller, vendor: Vendor) -> None:
        vendor.answer(
            Answer(200, {"items": [{"id": "a"}], "nextPageToken": "t1"}),
            Answer(200, {"items": [{"id": "b"}], "nextPageToken": "t2"}),
            Answer(200, {"items": [{"id": "c"}]}),
        )
        output = await google("list-calendars", minAccessRole="writer")
        assert output == {"calendars": [{"id": "a"}, {"id": "b"}, {"id": "c"}], "truncated": False}
        assert [dict(a.query).get("pageToken") for a in vendor.arrived] == [None, "t1", "t2"]
        assert vendor.last.path == "/calendar/v3/users/me/calendarList"
        assert vendor.last.headers["authorization"] == "Bearer ya29.google-token"
        assert dict(vendor.last.query)["minAccessRole"] == "writer"

    async def test_list_events(self, google: Caller, vendor: Vendor) -> None:
        vendor.answer(Answer(200, {"items": [{"id": "e"}]}))
        output = await google(
            "list-events",
            calendarId="team/a@example.com",
            timeMin="2030-01-01T00:00:00Z",
            limit=10,
        )
        assert output["events"] == [{"id": "e"}]
        assert vendor.last.path == "/calendar/v3/calendars/team%2Fa%40example.com/events"
        assert dict(vendor.last.query) == {
            "timeMin": "2030-01-01T00:00:00Z",
            "singleEvents": "true",
            "maxResults": "10",
        }

    async def test_get_event(self, google: Caller, vendor: Vendor) -> None:
        vendor.answer(Answer(200, {"id": "e1"}))
        assert await google("get-event", eventId="e1") == {"id": "e1"}
        assert vendor.last.path == "/calendar/v3/calendars/primary/events/e1"

    async def test_create_event(self, google: Caller, vendor: Vendor) -> None:
        vendor.answer(Answer(200, {"id": "made"}))
        await google(
            "create-event",
            summary="Lunch",
            start="2030-05-31T12:00:00+02:00",
            end="2030-05-31T13:00:00+02:00",
            timeZone="Europe/Berlin",
            attendees=["ada@example.com"],
            sendUpdates="all",
        )
        arrived = vendor.last
        assert (arrived.method, arrived.path) == ("POST", "/calendar/v3/calendars/primary/events")
        assert arrived.query == [("sendUpdates", "all")]
        body = arrived.json
        assert 5 <= len(body["id"]) <= 1024
        assert set(body.pop("id")) <= set("0123456789abcdefghijklmnopqrstuv")
        assert body == {
            "summary": "Lunch",
            "start": {"dateTime": "2030-05-31T12:00:00+02:00", "timeZone": "Europe/Berlin"},
            "end": {"dateTime": "2030-05-31T13:00:00+02:00", "timeZone": "Europe/Berlin"},
            "attendees": [{"email": "ada@example.com"}],
        }

    async def test_an_event_of_whole_days(self, google: Caller, vendor: Vendor) -> None:
        vendor.answer(Answer(200, {"id": "made"}))
        await google("create-event", start="2030-05-31", end="2030-06-01")
        body = vendor.last.json
        assert (body["start"], body["end"]) == ({"date": "2030-05-31"}, {"date": "2030-06-01"})

    async def test_creating_again_finds_the_event(self, google: Caller, vendor: Vendor) -> None:
        vendor.answer(
            Answer(409, {"error": {"errors": [{"reason": "duplicate"}], "message": "exists"}}),
            lambda arrived: Answer(200, {"id": arrived.path.rpartition("/")[2]}),
        )
        output = await google("create-event", start="2030-05-31", end="2030-06-01")
        created, fetched = vendor.arrived
        assert (fetched.method, fetched.query) == ("GET", [])
        assert output == {"id": created.json["id"]}

    async def test_quick_add_event(self, google: Caller, vendor: Vendor) -> None:
        vendor.answer(Answer(200, {"id": "made"}))
        await google("quick-add-event", text="Lunch tomorrow & more")
        assert vendor.last.path == "/calendar/v3/calendars/primary/events/quickAdd"
        assert vendor.last.query == [("text", "Lunch tomorrow & more")]
        assert vendor.last.body == b""

    async def test_update_event_sends_only_what_is_given(
        self, google: Caller, vendor: Vendor
    ) -> None:
        vendor.answer(Answer(200, {"id": "e1"}))
        await google("update-event", eventId="e1", location="Room 2")
        assert (vendor.last.method, vendor.last.json) == ("PATCH", {"location": "Room 2"})

    @pytest.mark.parametrize("status", [204, 410])
    async def test_delete_event(self, google: Caller, vendor: Vendor, status: int) -> None:
        vendor.answer(Answer(status))
        assert await google("delete-event", eventId="e1") == {"deleted": True}
        assert vendor.last.method == "DELETE"

    async def test_find_free_busy(self, google: Caller, vendor: Vendor) -> None:
        vendor.answer(Answer(200, {"calendars": {"primary": {"busy": []}}}))
        output = await google(
            "find-free-busy", timeMin="2030-01-01T00:00:00Z", timeMax="2030-01-02T00:00:00Z"
        )
        assert output == {"calendars": {"primary": {"busy": []}}}
        assert vendor.last.json == {
            "timeMin": "2030-01-01T00:00:00Z",
            "timeMax": "2030-01-02T00:00:00Z",
            "items": [{"id": "primary"}],
        }

    @pytest.mark.parametrize(
        ("status", "reason", "kind"),
        [
            (403, "rateLimitExceeded", "rate_limited"),
            (403, "userRateLimitExceeded", "rate_limited"),
            (429, "rateLimitExceeded", "rate_limited"),
            (403, "quotaExceeded", "rate_limited"),
            (403, "dailyLimitExceeded", "plan_limit"),
            (403, "forbiddenForNonOrganizer", "not_permitted"),
            (403, "insufficientPermissions", "not_permitted"),
            (401, "authError", "reauth"),
            (404, "notFound", "not_found"),
            (400, "invalid", "invalid_input"),
            (410, "deleted", "not_found"),
            (500, "backendError", "transient"),
        ],
    )
    async def test_errors(
        self, google: Caller, vendor: Vendor, status: int, reason: str, kind: str
    ) -> None:
        error = {"errors": [{"domain": "x", "reason": reason}], "code": status, "message": "No."}
        vendor.answer(Answer(status, {"error": error}))
        with pytest.raises(ComponentError) as caught:
            await google("get-event", eventId="e1")
        assert caught.value.kind == kind


class TestCubicl:
    async def test_list_tasks_by_offset(self, cubicl: Caller, vendor: Vendor) -> None:
        vendor.answer(
            Answer(200, [{"_id": str(n)} for n in range(100)]),
            Answer(200, [{"_id": str(n)} for n in range(100, 130)]),
        )
        output = await cubicl(
            "list-tasks", group="g1", archived="all", recursive=True, search="x", limit=500
        )
        assert len(output["tasks"]) == 130
        assert output["truncated"] is False
        first, second = (dict(a.query) for a in vendor.arrived)
        assert first == {
            "group": "g1",
            "archived": "all",
            "recursive": "true",
            "search": "x",
            "limit": "100",
        }
        assert second["skip"] == "100"
        assert vendor.last.path == "/api/v1/tasks"
        assert vendor.last.headers["authorization"] == "Bearer cubicl-token"

    async def test_create_task(self, cubicl: Caller, vendor: Vendor) -> None:
        vendor.answer(Answer(200, {"_id": "t1"}))
        output = await cubicl(
            "create-task", group="g1", name="Call", deadline=1900000000000, priority=5, tags=["a"]
        )
        assert output == {"_id": "t1"}
        assert (vendor.last.method, vendor.last.path) == ("POST", "/api/v1/tasks")
        assert vendor.last.json == {
            "group": "g1",
            "name": "Call",
            "deadline": 1900000000000,
            "priority": 5,
            "tags": ["a"],
        }

    async def test_update_task(self, cubicl: Caller, vendor: Vendor) -> None:
        vendor.answer(Answer(200, {"activity": {}, "task": {"_id": "t1"}}))
        await cubicl("update-task", id="t1", desc="")
        assert (vendor.last.method, vendor.last.path) == ("PUT", "/api/v1/tasks/t1")
        assert vendor.last.json == {"desc": ""}

    @pytest.mark.parametrize(
        ("name", "path"),
        [("get-task", "/api/v1/tasks/x"), ("get-client", "/api/v1/crm/customers/x")],
    )
    async def test_get(self, cubicl: Caller, vendor: Vendor, name: str, path: str) -> None:
        vendor.answer(Answer(200, {"_id": "x"}))
        assert await cubicl(name, id="x") == {"_id": "x"}
        assert (vendor.last.method, vendor.last.path) == ("GET", path)

    async def test_list_clients(self, cubicl: Caller, vendor: Vendor) -> None:
        vendor.answer(Answer(200, [{"_id": "c"}]))
        output = await cubicl("list-clients", name="Ac", includeAllFields=True, limit=5)
        assert output == {"clients": [{"_id": "c"}], "truncated": False}
        assert vendor.last.path == "/api/v1/crm/customers"
        assert dict(vendor.last.query) == {"name": "Ac", "includeAllFields": "true", "limit": "5"}

    async def test_create_client(self, cubicl: Caller, vendor: Vendor) -> None:
        vendor.answer(Answer(200, {"_id": "c"}))
        await cubicl("create-client", name="Acme", contacts=[{"name": "Ada"}])
        assert vendor.last.json == {"name": "Acme", "contacts": [{"name": "Ada"}]}

    @pytest.mark.parametrize(
        ("status", "kind"),
        [
            (400, "invalid_input"),
            (401, "reauth"),
            (403, "not_permitted"),
            (404, "not_found"),
            (405, "fatal"),
            (418, "fatal"),
            (422, "invalid_input"),
            (429, "rate_limited"),
            # A task that may have been made is not made again.
            (500, "unknown_outcome"),
        ],
    )
    async def test_errors(self, cubicl: Caller, vendor: Vendor, status: int, kind: str) -> None:
        vendor.answer(Answer(status, {"code": 2}))
        with pytest.raises(ComponentError) as caught:
            await cubicl("create-task", group="g", name="n")
        assert caught.value.kind == kind
        assert "cubicl-token" not in caught.value.message


def test_every_action_was_sent() -> None:
    """Each action has a test above; a new one needs its own."""
    source = Path(__file__).read_text("utf-8")
    keys: list[Any] = [
        c.key.partition(".")[2]
        for key in ("twilio", "google-calendar", "cubicl")
        for c in load_catalogue().apps[key].components
    ]
    assert [key for key in keys if f'"{key}"' not in source] == []
