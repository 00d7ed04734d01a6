"""Triggers against a program that nobody here wrote: localstripe, which pushes signed webhooks.

It stands for Stripe (https://github.com/adrienverge/localstripe). Its webhooks are entered by a
route of its own, so that alone is replaced in the manifest; actions, the check of the key, the
signature and the events are those of the built-in app.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from connectors.addresses import AllowedHosts
from connectors.catalogue import BUILT_IN, read_app
from connectors.credential import Credential
from connectors.http import OutgoingHttp
from temporal.server import free_port
from tests.api.conftest import Workshop, make_workshop
from tests.api.engine import whole_engine
from tests.connectors.registered import Registered
from tests.connectors.vendor import Caller, built_in

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

PROGRAM = """
import sys
from aiohttp import web
from localstripe import resources, server
resources.Store.dump_to_disk = lambda store: None  # it would be a file that all runs share
web.run_app(server.app, host="127.0.0.1", port=int(sys.argv[1]))
"""
KEY = "sk_test_planted12345"
SECRET = "whsec_planted_for_localstripe"


@pytest.fixture(scope="module")
async def stripe() -> AsyncIterator[str]:
    """Its URL."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PROGRAM, str(port)),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with httpx.AsyncClient() as http, asyncio.timeout(60):
            while True:
                with contextlib.suppress(httpx.TransportError):
                    await http.get(url)
                    break
                await asyncio.sleep(0.1)
        yield url
    finally:
        process.terminate()
        await process.wait()


def write_manifest(folder: Path, url: str) -> None:
    """The built-in app at this address, and subscribed to by the program's own route."""
    app = read_app(BUILT_IN / "stripe")
    del app["options"]  # they stand in files of their own, of which this app has none
    for place, parts in (("actions", app.pop("components")), ("triggers", app.pop("triggers"))):
        (folder / "stripe" / place).mkdir(parents=True)
        for part in parts:
            name = part.pop("key").partition(".")[2]
            if name == "event":
                part["source"]["subscription"] |= by_hand()
            # JSON is YAML.
            (folder / "stripe" / place / f"{name}.yaml").write_text(json.dumps(part))
    (folder / "stripe" / "app.yaml").write_text(json.dumps({**app, "base_url": url}))


def by_hand() -> dict[str, Any]:
    return {
        "create": {
            "method": "POST",
            "path": "/_config/webhooks/{hook}",
            "path_values": {"hook": "{{ hook.id }}"},
            "json": {"url": "{{ hook.url }}", "secret": SECRET, "events": "{{ inputs.types }}"},
        },
        "captured": {"id": '"entered"', "secret": f'"{SECRET}"'},
    }


@pytest.fixture(scope="module")
async def engine(
    stripe: str, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[httpx.AsyncClient]:
    folder = tmp_path_factory.mktemp("engine")
    write_manifest(folder / "connectors", stripe)
    async with whole_engine(folder, sqlite_template) as http:
        yield http


@pytest.fixture(scope="module")
async def shop(engine: httpx.AsyncClient) -> Workshop:
    shop = await make_workshop(engine)
    await shop.integrate("stripe")
    path = "/api/v1/ipaas/users/ada/connections/stripe"
    await shop.application.expect(200, "POST", path, {"connectionFields": {"apiKey": KEY}})
    return shop


async def eventually(condition: Callable[[], Awaitable[Any]]) -> Any:
    async with asyncio.timeout(30):
        while not (found := await condition()):
            await asyncio.sleep(0.05)
    return found


async def registrations(shop: Workshop) -> list[dict[str, Any]]:
    page = await shop.application.expect(200, "GET", f"{shop.path}/registrations")
    items: list[dict[str, Any]] = page["items"]
    return items


async def create_customer(shop: Workshop, email: str) -> dict[str, Any]:
    """A customer made by the built-in action, in a run."""
    step = {"id": "create", "type": "app", "component": "stripe.create-customer"}
    inputs = {"email": "{{ data.email }}", "reference": "ref-1"}
    automation = await shop.automation(
        {
            "trigger": {"type": "manual"},
            "steps": [{**step, "inputs": inputs}],
            "result": "{{ steps.create.output }}",
        }
    )
    body = {"userId": "ada", "data": {"email": email}}
    answer = await shop.application.expect(200, "POST", shop.run_path(automation), body)
    result: dict[str, Any] = answer["result"]
    return result


async def test_an_event_of_the_program_starts_a_run(shop: Workshop) -> None:
    automation = await shop.automation(
        {
            "trigger": {
                "type": "app",
                "component": "stripe.event",
                "inputs": {"types": ["customer.created"]},
            },
            "steps": [],
            "result": {"type": "{{ event.type }}", "customer": "{{ event.data.object.id }}"},
        }
    )
    ipaas = f"/api/v1/ipaas/automations/{automation}"
    await shop.application.expect(200, "POST", f"{ipaas}/register", {"userId": "ada", "data": {}})
    made = await create_customer(shop, "grace@example.com")
    assert (made["email"], made["metadata"]) == ("grace@example.com", {"reference": "ref-1"})

    async def ended() -> list[dict[str, Any]]:
        page = await shop.application.expect(200, "GET", f"{shop.path}/runs", status="completed")
        return [run for run in page["items"] if run["automationId"] == automation]

    (run,) = await eventually(ended)
    assert run["result"] == {"type": "customer.created", "customer": made["id"]}
    assert run["userId"] == "ada"
    (registration,) = await registrations(shop)
    path = f"{shop.path}/registrations/{registration['id']}"

    async def recorded() -> list[str]:
        details = await shop.application.expect(200, "GET", path)
        return [event["runId"] for event in details["recentEvents"]]

    assert await eventually(recorded) == [run["id"]]
    await shop.application.expect(200, "POST", f"{ipaas}/unregister", {"userId": "ada"})

    async def gone() -> bool:
        return await registrations(shop) == []

    await eventually(gone)


async def test_its_events_are_polled(stripe: str) -> None:
    async with OutgoingHttp(AllowedHosts.parse("127.0.0.1")) as http:
        app, ada = built_in("stripe", stripe), Credential("api_key", {"apiKey": KEY})
        create = Caller(app, ada, http)
        await create("create-customer", email="first@example.com")
        polled = Registered(app, "event-polled", ada, http, type="customer.created")
        assert await polled.poll() == []
        made = await create("create-customer", email="second@example.com")
        news = await polled.poll()
        assert [event.payload["data"]["object"]["id"] for event in news] == [made["id"]]
        assert await polled.poll() == []
