"""The moment at which the triggers of the shipped apps are tried."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest


@pytest.fixture(autouse=True)
def _after_the_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    """The connectors' samples are of 2030: what is dated ahead of its poll is another matter."""
    moment = datetime(2031, 1, 1, tzinfo=UTC).timestamp()
    monkeypatch.setattr("connectors.triggers.cursors.time", SimpleNamespace(time=lambda: moment))
