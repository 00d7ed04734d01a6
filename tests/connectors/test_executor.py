"""The executor with manifests of its own: requests, pages, errors and what may be shown of them."""

from __future__ import annotations

import asyncio
import threading
import time
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

import pytest

from connectors.catalogue import load_catalogue
from connectors.credential import Credential
from connectors.executor import ComponentError, execute
from connectors.manifest import App
from temporal.server import free_port
from tests.connectors.vendor import Answer, Caller, Vendor

if TYPE_CHECKING:
    from connectors.http import OutgoingHttp

SECRET = "s3cret/key+of=the-user"
CREDENTIAL = Credential("api_key", {"apiKey": SECRET, "site": "acme"}, captured={"team": "t1"})

APP: dict[str, Any] = {
    "key": "shop",
    "name": "Shop",
    "auth": {
        "type": "api_key",
        "fields": [{"name": "apiKey", "secret": True}, {"name": "site"}],
        "apply": [{"in": "header", "name": "X-Api-Key", "template": "{{ fields.apiKey }}"}],
    },
    "headers": {"X-Version": "2"},
}
ACTION: dict[str, Any] = {
    "key": "shop.act",
    "name": "Act",
    "input_schema": {
        "type": "object",
        "properties": {
            "id": {"type": "string", "default": "7"},
            "count": {"type": "integer", "minimum": 1},
            "price": {"type": "number"},
            "flag": {"type": "boolean"},
            "note": {"type": "string"},
            "extra": {"type": "object"},
            "tags": {"type": "array", "items": {"type": "integer"}},
            "pin": {"type": "string", "secret": True, "pattern": "^[0-9]{4}$"},
        },
    },
    "request": {
        "method": "POST",
        "path": "/orders/{id}",
        "query": {"note": "{{ inputs.note }}", "team": "{{ captured.team }}"},
        "json": {
            "count": "{{ inputs.count }}",
            "price": "{{ inputs.price }}",
            "flag": "{{ inputs.flag }}",
            "extra": "{{ inputs.extra }}",
            "inner": {"note": "{{ inputs.note }}"},
            "tags": "{{ inputs.tags }}",
        },
    },
}


def shop(
    vendor: Vendor,
    http: OutgoingHttp,
    *,
    app: dict[str, Any] | None = None,
    **action: Any,
) -> Caller:
    document = {**APP, "base_url": vendor.url, **(app or {}), "components": [{**ACTION, **action}]}
    parsed = App.model_validate(document)
    return Caller(parsed, None if parsed.auth.type == "none" else CREDENTIAL, http)


async def error_of(caller: Caller, **inputs: Any) -> ComponentError:
    with pytest.raises(ComponentError) as caught:
        await caller("act", **inputs)
    return caught.value


class TestInputs:
    async def test_text_becomes_what_the_schema_wants(
        self, vendor: Vendor, http: OutgoingHttp
    ) -> None:
        call = shop(vendor, http)
        await call("act", id=12, count="3", price="1.5", flag="True", tags=["1", 2.0])
        assert vendor.last.path == "/orders/12"
        assert vendor.last.json == {"count": 3, "price": 1.5, "flag": True, "tags": [1, 2]}

    async def test_nulls_of_the_manifest_are_left_out_and_the_users_own_stay(
        self, vendor: Vendor, http: OutgoingHttp
    ) -> None:
        await shop(vendor, http)("act", note=None, extra={"a": None})
        assert vendor.last.json == {"extra": {"a": None}}
        assert vendor.last.query == [("team", "t1")]
        assert vendor.last.path == "/orders/7"

    @pytest.mark.parametrize(
        ("inputs", "what"),
        [
            ({"count": 0}, "'count'"),
            ({"count": "many"}, "'count'"),
            ({"flag": "maybe"}, "'flag'"),
            ({"unknown": 1}, "no input 'unknown'; its inputs: count, extra"),
            ({"id": ".."}, "`id`"),
            ({"id": ""}, "`id`"),
        ],
    )
    async def test_what_does_not_fit_is_said_and_not_sent(
        self, vendor: Vendor, http: OutgoingHttp, inputs: dict[str, Any], what: str
    ) -> None:
        error = await error_of(shop(vendor, http), **inputs)
        assert error.kind == "invalid_input"
        assert error.message.startswith("Shop: ")
        assert what in error.message
        assert vendor.arrived == []

    async def test_secret_inputs_are_not_repeated(self, vendor: Vendor, http: OutgoingHttp) -> None:
        call = shop(vendor, http, request={"path": "/x", "query": {"pin": "{{ inputs.pin }}"}})
        error = await error_of(call, pin="hunter2")
        assert "pin" in error.message
        assert "hunter2" not in error.message

    async def test_a_value_stays_in_its_place_of_the_path(
        self, vendor: Vendor, http: OutgoingHttp
    ) -> None:
        await shop(vendor, http)("act", id="../a?b#c/d%2e é")
        assert vendor.last.path == "/orders/..%2Fa%3Fb%23c%2Fd%252e%20%C3%A9"

    @pytest.mark.parametrize(
        "site", ["evil.example/", "a@evil.example", "evil.example#", "a.b", ""]
    )
    async def test_a_field_cannot_change_the_host(
        self, vendor: Vendor, http: OutgoingHttp, site: str
    ) -> None:
        call = shop(vendor, http, app={"base_url": "https://{site}.shop.example"})
        call.credential = Credential("api_key", {"apiKey": SECRET, "site": site})
        error = await error_of(call)
        assert error.kind == "invalid_input"
        assert "`site`" in error.message


class TestRequest:
    async def test_carries_credential_headers_and_idempotency_key(
        self, vendor: Vendor, http: OutgoingHttp
    ) -> None:
        await shop(vendor, http, idempotency_header="Idempotency-Key")("act")
        headers = vendor.last.headers
        assert headers["x-api-key"] == SECRET
        assert headers["x-version"] == "2"
        assert headers["idempotency-key"] == "run-1/step/0"
        assert headers["user-agent"].startswith("Inlay/")

    async def test_a_credential_can_go_into_the_query(
        self, vendor: Vendor, http: OutgoingHttp
    ) -> None:
        apply = [{"in": "query", "name": "key", "template": "{{ fields.apiKey }}"}]
        await shop(vendor, http, app={"auth": {**APP["auth"], "apply": apply}})("act")
        assert ("key", SECRET) in vendor.last.query
        assert "x-api-key" not in vendor.last.headers

    async def test_the_credential_goes_only_to_the_apps_own_host(
        self, vendor: Vendor, http: OutgoingHttp
    ) -> None:
        other = {"path": None, "url": f"{vendor.url}/elsewhere"}
        call = shop(vendor, http, app={"base_url": "https://shop.example"}, request=other)
        await call("act")
        assert vendor.last.path == "/elsewhere"
        assert "x-api-key" not in vendor.last.headers

    async def test_a_connection_without_the_needed_value_asks_for_a_new_one(
        self, vendor: Vendor, http: OutgoingHttp
    ) -> None:
        call = shop(vendor, http)
        call.credential = Credential("api_key", {})
        assert (await error_of(call)).kind == "reauth"
        call.credential = None
        assert (await error_of(call)).kind == "reauth"
        assert vendor.arrived == []

    async def test_a_header_cannot_be_smuggled_in(self, vendor: Vendor, http: OutgoingHttp) -> None:
        request = {"path": "/", "headers": {"X-Note": "{{ inputs.note }}"}}
        error = await error_of(shop(vendor, http, request=request), note="a\r\nX-Evil: 1")
        assert error.kind == "invalid_input"
        assert vendor.arrived == []

    @pytest.mark.parametrize(
        ("answer", "output"),
        [
            (Answer(200, {"a": 1}), {"a": 1}),
            (Answer(200, b"plain", {"Content-Type": "text/plain"}), "plain"),
            (Answer(200, b"{broken", {"Content-Type": "application/json"}), "{broken"),
            (Answer(204), None),
            (
                Answer(200, b"\x89PNG\xff", {"Content-Type": "image/png"}),
                {"contentType": "image/png", "base64": "iVBOR/8="},
            ),
        ],
    )
    async def test_bodies(
        self, vendor: Vendor, http: OutgoingHttp, answer: Answer, output: Any
    ) -> None:
        vendor.answer(answer)
        assert await shop(vendor, http)("act") == output


class TestErrors:
    @pytest.mark.parametrize(
        ("status", "kind"),
        [
            (400, "invalid_input"),
            (401, "reauth"),
            (402, "plan_limit"),
            (403, "not_permitted"),
            (404, "not_found"),
            (408, "transient"),
            (409, "conflict"),
            (422, "invalid_input"),
            (429, "rate_limited"),
            (500, "transient"),
            (501, "fatal"),
            (503, "transient"),
            (304, "fatal"),
            (418, "fatal"),
        ],
    )
    async def test_defaults(
        self, vendor: Vendor, http: OutgoingHttp, status: int, kind: str
    ) -> None:
        vendor.answer(Answer(status, None))
        assert (await error_of(shop(vendor, http, idempotent=True))).kind == kind

    async def test_an_error_inside_a_200(self, vendor: Vendor, http: OutgoingHttp) -> None:
        vendor.answer(Answer(200, {"ok": False, "error": "ratelimited"}))
        rules = [
            {"when": "body.ok == false && body.error == 'ratelimited'", "kind": "rate_limited"},
            {"when": "body.ok == false", "kind": "fatal", "message": "said {{ body.error }}"},
        ]
        call = shop(vendor, http, app={"errors": rules})
        assert (await error_of(call)).kind == "rate_limited"
        vendor.answer(Answer(200, {"ok": False, "error": "odd"}))
        error = await error_of(call)
        assert (error.kind, "said odd" in error.message) == ("fatal", True)
        vendor.answer(Answer(200, {"ok": True}))
        assert await call("act") == {"ok": True}

    async def test_the_components_rules_come_before_the_apps(
        self, vendor: Vendor, http: OutgoingHttp
    ) -> None:
        vendor.answer(Answer(404, {"message": "gone"}))
        call = shop(
            vendor,
            http,
            app={"errors": [{"statuses": [404], "kind": "fatal"}]},
            errors=[{"statuses": [404], "kind": "ok"}],
        )
        assert await call("act") == {"message": "gone"}

    async def test_a_rule_that_cannot_be_evaluated_does_not_apply(
        self, vendor: Vendor, http: OutgoingHttp
    ) -> None:
        vendor.answer(Answer(200, "text"))
        rules = [{"when": "body.error.code == 5", "kind": "fatal"}]
        assert await shop(vendor, http, app={"errors": rules})("act") == "text"

    async def test_the_vendors_words_are_bounded_and_hold_no_secret(
        self, vendor: Vendor, http: OutgoingHttp
    ) -> None:
        vendor.answer(Answer(400, {"error": {"message": f"Key {SECRET} is bad. " + "x" * 5000}}))
        error = await error_of(shop(vendor, http))
        assert "answered 400: Key •••••• is bad." in error.message
        assert SECRET not in str(error)
        assert len(error.message) < 700

    async def test_the_answer_is_kept_bounded_and_holds_no_secret(
        self, vendor: Vendor, http: OutgoingHttp
    ) -> None:
        said = {"errors": {"pin": ["4711 is known"]}, "key": [SECRET], "ok": [1, None]}
        vendor.answer(Answer(422, said))
        error = await error_of(shop(vendor, http), pin="4711")
        told = {"errors": {"pin": ["•••••• is known"]}, "key": ["••••••"], "ok": [1, None]}
        assert error.answer == {"status": 422, "body": told}
        assert "4711" not in error.message
        # A number that held a secret is none any more, and its body is text.
        vendor.answer(Answer(422, {"n": 4711.5}))
        error = await error_of(shop(vendor, http), pin="4711")
        assert error.answer == {"status": 422, "body": '{"n":••••••.5}'}
        for body in ("x" * 100_000, {"a": ["é" * 90_000]}):
            vendor.answer(Answer(400, body))
            error = await error_of(shop(vendor, http))
            assert error.answer is not None
            assert len(error.answer["body"]) == 50_001
        vendor.answer(Answer(404, b""))
        assert (await error_of(shop(vendor, http))).answer == {"status": 404, "body": None}
        # An error that a rule finds in a success has an answer, too; what never came has none.
        vendor.answer(Answer(200, {"ok": False}))
        rules = [{"when": "!body.ok", "kind": "fatal"}]
        error = await error_of(shop(vendor, http, app={"errors": rules}))
        assert error.answer == {"status": 200, "body": {"ok": False}}
        vendor.answer(Answer(200, {"data": None, "errors": [{"message": "Unknown field"}]}))
        rules = [{"when": "body.errors.size() > 0", "kind": "invalid_input"}]
        error = await error_of(shop(vendor, http, app={"errors": rules}))
        assert error.message == "Shop answered 200: Unknown field. Check this step's inputs."
        assert (await error_of(shop(vendor, http), pin="no pin")).answer is None

    async def test_an_app_without_connection_never_asks_for_one(
        self, vendor: Vendor, http: OutgoingHttp
    ) -> None:
        vendor.answer(Answer(401))
        action = {"request": {"path": "/"}}
        call = shop(vendor, http, app={"auth": {"type": "none"}}, **action)
        assert (await error_of(call)).kind == "not_permitted"

    @pytest.mark.parametrize(
        ("reading", "headers", "body", "seconds"),
        [
            (None, {"Retry-After": "7"}, None, 7),
            (None, {"Retry-After": "date+90"}, None, 90),
            (None, {"Retry-After": "soon"}, None, None),
            (None, {"Retry-After": "9999999"}, None, 86_400),
            ({"header": "X-Reset", "unit": "seconds"}, {"X-Reset": "12"}, None, 12),
            ({"header": "X-Reset", "unit": "epoch_seconds"}, {"X-Reset": "@30"}, None, 30),
            ({"header": "X-Reset", "unit": "seconds"}, {"X-Reset": "@30"}, None, 30),
            ({"header": "X-Reset", "unit": "epoch_seconds"}, {"X-Reset": "45"}, None, 45),
            ({"header": "X-Reset", "unit": "epoch_seconds"}, {"X-Reset": "@@30"}, None, 30),
            ({"header": "X-Reset", "unit": "epoch_ms"}, {"X-Reset": "@@30"}, None, 30),
            ({"header": "X-Reset", "unit": "epoch_seconds"}, {"X-Reset": "@-5"}, None, 0),
            ({"body": "body.wait", "unit": "milliseconds"}, {}, {"wait": 1500}, 1.5),
            ({"body": "body.parameters.retry_after"}, {}, {"parameters": {"retry_after": 3}}, 3),
        ],
    )
    async def test_when_to_try_again(
        self,
        vendor: Vendor,
        http: OutgoingHttp,
        reading: dict[str, Any] | None,
        headers: dict[str, str],
        body: Any,
        seconds: float | None,
    ) -> None:
        now = time.time()
        for name, value in headers.items():
            if value.startswith("@@"):
                headers = {name: str(int((now + int(value[2:])) * 1000))}
            elif value.startswith("@"):
                headers = {name: str(int(now + int(value[1:])))}
            elif value.startswith("date"):
                headers = {name: formatdate(now + int(value[4:]), usegmt=True)}
        vendor.answer(Answer(429, body, headers))
        app = {"retry_after": [reading]} if reading else {}
        error = await error_of(shop(vendor, http, app=app))
        assert error.retry_after == (None if seconds is None else pytest.approx(seconds, abs=3))

    async def test_no_connection_may_pass(self, vendor: Vendor, http: OutgoingHttp) -> None:
        error = await error_of(shop(vendor, http, app={"base_url": "http://127.0.0.1:9"}))
        assert error.kind == "transient"
        assert "127.0.0.1" in error.message

    async def test_no_answer_in_time_may_pass(self, vendor: Vendor, http: OutgoingHttp) -> None:
        given_up = threading.Event()

        def slow(_: Any) -> Answer:
            assert given_up.wait(30)
            return Answer()

        vendor.answer(slow)
        error = await error_of(shop(vendor, http, timeout=0.2, idempotent=True))
        given_up.set()
        assert error.kind == "transient"


class TestPages:
    async def test_page_numbers(self, vendor: Vendor, http: OutgoingHttp) -> None:
        vendor.answer(
            Answer(200, {"rows": [1, 2]}), Answer(200, {"rows": [3, 4]}), Answer(200, {"rows": [5]})
        )
        pagination = {
            "type": "page",
            "records": "body.rows",
            "param": "page",
            "size_param": "per",
            "page_size": 2,
        }
        output = {"all": "{{ records }}", "more": "{{ truncated }}"}
        call = shop(vendor, http, pagination=pagination, output=output, request={"path": "/r"})
        assert await call("act") == {"all": [1, 2, 3, 4, 5], "more": False}
        assert [dict(a.query) for a in vendor.arrived] == [
            {"page": str(n), "per": "2"} for n in (1, 2, 3)
        ]

    @pytest.mark.parametrize("kind", ["page", "offset"])
    async def test_a_404_behind_a_full_last_page_is_its_end(
        self, vendor: Vendor, http: OutgoingHttp, kind: str
    ) -> None:
        pagination = {"type": kind, "records": "body.rows", "param": "p", "page_size": 2}
        call = shop(
            vendor,
            http,
            pagination=pagination,
            request={"path": "/r"},
            output={"all": "{{ records }}", "status": "{{ response.status }}"},
        )
        gone = Answer(404, {"detail": "Invalid page."})
        vendor.answer(Answer(200, {"rows": [1, 2]}), Answer(200, {"rows": [3, 4]}), gone)
        assert await call("act") == {"all": [1, 2, 3, 4], "status": 200}
        vendor.answer(gone)
        assert (await error_of(call)).kind == "not_found"

    @pytest.mark.parametrize(
        ("kind", "nexts", "asked"),
        [
            ("page", ["https://app.test/?p=2", None], ["1", "2"]),
            ("offset", [True, False], [None, "1"]),
            ("page", [7, 0], ["1", "7"]),
            ("offset", [10, ""], [None, "10"]),
        ],
    )
    async def test_the_app_says_itself_whether_there_is_more(
        self, vendor: Vendor, http: OutgoingHttp, kind: str, nexts: list[Any], asked: list[Any]
    ) -> None:
        # Pages are shorter than their size, and one is full: neither is the end by itself.
        rows = [[1], [2, 3]]
        vendor.answer(
            *(Answer(200, {"rows": r, "next": n}) for r, n in zip(rows, nexts, strict=True))
        )
        pagination = {"type": kind, "records": "body.rows", "param": "p", "page_size": 2}
        call = shop(
            vendor,
            http,
            pagination={**pagination, "next": "body.next"},
            request={"path": "/r"},
            output="{{ records }}",
        )
        assert await call("act") == [1, 2, 3]
        assert [dict(one.query).get("p") for one in vendor.arrived] == asked

    async def test_link_header(self, vendor: Vendor, http: OutgoingHttp) -> None:
        vendor.answer(
            Answer(200, [1], {"Link": '</r?page=2>; rel="next", </r>; rel="first"'}),
            Answer(200, [2], {"Link": '</r>; rel="first"'}),
        )
        pagination = {"type": "link", "records": "body"}
        call = shop(
            vendor, http, pagination=pagination, output="{{ records }}", request={"path": "/r"}
        )
        assert await call("act") == [1, 2]
        assert vendor.last.query == [("page", "2")]
        assert vendor.last.headers["x-api-key"] == SECRET

    @pytest.mark.parametrize(
        ("place", "what"),
        [("https://evil.example/r", "another host"), ("/again", "the same next page twice")],
    )
    async def test_pages_that_lead_astray(
        self, vendor: Vendor, http: OutgoingHttp, place: str, what: str
    ) -> None:
        vendor.answer(Answer(200, {"rows": [1], "next": place}))
        pagination = {"type": "link", "records": "body.rows", "next": "body.next"}
        error = await error_of(shop(vendor, http, pagination=pagination, request={"path": "/r"}))
        assert (error.kind, what in error.message) == ("fatal", True)
        assert len(vendor.arrived) <= 2

    @pytest.mark.parametrize("kind", ["page", "offset"])
    async def test_an_app_that_gives_the_same_page_again_is_not_asked_for_ever(
        self, vendor: Vendor, http: OutgoingHttp, kind: str
    ) -> None:
        vendor.answer(Answer(200, {"rows": [{"id": 1}, {"id": 2}]}))
        pagination = {"type": kind, "records": "body.rows", "param": "p", "page_size": 2}
        error = await error_of(shop(vendor, http, pagination=pagination, request={"path": "/r"}))
        assert (error.kind, "the same page twice" in error.message) == ("fatal", True)
        assert len(vendor.arrived) == 2

    @pytest.mark.parametrize(
        ("caps", "records", "calls"), [({"max_pages": 3}, 6, 3), ({"max_records": 5}, 5, 3)]
    )
    async def test_caps(
        self, vendor: Vendor, http: OutgoingHttp, caps: dict[str, int], records: int, calls: int
    ) -> None:
        numbers = iter(range(1000))
        vendor.answer(lambda _: Answer(200, {"rows": [0, 1], "next": next(numbers)}))
        pagination = {
            "type": "cursor",
            "records": "body.rows",
            "next": "body.next",
            "param": "after",
            **caps,
        }
        output = {"rows": "{{ records }}", "more": "{{ truncated }}"}
        call = shop(vendor, http, pagination=pagination, output=output, request={"path": "/r"})
        found = await call("act")
        assert (len(found["rows"]), found["more"], len(vendor.arrived)) == (records, True, calls)

    async def test_an_error_on_a_later_page_is_the_calls_error(
        self, vendor: Vendor, http: OutgoingHttp
    ) -> None:
        vendor.answer(Answer(200, {"rows": [1], "next": "a"}), Answer(503))
        pagination = {
            "type": "cursor",
            "records": "body.rows",
            "next": "body.next",
            "param": "after",
        }
        error = await error_of(shop(vendor, http, pagination=pagination, request={"path": "/r"}))
        assert error.kind == "transient"


class TestHttpApp:
    async def call(self, http: OutgoingHttp, **inputs: Any) -> Any:
        component = load_catalogue().component("http.request")
        assert component is not None
        return await execute(component, inputs, None, http, idempotency_key="k")

    async def test_sends_what_it_is_told(self, vendor: Vendor, http: OutgoingHttp) -> None:
        vendor.answer(Answer(201, {"id": 1}, {"X-Trace": "t"}))
        output = await self.call(
            http,
            method="PUT",
            url=f"{vendor.url}/a/b?x=1",
            query={"y": [1, 2]},
            headers={"Authorization": "Bearer t"},
            body={"a": None, "b": [True]},
        )
        assert (output["status"], output["body"]) == (201, {"id": 1})
        assert output["headers"]["x-trace"] == "t"
        arrived = vendor.last
        assert (arrived.method, arrived.path) == ("PUT", "/a/b")
        assert arrived.query == [("x", "1"), ("y", "1"), ("y", "2")]
        assert arrived.json == {"a": None, "b": [True]}
        assert arrived.headers["content-type"] == "application/json"
        assert arrived.headers["authorization"] == "Bearer t"

    async def test_text_and_forms(self, vendor: Vendor, http: OutgoingHttp) -> None:
        await self.call(http, method="POST", url=vendor.url, body="<a/>")
        assert vendor.last.body == b"<a/>"
        await self.call(http, method="POST", url=vendor.url, form={"a": ["1", "ü"]})
        assert vendor.last.form == [("a", "1"), ("a", "ü")]
        with pytest.raises(ComponentError, match="only one kind of body"):
            await self.call(http, method="POST", url=vendor.url, form={"a": 1}, body=1)

    async def test_expected_statuses(self, vendor: Vendor, http: OutgoingHttp) -> None:
        vendor.answer(Answer(404))
        assert (await self.call(http, url=vendor.url, expectedStatuses=[404]))["status"] == 404
        vendor.answer(Answer(200))
        with pytest.raises(ComponentError, match="not one of those expected"):
            await self.call(http, url=vendor.url, expectedStatuses=[404])

    @pytest.mark.parametrize("url", ["ftp://a.example", "//a.example", "https://u:p@a.b", "x"])
    async def test_urls_that_are_none(self, http: OutgoingHttp, url: str) -> None:
        with pytest.raises(ComponentError) as caught:
            await self.call(http, url=url)
        assert caught.value.kind == "invalid_input"

    async def test_private_addresses_are_refused(self, http: OutgoingHttp) -> None:
        with pytest.raises(ComponentError) as caught:
            await self.call(http, url="https://169.254.169.254/latest/meta-data/")
        assert caught.value.kind == "fatal"
        assert "INLAY_ALLOWED_PRIVATE_HOSTS" in caught.value.message


def test_a_credential_shows_nothing() -> None:
    shown = repr(Credential("oauth2", {"a": SECRET}, "access", "refresh", captured={"x": SECRET}))
    assert SECRET not in shown
    assert "access" not in shown
    assert "refresh" not in shown


ONCE: dict[str, Any] = {"request": {"method": "POST", "path": "/pay"}}
REPEATABLE: list[dict[str, Any]] = [
    {"request": {"method": "GET", "path": "/pay"}},
    {"request": {"method": "PUT", "path": "/pay"}},
    {"request": {"method": "DELETE", "path": "/pay"}},
    {**ONCE, "idempotency_header": "X-Request-Key"},
    {**ONCE, "idempotent": True},
    {"request": {**ONCE["request"], "headers": {"Idempotency-Key": "{{ inputs.note }}"}}},
    {"request": {**ONCE["request"], "json": {"id": "{{ idempotency.hash }}"}}},
    {**ONCE, "already_done": {"when": "status == 409", "request": {"path": "/pay"}}},
]


class TestUnknownOutcomes:
    """What an app may have done is tried again only where a second time does no harm."""

    async def breaking(self, http: OutgoingHttp, action: dict[str, Any], *, slow: bool) -> str:
        """The kind of error of a call whose app takes the request and gives no answer."""

        async def swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            if slow:
                await asyncio.sleep(2)
            writer.close()

        async with await asyncio.start_server(swallow, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            call = shop(Vendor(f"http://127.0.0.1:{port}"), http, timeout=0.3, **action)
            error = await error_of(call, note="key")
        if error.kind == "unknown_outcome":
            assert "not known whether the app has done it" in error.message
        return error.kind

    @pytest.mark.parametrize("slow", [False, True])
    @pytest.mark.parametrize(
        "action",
        [
            ONCE,
            {"request": {"method": "PATCH", "path": "/pay"}},
            {"request": {"method": "PUT", "path": "/pay"}, "idempotent": False},
        ],
    )
    async def test_a_call_that_may_have_arrived(
        self, http: OutgoingHttp, action: dict[str, Any], slow: bool
    ) -> None:
        assert await self.breaking(http, action, slow=slow) == "unknown_outcome"

    @pytest.mark.parametrize("action", REPEATABLE)
    async def test_a_call_that_may_be_repeated(
        self, http: OutgoingHttp, action: dict[str, Any]
    ) -> None:
        assert await self.breaking(http, action, slow=False) == "transient"

    async def test_a_call_that_never_left(self, http: OutgoingHttp) -> None:
        for url in (f"http://127.0.0.1:{free_port()}", "https://no-such-host.invalid"):
            call = shop(Vendor(url), http, **ONCE)
            assert (await error_of(call)).kind == "transient"

    @pytest.mark.parametrize(
        ("answer", "kind"),
        [
            (Answer(500), "unknown_outcome"),
            (Answer(502, b"<h1>Bad Gateway</h1>"), "unknown_outcome"),
            (Answer(504, headers={"retry-after": "5"}), "unknown_outcome"),
            (Answer(520), "unknown_outcome"),
            # Refusals: nothing was done.
            (Answer(503), "transient"),
            (Answer(503, headers={"retry-after": "5"}), "transient"),
            (Answer(429), "rate_limited"),
            (Answer(408), "transient"),
            (Answer(425), "transient"),
            (Answer(422), "invalid_input"),
        ],
    )
    async def test_an_answer_that_does_not_say_whether_it_was_done(
        self, vendor: Vendor, http: OutgoingHttp, answer: Answer, kind: str
    ) -> None:
        vendor.answer(answer)
        error = await error_of(shop(vendor, http, **ONCE))
        assert error.kind == kind
        assert error.retry_after == (5.0 if answer.headers else None)
        # What does no harm twice is tried again.
        vendor.answer(answer)
        again = (await error_of(shop(vendor, http, **REPEATABLE[0]))).kind
        assert again == ("transient" if answer.status >= 500 else kind)

    async def test_an_app_says_which_of_its_answers_are_refusals(
        self, vendor: Vendor, http: OutgoingHttp
    ) -> None:
        vendor.answer(Answer(502))
        rules = [{"statuses": [502], "kind": "transient"}]
        assert (await error_of(shop(vendor, http, **ONCE, errors=rules))).kind == "transient"
