"""Tells workflows of registrations that there is something new, many deliveries by one signal."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from workflows.registration import registration_workflow_id

GATHER_SECONDS = 0.2
"""Deliveries of a registration that come within this time share a signal."""
TIMEOUT = timedelta(seconds=5)


class Wakes:
    """Wakes the workflows of registrations. Share one in a process."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._gathering: dict[str, asyncio.Task[None]] = {}

    async def wake(self, registration_id: str) -> None:
        """Returns when the workflow has been told durably.

        Does nothing where there is no workflow: one that is made begins with a look of its own.
        Raises RPCError and RuntimeError when Temporal is away.
        """
        task = self._gathering.get(registration_id)
        if task is None:
            task = asyncio.create_task(self._tell(registration_id))
            self._gathering[registration_id] = task
        await asyncio.shield(task)

    async def _tell(self, registration_id: str) -> None:
        await asyncio.sleep(GATHER_SECONDS)
        # Before it is sent: what comes from now on may not be seen by who is woken.
        del self._gathering[registration_id]
        handle = self._client.get_workflow_handle(registration_workflow_id(registration_id))
        try:
            await handle.signal("wake", rpc_timeout=TIMEOUT)
        except RPCError as error:
            if error.status != RPCStatusCode.NOT_FOUND:
                raise
