"""Deliveries of apps through the API, on a real Temporal server with a real worker."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import hmac
import json
import time
import zlib
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import httpx
import pytest
import uvicorn
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from store.models import Registration, RegistrationEvent
from store.registrations import Leftover, event_payload, seal_hook, unseal_hook
from tests.api import hooked
from tests.api.conftest import serving
from tests.api.hooked import (
    MOST_BYTES,
    PUBLIC_URL,
    SIGNING,
    Bench,
    Registered,
    event,
    eventually,
    result_of,
    signed,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


bench, vendor = hooked.bench, hooked.vendor

TOO_MUCH = MOST_BYTES + 1


@pytest.fixture(scope="module")
async def address(bench: Bench) -> AsyncIterator[tuple[str, int]]:
    """Where the same API listens to real connections."""
    config = uvicorn.Config(bench.app, port=0, log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    serving_it = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    host, port = server.servers[0].sockets[0].getsockname()
    yield host, port
    server.should_exit = True
    await serving_it


async def test_an_event_becomes_a_run(bench: Bench) -> None:
    hook = await bench.register("acme.signed", inputs={"board": "b1"}, data={"list": "inbox"})
    body, headers = signed([event(1)])
    answer = await bench.http.post(hook.path, content=body, headers=headers)
    assert (answer.status_code, answer.content) == (200, b"")
    assert await bench.results(hook, 1) == [{"id": "e1", "text": "Text 1", "of": "b1"}]
    [run] = await bench.runs(hook)
    assert run.trigger == "acme.signed"
    assert run.user_id == "user-1"
    assert result_of(run)["data"] == {"list": "inbox"}

    async def noted() -> bool:
        return (await bench.row(hook)).events == 1

    await eventually(noted)
    assert (await bench.row(hook)).last_event_at is not None
    [kept] = await bench.events(hook)
    assert (kept.status, kept.run_id) == ("run", run.id)
    assert event_payload(bench.keyring, kept) == {"id": "e1", "text": "Text 1", "of": "b1"}


async def test_one_event_is_one_run_however_often_it_is_told_at_once(bench: Bench) -> None:
    hook = await bench.register("acme.signed")
    body, headers = signed([event(1)])

    async def deliver() -> int:
        return (await bench.http.post(hook.path, content=body, headers=headers)).status_code

    assert await asyncio.gather(*(deliver() for _ in range(50))) == [200] * 50
    assert len(await bench.results(hook, 1)) == 1
    # Another API process does not remember what this one has started.
    async with serving(bench.settings) as (_, other):
        answer = await other.post(hook.path, content=body, headers=headers)
        assert answer.status_code == 200
    assert len(await bench.runs(hook)) == 1


async def test_several_processes_at_once_start_one_run(bench: Bench) -> None:
    hook = await bench.register("acme.signed")
    body, headers = signed([event(number) for number in range(5)])
    async with (
        serving(bench.settings) as (_, second),
        serving(bench.settings) as (_, third),
    ):
        clients = [bench.http, second, third] * 5
        answers = await asyncio.gather(
            *(client.post(hook.path, content=body, headers=headers) for client in clients)
        )
    assert {answer.status_code for answer in answers} == {200}
    assert {found["id"] for found in await bench.results(hook, 5)} == {f"e{n}" for n in range(5)}


async def test_a_batch_is_split_and_what_is_ignored_is_none(bench: Bench) -> None:
    hook = await bench.register("acme.signed")
    events = [event(number) for number in range(20)]
    body, headers = signed([*events, event(99, type="ping"), events[0]])
    assert (await bench.http.post(hook.path, content=body, headers=headers)).status_code == 200
    found = await bench.results(hook, 20)
    assert sorted(item["id"] for item in found) == sorted(item["id"] for item in events)


async def test_many_events_are_acknowledged_when_they_are_safe_and_not_when_they_run(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def dies(*_: Any, **__: Any) -> None:
        raise AssertionError("this process starts no run of them")

    monkeypatch.setattr(bench.app.state.inlay.event_runs, "start", dies)
    hook = await bench.register("acme.signed")
    events = [event(number) for number in range(60)]
    body, headers = signed([*events, events[0]])
    for _ in range(2):
        assert (await bench.http.post(hook.path, content=body, headers=headers)).status_code == 200
    found = await bench.results(hook, 60)
    assert sorted(item["id"] for item in found) == sorted(item["id"] for item in events)

    async def counted() -> bool:
        return (await bench.row(hook)).events == 60

    await eventually(counted)


async def test_a_large_delivery_runs_whole(bench: Bench) -> None:
    hook = await bench.register("acme.plain")
    text = "x" * (MOST_BYTES - 1_000)
    body = json.dumps({"text": text, "id": 12345678901234567890123}).encode()
    assert (await bench.http.post(hook.path, content=body)).status_code == 200
    [found] = await bench.results(hook, 1)
    assert found == {"text": text, "id": "12345678901234567890123"}


async def test_large_deliveries_that_come_all_at_once_come_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.hooks._large", 4)
    hook = await bench.register("acme.plain")
    body = json.dumps({"text": "x" * 2_000_000}).encode()
    answer = await bench.http.post(hook.path, content=body)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert (await bench.http.post(hook.path, json={"a": 1})).status_code == 200


async def test_an_event_that_cannot_be_read_keeps_no_other_from_running(bench: Bench) -> None:
    hook = await bench.register("acme.signed")
    body, headers = signed([event(1), {"id": "e2"}, event(3)])
    assert (await bench.http.post(hook.path, content=body, headers=headers)).status_code == 200
    assert {found["id"] for found in await bench.results(hook, 2)} == {"e1", "e3"}
    assert (await bench.row(hook)).rejected == 1
    body, headers = signed([{"id": "e2"}])
    assert (await bench.http.post(hook.path, content=body, headers=headers)).status_code == 400


async def test_without_a_key_the_event_itself_tells(bench: Bench) -> None:
    hook = await bench.register("acme.plain")
    for body in ('{"a": 1, "b": [2]}', '{"b":[2],"a":1}', '{"a": 1, "b": [3]}', "just text"):
        assert (await bench.http.post(hook.path, content=body)).status_code == 200
    found = await bench.results(hook, 3)
    assert {json.dumps(item) for item in found} == {
        '{"a": 1, "b": [2]}',
        '{"a": 1, "b": [3]}',
        '"just text"',
    }


async def test_it_is_acknowledged_only_when_its_run_is_durable(bench: Bench) -> None:
    hook = await bench.register("acme.signed")
    body, headers = signed([event(1), event(2)])
    # Nothing listens on port 1: this API knows the database and no Temporal.
    away = bench.settings.model_copy(update={"temporal_address": "127.0.0.1:1"})
    async with serving(away) as (_, http):
        for _ in range(2):
            answer = await http.post(hook.path, content=body, headers=headers)
            assert answer.status_code == 503
            assert int(answer.headers["retry-after"]) > 0
            assert answer.json()["code"] == 503
    assert (await bench.row(hook)).rejected == 0
    for _ in range(2):
        again = await bench.http.post(hook.path, content=body, headers=headers)
        assert again.status_code == 200
    assert len(await bench.results(hook, 2)) == 2


async def test_without_a_database_the_app_is_asked_to_come_again(bench: Bench) -> None:
    away = bench.settings.model_copy(
        update={"database_url": "postgresql+asyncpg://nobody@127.0.0.1:1/none"}
    )
    async with serving(away) as (_, http):
        answer = await http.post("/api/v1/hooks/anything", json={})
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0


class TestHandshakes:
    async def test_a_header_is_echoed_and_kept_as_the_secret(self, bench: Bench) -> None:
        hook = await bench.register("acme.asked")
        body = b'{"id": "x1"}'
        unknown = await bench.http.post(hook.path, content=body, headers={"x-signature": "0" * 64})
        assert unknown.status_code == 401
        answer = await bench.http.post(hook.path, headers={"x-hook-secret": "of-the-app"})
        assert answer.status_code == 200
        assert answer.headers["x-hook-secret"] == "of-the-app"
        signature = hmac.new(b"of-the-app", body, hashlib.sha256).hexdigest()
        taken = await bench.http.post(hook.path, content=body, headers={"x-signature": signature})
        assert (taken.status_code, taken.text) == (202, "thanks for x1")
        assert len(await bench.results(hook, 1)) == 1

    async def test_a_secret_that_is_known_is_not_replaced(self, bench: Bench) -> None:
        hook = await bench.register("acme.asked", subscription={"secret": "first", "id": "7"})
        await bench.http.post(hook.path, headers={"x-hook-secret": "of-somebody-else"})
        secret = unseal_hook(bench.keyring, await bench.row(hook))
        assert secret is not None
        assert secret.subscription == {"secret": "first", "id": "7"}

    async def test_a_subscription_that_was_replaced_still_delivers(self, bench: Bench) -> None:
        """While the new one is being made, and until the app has deleted the old one."""
        hook = await bench.register("acme.asked", subscription={"secret": "of-the-new"})
        old = Leftover(
            trigger="acme.asked",
            inputs={},
            owner="user-1",
            answered=True,
            hook=hook.secret.hook,
            signing=hook.secret.signing,
            subscription={"secret": "of-the-old"},
        )
        progress = hook.secret.progress.model_copy(update={"leftovers": [old]})
        secret = seal_hook(bench.keyring, hook.id, replace(hook.secret, progress=progress))
        await bench.change(hook, secret=secret)
        for key, status in ((b"of-the-old", 202), (b"of-the-new", 202), (b"of-nobody", 401)):
            body = json.dumps({"id": key.decode()}).encode()
            signature = hmac.new(key, body, hashlib.sha256).hexdigest()
            headers = {"x-signature": signature}
            answer = await bench.http.post(hook.path, content=body, headers=headers)
            assert answer.status_code == status
        assert len(await bench.results(hook, 2)) == 2

    async def test_a_challenge_comes_back(self, bench: Bench) -> None:
        hook = await bench.register("acme.asked")
        head = await bench.http.head(hook.path)
        assert (head.status_code, head.content) == (200, b"")
        token = await bench.http.post(hook.path, params={"validationToken": "a <b>&ü"})
        assert token.text == "a <b>&ü"
        assert token.headers["content-type"] == "text/plain; charset=utf-8"
        assert token.headers["x-content-type-options"] == "nosniff"
        asked = {"type": "url_verification", "challenge": "c-1"}
        assert (await bench.http.post(hook.path, json=asked)).json() == {"challenge": "c-1"}
        assert await bench.runs(hook) == []

    async def test_one_that_is_signed_is_checked(self, bench: Bench) -> None:
        hook = await bench.register("acme.asked", subscription={"secret": "k"})
        path = f"{hook.path}?signed_challenge=1"
        assert (await bench.http.post(path, content=b"x")).status_code == 401
        signature = hmac.new(b"k", b"x", hashlib.sha256).hexdigest()
        answer = await bench.http.post(path, content=b"x", headers={"x-signature": signature})
        assert (answer.status_code, answer.content) == (204, b"")

    @pytest.mark.parametrize("value", ["a\tb", "a\x7fb", "é"])
    async def test_what_no_header_can_carry_is_not_echoed(self, bench: Bench, value: str) -> None:
        hook = await bench.register("acme.asked")
        headers = [(b"x-hook-secret", value.encode())]
        answer = await bench.http.post(hook.path, headers=headers)
        assert answer.status_code == 400


async def test_the_url_is_as_the_app_called_it(bench: Bench) -> None:
    hook = await bench.register("acme.by-address")
    form = {"MessageSid": "SM1", "Body": "çay & kahve", "From": "+49 30", "Empty": ""}
    query = "region=eu%2F1&x=%20"
    message = f"{PUBLIC_URL}{hook.path}?{query}" + "".join(k + form[k] for k in sorted(form))
    signature = hmac.new(SIGNING.encode(), message.encode(), "sha1").hexdigest()
    answer = await bench.http.post(
        f"{hook.path}?{query}",
        content=urlencode(form),
        headers={
            "content-type": "application/x-www-form-urlencoded",
            "x-signature": signature,
            # As a proxy in front of us sets them, or as anybody may.
            "host": "10.0.0.7:8000",
            "x-forwarded-proto": "http",
        },
    )
    assert (answer.status_code, answer.text) == (200, "<Response/>")
    assert answer.headers["content-type"] == "text/xml"
    assert await bench.results(hook, 1) == [form]


@pytest.fixture(scope="module")
async def fuzzed(bench: Bench) -> dict[str, Registered]:
    names = ("signed", "asked", "by-address", "poked")
    return {name: await bench.register(f"acme.{name}") for name in names}


class TestBadInput:
    """Refused at once, counted, and told to the developer; never an error of ours."""

    async def test_each_kind_has_its_status_and_reason(self, bench: Bench) -> None:
        hook = await bench.register("acme.signed")
        body, headers = signed([event(1)])
        wrong = {**headers, "x-signature": "0" * 64}
        old = signed([event(1)], at=time.time() - 3600)
        ahead = signed([event(1)], at=time.time() + 3600)
        scalar = json.dumps({"events": 5}).encode()
        stamp = headers["x-time"]
        scalar_signed = {
            **headers,
            "x-signature": hmac.new(
                SIGNING.encode(), f"{stamp}.".encode() + scalar, "sha256"
            ).hexdigest(),
        }
        cases: list[tuple[int, str, bytes, dict[str, str]]] = [
            (401, "POST", body, wrong),
            (401, "POST", body, {"content-type": "application/json"}),
            (401, "POST", old[0], old[1]),
            (401, "POST", ahead[0], ahead[1]),
            (401, "POST", body + b" ", headers),
            (400, "POST", b'{"events": ', headers),
            (400, "POST", b"[" * 100_000, headers),
            (400, "POST", b'{"events": ["\\u0000"]}', headers),
            (400, "POST", scalar, scalar_signed),
            (405, "GET", b"", headers),
            (405, "PUT", body, headers),
            (431, "POST", body, {f"x-{number}": "1" for number in range(101)}),
            (431, "POST", body, {"x-long": "1" * 33_000}),
        ]
        for status, method, content, given_headers in cases:
            answer = await bench.http.request(
                method, hook.path, content=content, headers=given_headers
            )
            assert answer.status_code == status, (status, content[:20], answer.text)
            told = answer.json()
            assert told.keys() == {"code", "name", "message"}
            assert SIGNING not in answer.text
            if status == 405:
                assert answer.headers["allow"] == "POST"
        assert await bench.runs(hook) == []
        reasons = await bench.refused(hook, len(cases))
        assert [str(reason)[:3] for reason in reasons] == [str(case[0]) for case in cases]
        shown = f"/api/v1/projects/{bench.shop.project_id}/registrations/{hook.id}"
        told = await bench.shop.developer.expect(200, "GET", shown)
        assert (told["rejected"], told["lastRefusal"]["reason"]) == (len(cases), reasons[-1])
        large = await bench.http.post(hook.path, content=b"x" * TOO_MUCH, headers=headers)
        assert large.status_code == 413
        assert (await bench.http.post(hook.path, content=body, headers=headers)).status_code == 200

    async def test_the_developer_says_how_late_a_signed_delivery_may_be(self, bench: Bench) -> None:
        hook = await bench.register("acme.signed")
        body, headers = signed([event(1)], at=time.time() - 4 * 3600)
        late: dict[str, Any] = {"content": body, "headers": headers}
        assert (await bench.http.post(hook.path, **late)).status_code == 401
        (reason,) = await bench.refused(hook, 1)
        assert reason is not None
        assert "signatureToleranceSeconds" in reason
        developer, path = bench.shop.developer, f"{bench.shop.path}/integrations"
        added = await developer.expect(201, "POST", path, {"appKey": "acme"})
        assert added["signatureToleranceSeconds"] is None
        try:
            for wrong in (0, 86_401):
                refused = {"signatureToleranceSeconds": wrong}
                await developer.expect(400, "PATCH", f"{path}/acme", refused)
            change: dict[str, Any] = {"signatureToleranceSeconds": 86_400}
            changed = await developer.expect(200, "PATCH", f"{path}/acme", change)
            assert changed["signatureToleranceSeconds"] == 86_400
            assert (await bench.http.post(hook.path, **late)).status_code == 200
            assert len(await bench.results(hook, 1)) == 1
            unchanged = await developer.expect(200, "PATCH", f"{path}/acme", {"settings": {}})
            assert unchanged["signatureToleranceSeconds"] == 86_400
            change = {"signatureToleranceSeconds": None}
            changed = await developer.expect(200, "PATCH", f"{path}/acme", change)
            assert changed["signatureToleranceSeconds"] is None
        finally:
            await developer.expect(204, "DELETE", f"{path}/acme")

    async def test_what_is_no_text_is_refused(self, bench: Bench) -> None:
        hook = await bench.register("acme.plain")
        for status, kind, content in (
            (415, "multipart/form-data; boundary=x", b"--x--"),
            (415, "application/octet-stream", b"abc"),
            (415, "image/png", b"\x89PNG"),
            (400, "text/plain", b"\xff"),
            # Half a character behind the mark of UTF-16; the mark alone is an empty text.
            (400, "text/plain", b"\xff\xfea"),
            (400, "text/plain; charset=utf-8", b"\xfe\xff\xd8\x00"),
            (400, "text/plain; charset=x-none", b"\xfc"),
            (400, "text/plain", b"a\x00b"),
            (400, "application/x-www-form-urlencoded", b"a=%00"),
            (400, "application/x-www-form-urlencoded", b"a=\xff"),
            (400, "application/x-www-form-urlencoded", b"&".join([b"a=1"] * 3_000)),
            (400, "application/json", b"\xff"),
        ):
            answer = await bench.http.post(
                hook.path, content=content, headers={"content-type": kind}
            )
            assert answer.status_code == status, (kind, answer.text)
        assert await bench.runs(hook) == []

    async def test_a_packed_delivery_is_taken_within_the_same_bound(self, bench: Bench) -> None:
        hook = await bench.register("acme.signed")
        body, headers = signed([event(1)])
        for coding, packed in (("gzip", gzip.compress(body)), ("deflate", zlib.compress(body))):
            answer = await bench.http.post(
                hook.path, content=packed, headers={**headers, "content-encoding": coding}
            )
            assert answer.status_code == 200, answer.text
        assert len(await bench.results(hook, 1)) == 1
        large = gzip.compress(b" " * (MOST_BYTES - len(body)) + body)
        bomb = gzip.compress(b" " * TOO_MUCH)
        for status, coding, content in (
            (401, "gzip", large),  # It is read, and is not what was signed.
            (413, "gzip", bomb),
            (400, "gzip", b"no gzip"),
            (400, "gzip", gzip.compress(body)[:-4]),
            (415, "br", b"x"),
            (415, "gzip, gzip", gzip.compress(gzip.compress(body))),
        ):
            answer = await bench.http.post(
                hook.path, content=content, headers={**headers, "content-encoding": coding}
            )
            assert answer.status_code == status, answer.text
            if status == 415:
                assert answer.headers["accept-encoding"] == "gzip, deflate"
        reasons = await bench.refused(hook, 6)
        assert [str(reason)[:3] for reason in reasons[1:]] == [
            "401",
            "413",
            "400",
            "400",
            "415",
            "415",
        ]

    async def test_an_unknown_hook_is_not_found(self, bench: Bench) -> None:
        for path in ("/api/v1/hooks/unknown", "/api/v1/hooks/ü%20x"):
            answer = await bench.http.post(path, json={})
            assert (answer.status_code, answer.json()["code"]) == (404, 404)
        assert (await bench.http.post("/api/v1/hooks/" + "x" * 300)).status_code == 400
        hook = await bench.register("acme.plain")
        assert (await bench.http.post(f"{hook.path}/more")).status_code == 404
        assert (await bench.http.request("OPTIONS", hook.path)).status_code == 405

    async def test_many_are_counted_and_some_are_kept(
        self, bench: Bench, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # No minute ends while they come.
        monkeypatch.setattr("store.event_log.time", SimpleNamespace(monotonic=lambda: 90.0))
        hook = await bench.register("acme.signed")
        for _ in range(30):
            await bench.http.post(hook.path, content=b"{}")
        assert len(await bench.refused(hook, 30)) == 20

    async def test_a_slow_client_is_let_go(
        self, bench: Bench, address: tuple[str, int], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("api.hooks.READ_SECONDS", 0.3)
        hook = await bench.register("acme.plain")
        reader, writer = await asyncio.open_connection(*address)
        writer.write(
            f"POST {hook.path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
            'content-length: 100\r\n\r\n{"a":'.encode()
        )
        async with asyncio.timeout(30):
            line = await reader.readline()
        assert line.split()[1] == b"408"
        writer.close()
        assert (await bench.refused(hook, 1)) == ["408: the body did not come within 0.3 s"]

    async def test_one_that_hangs_up_is_no_error(
        self, bench: Bench, address: tuple[str, int], caplog: pytest.LogCaptureFixture
    ) -> None:
        hook = await bench.register("acme.plain")
        _, writer = await asyncio.open_connection(*address)
        writer.write(
            f"POST {hook.path} HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n{{".encode()
        )
        await writer.drain()
        writer.close()
        [reason] = await bench.refused(hook, 1)
        assert reason == "400: the connection was closed before the body had come"
        assert hook.secret.hook not in caplog.text

    async def test_a_body_without_a_length_is_bounded(
        self, bench: Bench, address: tuple[str, int]
    ) -> None:
        hook = await bench.register("acme.plain")

        async def chunks() -> AsyncIterator[bytes]:
            for _ in range(65):
                yield b"x" * 65_536

        async with httpx.AsyncClient(base_url="http://{}:{}".format(*address)) as http:
            answer = await http.post(hook.path, content=chunks())
        assert answer.status_code == 413
        [reason] = await bench.refused(hook, 1)
        assert str(reason).startswith(f"413: the body is larger than {MOST_BYTES} bytes")

    @hypothesis_settings(
        max_examples=150,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(
        body=st.one_of(
            st.binary(max_size=300),
            st.text(max_size=100).map(str.encode),
            st.recursive(
                st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=9),
                lambda inner: (
                    st.lists(inner, max_size=3)
                    | st.dictionaries(st.text(max_size=9), inner, max_size=3)
                ),
            ).map(lambda value: json.dumps(value).encode()),
        ),
        headers=st.dictionaries(
            st.sampled_from(
                ["content-type", "x-signature", "x-time", "x-hook-secret", "x-state", "cookie"]
            ),
            st.sampled_from(
                [b"application/json", b"application/x-www-form-urlencoded", b"text/plain", b""]
            )
            | st.binary(max_size=40).filter(lambda value: not set(value) & set(b"\r\n\0")),
        ),
        method=st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"]),
        query=st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=30),
        trigger=st.sampled_from(["signed", "asked", "by-address", "poked"]),
    )
    async def test_nothing_that_is_sent_is_an_error_of_ours(
        self,
        bench: Bench,
        fuzzed: dict[str, Registered],
        body: bytes,
        headers: dict[str, bytes],
        method: str,
        query: str,
        trigger: str,
    ) -> None:
        url = httpx.URL(fuzzed[trigger].path, query=query.replace("#", "").encode())
        pairs = [(name.encode(), value) for name, value in headers.items()]
        answer = await bench.http.request(method, url, content=body, headers=pairs)
        assert answer.status_code < 500, answer.text


async def test_a_paused_registration_takes_and_skips(bench: Bench) -> None:
    hook = await bench.register("acme.signed", wanted="paused", state="paused")
    body, headers = signed([event(1)])
    assert (await bench.http.post(hook.path, content=body, headers=headers)).status_code == 200
    assert (await bench.http.post(hook.path, content=b"{}")).status_code == 401

    async def noted() -> bool:
        return len(await bench.events(hook)) == 2

    await eventually(noted)
    skipped = (await bench.events(hook))[0]
    assert (skipped.status, skipped.message) == ("skipped", "the registration is paused")
    kept: Any = event_payload(bench.keyring, skipped)
    assert kept["id"] == "e1"
    assert await bench.runs(hook) == []
    await bench.change(hook, wanted="active", state="active")
    assert (await bench.http.post(hook.path, content=body, headers=headers)).status_code == 200
    assert len(await bench.results(hook, 1)) == 1


async def test_an_ended_registration_is_gone(bench: Bench) -> None:
    hook = await bench.register("acme.signed")
    body, headers = signed([event(1)])
    await bench.change(hook, wanted="ended")
    answer = await bench.http.post(hook.path, content=body, headers=headers)
    assert (answer.status_code, answer.json()["name"]) == (410, "GONE")
    assert await bench.runs(hook) == []


async def test_one_that_is_only_being_made_asks_to_come_again(bench: Bench) -> None:
    hook = await bench.register("acme.signed")
    await bench.change(hook, trigger="")
    body, headers = signed([event(1)])
    answer = await bench.http.post(hook.path, content=body, headers=headers)
    assert answer.status_code == 503
    await bench.change(hook, trigger="acme.signed")
    assert (await bench.http.post(hook.path, content=body, headers=headers)).status_code == 200


async def test_without_a_published_version_events_are_kept(bench: Bench) -> None:
    hook = await bench.register("acme.plain", publish=False)
    assert (await bench.http.post(hook.path, json={"a": 1})).status_code == 200

    async def noted() -> bool:
        return len(await bench.events(hook)) == 1

    await eventually(noted)
    [skipped] = await bench.events(hook)
    assert skipped.message == "the automation has no published version"
    assert event_payload(bench.keyring, skipped) == {"a": 1}


async def test_the_published_version_of_the_moment_runs(bench: Bench) -> None:
    hook = await bench.register("acme.plain")
    row = await bench.row(hook)
    assert (await bench.http.post(hook.path, json={"n": 1})).status_code == 200
    await bench.results(hook, 1)
    path = f"{bench.shop.path}/automations/{row.automation_id}"
    second = {
        "trigger": {"type": "app", "component": "acme.plain"},
        "steps": [],
        "result": {"event": "{{ event.n + 1 }}"},
    }
    await bench.shop.developer.expect(200, "PATCH", path, {"definition": second, "revision": 1})
    await bench.shop.developer.expect(201, "POST", f"{path}/publish")
    assert (await bench.http.post(hook.path, json={"n": 2})).status_code == 200
    assert await bench.results(hook, 2) == [{"n": 1}, 3]


async def test_new_data_reach_the_next_run(bench: Bench) -> None:
    hook = await bench.register("acme.plain", data={"list": "a"})
    for number, data in enumerate(({"list": "b"}, {"list": "c"})):
        await bench.change(hook, data=data)
        assert (await bench.http.post(hook.path, json={"n": number})).status_code == 200
    await bench.results(hook, 2)
    got = [result_of(run)["data"] for run in await bench.runs(hook)]
    assert got == [{"list": "b"}, {"list": "c"}]


async def test_a_registration_that_goes_takes_no_other_with_it(bench: Bench) -> None:
    """What came of deliveries is written many at a time."""
    going = await bench.register("acme.signed")
    staying = await bench.register("acme.signed")
    body, headers = signed([event(1)])
    for hook in (going, staying):
        assert (await bench.http.post(hook.path, content=body, headers=headers)).status_code == 200
    async with bench.database.begin() as session:
        row = await session.get(Registration, going.id)
        await session.delete(row)

    async def noted() -> bool:
        return (await bench.row(staying)).events == 1

    await eventually(noted)


async def test_the_last_events_are_kept(bench: Bench) -> None:
    hook = await bench.register("acme.signed")
    for first in range(0, 140, 70):
        body, headers = signed([event(number) for number in range(first, first + 70)])
        answer = await bench.http.post(hook.path, content=body, headers=headers)
        assert answer.status_code == 200

        async def counted(count: int = first + 70) -> bool:
            return (await bench.row(hook)).events == count

        await eventually(counted)
    async with bench.database() as session:
        count = await session.scalar(
            select(func.count())
            .select_from(RegistrationEvent)
            .where(RegistrationEvent.registration_id == hook.id)
        )
    assert count == 100
