"""The client with which the API and the workers reach Temporal."""

from __future__ import annotations

import dataclasses
import socket
from datetime import UTC, datetime, timedelta

from temporalio.api.enums.v1 import IndexedValueType, TaskQueueType
from temporalio.api.operatorservice.v1 import (
    AddSearchAttributesRequest,
    ListSearchAttributesRequest,
)
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.converter import (
    DataConverter,
    DefaultFailureConverterWithEncodedAttributes,
    ExternalStorage,
)

from settings import Settings
from store.encryption import Keyring
from temporal.codec import EncryptionCodec
from temporal.large_payloads import THRESHOLD, FolderStorage
from workflows import search_attributes

TASK_QUEUE = "inlay"


def data_converter(settings: Settings, keyring: Keyring) -> DataConverter:
    """JSON by Pydantic, encrypted, with large payloads in the payload folder."""
    return dataclasses.replace(
        pydantic_data_converter,
        # Else messages and stack traces of failures would stand readable in histories.
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
        payload_codec=EncryptionCodec(keyring),
        external_storage=ExternalStorage(
            drivers=[FolderStorage(settings.effective_payload_dir)],
            payload_size_threshold=THRESHOLD,
        ),
    )


async def connect(settings: Settings, keyring: Keyring, *, lazy: bool = False) -> Client:
    """A client; `lazy` connects at the first call, so that a server may come later."""
    key = settings.temporal_api_key
    return await Client.connect(
        settings.temporal_address,
        namespace=settings.temporal_namespace,
        api_key=key.get_secret_value() if key else None,
        data_converter=data_converter(settings, keyring),
        lazy=lazy,
    )


async def polls_here(client: Client) -> bool:
    """Whether a worker of this host asked for tasks in the last two minutes; raises RPCError."""
    described = await client.workflow_service.describe_task_queue(
        DescribeTaskQueueRequest(
            namespace=client.namespace,
            task_queue=TaskQueue(name=TASK_QUEUE),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
        )
    )
    since = datetime.now(UTC) - timedelta(minutes=2)
    # The SDK's identity of a worker: its process and its host.
    host = f"@{socket.gethostname()}"
    return any(
        poller.identity.endswith(host) and poller.last_access_time.ToDatetime(tzinfo=UTC) >= since
        for poller in described.pollers
    )


async def register_search_attributes(client: Client) -> None:
    """Makes the search attributes of runs known to the server; does nothing where they are.

    Raises RPCError where the server does not let this client add them (Temporal Cloud: add them
    by its console).
    """
    operator = client.operator_service
    listed = await operator.list_search_attributes(
        ListSearchAttributesRequest(namespace=client.namespace)
    )
    missing = {
        key.name: IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD
        for key in search_attributes.ALL
        if key.name not in listed.custom_attributes
    }
    if missing:
        await operator.add_search_attributes(
            AddSearchAttributesRequest(namespace=client.namespace, search_attributes=missing)
        )
