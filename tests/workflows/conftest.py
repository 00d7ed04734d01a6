"""A real Temporal server, and a worker whose components are simple functions."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration
from temporalio import activity
from temporalio.api.workflowservice.v1 import RegisterNamespaceRequest
from temporalio.client import Client
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError

from settings import Settings
from store.encryption import Keyring
from temporal.client import connect, register_search_attributes
from temporal.server import DevServer, dev_server
from temporal.worker import build_worker, sandbox
from workflows.payloads import ComponentCall, Pause, Resume, RunInput, RunRecord, StepTrace


@pytest.fixture(scope="session")
async def temporal_server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DevServer]:
    async with dev_server(tmp_path_factory.mktemp("temporal") / "t.db", headless=True) as server:
        yield server


@pytest.fixture
async def namespace(temporal_server: DevServer) -> str:
    """A namespace of the shared server for this test alone."""
    name = f"test-{secrets.token_hex(6)}"
    client = await Client.connect(temporal_server.address)
    await client.workflow_service.register_namespace(
        RegisterNamespaceRequest(
            namespace=name, workflow_execution_retention_period=Duration(seconds=86_400)
        )
    )
    return name


@pytest.fixture
async def temporal(temporal_server: DevServer, tmp_path: Path) -> Client:
    settings = Settings(
        data_dir=tmp_path, temporal_address=temporal_server.address, payload_dir=tmp_path / "large"
    )
    client = await connect(settings, Keyring([b"k" * 32]))
    await register_search_attributes(client)
    return client


Component = Callable[[ComponentCall], Any]


class FakeWorld:
    """The activities of a worker, without apps and without a database."""

    def __init__(self) -> None:
        self.components: dict[str, Component] = {"app.echo": lambda call: call.inputs}
        self.calls: list[ComponentCall] = []
        self.pauses: list[Pause] = []
        self.resumed: list[Pause] = []
        self.traces: list[StepTrace] = []
        self.records: list[RunRecord] = []
        self.early: Resume | None = None

    @activity.defn(dynamic=True)
    async def component(self, args: Sequence[RawValue]) -> Any:
        call = activity.payload_converter().from_payload(args[0].payload, ComponentCall)
        self.calls.append(call)
        result = self.components[activity.info().activity_type](call)
        return await result if asyncio.iscoroutine(result) else result

    @activity.defn(name="record-run")
    async def record_run(self, record: RunRecord) -> None:
        self.records.append(record)

    @activity.defn(name="record-traces")
    async def record_traces(self, _r: str, _p: str, _a: str, traces: list[StepTrace]) -> None:
        self.traces.extend(traces)

    @activity.defn(name="record-pause")
    async def record_pause(self, pause: Pause) -> Resume | None:
        self.pauses.append(pause)
        return self.early

    @activity.defn(name="record-resume")
    async def record_resume(self, pause: Pause) -> None:
        self.resumed.append(pause)

    @property
    def activities(self) -> list[Callable[..., Any]]:
        return [
            self.component,
            self.record_run,
            self.record_traces,
            self.record_pause,
            self.record_resume,
        ]

    @asynccontextmanager
    async def working(self, client: Client, task_queue: str) -> AsyncIterator[None]:
        async with build_worker(client, self.activities, task_queue=task_queue, runner=sandbox()):
            yield

    async def until_paused(self, count: int = 1) -> Pause:
        async with asyncio.timeout(20):
            while len(self.pauses) < count:
                await asyncio.sleep(0.02)
        return self.pauses[count - 1]


@pytest.fixture
def world() -> FakeWorld:
    return FakeWorld()


def fail(message: str, kind: str, *, retryable: bool = False) -> Component:
    """A component that always fails."""

    def component(_call: ComponentCall) -> Any:
        raise ApplicationError(message, type=kind, non_retryable=not retryable)

    return component


def run_input(steps: list[dict[str, Any]], **more: Any) -> RunInput:
    """The input of a run of these steps."""
    definition = {"steps": steps, "result": more.pop("result", None)}
    return RunInput(
        project_id="p",
        account_id="a",
        automation_id="auto",
        automation_name="Test",
        version=1,
        user_id=more.pop("user_id", "user-1"),
        definition=definition,
        callback_url="https://inlay.test/cb",
        **more,
    )
