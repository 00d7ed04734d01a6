"""The console's packages and its client of the API, which need no browser."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from api.app import create_app
from tests.browser.conftest import CONSOLE, console_copy, run_in_console

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from settings import Settings


@pytest.fixture(scope="module")
def copy() -> Iterator[Path]:
    with console_copy() as folder:
        yield folder


def test_its_client_is_that_of_the_api(copy: Path, settings: Settings) -> None:
    """When this fails, run `npm run schema` in console/."""
    document = copy / "openapi.json"
    document.write_text(json.dumps(create_app(settings).openapi()))
    program = "openapi-typescript/bin/cli.js"
    schema = "src/api/schema.d.ts"
    run_in_console(copy, program, document.name, "--check", "--output", schema)


def test_its_lock_names_no_registry() -> None:
    lock = json.loads((CONSOLE / "package-lock.json").read_text())
    assert [name for name, one in lock["packages"].items() if "resolved" in one] == []
    assert all("integrity" in one for name, one in lock["packages"].items() if name)
