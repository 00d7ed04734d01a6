"""What is said of triggers that load and are still doubtful."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from connectors.catalogue import ManifestError, check_manifests, load_app, load_catalogue

APP = """
key: shop
name: Shop
description: Orders.
categories: [commerce]
base_url: https://shop.example
auth:
  type: oauth2
  authorize: {url: https://shop.example/oauth}
  token: {url: https://shop.example/token}
"""
GOOD = {
    "name": "Paid",
    "description": "An order was paid.",
    "scopes": ["orders"],
    "input_schema": {
        "type": "object",
        "properties": {
            "site": {"type": "string", "title": "Site"},
            "interval": {"type": "integer", "title": "Interval"},
        },
    },
    "output_schema": {"type": "object", "required": ["id"]},
    "sample": {"id": "1"},
    "source": {
        "type": "poll",
        "poll": {"request": {"path": "/{site}/orders"}, "items": "body", "id": "item.id"},
    },
}


def write(folder: Path, **changes: object) -> Path:
    (folder / "shop" / "triggers").mkdir(parents=True)
    (folder / "shop" / "app.yaml").write_text(APP)
    (folder / "shop" / "triggers" / "paid.yaml").write_text(yaml.safe_dump({**GOOD, **changes}))
    return folder


def test_a_trigger_without_doubts(tmp_path: Path) -> None:
    assert check_manifests(load_catalogue([write(tmp_path)])) == []


@pytest.mark.parametrize(
    ("changes", "doubt"),
    [
        ({"description": ""}, "needs a description"),
        ({"scopes": []}, "needs scopes"),
        ({"output_schema": {}}, "needs an output_schema"),
        ({"sample": None}, "needs a sample"),
        ({"sample": {"id": "1"}, "output_schema": {"required": ["total"]}}, "does not fit"),
        (
            {"sample": {"id": 1}, "output_schema": {"properties": {"id": {"type": "string"}}}},
            "the sample does not fit the output_schema: id: 1 is not",
        ),
        (
            {"input_schema": {"type": "object", "properties": {"site": {}, "b": {"title": "B"}}}},
            "input b is not used",
        ),
        (
            {"input_schema": {"type": "object", "properties": {"site": {"type": "string"}}}},
            "input site needs a title",
        ),
    ],
)
def test_doubts_are_found(tmp_path: Path, changes: dict[str, object], doubt: str) -> None:
    found = check_manifests(load_catalogue([write(tmp_path, **changes)]))
    assert any(fault.startswith("shop.paid: ") and doubt in fault for fault in found), found


def test_an_interval_means_nothing_where_nothing_is_polled(tmp_path: Path) -> None:
    source = {"type": "webhook", "incoming": {"dedupe": "{{ inputs.site }}"}}
    found = check_manifests(load_catalogue([write(tmp_path, source=source)]))
    assert found == ["shop.paid: input interval is not used"]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/{nobody}/orders", "no input is named 'nobody'"),
        ("/{a-b}/orders", "a place is"),
        ("/{{ inputs.site }}/orders", "written {name}.* or of one of `path_values`"),
    ],
)
def test_places_that_nothing_fills_do_not_load(tmp_path: Path, path: str, words: str) -> None:
    source = {"type": "poll", "poll": {"request": {"path": path}, "items": "body", "id": "item.id"}}
    with pytest.raises(ManifestError, match=words):
        load_app(write(tmp_path, source=source) / "shop")


def test_an_input_that_is_not_there_does_not_load(tmp_path: Path) -> None:
    source = {"type": "webhook", "incoming": {"ignore": "inputs.other == 1"}}
    with pytest.raises(ManifestError, match=r"paid\.yaml:\d+: there is no input 'other' in"):
        load_app(write(tmp_path, source=source) / "shop")


def test_a_fault_names_the_triggers_file(tmp_path: Path) -> None:
    source = {"type": "webhook", "incoming": {"then_poll": True}}
    with pytest.raises(ManifestError) as caught:
        load_app(write(tmp_path, source=source) / "shop")
    assert "triggers/paid.yaml" in str(caught.value)
    assert "belong together" in str(caught.value)
