"""The HTTP server around the app, and how it stops without dropping anybody."""

from __future__ import annotations

import gc
import signal
import socket
import time
from types import FrameType

import uvicorn
from fastapi import FastAPI

from api.wire import BoundedProtocol
from settings import Settings

GRACEFUL_STOP = 15
"""Seconds that requests have to end when the server stops; then the guard answers them."""


def serve(app: FastAPI, settings: Settings, host: str, port: int) -> None:
    """Serves the app until SIGINT or SIGTERM; a second one ends the wait for balancers."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_config=None,
        # An access log would hold the codes that OAuth puts into URLs.
        access_log=False,
        http=BoundedProtocol,
        forwarded_allow_ips=settings.trusted_proxies,
        ws="none",
        timeout_graceful_shutdown=GRACEFUL_STOP,
    )
    DrainingServer(config, app, settings.drain_seconds).run()


class DrainingServer(uvicorn.Server):
    """Takes requests for a while after it was told to stop, and says on `/readyz` that it stops."""

    def __init__(self, config: uvicorn.Config, app: FastAPI, drain_seconds: float) -> None:
        super().__init__(config)
        self._app = app
        self._drain_seconds = drain_seconds
        self._stop_at: float | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Makes all that is made once, and then begins to take requests."""
        self._app.openapi()
        await super().startup(sockets)
        # It stays as long as the process: the collector of garbage need not walk through it again
        # and again, which would hold up all requests.
        gc.collect()
        gc.freeze()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begins to stop."""
        self._app.state.stopping = True
        if sig == signal.SIGTERM and self._drain_seconds and self._stop_at is None:
            self._stop_at = time.monotonic() + self._drain_seconds
        else:
            super().handle_exit(sig, frame)

    async def on_tick(self, counter: int) -> bool:
        """Whether it is time to stop."""
        if self._stop_at is not None and time.monotonic() >= self._stop_at:
            self.should_exit = True
        return await super().on_tick(counter)
