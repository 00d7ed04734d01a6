"""A small app with webhooks, for tests: strict where real ones are, with switches for faults."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import httpx
import uvicorn
import yaml
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from starlette.requests import Request

APP: dict[str, Any] = {
    "key": "beacon",
    "name": "Beacon",
    "description": "Signals.",
    "categories": ["test"],
    "auth": {
        "type": "api_key",
        "fields": [{"name": "key", "type": "password", "label": "Key", "secret": True}],
        "apply": [{"in": "header", "name": "Authorization", "template": "Bearer {{ fields.key }}"}],
        "verify": {
            "path": "/me",
            "captured": {"team": "body.team"},
            "account": {"id": "body.id"},
        },
    },
}
TOPIC = {
    "type": "object",
    "properties": {"topic": {"type": "string", "title": "Topic"}},
    "required": ["topic"],
}
CREATE = {
    "method": "POST",
    "path": "/hooks",
    "json": {"url": "{{ hook.url }}", "topic": "{{ inputs.topic }}", "secret": "{{ hook.secret }}"},
}
DELETE = {
    "method": "DELETE",
    "path": "/hooks/{hook}",
    "path_values": {"hook": "{{ subscription.id }}"},
}
INCOMING = {
    "handshakes": [
        {
            "when": "has(request.json.challenge)",
            "respond": {"body": {"challenge": "{{ request.json.challenge }}"}},
        }
    ],
    "verify": {
        "type": "token",
        "value": 'request.headers["x-beacon-secret"]',
        "expected": "{{ hook.secret }}",
    },
    "dedupe": "{{ event.id }}",
}
SIGNAL: dict[str, Any] = {
    "name": "Signal",
    "description": "A signal of a topic.",
    "input_schema": TOPIC,
    "sample": {"id": "sample", "text": "as an example"},
    "source": {
        "type": "webhook",
        "subscription": {
            "create": CREATE,
            "captured": {"id": "body.id"},
            "expires": "body.expiresAt",
            "renew": {
                "method": "PATCH",
                "path": "/hooks/{hook}",
                "path_values": {"hook": "{{ subscription.id }}"},
            },
            "delete": DELETE,
        },
        "incoming": INCOMING,
    },
}
REMADE: dict[str, Any] = {
    **SIGNAL,
    "name": "A signal of a subscription that cannot be prolonged",
    "source": {
        **SIGNAL["source"],
        "subscription": {
            name: part for name, part in SIGNAL["source"]["subscription"].items() if name != "renew"
        },
    },
}
CHANNEL: dict[str, Any] = {
    **SIGNAL,
    "name": "A signal of a channel that we name",
    "source": {
        **SIGNAL["source"],
        "subscription": {
            "create": {**CREATE, "json": {**CREATE["json"], "id": "{{ hook.id }}"}},  # type: ignore[dict-item]
            "captured": {"id": "body.id"},
            "delete": {**DELETE, "path_values": {"hook": "{{ hook.id }}"}},
        },
    },
}
RING: dict[str, Any] = {
    "name": "Ring",
    "description": "All events of a team.",
    "source": {
        "type": "app_webhook",
        "incoming": {},
        "route": "event.team",
        "belongs_to": "{{ captured.team }}",
    },
}
TRIGGERS = {"signal": SIGNAL, "remade": REMADE, "channel": CHANNEL, "ring": RING}


@dataclass
class Beacon:
    """The app: what it knows, what it was asked, and how it is to misbehave."""

    url: str = ""
    hooks: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    """Method and topic of each request but `GET /me`; an empty topic: of no hook that there is."""
    refuse: int = 0
    """The status of what it answers to a new subscription, if not 0."""
    is_down: bool = False
    drops_answers: bool = False
    """It subscribes, and says that it is overloaded."""
    lifetime: float | None = None
    """Seconds after which it forgets a subscription."""
    rejects_keys: bool = False
    refuses_deletions: bool = False
    challenges: bool = True
    """It calls the URL that it is given before it answers."""
    most_at_once: int = 0
    """How many subscriptions there were at the same time, at most."""

    def topics(self) -> list[str]:
        return sorted(hook["topic"] for hook in self.hooks.values())

    def of_topic(self, topic: str) -> list[dict[str, Any]]:
        return [hook for hook in self.hooks.values() if hook["topic"] == topic]

    def asked_of(self, topic: str) -> list[str]:
        """The methods by which it was asked for this topic, in order."""
        return [method for method, of in self.asked if of == topic]

    async def emit(self, topic: str, event: dict[str, Any]) -> list[httpx.Response]:
        """Delivers to all that have subscribed to the topic."""
        async with httpx.AsyncClient() as http:
            return [
                await http.post(
                    hook["url"], json=event, headers={"x-beacon-secret": hook["secret"]}
                )
                for hook in self.of_topic(topic)
            ]

    async def me(self, request: Request) -> Response:
        if "refused" in request.headers.get("authorization", ""):
            return JSONResponse({"message": "no such key"}, 401)
        return JSONResponse({"id": "7", "team": "T-1"})

    async def create(self, request: Request) -> Response:
        wanted = await request.json()
        if failure := self._failure(request, wanted["topic"]):
            return failure
        if self.refuse:
            return JSONResponse({"message": "this topic is not yours"}, self.refuse)
        if self.challenges and not await self._answers(wanted["url"]):
            return JSONResponse({"message": "the URL did not answer the challenge"}, 400)
        hook_id = wanted.pop("id", None) or uuid4().hex
        self.hooks[hook_id] = {**wanted, "id": hook_id, **self._life()}
        self.most_at_once = max(self.most_at_once, len(self.of_topic(wanted["topic"])))
        if self.drops_answers:
            return JSONResponse({"message": "overloaded"}, 503)
        return JSONResponse({"id": hook_id, **self._life()}, 201)

    async def change(self, request: Request) -> Response:
        hook_id = request.path_params["id"]
        if failure := self._failure(request, self.hooks.get(hook_id, {}).get("topic", "")):
            return failure
        if hook_id not in self.hooks:
            return JSONResponse({"message": "no such hook"}, 404)
        if request.method == "DELETE":
            if self.refuses_deletions:
                return JSONResponse({"message": "not now"}, 403)
            del self.hooks[hook_id]
            return Response(status_code=204)
        self.hooks[hook_id] |= self._life()
        return JSONResponse(self._life())

    async def _answers(self, url: str) -> bool:
        challenge = uuid4().hex
        async with httpx.AsyncClient() as http:
            answer = await http.post(url, json={"challenge": challenge})
        return answer.status_code == 200 and answer.json() == {"challenge": challenge}

    def _failure(self, request: Request, topic: str) -> Response | None:
        self.asked.append((request.method, topic))
        now = datetime.now(UTC).isoformat()
        for hook in list(self.hooks.values()):
            if hook.get("expiresAt", now) < now:
                del self.hooks[hook["id"]]
        if self.is_down:
            return JSONResponse({"message": "closed for repairs"}, 503)
        if self.rejects_keys:
            return JSONResponse({"message": "this key has been revoked"}, 401)
        return None

    def _life(self) -> dict[str, str]:
        if self.lifetime is None:
            return {}
        return {"expiresAt": (datetime.now(UTC) + timedelta(seconds=self.lifetime)).isoformat()}

    def write_manifest(self, folder: Path) -> None:
        """Makes the app known to an installation that has this folder of connectors."""
        place = folder / "beacon"
        (place / "triggers").mkdir(parents=True, exist_ok=True)
        (place / "app.yaml").write_text(yaml.safe_dump({**APP, "base_url": self.url}))
        for name, trigger in TRIGGERS.items():
            (place / "triggers" / f"{name}.yaml").write_text(_yaml(trigger))


class _NoAliases(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def _yaml(value: Any) -> str:
    text: str = yaml.dump(value, Dumper=_NoAliases)
    return text


@contextlib.asynccontextmanager
async def shining() -> AsyncIterator[Beacon]:
    """The app on a port of its own."""
    beacon = Beacon()
    web = Starlette(
        routes=[
            Route("/me", beacon.me),
            Route("/hooks", beacon.create, methods=["POST"]),
            Route("/hooks/{id}", beacon.change, methods=["PATCH", "DELETE"]),
        ]
    )
    async with listening(web) as url:
        beacon.url = url
        yield beacon


@contextlib.asynccontextmanager
async def listening(web: Any, port: int = 0) -> AsyncIterator[str]:
    """An ASGI application behind a real socket of this machine; its lifespan is not run."""
    config = uvicorn.Config(web, port=port, log_level="warning", lifespan="off")
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    await serving
