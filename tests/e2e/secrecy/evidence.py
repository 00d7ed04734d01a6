"""What a deployment left behind: its databases, histories, payloads and output, as bytes."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, Any

from google.protobuf.message import Message
from temporalio.api.common.v1 import Payload

from store.encryption import Keyring
from temporal.codec import EncryptionCodec
from tests.e2e.secrecy.search import Place

if TYPE_CHECKING:
    from pathlib import Path

    from temporalio.client import Client

    from tests.e2e.deployment import Deployment


async def histories(inlay: Deployment) -> list[Place]:
    """Each workflow's history, decoded: encryption must not be all that keeps a secret out."""
    client, codec = await inlay.client(), _codec(inlay)
    found = [
        Place(f"history of {workflow_id}", b"\n".join([part async for part in parts]))
        async for workflow_id, parts in _workflows(client, codec)
    ]
    for file in _files(inlay.settings.effective_payload_dir):
        [payload] = await codec.decode([Payload.FromString(file.read_bytes())])
        found.append(Place("decoded large payload", payload.SerializeToString()))
    return found


async def _workflows(
    client: Client, codec: EncryptionCodec
) -> AsyncIterator[tuple[str, AsyncIterator[bytes]]]:
    async for workflow in client.list_workflows():
        handle = client.get_workflow_handle(workflow.id, run_id=workflow.run_id)
        history = await handle.fetch_history()
        yield workflow.id, _decoded(list(history.events), codec)


async def _decoded(events: list[Any], codec: EncryptionCodec) -> AsyncIterator[bytes]:
    for event in events:
        yield event.SerializeToString()
        for payload in await codec.decode(list(_payloads(event))):
            yield payload.data


def _payloads(message: Message) -> Iterator[Payload]:
    if isinstance(message, Payload):
        yield message
        return
    for descriptor, value in message.ListFields():
        if descriptor.message_type is None:
            continue
        if descriptor.message_type.GetOptions().map_entry:
            parts = value.values()
        else:
            parts = [value] if isinstance(value, Message) else value
        for part in parts:
            if isinstance(part, Message):
                yield from _payloads(part)


def _codec(inlay: Deployment) -> EncryptionCodec:
    return EncryptionCodec(Keyring.from_settings(inlay.settings))


def files(inlay: Deployment) -> dict[str, list[Place]]:
    """All that lies on the disk, byte by byte, and the values of each table; Inlay is stopped."""
    payloads = _files(inlay.settings.effective_payload_dir)
    return {
        "Inlay": _database("Inlay", inlay.settings.data_dir / "inlay.db"),
        "Temporal": _database("Temporal", inlay.temporal_file),
        "payloads": [Place("large payload", file.read_bytes()) for file in payloads],
        "outputs": [Place(f"output of {f.stem}", f.read_bytes()) for f in _files(inlay.outputs)],
    }


def _database(name: str, file: Path) -> list[Place]:
    parts = sorted(file.parent.glob(f"{file.name}*"))
    places = [Place(f"{name}'s {part.name}", part.read_bytes()) for part in parts]
    # A value of many bytes does not lie in one piece in a file of SQLite's.
    return places + list(_tables(name, file))


def _tables(name: str, file: Path) -> Iterator[Place]:
    database = sqlite3.connect(file)
    try:
        named = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        for (table,) in named.fetchall():
            rows = database.execute(f'SELECT * FROM "{table}"')
            values = (_bytes(value) for row in rows for value in row)
            yield Place(f"{name}'s table {table}", b"\n".join(values))
    finally:
        database.close()


def _bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


def _files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.is_file())
