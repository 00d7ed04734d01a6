"""Payloads too large for a history, kept as files that all workers and APIs can reach."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

from temporalio.api.common.v1 import Payload
from temporalio.converter import (
    StorageDriver,
    StorageDriverClaim,
    StorageDriverRetrieveContext,
    StorageDriverStoreContext,
)

THRESHOLD = 128 * 1024
"""Bytes from which a payload leaves the history; Temporal refuses one of 2 MiB."""

_DIGEST = re.compile(r"[0-9a-f]{64}")


class FolderStorage(StorageDriver):
    """Keeps each payload in a file named by the SHA-256 of its content."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def name(self) -> str:
        """The name under which references find this driver."""
        return "inlay-folder"

    async def store(
        self, context: StorageDriverStoreContext, payloads: Sequence[Payload]
    ) -> list[StorageDriverClaim]:
        """Writes each payload, whole or not at all."""
        return await asyncio.to_thread(lambda: [self._write(payload) for payload in payloads])

    async def retrieve(
        self, context: StorageDriverRetrieveContext, claims: Sequence[StorageDriverClaim]
    ) -> list[Payload]:
        """Reads the payloads back; raises FileNotFoundError when one is gone."""
        return await asyncio.to_thread(lambda: [self._read(claim) for claim in claims])

    def _write(self, payload: Payload) -> StorageDriverClaim:
        data = payload.SerializeToString()
        digest = hashlib.sha256(data).hexdigest()
        path = self._path(digest)
        if not path.exists():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(file.name).replace(path)
        return StorageDriverClaim(claim_data={"sha256": digest})

    def _read(self, claim: StorageDriverClaim) -> Payload:
        data = self._path(claim.claim_data["sha256"]).read_bytes()
        return Payload.FromString(data)

    def _path(self, digest: str) -> Path:
        # A claim comes from a history; it must not name any other file.
        if not _DIGEST.fullmatch(digest):
            raise ValueError("not a SHA-256")
        return self._folder / digest[:2] / digest
