"""Records the histories: `python -m tests.replay.record`. Old files stay: they are what counts."""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from temporalio.client import WorkflowFailureError

from settings import Settings
from store.encryption import Keyring
from temporal.client import connect, register_search_attributes
from temporal.server import dev_server
from tests.replay.cases import CASES
from tests.workflows.conftest import FakeWorld, fail
from workflows.run import AutomationRun

HISTORIES = Path(__file__).parent / "histories"
KEY = b"k" * 32
"""Histories are encrypted; these with a key that everybody knows."""


async def main() -> None:
    """Runs each case on a server of its own and keeps the histories of all its workflows."""
    day = datetime.now(UTC).strftime("%Y%m%d")
    HISTORIES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        async with dev_server(None, headless=True) as server:
            settings = Settings(data_dir=Path(folder), temporal_address=server.address)
            client = await connect(settings, Keyring([KEY]))
            await register_search_attributes(client)
            world = FakeWorld()
            world.components["app.no"] = fail("the app said no", "conflict")
            async with world.working(client, "record"):
                for name, run in CASES.items():
                    handle = await client.start_workflow(
                        AutomationRun.run, run, id=name, task_queue="record"
                    )
                    with suppress(WorkflowFailureError):
                        await handle.result()
            await asyncio.sleep(1)  # the list of workflows is a little behind
            async for execution in client.list_workflows("ExecutionStatus != 'Running'"):
                history = await client.get_workflow_handle(execution.id).fetch_history()
                (HISTORIES / f"{day}-{execution.id}.json").write_text(history.to_json() + "\n")


if __name__ == "__main__":
    asyncio.run(main())
