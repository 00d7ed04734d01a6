"""The whole of Inlay for tests of triggers: API at a port of its own, worker, Temporal server."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from typing import TYPE_CHECKING

from settings import Settings
from temporal.server import dev_server, free_port
from tests.api.beacon import listening
from tests.api.conftest import serving
from tests.working import start_worker

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    import httpx


@contextlib.asynccontextmanager
async def whole_engine(folder: Path, database: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the API; `database` is an empty one to copy, `folder`/connectors holds apps."""
    shutil.copyfile(database, folder / "inlay.db")
    port = free_port()
    async with dev_server(folder / "temporal.db", headless=True) as server:
        settings = Settings(
            data_dir=folder,
            temporal_address=server.address,
            public_url=f"http://127.0.0.1:{port}",
            allowed_private_hosts="127.0.0.1",
            connector_dirs=str(folder / "connectors"),
        )
        working = await start_worker(settings)
        try:
            async with serving(settings) as (app, http), listening(app, port):
                yield http
        finally:
            working.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await working
