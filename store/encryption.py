"""Encryption of secrets at rest: envelopes of AES-256-GCM under keys that can be rotated.

A ciphertext is `2 (1 byte) | key id (8) | nonce (12) | wrapped data key (48) | data and tag`. Each
secret has a random data key of its own, bound to the caller's context; the first key of the ring
wraps it, with the header as authenticated data. The key id is a digest of the wrapping key, so that
a ciphertext finds its key among several, and another key can take its place without the context.

Version 1 knew no data key (`1 | key id (8) | nonce (12) | data and tag`); it is still read.
GCM: NIST SP 800-38D.

What is handed out and comes back, and must be told from another without being read, is a token:
`3 | key id (8) | AES-SIV (RFC 5297)` under a key derived of the ring's: equal values have equal
tokens. None is stored.
"""

from __future__ import annotations

import base64
import binascii
import functools
import hashlib
import itertools
import logging
import os
import secrets
import stat
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from settings import ConfigurationError
from store.files import kept_secret

if TYPE_CHECKING:
    from collections.abc import Sequence

    from settings import Settings

logger = logging.getLogger(__name__)

KEY_BYTES = 32
LABEL_BYTES = 9
"""The length of the beginning of a ciphertext that names its version and its key."""
_DIRECT = b"\x01"
_ENVELOPE = b"\x02"
_TOKEN = b"\x03"
_TOKEN_BLOCK = 64
"""A token tells no more of a value's length than how many of these bytes it fills."""
_ID_BYTES = 8
_NONCE_BYTES = 12
_DATA_NONCE = bytes(_NONCE_BYTES)
"""A data key encrypts once only, so that its nonce need not differ (SP 800-38D, section 8)."""
_WRAPPED_AT = LABEL_BYTES + _NONCE_BYTES
_DATA_AT = _WRAPPED_AT + KEY_BYTES + 16
_MAX_FILE_BYTES = 65_536


class DecryptionError(Exception):
    """A ciphertext cannot be read: its key is missing, it was changed, or it belongs elsewhere."""


class ContextNeeded(DecryptionError):
    """A ciphertext of version 1 can change its key only where its context is known."""


class Label(NamedTuple):
    """What the beginning of a ciphertext tells to anybody."""

    version: int
    key_id: str
    """16 hexadecimal digits."""


def label_of(ciphertext: bytes) -> Label | None:
    """Which key a ciphertext (its first LABEL_BYTES suffice) lies under; None: it is none."""
    version, key_id = ciphertext[:1], ciphertext[1:LABEL_BYTES]
    if version not in (_DIRECT, _ENVELOPE) or len(key_id) < _ID_BYTES:
        return None
    return Label(version[0], key_id.hex())


class Keyring:
    """Encrypts with its first key and decrypts with any of its keys."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys:
            raise ConfigurationError("At least one encryption key is needed.")
        if any(len(key) != KEY_BYTES for key in keys):
            raise ConfigurationError(f"Each encryption key must have exactly {KEY_BYTES} bytes.")
        self._ciphers = {_key_id(key): AESGCM(key) for key in keys}
        self._tokens = {_key_id(key): AESSIV(_token_key(key)) for key in keys}
        self._first = _key_id(keys[0])
        self._header = _ENVELOPE + self._first

    @classmethod
    def from_settings(cls, settings: Settings) -> Keyring:
        """The keys that the operator set; in development, one that is made once and kept.

        Reads (and in development may write) a small file: call it when a process starts.

        Raises:
            ConfigurationError: a key is malformed, or production has none or a guessable one.
        """
        source, texts = _configured(settings)
        keys = [_parse_key(text, source) for text in texts]
        production = settings.environment == "production"
        if not keys:
            if production:
                raise ConfigurationError(
                    "INLAY_ENCRYPTION_KEYS is empty. Production needs at least one key: make one"
                    " with `inlay keys make`, and put it there or into a file that"
                    " INLAY_ENCRYPTION_KEYS_FILE names."
                )
            kept = settings.data_dir / "encryption.key"
            keys = [_parse_key(kept_secret(kept, make_key), str(kept))]
        elif production:
            for number, (key, text) in enumerate(zip(keys, texts, strict=True), start=1):
                if _is_guessable(key, text):
                    raise ConfigurationError(
                        f"Key {number} of {source} is no random key: it was typed, or comes from"
                        " an example. Make one with `inlay keys make`. Secrets that lie under this"
                        " key are carried over by `inlay keys rotate`, run with both keys and"
                        " INLAY_ENVIRONMENT=development."
                    )
        return cls(keys)

    @property
    def key_ids(self) -> tuple[str, ...]:
        """The ids of the keys, as `label_of` gives them; the first one encrypts."""
        return tuple(key_id.hex() for key_id in self._ciphers)

    @property
    def current_labels(self) -> tuple[bytes, ...]:
        """How the ciphertexts begin that lie under the first key."""
        return (self._header, _DIRECT + self._first)

    def encrypt(self, plaintext: bytes, context: bytes = b"") -> bytes:
        """The ciphertext of `plaintext`; only the same `context` decrypts it.

        Make `context` of what the secret belongs to, so that a ciphertext copied to another row
        cannot be used there.
        """
        data_key = secrets.token_bytes(KEY_BYTES)
        data = AESGCM(data_key).encrypt(_DATA_NONCE, plaintext, _ENVELOPE + context)
        return self._wrap(data_key) + data

    def decrypt(self, ciphertext: bytes, context: bytes = b"") -> bytes:
        """The plaintext of what `encrypt` gave for the same `context`.

        Raises:
            DecryptionError: the key is not in this keyring, or the data or the context differ.
        """
        cipher = self._cipher_of(ciphertext)
        try:
            if ciphertext.startswith(_ENVELOPE):
                data_key = AESGCM(_unwrap(cipher, ciphertext))
                return data_key.decrypt(_DATA_NONCE, ciphertext[_DATA_AT:], _ENVELOPE + context)
            nonce, data = ciphertext[LABEL_BYTES:_WRAPPED_AT], ciphertext[_WRAPPED_AT:]
            return cipher.decrypt(nonce, data, ciphertext[:LABEL_BYTES] + context)
        except (InvalidTag, ValueError):
            raise DecryptionError("The secret was changed or belongs to something else.") from None

    def rewrap(self, ciphertext: bytes) -> bytes | None:
        """The same secret under the first key; None when it lies there already.

        The data are neither decrypted nor checked, so that no context is needed.

        Raises:
            ContextNeeded: an older key encrypts the data themselves (version 1).
            DecryptionError: the key is not in this keyring, or the wrapped key was changed.
        """
        cipher = self._cipher_of(ciphertext)
        if ciphertext.startswith(self.current_labels):
            return None
        if ciphertext.startswith(_DIRECT):
            raise ContextNeeded("It has the format of an earlier version, which has no data key.")
        try:
            data_key = _unwrap(cipher, ciphertext)
        except (InvalidTag, ValueError):
            raise DecryptionError("Its data key was changed.") from None
        return self._wrap(data_key) + ciphertext[_DATA_AT:]

    def token(self, plaintext: bytes, context: bytes) -> bytes:
        """What stands for `plaintext` where nobody may read it; the same one each time.

        Whoever can have tokens made can compare them: make them only for those who may use the
        plaintext, and of one `context` for each use.
        """
        padded = plaintext + b"\x80" + bytes(-(len(plaintext) + 1) % _TOKEN_BLOCK)
        return _TOKEN + self._first + self._tokens[self._first].encrypt(padded, [context])

    def read_token(self, token: bytes, context: bytes) -> bytes:
        """The plaintext of what `token` gave for the same `context`.

        Raises:
            DecryptionError: the key is not in this keyring, or the token or the context differ.
        """
        cipher = self._tokens.get(token[1:LABEL_BYTES])
        if token[:1] != _TOKEN or cipher is None:
            raise DecryptionError("The key that made this token is not here.")
        try:
            padded = cipher.decrypt(token[LABEL_BYTES:], [context])
        except (InvalidTag, ValueError):
            raise DecryptionError("The token was changed or belongs to something else.") from None
        return padded.rstrip(b"\x00")[:-1]

    def _wrap(self, data_key: bytes) -> bytes:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        wrapped = self._ciphers[self._first].encrypt(nonce, data_key, self._header)
        return self._header + nonce + wrapped

    def _cipher_of(self, ciphertext: bytes) -> AESGCM:
        if label_of(ciphertext) is None:
            raise DecryptionError("This is no ciphertext of Inlay.")
        cipher = self._ciphers.get(ciphertext[1:LABEL_BYTES])
        if cipher is None:
            raise DecryptionError(
                "The key that encrypted this secret is not among INLAY_ENCRYPTION_KEYS."
            )
        return cipher


def make_key() -> str:
    """A new random key, as the settings take it."""
    return base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def _unwrap(cipher: AESGCM, ciphertext: bytes) -> bytes:
    nonce, wrapped = ciphertext[LABEL_BYTES:_WRAPPED_AT], ciphertext[_WRAPPED_AT:_DATA_AT]
    return cipher.decrypt(nonce, wrapped, ciphertext[:LABEL_BYTES])


def _token_key(key: bytes) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, None, b"inlay tokens").derive(key)


def _key_id(key: bytes) -> bytes:
    return hashlib.sha256(b"inlay key id\x00" + key).digest()[:_ID_BYTES]


def _configured(settings: Settings) -> tuple[str, list[str]]:
    """The setting that holds keys, and its keys as text; none when the operator set none."""
    text = settings.encryption_keys.get_secret_value()
    source = "INLAY_ENCRYPTION_KEYS"
    if settings.encryption_keys_file:
        if text.strip():
            raise ConfigurationError(
                "INLAY_ENCRYPTION_KEYS and INLAY_ENCRYPTION_KEYS_FILE are both set, and only one"
                " can hold the keys. Unset one of them."
            )
        source = "INLAY_ENCRYPTION_KEYS_FILE"
        text = _file_of_keys(Path(settings.encryption_keys_file))
    texts = [text.strip() for text in text.replace("\n", ",").split(",")]
    return source, [text for text in texts if text]


def _file_of_keys(path: Path) -> str:
    name = f"INLAY_ENCRYPTION_KEYS_FILE names {path}, which"
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_FILE_BYTES + 1)
            mode = os.fstat(file.fileno()).st_mode
    except OSError as error:
        raise ConfigurationError(
            f"{name} cannot be read: {error.strerror}. Give the path of a file that the user of"
            " this process may read."
        ) from None
    if not content.strip(b", \t\r\n"):
        raise ConfigurationError(
            f"{name} holds no key. Put one key on each line, the one that encrypts first;"
            " `inlay keys make` makes one."
        )
    if len(content) > _MAX_FILE_BYTES:
        raise ConfigurationError(f"{name} is too large for keys. Is it the right file?")
    if mode & (stat.S_IROTH | stat.S_IWOTH):
        _warn_of_mode(path)
    return content.decode("ascii", errors="replace")


@functools.cache
def _warn_of_mode(path: Path) -> None:
    """Once a process for each file."""
    logger.warning(
        "The encryption keys in %s can be read or written by every user of this machine."
        " Give it to the user of Inlay alone: chmod 0600.",
        path,
    )


def _is_guessable(key: bytes, text: str) -> bool:
    """Whether a key was typed or counted; of 10^9 random ones less than one looks like that."""
    steps = {(after - before) % 256 for before, after in itertools.pairwise(key)}
    return (
        len(set(key)) <= KEY_BYTES // 2  # one byte, or a pattern that repeats
        or len(steps) == 1  # bytes(range(32))
        or all(32 <= byte < 127 for byte in key)  # words
        or text in (text.lower(), text.upper())  # words that were taken for base64
    )


def _parse_key(text: str, source: str) -> bytes:
    try:
        key = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise ConfigurationError(
            f"{source}: each key must be {KEY_BYTES} bytes in URL-safe base64, and keys are"
            " separated by commas or lines. `inlay keys make` makes one."
        )
    return key
