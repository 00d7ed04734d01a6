"""Encryption of everything that Temporal keeps, so that its histories hold no readable data."""

from __future__ import annotations

from collections.abc import Sequence

from temporalio.api.common.v1 import Payload
from temporalio.converter import PayloadCodec

from store.encryption import Keyring

ENCODING = b"binary/encrypted"
CONTEXT = b"temporal-payload"


class EncryptionCodec(PayloadCodec):
    """Encrypts payloads with the first key and decrypts them with any."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Each payload as one ciphertext of its serialised form."""
        return [
            Payload(
                metadata={"encoding": ENCODING},
                data=self._keyring.encrypt(payload.SerializeToString(), CONTEXT),
            )
            for payload in payloads
        ]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """The payloads as they were; what was not encrypted by this codec stays as it is.

        Raises DecryptionError when the key is not here.
        """
        return [
            Payload.FromString(self._keyring.decrypt(payload.data, CONTEXT))
            if payload.metadata.get("encoding") == ENCODING
            else payload
            for payload in payloads
        ]
