"""The OpenAPI document: valid, complete, and good enough for a client generator."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import TYPE_CHECKING, Any

import pytest
from openapi_spec_validator import validate

from api.app import create_app
from settings import Settings

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return create_app(Settings()).openapi()


def operations(document: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{method.upper()} {path}", operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


def test_it_is_valid(document: dict[str, Any]) -> None:
    validate(document)


def test_it_has_the_contracts_routes(document: dict[str, Any]) -> None:
    ours = {name.replace("/api/v1/ipaas", "") for name, _ in operations(document)}
    assert {
        "GET /apps/{appKey}/credential-info",
        "GET /users/{userId}/connections/status",
        "GET /users/{userId}/connections/{appKey}",
        "POST /users/{userId}/connections/{appKey}",
        "POST /automations/{automationId}/run",
        "DELETE /users/{userId}/connections/{appKey}",
    } <= ours


def test_every_operation_has_a_name_of_its_own_a_summary_and_a_tag(
    document: dict[str, Any],
) -> None:
    ids = [operation["operationId"] for _, operation in operations(document)]
    assert len(set(ids)) == len(ids)
    assert all(identifier.isidentifier() for identifier in ids)
    known = {tag["name"] for tag in document["tags"]}
    for name, operation in operations(document):
        assert operation["summary"], name
        assert set(operation["tags"]) <= known, name


def test_every_error_has_the_one_shape_and_an_example(document: dict[str, Any]) -> None:
    shape = {"$ref": "#/components/schemas/Error"}
    for name, operation in operations(document):
        for status, response in operation["responses"].items():
            if status < "400" or "text/html" in response.get("content", {}):
                continue
            content = response["content"]["application/json"]
            assert content["schema"] == shape, (name, status)
            for example in content["examples"].values():
                assert {"code", "name", "message"} <= example["value"].keys()
        assert "422" not in operation["responses"]


def test_what_needs_a_secret_says_which(document: dict[str, Any]) -> None:
    schemes = document["components"]["securitySchemes"]
    assert set(schemes) == {"projectToken", "session", "sessionCookie"}
    for name, operation in operations(document):
        asks = [scheme for item in operation.get("security", []) for scheme in item]
        if "/ipaas/" in name:
            assert asks == ["projectToken"], name
        elif "/projects" in name or "/account/" in name:
            assert asks, name
        # A session is asked for by its password, a hook by its URL and its app's signature.
        others = "/sessions" in name or "/hooks/" in name
        assert bool(asks) == ("401" in operation["responses"]) or others, name


async def test_a_client_can_be_generated(document: dict[str, Any], tmp_path: Path) -> None:
    source = tmp_path / "openapi.json"
    source.write_text(json.dumps(document))
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "openapi_python_client",
        "generate",
        "--path",
        str(source),
        "--output-path",
        str(tmp_path / "client"),
        "--meta",
        "none",
        "--fail-on-warning",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        cwd=tmp_path,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
    assert (tmp_path / "client" / "api" / "ipaas" / "run_automation.py").is_file()
