"""Columns whose values are sealed: a session writes and reads them in clear, the database keeps an
envelope of `store.encryption`.

The key ring belongs to the engine (`open_database` lends it), so that no row needs a look-up of a
key. An envelope is bound to its column; what must be bound to its very row is encrypted by hand.
What is sealed can be neither searched, compared nor sorted in SQL.
"""

from __future__ import annotations

import json
from abc import abstractmethod
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from sqlalchemy import LargeBinary, TypeDecorator

from settings import ConfigurationError
from store.encryption import DecryptionError, Keyring
from store.texts import kept

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlalchemy import Dialect, Engine

    from store.encryption import Keyring

# An engine has a dialect of its own, which is all that a column's type sees of it.
_KEYRINGS: WeakKeyDictionary[Dialect, Keyring] = WeakKeyDictionary()


UNREADABLE = (
    "This cannot be read with the encryption keys of this server. Its operator sees with "
    "`inlay keys status` which key is missing."
)
_IS_LISTING: ContextVar[bool] = ContextVar("is_listing", default=False)


@asynccontextmanager
async def listing() -> AsyncIterator[None]:
    """Inside, in this task, what cannot be decrypted is read as its column's `unreadable`.

    For lists that people look at: one entry must not keep the others from being seen. Never for
    what is written again or computed with.
    """
    token = _IS_LISTING.set(True)
    try:
        yield
    finally:
        _IS_LISTING.reset(token)


def lend_keyring(engine: Engine, keyring: Keyring) -> None:
    """From now on the engine's statements seal with `keyring`."""
    _KEYRINGS[engine.dialect] = keyring


def keyring_of(dialect: Dialect) -> Keyring:
    """The ring that was lent to the engine of this dialect."""
    keyring = _KEYRINGS.get(dialect)
    if keyring is None:
        raise ConfigurationError("Sealed columns need `open_database` with a key ring.")
    return keyring


class Sealed(TypeDecorator[Any]):
    """A value that is encrypted in the database; NULL stays NULL.

    `column` is `table.column`, to which each envelope is bound. Reading raises `DecryptionError`.
    """

    impl = LargeBinary
    cache_ok = True
    unreadable: Any = None
    """What a list has in place of a value that cannot be decrypted."""

    def __init__(self, column: str) -> None:
        super().__init__()
        self.column = column

    def process_bind_param(self, value: Any, dialect: Dialect) -> bytes | None:
        """What the database gets."""
        return None if value is None else self.seal(keyring_of(dialect), value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> Any:
        """What a session reads."""
        if value is None:
            return None
        try:
            return self.load(self.open(keyring_of(dialect), value))
        except DecryptionError:
            if not _IS_LISTING.get():
                raise
            return self.unreadable

    def seal(self, keyring: Keyring, value: Any) -> bytes:
        """The envelope of a value; for migrations, too."""
        return keyring.encrypt(self.dump(value), self.column.encode())

    def open(self, keyring: Keyring, envelope: bytes) -> bytes:
        """The bytes in an envelope, for `load`; raises DecryptionError."""
        return keyring.decrypt(envelope, self.column.encode())

    @abstractmethod
    def dump(self, value: Any) -> bytes:
        """The bytes to encrypt."""

    @abstractmethod
    def load(self, plain: bytes) -> Any:
        """What `dump` was given."""


class SealedJson(Sealed):
    """Any JSON value. Integers of any size and all characters come back as they were."""

    cache_ok = True
    unreadable: Any = {"unreadable": UNREADABLE}  # noqa: RUF012

    def dump(self, value: Any) -> bytes:
        """UTF-8; half a surrogate pair, which JSON may hold, is kept."""
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        return text.encode("utf-8", "surrogatepass")

    def load(self, plain: bytes) -> Any:
        """The value."""
        return json.loads(plain.decode("utf-8", "surrogatepass"))


class SealedText(Sealed):
    """Text of any length, for people: what no document can hold is replaced (`store.texts`)."""

    cache_ok = True
    unreadable: Any = UNREADABLE

    def dump(self, value: Any) -> bytes:
        """UTF-8."""
        return kept(str(value)).encode()

    def load(self, plain: bytes) -> str:
        """The text."""
        return plain.decode("utf-8", "surrogatepass")
