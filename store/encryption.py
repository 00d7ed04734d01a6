"""Encryption of secrets at rest: AES-256-GCM with keys that can be rotated.

A ciphertext is `version (1 byte) | key id (8 bytes) | nonce (12 bytes) | data and tag`. The key id
is a digest of the key, so that a ciphertext finds its key among several; the header is
authenticated together with the caller's context. GCM: NIST SP 800-38D.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import hashlib
import os
import secrets
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from settings import Settings

KEY_BYTES = 32
_VERSION = b"\x01"
_ID_BYTES = 8
_NONCE_BYTES = 12
_HEADER_BYTES = len(_VERSION) + _ID_BYTES


class ConfigurationError(Exception):
    """The operator must change a setting; the message says which and how."""


class DecryptionError(Exception):
    """A ciphertext cannot be read: its key is missing, it was changed, or it belongs elsewhere."""


class Keyring:
    """Encrypts with its first key and decrypts with any of its keys."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys:
            raise ConfigurationError("At least one encryption key is needed.")
        if any(len(key) != KEY_BYTES for key in keys):
            raise ConfigurationError(f"Each encryption key must have exactly {KEY_BYTES} bytes.")
        self._ciphers = {_key_id(key): AESGCM(key) for key in keys}
        self._first = _key_id(keys[0])

    @classmethod
    def from_settings(cls, settings: Settings) -> Keyring:
        """The keys that the operator set; in development, one that is made once and kept.

        Reads (and in development may write) a small file: call it when a process starts.

        Raises:
            ConfigurationError: a key is malformed, or production has none.
        """
        texts = [text.strip() for text in settings.encryption_keys.get_secret_value().split(",")]
        keys = [_parse_key(text, "INLAY_ENCRYPTION_KEYS") for text in texts if text]
        if not keys:
            if settings.environment == "production":
                raise ConfigurationError(
                    "INLAY_ENCRYPTION_KEYS is empty. Production needs at least one key of 32 random"
                    " bytes in URL-safe base64. Make one with: python -c 'import base64, os;"
                    " print(base64.urlsafe_b64encode(os.urandom(32)).decode())'"
                )
            keys = [_kept_key(settings.data_dir / "encryption.key")]
        return cls(keys)

    def encrypt(self, plaintext: bytes, context: bytes = b"") -> bytes:
        """The ciphertext of `plaintext`; only the same `context` decrypts it.

        Make `context` of what the secret belongs to, so that a ciphertext copied to another row
        cannot be used there.
        """
        header = _VERSION + self._first
        nonce = secrets.token_bytes(_NONCE_BYTES)
        data = self._ciphers[self._first].encrypt(nonce, plaintext, header + context)
        return header + nonce + data

    def decrypt(self, ciphertext: bytes, context: bytes = b"") -> bytes:
        """The plaintext of what `encrypt` gave for the same `context`.

        Raises:
            DecryptionError: the key is not in this keyring, or the data or the context differ.
        """
        header = ciphertext[:_HEADER_BYTES]
        if len(header) < _HEADER_BYTES or not header.startswith(_VERSION):
            raise DecryptionError("This is no ciphertext of Inlay.")
        cipher = self._ciphers.get(header[len(_VERSION) :])
        if cipher is None:
            raise DecryptionError(
                "The key that encrypted this secret is not among INLAY_ENCRYPTION_KEYS."
            )
        nonce = ciphertext[_HEADER_BYTES : _HEADER_BYTES + _NONCE_BYTES]
        data = ciphertext[_HEADER_BYTES + _NONCE_BYTES :]
        try:
            return cipher.decrypt(nonce, data, header + context)
        except (InvalidTag, ValueError):
            raise DecryptionError("The secret was changed or belongs to something else.") from None


def _key_id(key: bytes) -> bytes:
    return hashlib.sha256(b"inlay key id\x00" + key).digest()[:_ID_BYTES]


def _parse_key(text: str, source: str) -> bytes:
    try:
        key = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise ConfigurationError(f"{source}: each key must be 32 bytes in URL-safe base64.")
    return key


def _kept_key(path: Path) -> bytes:
    """The key in the file `path`, made if there is none; processes that race get the same one."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(file, "wb") as stream:
                stream.write(base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)) + b"\n")
                stream.flush()
                os.fsync(stream.fileno())
            # A link fails where a rename would replace: whoever comes second uses the first
            # one's key, and nobody ever sees half a file.
            with contextlib.suppress(FileExistsError):
                os.link(draft, path)
        finally:
            draft.unlink()
    return _parse_key(path.read_text("ascii").strip(), str(path))
