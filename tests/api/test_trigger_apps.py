"""Built-in triggers through the whole of Inlay, at servers that deliver as is documented."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import shutil
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.catalogue import BUILT_IN
from tests.api.beacon import listening
from tests.api.conftest import Workshop, make_workshop
from tests.api.engine import whole_engine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from starlette.requests import Request

ACCOUNT, NUMBER = "AC" + "0a" * 16, "PN" + "1b" * 16
SIGNING = "planted-slack-signing-secret"
HOSTS = {
    "slack": "https://slack.com",
    "twilio": "https://api.twilio.com",
    "google-calendar": "https://www.googleapis.com",
}


@dataclass
class Vendors:
    """Slack, Twilio and Google at one address."""

    sms_url: str = ""
    channels: dict[str, dict[str, Any]] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)

    async def answer(self, request: Request) -> Response:
        path = request.url.path
        if path == "/api/auth.test":
            return JSONResponse({"ok": True, "team_id": "T1", "team": "Shop"})
        if path.endswith("/userinfo"):
            return JSONResponse({"sub": "1", "name": "Ada", "email": "ada@example.com"})
        if "/IncomingPhoneNumbers/" in path:
            form = await request.form()
            self.sms_url = str(form["SmsUrl"])
            return JSONResponse({"sid": NUMBER, "sms_url": self.sms_url})
        if path.endswith("/events/watch"):
            asked = await request.json()
            self.channels[asked["id"]] = asked
            return JSONResponse({**asked, "resourceId": "r1", "expiration": "4102444800000"})
        if path.endswith("/channels/stop"):
            del self.channels[(await request.json())["id"]]
            return Response(status_code=204)
        if path.endswith("/events"):
            seen = int(request.query_params.get("syncToken", "0"))
            items = self.events[seen:]
            return JSONResponse({"items": items, "nextSyncToken": str(len(self.events))})
        return JSONResponse({"sid": ACCOUNT, "friendly_name": "Shop"})


@pytest.fixture(scope="module")
async def vendors() -> Vendors:
    return Vendors()


@pytest.fixture(scope="module")
async def engine(
    vendors: Vendors, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[httpx.AsyncClient]:
    folder = tmp_path_factory.mktemp("engine")
    web = Starlette(routes=[Route("/{rest:path}", vendors.answer, methods=["GET", "POST"])])
    async with listening(web) as url:
        for key, host in HOSTS.items():
            shutil.copytree(BUILT_IN / key, folder / "connectors" / key)
            manifest = folder / "connectors" / key / "app.yaml"
            manifest.write_text(manifest.read_text().replace(host, url))
        async with whole_engine(folder, sqlite_template) as http:
            yield http


@pytest.fixture(scope="module")
async def shop(engine: httpx.AsyncClient) -> Workshop:
    return await make_workshop(engine)


@pytest.fixture(scope="module")
async def outside() -> AsyncIterator[httpx.AsyncClient]:
    """Who delivers, over a real socket."""
    async with httpx.AsyncClient() as http:
        yield http


async def started_by(shop: Workshop, component: str, result: Any, **inputs: Any) -> str:
    """An automation that this trigger starts, registered for ada."""
    trigger = {"type": "app", "component": component, "inputs": inputs}
    automation = await shop.automation({"trigger": trigger, "steps": [], "result": result})
    path = f"/api/v1/ipaas/automations/{automation}/register"
    await shop.application.expect(200, "POST", path, {"userId": "ada", "data": {}})
    return automation


async def integrate(shop: Workshop, key: str, **more: Any) -> dict[str, Any]:
    body = {"appKey": key, **more}
    path = f"{shop.path}/integrations"
    made: dict[str, Any] = await shop.developer.expect(201, "POST", path, body)
    return made


async def bring(shop: Workshop, key: str, scopes: list[str], **more: Any) -> None:
    path = "/api/v1/ipaas/users/connections/import"
    body = {"userId": "ada", "appKey": key, "scopes": scopes, "accessToken": "token", **more}
    await shop.application.expect(204, "POST", path, body)


async def eventually(condition: Callable[[], Awaitable[Any]]) -> Any:
    async with asyncio.timeout(30):
        while not (found := await condition()):
            await asyncio.sleep(0.05)
    return found


async def results(shop: Workshop, automation: str) -> list[Any]:
    """What its completed runs gave, as soon as there is one."""

    async def ended() -> list[Any]:
        page = await shop.application.expect(200, "GET", f"{shop.path}/runs", status="completed")
        return [run["result"] for run in page["items"] if run["automationId"] == automation]

    found: list[Any] = await eventually(ended)
    return found


def slack_signature(body: bytes) -> dict[str, str]:
    moment = str(int(time.time()))
    digest = hmac.digest(SIGNING.encode(), f"v0:{moment}:{body.decode()}".encode(), "sha256").hex()
    return {
        "Content-Type": "application/json",
        "X-Slack-Request-Timestamp": moment,
        "X-Slack-Signature": f"v0={digest}",
    }


async def test_slack_tells_all_events_to_one_url(
    shop: Workshop, outside: httpx.AsyncClient
) -> None:
    client = {"clientId": "client", "clientSecret": "secret"}
    made = await integrate(shop, "slack", **client, settings={"signing_secret": SIGNING})
    url = made["hookUrl"]
    check = json.dumps({"type": "url_verification", "challenge": "abc"}).encode()
    answer = await outside.post(url, content=check, headers=slack_signature(check))
    assert (answer.status_code, answer.json()) == (200, {"challenge": "abc"})
    captured = {"teamId": "T1", "botUserId": "U0"}
    await bring(shop, "slack", ["channels:history"], captured=captured)
    automation = await started_by(shop, "slack.message", "{{ event.text }}")
    message = {"type": "message", "channel": "C1", "user": "U1", "ts": "1.1"}
    for number, (team, text) in enumerate([("T1", "ours"), ("T1", "ours"), ("T2", "theirs")]):
        told = {"type": "event_callback", "team_id": team, "event_id": f"Ev{team}"}
        body = json.dumps({**told, "event": {**message, "text": text}}).encode()
        headers = {**slack_signature(body), "X-Slack-Retry-Num": str(number)}
        assert (await outside.post(url, content=body, headers=headers)).status_code == 200
    assert await results(shop, automation) == ["ours"]
    forged = await outside.post(url, content=body, headers={**headers, "X-Slack-Signature": "v0=0"})
    assert forged.status_code == 401


async def test_twilio_signs_the_url_and_the_form(
    shop: Workshop, vendors: Vendors, outside: httpx.AsyncClient
) -> None:
    await integrate(shop, "twilio")
    fields = {"accountSid": ACCOUNT, "authToken": "planted-twilio-token"}
    path = "/api/v1/ipaas/users/ada/connections/twilio"
    await shop.application.expect(200, "POST", path, {"connectionFields": fields})
    automation = await started_by(
        shop, "twilio.incoming-message", "{{ event.body }}", phoneNumberSid=NUMBER
    )
    message = {"MessageSid": "SM1", "From": "+1", "To": "+2", "Body": "Hi & bye", "NumMedia": "0"}
    text = vendors.sms_url + "".join(name + message[name] for name in sorted(message))
    digest = hmac.digest(b"planted-twilio-token", text.encode(), "sha1")
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Twilio-Signature": base64.b64encode(digest).decode(),
    }
    for _ in range(2):
        answer = await outside.post(vendors.sms_url, content=urlencode(message), headers=headers)
        assert (answer.status_code, answer.text) == (200, "<Response></Response>")
        assert answer.headers["content-type"].startswith("text/xml")
    assert await results(shop, automation) == ["Hi & bye"]
    other = urlencode({**message, "Body": "forged"})
    assert (await outside.post(vendors.sms_url, content=other, headers=headers)).status_code == 401
    path = f"/api/v1/ipaas/automations/{automation}/unregister"
    await shop.application.expect(200, "POST", path, {"userId": "ada"})

    async def cleared() -> bool:
        return vendors.sms_url == ""

    await eventually(cleared)


async def test_google_says_that_there_is_news_which_is_then_asked_for(
    shop: Workshop, vendors: Vendors, outside: httpx.AsyncClient
) -> None:
    await integrate(shop, "google-calendar", clientId="client", clientSecret="secret")
    scope = "https://www.googleapis.com/auth/calendar.events.readonly"
    await bring(shop, "google-calendar", [scope])
    vendors.events.append(
        {"id": "before", "status": "confirmed", "updated": "2030-01-01T00:00:00Z"}
    )
    automation = await started_by(shop, "google-calendar.event-changed", "{{ event.id }}")
    (channel,) = vendors.channels.values()
    headers = {"X-Goog-Channel-Token": channel["token"], "X-Goog-Channel-ID": channel["id"]}

    async def tell(state: str) -> None:
        told = {**headers, "X-Goog-Resource-State": state}
        answer = await outside.post(channel["address"], headers=told)
        assert answer.status_code == 200

    await tell("sync")

    async def begun() -> bool:
        page = await shop.application.expect(200, "GET", f"{shop.path}/registrations")
        found = [one for one in page["items"] if one["automationId"] == automation]
        return found[0]["nextPollAt"] is not None

    await eventually(begun)
    vendors.events.append({"id": "after", "status": "confirmed", "updated": "2030-01-02T00:00:00Z"})
    await tell("exists")
    assert await results(shop, automation) == ["after"]
    path = f"/api/v1/ipaas/automations/{automation}/unregister"
    await shop.application.expect(200, "POST", path, {"userId": "ada"})

    async def stopped() -> bool:
        return not vendors.channels

    await eventually(stopped)
