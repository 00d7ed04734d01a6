"""What the parts of this package work with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from connectors.catalogue import Catalogue
    from connectors.http import OutgoingHttp
    from settings import Settings
    from store.database import Database
    from store.encryption import Keyring


@dataclass(frozen=True)
class Resources:
    """One of each in a process."""

    database: Database
    keyring: Keyring
    catalogue: Catalogue
    http: OutgoingHttp
    settings: Settings
