"""`inlay connectors check` says what is wrong with manifests, and where."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from cli import app


def test_faults_are_named_with_their_place_and_end_with_one(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    manifest = tmp_path / "shop" / "app.yaml"
    manifest.write_text("key: shop\nname: Shop\nbase_url: https://{site}.example.com\n")
    found = CliRunner().invoke(app, ["connectors", "check", str(tmp_path)])
    assert found.exit_code == 1
    assert "shop" in found.output
    assert "app.yaml" in found.output
    assert "site" in found.output
    manifest.write_text("key: shop\nname: Shop\n")
    found = CliRunner().invoke(app, ["connectors", "check", str(tmp_path)])
    assert (found.exit_code, found.output) == (0, "")


def test_a_folder_that_is_none_is_said(tmp_path: Path) -> None:
    found = CliRunner().invoke(app, ["connectors", "check", str(tmp_path / "none")])
    assert found.exit_code == 1
    assert "is no folder" in found.output
