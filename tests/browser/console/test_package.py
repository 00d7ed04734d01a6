"""The console's own checks and its package, which need no browser."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
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


def test_it_is_typed_as_a_whole(copy: Path) -> None:
    run_in_console(copy, "typescript/bin/tsc", "--noEmit")


def test_its_unit_tests_pass(copy: Path) -> None:
    run_in_console(copy, "vitest/vitest.mjs", "run")


def test_its_client_is_that_of_the_api(copy: Path, settings: Settings) -> None:
    """When this fails, run `npm run schema` in console/."""
    document = copy / "openapi.json"
    document.write_text(json.dumps(create_app(settings).openapi()))
    program = "openapi-typescript/bin/cli.js"
    schema = "src/api/schema.d.ts"
    run_in_console(copy, program, document.name, "--check", "--output", schema)


def test_a_wheel_holds_it_as_it_was_built(console_dist: Path, tmp_path: Path) -> None:
    left_out = shutil.ignore_patterns(".*", "build", "dist", "node_modules", "tests", "*.egg-info")
    source = tmp_path / "source"
    shutil.copytree(CONSOLE.parent, source, ignore=left_out)
    shutil.copytree(console_dist, source / "console" / "dist")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel"]
    subprocess.run([*command, "--directory", tmp_path], cwd=source, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    built = {
        f"console/dist/{file.relative_to(console_dist)}"
        for file in console_dist.rglob("*")
        if file.is_file()
    }
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if name.startswith("console/")}
    assert packed == built
    assert "console/dist/index.html" in built


def test_its_lock_names_no_registry() -> None:
    lock = json.loads((CONSOLE / "package-lock.json").read_text())
    assert [name for name, one in lock["packages"].items() if "resolved" in one] == []
    assert all("integrity" in one for name, one in lock["packages"].items() if name)
