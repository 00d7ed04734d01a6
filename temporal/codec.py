"""Encryption of everything that Temporal keeps, so that its histories hold no readable data."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from temporalio.api.common.v1 import Payload
from temporalio.converter import PayloadCodec

from store.encryption import Keyring

ENCODING = b"binary/encrypted"
CONTEXT = b"temporal-payload"
AT_ONCE_BYTES = 1_048_576
"""A larger payload is encrypted beside the event loop, which goes on meanwhile."""


class EncryptionCodec(PayloadCodec):
    """Encrypts payloads with the first key and decrypts them with any."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Each payload as one ciphertext of its serialised form."""
        return [
            await asyncio.to_thread(self._encrypted, payload)
            if len(payload.data) > AT_ONCE_BYTES
            else self._encrypted(payload)
            for payload in payloads
        ]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """The payloads as they were; what was not encrypted by this codec stays as it is.

        Raises DecryptionError when the key is not here.
        """
        return [
            await asyncio.to_thread(self._decrypted, payload)
            if len(payload.data) > AT_ONCE_BYTES
            else self._decrypted(payload)
            for payload in payloads
        ]

    def _encrypted(self, payload: Payload) -> Payload:
        data = self._keyring.encrypt(payload.SerializeToString(), CONTEXT)
        return Payload(metadata={"encoding": ENCODING}, data=data)

    def _decrypted(self, payload: Payload) -> Payload:
        if payload.metadata.get("encoding") != ENCODING:
            return payload
        return Payload.FromString(self._keyring.decrypt(payload.data, CONTEXT))
