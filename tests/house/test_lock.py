"""The locks pin everything with hashes, agree with each other, and name no place to get it from."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LOCKS = ("runtime", "dev", "test")


def pinned(lock: str) -> dict[str, str]:
    """The versions in a lock by name and marker."""
    text = (ROOT / f"requirements/{lock}.lock").read_text()
    found = {}
    for line in text.replace("\\\n", " ").splitlines():
        requirement = Requirement(line.split("--hash")[0].strip())
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", line), f"{requirement} has no hash"
        (specifier,) = requirement.specifier
        assert specifier.operator == "==", f"{requirement} is not pinned"
        key = f"{canonicalize_name(requirement.name)}; {requirement.marker or ''}"
        found[key] = specifier.version
    return found


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_packages_and_no_place(lock: str) -> None:
    text = (ROOT / f"requirements/{lock}.lock").read_text()
    assert pinned(lock)
    assert not re.search(r"://|^-|@ |/[a-z]+/", text, re.MULTILINE)


@pytest.mark.parametrize(
    ("lock", "extras"),
    [
        ("runtime", {"build"}),
        ("dev", {"build", "dev-server"}),
        ("test", {"build", "dev-server", "test"}),
    ],
)
def test_a_lock_holds_what_the_project_declares(lock: str, extras: set[str]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = list(project["dependencies"])
    for extra in extras:
        declared += project["optional-dependencies"][extra]
    locked = {key.split(";")[0] for key in pinned(lock)}
    assert {canonicalize_name(Requirement(text).name) for text in declared} <= locked


@pytest.mark.parametrize(("smaller", "larger"), [("runtime", "dev"), ("dev", "test")])
def test_locks_agree(smaller: str, larger: str) -> None:
    in_larger: dict[str, set[str]] = {}
    for key, version in pinned(larger).items():
        in_larger.setdefault(key.split(";")[0], set()).add(version)
    for key, version in pinned(smaller).items():
        assert version in in_larger[key.split(";")[0]], key
