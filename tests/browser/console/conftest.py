"""All tests of the console see it as it was just built."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session", autouse=True)
def _console(console_dist: Path) -> None:
    """The API serves the console."""
