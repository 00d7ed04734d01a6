"""Columns whose values are sealed: a session writes and reads them in clear, the database keeps an
envelope of `store.encryption`.

The key ring belongs to the engine (`open_database` lends it), so that no row needs a look-up of a
key. An envelope is bound to its column; what must be bound to its very row is encrypted by hand.
What is sealed can be neither searched, compared nor sorted in SQL.
"""

from __future__ import annotations

import json
from abc import abstractmethod
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from sqlalchemy import LargeBinary, TypeDecorator

from settings import ConfigurationError
from store.encryption import Keyring
from store.texts import kept

if TYPE_CHECKING:
    from sqlalchemy import Dialect, Engine

    from store.encryption import Keyring

# An engine has a dialect of its own, which is all that a column's type sees of it.
_KEYRINGS: WeakKeyDictionary[Dialect, Keyring] = WeakKeyDictionary()


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
        return self.load(self.open(keyring_of(dialect), value))

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

    def dump(self, value: Any) -> bytes:
        """UTF-8."""
        return kept(str(value)).encode()

    def load(self, plain: bytes) -> str:
        """The text."""
        return plain.decode("utf-8", "surrogatepass")
