"""The wheel holds all of Inlay and nothing else."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.browser.conftest import built_console

ROOT = Path(__file__).parents[2]
PACKAGES = {
    "activities",
    "api",
    "automations",
    "connections",
    "connectors",
    "dev",
    "examples",
    "store",
    "temporal",
    "workflows",
}
MODULES = {path.name for path in ROOT.glob("*.py")}


@pytest.fixture(scope="module")
def console() -> Path:
    return built_console()


@pytest.fixture(scope="module")
def names(console: Path, tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    folder = tmp_path_factory.mktemp("wheel")
    left_out = shutil.ignore_patterns(".*", "build", "dist", "node_modules", "tests", "*.egg-info")
    source = folder / "source"
    shutil.copytree(ROOT, source, ignore=left_out)
    shutil.copytree(console, source / "console" / "dist")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel"]
    subprocess.run([*command, "--directory", folder], cwd=source, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_it_holds_the_packages_and_their_data(names: set[str]) -> None:
    tops = {name.split("/")[0] for name in names if ".dist-info/" not in name}
    assert tops == PACKAGES | MODULES | {"console"}
    for package in PACKAGES:
        sources = {str(path.relative_to(ROOT)) for path in (ROOT / package).rglob("*.py")}
        assert sources <= names
    assert "store/migrations/script.py.mako" in names
    assert "examples/tracker/connector/tracker/app.yaml" in names
    manifests = (ROOT / "connectors").rglob("*.yaml")
    assert {str(path.relative_to(ROOT)) for path in manifests} <= names


def test_it_holds_the_console_as_it_was_built(names: set[str], console: Path) -> None:
    built = {
        f"console/dist/{file.relative_to(console)}" for file in console.rglob("*") if file.is_file()
    }
    assert {name for name in names if name.startswith("console/")} == built
    assert "console/dist/index.html" in built


def test_it_holds_the_licence_and_the_command(names: set[str]) -> None:
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)
    assert any(name.endswith(".dist-info/entry_points.txt") for name in names)
