"""A vendor without discretion: what it refuses, it repeats, credential and all.

Below /gossip it stands beside the provider with switches (tests/provider), at the same address.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import html
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING
from urllib.parse import unquote, unquote_plus, urlsplit

import uvicorn
from botocore.auth import SigV4Auth  # type: ignore[import-untyped]  # it ships no types
from botocore.awsrequest import AWSRequest  # type: ignore[import-untyped]
from botocore.credentials import Credentials  # type: ignore[import-untyped]
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route

from tests.provider.app import Place, application
from tests.provider.state import Provider, Received

if TYPE_CHECKING:
    from collections.abc import Callable

DULL = {"host", "accept", "accept-encoding", "connection", "user-agent", "content-length"}
REGION, SERVICE = "eu-west-1", "storage"


class Gossip:
    """The vendor, with the provider beside it; `received` is what was told to /gossip."""

    def __init__(self, access_key_id: str, secret_access_key: str) -> None:
        self.place = Place()
        self.received: list[Received] = []
        self.signatures = 0
        """Requests to /gossip/aws whose signature was right."""
        self._aws = Credentials(access_key_id, secret_access_key)

    @property
    def provider(self) -> Provider:
        return self.place.provider

    def app(self) -> Starlette:
        any_method = ["GET", "POST", "PUT", "DELETE"]
        return Starlette(
            routes=[
                *(
                    Route(before + path, answer, methods=any_method)
                    # The credential may be a part of the path.
                    for before in ("", "/keys/bot{key}")
                    for path, answer in {
                        "/gossip/refuse/{how}": self.refuse,
                        "/gossip/deny": self.deny,
                        "/gossip/break": self.break_down,
                    }.items()
                ),
                Route("/gossip/aws", self.aws, methods=["GET"]),
                Mount("", application(self.place)),
            ]
        )

    async def refuse(self, request: Request) -> Response:
        """An error of the caller's, told in one of the `WAYS`."""
        told = await self._hear(request)
        text = WAYS[request.path_params["how"]](told)
        if request.path_params["how"] == "page":
            return HTMLResponse(f"<h1>Refused</h1>\n<pre>{text}</pre>", 422)
        return JSONResponse({"error": {"message": text}}, 422)

    async def deny(self, request: Request) -> Response:
        """A credential that is not taken."""
        told = await self._hear(request)
        return JSONResponse({"error": "invalid_token", "error_description": _headers(told)}, 401)

    async def break_down(self, request: Request) -> Response:
        """A fault of the vendor's own."""
        told = await self._hear(request)
        return PlainTextResponse(f"Cannot do {_body(told)}, {_headers(told)}", 500)

    async def aws(self, request: Request) -> Response:
        """Whether the signature is right, by the library of the vendor whose scheme it is."""
        told = await self._hear(request)
        names = told.headers["authorization"].partition("SignedHeaders=")[2].partition(",")[0]
        signed = {name: request.headers[name] for name in names.split(";")}
        asked = AWSRequest("GET", str(request.url), headers=signed)
        asked.context["timestamp"] = told.headers["x-amz-date"]
        signer = SigV4Auth(self._aws, SERVICE, REGION)
        wanted = signer.signature(
            signer.string_to_sign(asked, signer.canonical_request(asked)), asked
        )
        if not told.headers["authorization"].endswith(f"Signature={wanted}"):
            return JSONResponse({"message": "the signature is wrong"}, 403)
        self.signatures += 1
        return JSONResponse({"ok": True})

    async def _hear(self, request: Request) -> Received:
        body = (await request.body()).decode()
        told = Received(
            request.method,
            str(request.url),
            request.url.query,
            {name: value for name, value in request.headers.items() if name not in DULL},
            body,
        )
        self.received.append(told)
        return told


def _headers(told: Received) -> str:
    return f"{told.query} {told.headers}"


def _body(told: Received) -> str:
    return told.body or unquote_plus(told.query)


def _decoded(told: Received) -> str:
    """What is inside: of HTTP Basic, of the query, of JSON."""
    inside = [unquote_plus(told.query)]
    with suppress(binascii.Error, UnicodeDecodeError):
        inside.append(base64.b64decode(told.headers.get("authorization", "")[6:]).decode())
    if told.body:
        inside += map(str, json.loads(told.body).values())
    return " ".join([*inside, *map(unquote, told.headers.values())])


WAYS: dict[str, Callable[[Received], str]] = {
    "headers": _headers,
    "path": lambda told: f"{told.method} {urlsplit(told.path)._replace(scheme='').geturl()}",
    "body": _body,
    "decoded": _decoded,
    "json": lambda told: json.dumps({**told.headers, "query": unquote_plus(told.query)}),
    "html": lambda told: html.escape(_decoded(told)),
    "page": _decoded,
}
"""How a refusal repeats what was told."""


@asynccontextmanager
async def gossiping(vendor: Gossip) -> AsyncIterator[Gossip]:
    """Serves it on loopback; `vendor.provider.url` says where."""
    config = uvicorn.Config(
        vendor.app(), port=0, log_level="warning", lifespan="off", date_header=False
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.005)
    vendor.provider.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    yield vendor
    server.should_exit = True
    await serving
