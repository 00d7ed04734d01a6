"""Kinto (https://kinto.readthedocs.io), a JSON store of Mozilla's, and a manifest that polls it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from connectors.manifest import App
from temporal.server import free_port
from tests.workflows.polled import BASIC, PASSWORD, feed_app

INI = """
[server:main]
use = egg:waitress#main
host = 127.0.0.1
port = {port}

[app:main]
use = egg:kinto
kinto.storage_backend = kinto.core.storage.memory
kinto.cache_backend = kinto.core.cache.memory
kinto.permission_backend = kinto.core.permission.memory
kinto.userid_hmac_secret = planted-kinto-secret
kinto.bucket_create_principals = system.Authenticated
multiauth.policies = basicauth
"""
RECORDS = "/v1/buckets/shop/collections/orders/records"


@asynccontextmanager
async def kinto(folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    """The server as a process, and a client that has made the collection."""
    port = free_port()
    ini = folder / "kinto.ini"
    ini.write_text(INI.format(port=port))
    process = await asyncio.create_subprocess_exec(
        *(str(Path(sys.executable).parent / "kinto"), "start", "--ini", str(ini)),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        async with httpx.AsyncClient(base_url=url, auth=("ada", PASSWORD)) as client:
            async with asyncio.timeout(60):
                while True:
                    try:
                        await client.get("/v1/")
                        break
                    except httpx.TransportError:
                        await asyncio.sleep(0.1)
            for path in ("/v1/buckets/shop", "/v1/buckets/shop/collections/orders"):
                (await client.put(path)).raise_for_status()
            yield client
    finally:
        process.terminate()
        await process.wait()


def kinto_app(url: str, *, by_token: bool) -> App:
    """By its ETag, which is the collection's last change, or by each record's `last_modified`."""
    since = "{{ cursor.token }}" if by_token else "{{ cursor.value }}"
    poll: dict[str, Any] = {
        "request": {"path": RECORDS, "query": {"_since": since, "_sort": "last_modified"}},
        # It names the next page in a header of its own.
        "pagination": {
            "type": "link",
            "records": "body.data",
            "next": '"next-page" in headers ? headers["next-page"] : null',
            "size_param": "_limit",
            "page_size": 2,
        },
        "items": "records",
        "id": "item.id",
        "order": "oldest_first",
        "value": "item.last_modified",
        "emit": {
            "id": "{{ item.id }}",
            "deleted": "{{ has(item.deleted) }}",
            "total": "{{ has(item.total) ? item.total : null }}",
        },
    }
    if by_token:
        poll["token"] = "headers.etag"
    return feed_app(url, poll, auth=BASIC)
