"""The API as an ASGI application."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from api import callbacks, connect, console, documentation, errors, health, hooks, ipaas, manage
from api.codec import codec_router
from api.guard import Guard
from api.state import open_state
from api.user_ids import UserPaths
from settings import Settings
from temporal.codec import EncryptionCodec


def create_app(settings: Settings) -> FastAPI:
    """The app; its lifespan opens the database and all else that the routes need.

    Temporal may be down when it starts: routes that need it answer 503 until it is there.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_state(settings) as state:
            app.state.inlay = state
            app.include_router(codec_router(EncryptionCodec(state.keyring), settings))
            yield

    app = FastAPI(
        title="Inlay",
        lifespan=lifespan,
        redirect_slashes=False,
        redoc_url=None,
        generate_unique_id_function=documentation.operation_id,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.add_middleware(UserPaths)
    app.add_middleware(Guard)
    errors.install(app)
    documentation.install(app)
    for part in (ipaas, manage, callbacks, hooks, connect, health, console):
        app.include_router(part.router)
    return app
