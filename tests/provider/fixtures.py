"""The provider inside the event loop of the tests, and as a process of its own."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx
import pytest
import uvicorn
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.provider.app import Place, application
from tests.provider.state import Provider

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture(scope="session")
async def quirky_place() -> AsyncIterator[Place]:
    """The server; it lives as long as the tests."""
    place = Place()
    config = uvicorn.Config(
        application(place),
        port=0,
        log_level="warning",
        lifespan="off",
        date_header=False,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.005)
    place.provider.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    yield place
    server.should_exit = True
    await serving


@pytest.fixture
def quirky(quirky_place: Place) -> Provider:
    """A provider as new: default switches, nothing received."""
    quirky_place.provider = Provider(quirky_place.provider.url)
    return quirky_place.provider


@pytest.fixture
async def web(quirky: Provider) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the provider that follows no redirects."""
    async with httpx.AsyncClient(base_url=quirky.url) as client:
        yield client


@pytest.fixture(scope="session")
def rsa_pair() -> tuple[str, str]:
    """A private and a public RSA key in PEM."""
    key = rsa.generate_private_key(65537, 2048)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return private.decode(), public.decode()
