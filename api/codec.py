"""Decodes payloads for the Temporal UI, so that operators can read runs there.

Speaks the remote codec protocol of Temporal (https://docs.temporal.io/codec-server): JSON of
`temporal.api.common.v1.Payloads`. Only the origin of the configured UI may ask; in production it
must also carry the operators' token.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response
from google.protobuf import json_format
from temporalio.api.common.v1 import Payloads

from store.encryption import DecryptionError

if TYPE_CHECKING:
    from settings import Settings
    from temporal.codec import EncryptionCodec

MAX_BODY = 16 * 1024 * 1024


def codec_router(codec: EncryptionCodec, settings: Settings) -> APIRouter:
    """The routes below `/api/v1/temporal`; not part of the public contract."""
    router = APIRouter(prefix="/api/v1/temporal", include_in_schema=False)
    cors = {
        "access-control-allow-origin": settings.temporal_ui_url.rstrip("/"),
        "access-control-allow-headers": "content-type,x-namespace,authorization",
        "access-control-allow-methods": "POST",
        "access-control-allow-credentials": "true",
        "vary": "origin",
    }

    @router.options("/decode")
    async def preflight() -> Response:
        """What a browser asks before it sends payloads."""
        return Response(headers=cors)

    @router.post("/decode")
    async def decode(request: Request) -> Response:
        """The payloads in clear; those of another key stay as they are."""
        if not _may_read(request, settings):
            return Response(status_code=403, headers=cors)
        body = await request.body()
        if len(body) > MAX_BODY:
            return Response(status_code=413, headers=cors)
        try:
            payloads = json_format.Parse(body, Payloads())
            decoded = Payloads(payloads=await codec.decode(payloads.payloads))
        except (json_format.ParseError, UnicodeDecodeError, DecryptionError):
            return Response(status_code=400, headers=cors)
        return Response(
            json_format.MessageToJson(decoded), headers=cors, media_type="application/json"
        )

    return router


def _may_read(request: Request, settings: Settings) -> bool:
    # A page of another origin could make a browser on this machine ask.
    origin = request.headers.get("origin")
    if origin is not None and origin != settings.temporal_ui_url.rstrip("/"):
        return False
    if settings.codec_token is None:
        return settings.environment == "development"
    given = request.headers.get("authorization", "").removeprefix("Bearer ")
    return hmac.compare_digest(given.encode(), settings.codec_token.get_secret_value().encode())
