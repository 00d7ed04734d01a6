"""Decodes payloads for the Temporal UI, so that operators can read runs there.

Speaks the remote codec protocol of Temporal (https://docs.temporal.io/codec-server): JSON of
`temporal.api.common.v1.Payloads`. Whoever asks shows the operators' token, and a browser comes from
the configured UI. The dev server's UI can send no header, so in development the token may stand in
the path, too.
"""

from __future__ import annotations

import hmac
import secrets
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response
from google.protobuf import json_format
from temporalio.api.common.v1 import Payloads

from api.auth import bearer
from store.encryption import DecryptionError
from store.files import kept_secret

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

    token = operators_token(settings)

    @router.options("/decode")
    @router.options("/{shown}/decode")
    async def preflight() -> Response:
        """What a browser asks before it sends payloads."""
        return Response(headers=cors)

    @router.post("/decode")
    @router.post("/{shown}/decode")
    async def decode(request: Request, shown: str = "") -> Response:
        """The payloads in clear; those of another key stay as they are."""
        is_development = settings.environment == "development"
        given = bearer(request) or (shown if is_development else "")
        if not _may_read(request, settings, token, given):
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


def operators_token(settings: Settings) -> str | None:
    """What must be shown; None: nobody may read. In development it is made once and kept.

    Reads, and in development may write, a small file.
    """
    if settings.codec_token is not None:
        return settings.codec_token.get_secret_value()
    if settings.environment == "production":
        return None
    return kept_secret(settings.data_dir / "codec.token", lambda: secrets.token_urlsafe(32))


def _may_read(request: Request, settings: Settings, token: str | None, given: str) -> bool:
    # A page of another origin could make a browser on this machine ask.
    origin = request.headers.get("origin")
    if origin is not None and origin != settings.temporal_ui_url.rstrip("/"):
        return False
    return token is not None and hmac.compare_digest(given.encode(), token.encode())
