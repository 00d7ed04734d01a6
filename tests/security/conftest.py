"""The API of this process, as the tests of its routes have it."""

from __future__ import annotations

from tests.api.conftest import (
    _quick_hashes,
    api_settings,
    connectors_here,
    http,
    other_workshop,
    serving_api,
    visitor,
    workshop,
)

__all__ = [
    "_quick_hashes",
    "api_settings",
    "connectors_here",
    "http",
    "other_workshop",
    "serving_api",
    "visitor",
    "workshop",
]
