"""The page about authentication shows what loads, and forgets nothing that can be written."""

from __future__ import annotations

import re
import typing
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel

from connectors import auth
from connectors.catalogue import load_app

PAGE = (Path(__file__).parents[2] / "docs" / "authentication.md").read_text("utf-8")
MANIFESTS = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
KEYS = [yaml.safe_load(manifest)["key"] for manifest in MANIFESTS]
KINDS = typing.get_args(typing.get_args(auth.Auth)[0])
QUIRKS = [
    *(f"A{number}" for number in range(1, 15)),
    *(f"T{number}" for number in range(1, 18)),
    *(f"R{number}" for number in range(1, 13)),
]


@pytest.mark.parametrize("manifest", MANIFESTS, ids=KEYS)
def test_a_manifest_of_the_page_loads(tmp_path: Path, manifest: str) -> None:
    key = yaml.safe_load(manifest)["key"]
    folder = tmp_path / key
    folder.mkdir()
    (folder / "app.yaml").write_text(manifest, "utf-8")
    assert load_app(folder).key == key


def test_each_kind_has_a_manifest() -> None:
    shown = {yaml.safe_load(manifest)["auth"]["type"] for manifest in MANIFESTS}
    assert shown == {kind.model_fields["type"].annotation.__args__[0] for kind in KINDS}


def test_each_key_is_explained() -> None:
    told = set(re.findall(r"[a-z_0-9]+", " ".join(re.findall(r"`([^`\n]+)`", PAGE))))
    assert {key for kind in KINDS for key in keys_of(kind)} - told == set()


@pytest.mark.parametrize("quirk", QUIRKS)
def test_a_quirk_has_one_row_that_says_whether_it_is_supported(quirk: str) -> None:
    rows = re.findall(rf"^\| {quirk} \| [^|]+ \| (yes|partly|no) \|", PAGE, re.MULTILINE)
    assert len(rows) == 1


def keys_of(part: type[BaseModel]) -> set[str]:
    """The names that a manifest may write in this part and in the parts inside it."""
    names = set()
    for name, field in part.model_fields.items():
        names.add({"json_body": "json", "place": "in"}.get(name, name))
        for inner in parts_of(field.annotation):
            names |= keys_of(inner)
    return names


def parts_of(annotation: typing.Any) -> list[type[BaseModel]]:
    """The models that a type names, however it wraps them."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [part for inner in typing.get_args(annotation) for part in parts_of(inner)]
