"""A worker beside a test, before which nothing can be started that Temporal does not know yet."""

from __future__ import annotations

import asyncio

from settings import Settings
from store.encryption import Keyring
from temporal.client import connect, register_search_attributes
from worker import run_worker


async def start_worker(settings: Settings) -> asyncio.Task[None]:
    """The task of a worker; cancel it at the end."""
    await register_search_attributes(await connect(settings, Keyring.from_settings(settings)))
    return asyncio.create_task(run_worker(settings))
