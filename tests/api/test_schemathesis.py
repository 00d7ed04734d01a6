"""Requests made up from the OpenAPI document: no 5xx, and no answer that it does not describe.

They go over HTTP to the real API, which has a real Temporal server and a worker behind it, half of
them as the document says and half against it.
"""

from __future__ import annotations

import asyncio
import shutil
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.core.result import Ok

from api.app import create_app
from settings import Settings
from temporal.server import dev_server, free_port
from tests.api.conftest import GREETING, Workshop, make_workshop
from tests.working import start_worker

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from schemathesis import APIOperation, Case

    Operation = APIOperation[Any, Any, Any, Any]

EXAMPLES = 12
"""Of each kind, for each operation."""
SIGNING_OUT = "signOut"
DELETING = {"deleteAutomation"}
"""Must not reach the objects that the other operations need."""

load_all_checks()

REFUSED_BY_SERVER = b"Invalid HTTP request received."
"""What uvicorn says to a request line longer than it reads: no request reaches the API then."""
CHECKED = CHECKS.get_by_names(
    [
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_schema_conformance",
    ]
)
DOCUMENT = schemathesis.openapi.from_dict(create_app(Settings()).openapi())
OPERATIONS: list[Operation] = [
    result.ok() for result in DOCUMENT.get_all_operations() if isinstance(result, Ok)
]


@dataclass
class Target:
    """Where the API listens, and what there is in it."""

    url: str
    session: str
    throwaway_session: str
    token: str
    ids: dict[str, str]

    def prepare(self, case: Case[Any]) -> dict[str, str]:
        """Puts real ids into a case; gives the headers of somebody who may do this."""
        operation = case.operation.definition.raw
        name = operation["operationId"]
        if case.path_parameters and name not in DELETING:
            case.path_parameters.update(
                (key, value) for key, value in self.ids.items() if key in case.path_parameters
            )
        elif case.path_parameters and "projectId" in case.path_parameters:
            case.path_parameters["projectId"] = self.ids["projectId"]
        schemes = [scheme for item in operation.get("security", ()) for scheme in item]
        if not schemes:
            return {}
        secret = self.session if "session" in schemes else self.token
        if name == SIGNING_OUT:
            secret = self.throwaway_session
        return {"authorization": f"Bearer {secret}"}


@pytest.fixture(scope="module")
def target(
    sqlite_template: Path, connectors_here: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Target]:
    """All of it runs in a thread of its own: Schemathesis blocks."""
    folder = tmp_path_factory.mktemp("schemathesis")
    shutil.copyfile(sqlite_template, folder / "inlay.db")
    found: list[Target] = []
    ready, done = threading.Event(), threading.Event()

    def serve() -> None:
        try:
            asyncio.run(_serve(folder, connectors_here, found, ready, done))
        finally:
            ready.set()

    thread = threading.Thread(target=serve)
    thread.start()
    ready.wait()
    try:
        assert found, "the API did not start"
        yield found[0]
    finally:
        done.set()
        thread.join()


async def _serve(
    folder: Path,
    connectors: Path,
    found: list[Target],
    ready: threading.Event,
    done: threading.Event,
) -> None:
    port = free_port()
    async with dev_server(folder / "temporal.db", headless=True) as temporal:
        settings = Settings(
            data_dir=folder,
            temporal_address=temporal.address,
            public_url=f"http://127.0.0.1:{port}",
            daily_credits=10**9,
            connector_dirs=str(connectors),
            allowed_private_hosts="127.0.0.1",
        )
        server = uvicorn.Server(
            uvicorn.Config(create_app(settings), port=port, log_level="warning")
        )
        working = await start_worker(settings)
        serving = asyncio.create_task(server.serve())
        try:
            while not server.started:
                await asyncio.sleep(0.02)
            async with httpx.AsyncClient(base_url=settings.public_url, timeout=60) as http:
                found.append(await _furnish(http, settings.public_url))
            ready.set()
            await asyncio.to_thread(done.wait)
        finally:
            server.should_exit = True
            await serving
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)


async def _furnish(http: httpx.AsyncClient, url: str) -> Target:
    shop = await make_workshop(http)
    other = await make_workshop(http, "bob@example.com")
    for app_key in ("cubicl", "twilio", "google-calendar"):
        await shop.integrate(app_key)
    await shop.connect("user-1")
    automation = await shop.automation(GREETING)
    answer = await shop.application.expect(
        200, "POST", shop.run_path(automation), {"data": {"name": "Ada"}}
    )
    return Target(
        url=url,
        session=_secret(shop),
        throwaway_session=other.developer.bearer or "",
        token=shop.application.bearer or "",
        ids={
            "projectId": shop.project_id,
            "automationId": automation,
            "runId": answer["runId"],
            "userId": "user-1",
            "appKey": "cubicl",
        },
    )


def _secret(shop: Workshop) -> str:
    assert shop.developer.bearer is not None
    return shop.developer.bearer


@pytest.mark.parametrize(
    ("operation", "mode"),
    [
        pytest.param(operation, mode, id=f"{operation.label} {mode.value}")
        for operation in OPERATIONS
        for mode in GenerationMode
        # Nothing can be wrong in a request that has nothing.
        if mode is GenerationMode.POSITIVE
        or {"parameters", "requestBody"} & operation.definition.raw.keys()
    ],
)
def test_made_up_requests_are_answered_as_the_document_says(
    operation: Operation, mode: GenerationMode, target: Target
) -> None:
    @given(case=operation.as_strategy(generation_mode=mode))
    @hypothesis_settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def check(case: Any) -> None:
        headers = target.prepare(case)
        response = case.call(base_url=target.url, headers=headers)
        if response.content == REFUSED_BY_SERVER:
            return
        case.validate_response(response, checks=CHECKED)

    check()
