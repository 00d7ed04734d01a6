"""The Compose file and the image fit the specification, the settings and the command."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

import cli
from settings import Settings

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return document


def test_it_fits_the_compose_specification() -> None:
    # The specification's schema comes with check-jsonschema.
    ended = subprocess.run(
        [
            sys.executable,
            "-m",
            "check_jsonschema",
            "--builtin-schema",
            "vendor.compose-spec",
            "docker-compose.yml",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout


def test_its_services_come_up_in_order(compose: dict[str, Any]) -> None:
    services = compose["services"]
    for service in services.values():
        for name, needed in service.get("depends_on", {}).items():
            if needed["condition"] == "service_healthy":
                assert "healthcheck" in services[name], name
            else:
                assert needed["condition"] == "service_completed_successfully"
                assert services[name]["restart"].startswith("on-failure"), name


def test_it_sets_settings_that_exist(compose: dict[str, Any]) -> None:
    known = {f"INLAY_{name.upper()}" for name in Settings.model_fields}
    dockerfile = set(re.findall(r"INLAY_[A-Z_]+(?==)", (ROOT / "Dockerfile").read_text()))
    assert dockerfile <= known
    for name in ("api", "worker", "migrations"):
        used = {key for key in compose["services"][name]["environment"] if key[:6] == "INLAY_"}
        assert used <= known
        assert {"INLAY_ENCRYPTION_KEYS", "INLAY_DATABASE_URL", "INLAY_TEMPORAL_ADDRESS"} <= used


def test_it_runs_commands_that_exist(compose: dict[str, Any]) -> None:
    commands = get_command(cli.app).commands  # type: ignore[attr-defined] # a group of commands
    for name in ("api", "worker", "migrations"):
        assert compose["services"][name]["command"][0] in commands


def test_it_holds_no_secret_and_no_floating_image(compose: dict[str, Any]) -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    for variable in ("POSTGRES_PASSWORD", "INLAY_ENCRYPTION_KEYS", "INLAY_CODEC_TOKEN"):
        assert f"${{{variable}:?" in text
        assert f"${{{variable}:-" not in text
    for service in compose["services"].values():
        assert ":latest" not in service["image"]
        assert ":" in service["image"]


def test_the_build_context_holds_what_the_image_needs() -> None:
    allowed = {
        line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line[0] == "!"
    }
    pyproject = (ROOT / "pyproject.toml").read_text()
    included = re.search(r"targets\.wheel\]\s*include = \[(.*?)\]", pyproject, re.DOTALL)
    assert included
    assert {name.lstrip("/") for name in re.findall(r'"([^"]+)"', included[1])} <= allowed
    assert {"pyproject.toml", "README.md", "LICENSE", "requirements"} <= allowed
