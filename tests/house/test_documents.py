"""What the documents say can be done can be done."""

import re
from pathlib import Path

import pytest

from settings import Settings

ROOT = Path(__file__).parents[2]
DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "CHANGELOG.md",
    *sorted((ROOT / "docs").glob("*.md")),
]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)", document.read_text()):
        if "://" not in target:
            assert (document.parent / target).exists(), target


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_make_has_the_verbs(document: Path) -> None:
    verbs = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    text = document.read_text()
    used = set(re.findall(r"(?:^|`)make ([a-z]+)", text, re.MULTILINE))
    assert used <= verbs


def test_the_makefile_explains_its_verbs() -> None:
    text = (ROOT / "Makefile").read_text()
    verbs = set(re.findall(r"^([a-z]+):", text, re.MULTILINE)) - {"help"}
    assert set(re.findall(r"^#   make ([a-z]+)", text, re.MULTILINE)) == verbs


def test_operations_tell_all_settings_and_their_defaults() -> None:
    text = (ROOT / "docs/operations.md").read_text()
    rows = dict(re.findall(r"^\| `(INLAY_[A-Z_]+)` \| ([^|]+) \|", text, re.MULTILINE))
    assert set(rows) == {f"INLAY_{name.upper()}" for name in Settings.model_fields}
    for name, field in Settings.model_fields.items():
        told = rows[f"INLAY_{name.upper()}"].strip()
        if told.startswith("`") and told.endswith("`"):
            assert told.strip("`") == str(field.default), name
        else:
            # In words: there is no value that could be copied.
            assert (
                field.default is None
                or not getattr(
                    field.default, "get_secret_value", lambda value=field.default: value
                )()
            ), name
