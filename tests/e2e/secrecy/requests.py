"""Requests that try to get at secrets, or give them where they do not belong."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import httpx
from google.protobuf import json_format
from temporalio.api.common.v1 import Payload, Payloads

from tests.e2e.secrecy.apps import APPS
from tests.e2e.secrecy.planted import CODEC_TOKEN, USER
from tests.provider.state import planted

if TYPE_CHECKING:
    from temporal.codec import EncryptionCodec
    from tests.e2e.secrecy.story import Story

CONNECT = f"/api/v1/ipaas/users/{USER}/connections"


async def ask_badly(story: Story) -> None:
    """Requests that are wrong and hold secrets, wherever secrets may be given."""
    secret = planted("misplaced")
    await _refused(story, story.product, f"{CONNECT}/key-header", _wrong_forms(secret))
    await _refused(
        story,
        story.product,
        f"{CONNECT}/oauth2/link",
        [{"connectionFields": {"key": secret}}, {"language": [secret]}],
    )
    await _refused(
        story, story.product, "/api/v1/ipaas/users/connections/import", _wrong_imports(secret)
    )
    integrations = f"{story.project}/integrations"
    await _refused(story, story.developer, integrations, _wrong_integrations(secret))
    for body in _wrong_integrations(secret):
        changes = {name: value for name, value in body.items() if name != "appKey"}
        await story.call(story.developer, "PATCH", f"{integrations}/oauth2-partner", changes)
    wrong = [{"email": "dev@example.com", "password": text} for text in (secret, [secret])]
    await _refused(story, story.developer, "/api/v1/sessions", wrong)
    body = {"email": f"{secret}@", "password": secret}
    await _refused(story, story.developer, "/api/v1/accounts", [body])
    for given in (f"Bearer {secret}", f"Basic {secret}", secret):
        answer = await story.product.get(f"{CONNECT}/oauth2", headers={"authorization": given})
        assert answer.status_code == 401
    headers = {"content-type": "application/json"}
    for text in (f'{{"connectionFields": {{"key": "{secret}"', f'"{secret}"', secret):
        answer = await story.product.post(f"{CONNECT}/key-header", content=text, headers=headers)
        assert answer.status_code == 400, answer.text
    for query in ({"state": secret, "code": secret}, {"code": secret}, {"oauth_token": secret}):
        answer = await story.browser.get("/api/v1/oauth/callback", params=query)
        assert answer.status_code == 400, answer.text


async def _refused(story: Story, client: httpx.AsyncClient, path: str, bodies: list[Any]) -> None:
    for body in bodies:
        answer = await story.call(client, "POST", path, body)
        assert 400 <= answer.status_code < 500, (path, body, answer.text)


def _wrong_forms(secret: str) -> list[Any]:
    values = [[secret], {"value": secret}, f"{secret}\x00", secret * 1000, f"{secret}\n"]
    return [
        {"connectionFields": secret},
        {"connectionFields": {"kee": secret}},
        {"apiKey": secret},
        *({"connectionFields": {"key": value}} for value in values),
    ]


def _wrong_imports(secret: str) -> list[Any]:
    tokens = {"userId": USER, "appKey": "oauth2", "scopes": [], "accessToken": secret}
    wrong: list[dict[str, Any]] = [
        {"accessToken": [secret]},
        {"accessToken": f"{secret} ü"},
        {"accessToken": secret * 5000},
        {"refreshToken": {"token": secret}},
        {"expiresAt": secret},
        {"expiresAt": 1_700_000_000},
        {"accessTokenSecret": secret},
        {"oauth1Token": [secret]},
        {"appKey": "key-header"},
        {"appKey": "oauth1"},
        {"connectionFields": {"none": secret}},
        {"captured": {"none": secret}},
    ]
    return [{**tokens, **one} for one in wrong]


def _wrong_integrations(secret: str) -> list[dict[str, Any]]:
    wrong: list[dict[str, Any]] = [
        {"clientSecret": [secret]},
        {"clientSecret": secret * 5000},
        {"settings": {"partner_id": "p1", "partner_key": [secret]}},
        {"settings": {"partner_id": "p1", "partner_key": secret, "other": secret}},
        {"scopes": ["read write"]},
        {"clientSekret": secret},
    ]
    body = {"appKey": "oauth2-partner", "clientId": "shop", "clientSecret": secret}
    return [{**body, **one} for one in wrong]


async def read_everything(story: Story) -> None:
    """Every route that reads, by the session and by the token."""
    document = (await story.call(story.developer, "GET", "/openapi.json")).json()
    newest = await story.ask("GET", f"{story.project}/notifications")
    ids = {
        "projectId": story.project.rpartition("/")[2],
        "automationId": story.automations["all"],
        "runId": story.runs[0]["runId"],
        "userId": USER,
        "appKey": "oauth2",
        "notificationId": newest["items"][0]["id"],
        "number": "1",
    }
    asked = [(path, ids) for path, item in document["paths"].items() if "get" in item]
    asked += [(f"{story.project}/runs/{{runId}}", run) for run in story.runs]
    asked += [(f"{CONNECT}/{app.key}", {}) for app in APPS]
    asked += [(f"/api/v1/ipaas/apps/{app.key}/credential-info", {}) for app in APPS]
    await story.steps(story.runs[0])
    query = {"appKeys": ",".join(app.key for app in APPS), "limit": "100"}
    for path, known in asked:
        place = _filled(path, known)
        for client in (story.developer, story.product):
            answer = await story.call(client, "GET", place, params=query)
            assert answer.status_code < 500, answer.text


def _filled(path: str, known: dict[str, Any]) -> str:
    return re.sub(r"\{(\w+)\}", lambda found: str(known.get(found[1], "none")), path)


async def decode(story: Story, codec: EncryptionCodec) -> dict[str, int]:
    """What the route that decodes payloads answers, by who asks."""
    payloads = Payloads(payloads=await codec.encode([Payload(data=story.witness.encode())]))
    body = json_format.MessageToDict(payloads)
    session, token = (
        client.headers["authorization"] for client in (story.developer, story.product)
    )
    asked = {
        "nobody": {},
        "a developer": {"authorization": session},
        "a project": {"authorization": token},
        "a wrong token": {"authorization": f"Bearer {CODEC_TOKEN}0"},
        "an operator": {"authorization": f"Bearer {CODEC_TOKEN}"},
    }
    return {
        who: (
            await story.call(
                story.browser, "POST", "/api/v1/temporal/decode", body, headers=headers
            )
        ).status_code
        for who, headers in asked.items()
    }
