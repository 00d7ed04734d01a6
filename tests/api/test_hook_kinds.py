"""Kinds of deliveries: one URL for all users, thin events, pokes, and our own plain webhook."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from typing import Any

import pytest
from temporalio.client import Client

from temporal.client import connect
from tests.api import hooked
from tests.api.conftest import Workshop, make_workshop
from tests.api.hooked import PUBLIC_URL, Bench, eventually
from workflows.payloads import RegistrationStart
from workflows.registration import registration_workflow_id

bench, vendor = hooked.bench, hooked.vendor


@pytest.fixture
async def temporal(bench: Bench) -> Client:
    return await connect(bench.settings, bench.keyring)


async def test_a_poke_wakes_the_workflow(bench: Bench, temporal: Client) -> None:
    hook = await bench.register("acme.poked")
    # Nobody takes this queue's tasks: the signal can be seen and does nothing.
    handle = await temporal.start_workflow(
        "Registration",
        RegistrationStart(registration_id=hook.id),
        id=registration_workflow_id(hook.id),
        task_queue="nobody",
    )
    answer = await bench.http.post(hook.path, headers={"x-state": "sync"})
    assert answer.status_code == 200
    answers = await asyncio.gather(
        *(bench.http.post(hook.path, headers={"x-state": "exists"}) for _ in range(20))
    )
    assert {answer.status_code for answer in answers} == {200}
    names = [
        event.workflow_execution_signaled_event_attributes.signal_name
        async for event in handle.fetch_history_events()
        if event.HasField("workflow_execution_signaled_event_attributes")
    ]
    assert names == ["wake"]
    await handle.terminate()
    assert (await bench.http.post(hook.path, headers={"x-state": "exists"})).status_code == 200


class TestAppWebhook:
    secret = "the app's own secret"

    async def url(self, bench: Bench, shop: Workshop) -> str:
        listed = await shop.developer.expect(200, "GET", f"{shop.path}/integrations")
        [found] = [item for item in listed["items"] if item["appKey"] == "huddle"]
        assert found["hookUrl"].startswith(f"{PUBLIC_URL}/api/v1/hooks/")
        path: str = found["hookUrl"].removeprefix(PUBLIC_URL)
        return path

    async def integrate(self, bench: Bench, shop: Workshop) -> str:
        await shop.developer.expect(
            201,
            "POST",
            f"{shop.path}/integrations",
            {"appKey": "huddle", "settings": {"signingSecret": self.secret}},
        )
        return await self.url(bench, shop)

    def delivery(self, key: str | None = None, **content: Any) -> dict[str, Any]:
        body = json.dumps(content).encode()
        signature = hmac.new((key or self.secret).encode(), body, hashlib.sha256).hexdigest()
        headers = {"x-signature": signature, "content-type": "application/json"}
        return {"content": body, "headers": headers}

    async def test_events_find_their_registrations(self, bench: Bench) -> None:
        shop = await make_workshop(bench.http, "huddle@example.com")
        other = await make_workshop(bench.http, "foreign@example.com")
        path = await self.integrate(bench, shop)
        foreign_path = await self.integrate(bench, other)
        assert path != foreign_path
        assert await self.url(bench, shop) == path

        one = await bench.register("huddle.message", shop=shop, route="T1", user_id="u1")
        narrow = await bench.register(
            "huddle.message", shop=shop, route="T1", user_id="u2", inputs={"channel": "C9"}
        )
        of_all = await bench.register("huddle.message", shop=shop, route="E1", user_id="u3")
        reaction = await bench.register("huddle.reaction", shop=shop, route="T1", user_id="u4")
        elsewhere = await bench.register("huddle.message", shop=shop, route="T2", user_id="u5")
        paused = await bench.register(
            "huddle.message", shop=shop, route="T1", user_id="u6", wanted="paused"
        )
        foreign = await bench.register("huddle.message", shop=other, route="T1", user_id="u1")

        said = {"type": "message", "channel": "C1", "text": "hi"}
        content = self.delivery(event_id="Ev1", team_id="T1", enterprise_id="E1", event=said)
        for _ in range(3):
            assert (await bench.http.post(path, **content)).status_code == 200
        assert await bench.results(one, 1) == [said]
        assert await bench.results(of_all, 1) == [said]
        for nobody in (narrow, reaction, elsewhere, foreign, paused):
            assert await bench.runs(nobody) == []

        async def skipped() -> bool:
            return [event.status for event in await bench.events(paused)] == ["skipped"] * 3

        await eventually(skipped)
        here = {"type": "message", "channel": "C9"}
        content = self.delivery(event_id="Ev2", team_id="T1", event=here)
        assert (await bench.http.post(path, **content)).status_code == 200
        assert await bench.results(narrow, 1) == [here]
        assert await bench.runs(foreign) == []

    async def test_what_is_nobodys_or_not_signed_starts_nothing(self, bench: Bench) -> None:
        shop = await make_workshop(bench.http, "nobody@example.com")
        path = await self.integrate(bench, shop)
        hook = await bench.register("huddle.message", shop=shop, route="T1")
        said = {"type": "message", "channel": "C1"}
        stranger = self.delivery(event_id="Ev1", team_id="T77", event=said)
        assert (await bench.http.post(path, **stranger)).status_code == 200
        nameless = self.delivery(event_id="Ev1", event=said)
        assert (await bench.http.post(path, **nameless)).status_code == 200
        forged = self.delivery("another secret", event_id="Ev1", team_id="T1", event=said)
        assert (await bench.http.post(path, **forged)).status_code == 401
        assert (await bench.http.get(path)).status_code == 405
        assert await bench.runs(hook) == []

        # None of them is a registration's: the developer sees them at the app.
        async def counted() -> bool:
            listed = await shop.developer.expect(200, "GET", f"{shop.path}/integrations")
            [found] = [item for item in listed["items"] if item["appKey"] == "huddle"]
            reason = str((found["lastRefusal"] or {}).get("reason"))
            return bool(found["rejected"] == 2 and reason.startswith("405: this hook is "))

        await eventually(counted)

    async def test_a_handshake_is_answered_and_its_token_shown(self, bench: Bench) -> None:
        shop = await make_workshop(bench.http, "handshake@example.com")
        path = await self.integrate(bench, shop)
        for challenge in ("first", "second"):
            asked = {"type": "url_verification", "challenge": challenge}
            answer = await bench.http.post(path, json=asked)
            assert (answer.status_code, answer.text) == (200, challenge)
        listed = await shop.developer.expect(200, "GET", f"{shop.path}/integrations")
        assert listed["items"][0]["settings"] == {
            "signingSecret": None,
            "verificationToken": "first",
        }

    async def test_other_apps_have_no_such_url(self, bench: Bench) -> None:
        shop = await make_workshop(bench.http, "plain@example.com")
        await shop.integrate("cubicl")
        listed = await shop.developer.expect(200, "GET", f"{shop.path}/integrations")
        assert listed["items"][0]["hookUrl"] is None

    async def test_removing_the_integration_ends_its_url(self, bench: Bench) -> None:
        shop = await make_workshop(bench.http, "removed@example.com")
        path = await self.integrate(bench, shop)
        await shop.developer.expect(204, "DELETE", f"{shop.path}/integrations/huddle")
        answer = await bench.http.post(path, json={})
        assert answer.status_code == 404
        assert await self.integrate(bench, shop) != path


class TestFetching:
    async def connected(self, bench: Bench, email: str) -> Workshop:
        shop = await make_workshop(bench.http, email)
        await shop.developer.expect(201, "POST", f"{shop.path}/integrations", {"appKey": "acme"})
        await self.connect(bench, shop)
        return shop

    async def connect(self, bench: Bench, shop: Workshop) -> None:
        fields = {"connectionFields": {"token": bench.vendor.token}}
        path = "/api/v1/ipaas/users/user-1/connections/acme"
        await shop.application.expect(200, "POST", path, fields)

    async def test_a_thin_event_is_made_whole(self, bench: Bench) -> None:
        shop = await self.connected(bench, "thin@example.com")
        hook = await bench.register("acme.thin", shop=shop)
        bench.vendor.down = 1
        delivered = {"delivery": "d1", "item": "a/b"}
        assert (await bench.http.post(hook.path, json=delivered)).status_code == 200
        assert await bench.results(hook, 1) == [{"title": "Title of /items/a%2Fb", "item": "a/b"}]

    async def test_a_broken_connection_pauses_the_run_until_it_is_mended(
        self, bench: Bench
    ) -> None:
        shop = await self.connected(bench, "broken@example.com")
        hook = await bench.register("acme.thin", shop=shop)
        bench.vendor.token = "another-token"
        try:
            delivered = {"delivery": "d1", "item": "7"}
            assert (await bench.http.post(hook.path, json=delivered)).status_code == 200

            async def paused() -> bool:
                return [run.status for run in await bench.runs(hook)] == ["paused"]

            await eventually(paused)
            [run] = await bench.runs(hook)
            assert "user user-1 connects acme again" in str(run.message)
            status = await shop.application.expect(
                200, "GET", "/api/v1/ipaas/users/user-1/connections/status", appKeys="acme"
            )
            assert "invalid" in json.dumps(status)
            await self.connect(bench, shop)
            assert await bench.results(hook, 1) == [{"title": "Title of /items/7", "item": "7"}]
        finally:
            bench.vendor.token = "good-token"


class TestOwnWebhook:
    async def test_any_program_may_call_it(self, bench: Bench) -> None:
        hook = await bench.register(
            "webhook.received", inputs={"methods": ["POST", "GET"], "responseBody": {"ok": True}}
        )
        answer = await bench.http.post(
            f"{hook.path}?a=1&a=2&b=x",
            json={"order": 1},
            headers={"authorization": "Bearer secret", "cookie": "c=1", "x-mine": "yes"},
        )
        assert (answer.status_code, answer.json()) == (200, {"ok": True})
        assert (await bench.http.get(f"{hook.path}?a=1")).status_code == 200
        assert (await bench.http.put(hook.path)).status_code == 405
        first, second = await bench.results(hook, 2)
        assert (first["method"], first["body"]) == ("POST", {"order": 1})
        assert first["query"] == {"a": ["1", "2"], "b": "x"}
        assert first["headers"]["x-mine"] == "yes"
        assert not {"authorization", "cookie"} & first["headers"].keys()
        assert (second["method"], second["body"]) == ("GET", None)

    async def test_the_same_request_is_another_event_unless_it_says_so(self, bench: Bench) -> None:
        hook = await bench.register("webhook.received")
        for _ in range(2):
            await bench.http.post(hook.path, json={"n": 1})
            for name in ("idempotency-key", "webhook-id"):
                await bench.http.post(hook.path, json={"n": 1}, headers={name: f"{name}-1"})
        assert len(await bench.results(hook, 4)) == 4

    async def test_a_secret_is_asked_for(self, bench: Bench) -> None:
        plain = await bench.register("webhook.received", inputs={"secret": "open sesame"})
        assert (await bench.http.post(plain.path, json={})).status_code == 401
        known = {"x-webhook-secret": "open sesame"}
        assert (await bench.http.post(plain.path, json={}, headers=known)).status_code == 200
        [got] = await bench.results(plain, 1)
        assert "open sesame" not in json.dumps(got)

        inputs: dict[str, Any] = {"secret": "open sesame"}
        inputs |= {"signatureHeader": "X-Hub-Signature-256"}
        inputs |= {"responseStatus": 204, "responseBody": "not sent"}
        signing = await bench.register("webhook.received", inputs=inputs)
        assert (await bench.http.post(signing.path, headers=known)).status_code == 401
        body = b'{"n": 1}'
        digest = hmac.new(b"open sesame", body, hashlib.sha256).hexdigest()
        for written in (digest, f"sha256={digest}"):
            answer = await bench.http.post(
                signing.path, content=body, headers={"x-hub-signature-256": written}
            )
            assert (answer.status_code, answer.content) == (204, b"")
