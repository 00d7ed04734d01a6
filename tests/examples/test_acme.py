"""The developer's own server believes nothing but what Inlay has signed."""

import json
from datetime import UTC, datetime

import httpx
import pytest
from standardwebhooks import Webhook

from examples.acme import WEBHOOK_PATH, create_app

SECRET = "whsec_" + "c2VjcmV0LW9mLWFjbWU="
BODY = json.dumps({"type": "run.completed", "data": {"userId": "customer-17"}})


async def told(body: str, headers: dict[str, str]) -> int:
    transport = httpx.ASGITransport(create_app(SECRET))
    async with httpx.AsyncClient(transport=transport, base_url="http://acme") as http:
        return (await http.post(WEBHOOK_PATH, content=body, headers=headers)).status_code


def signed(secret: str) -> dict[str, str]:
    now = datetime.now(UTC)
    return {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign("msg_1", now, BODY),
    }


async def test_a_signed_notification_is_heard(capsys: pytest.CaptureFixture[str]) -> None:
    assert await told(BODY, signed(SECRET)) == 204
    assert capsys.readouterr().out == "hears run.completed of customer-17\n"


async def test_what_is_not_signed_so_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    another = signed("whsec_" + "YW5vdGhlci1zZWNyZXQ=")
    assert await told(BODY, another) == 401
    assert await told(BODY.replace("17", "42"), signed(SECRET)) == 401
    assert await told(BODY, {}) == 401
    assert capsys.readouterr().out == ""
