"""A third-party app that honours idempotency keys and counts what it really did."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from fastapi import FastAPI, Header

from temporal.server import free_port


class Vendor:
    """Orders by idempotency key; `arrived` is set whenever a call comes in."""

    def __init__(self) -> None:
        self.orders: dict[str, dict[str, Any]] = {}
        self.calls: Counter[str] = Counter()
        self.arrived = asyncio.Event()
        self.url = ""

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.post("/orders")
        async def create(body: dict[str, Any], idempotency_key: str = Header()) -> dict[str, Any]:
            self.calls[body["item"]] += 1
            # The effect comes first: a caller that dies while it waits for the answer has had it.
            order = self.orders.setdefault(
                idempotency_key, {"order": len(self.orders) + 1, "item": body["item"]}
            )
            self.arrived.set()
            await asyncio.sleep(body.get("seconds") or 0)
            return order

        return app

    def items(self) -> list[str]:
        """The items ordered, each as often as it was really ordered."""
        return [order["item"] for order in self.orders.values()]


@asynccontextmanager
async def vendor_running() -> AsyncIterator[Vendor]:
    vendor = Vendor()
    port = free_port()
    server = uvicorn.Server(
        uvicorn.Config(vendor.app(), host="127.0.0.1", port=port, log_level="warning")
    )
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.02)
    vendor.url = f"http://127.0.0.1:{port}"
    try:
        yield vendor
    finally:
        server.should_exit = True
        await serving
