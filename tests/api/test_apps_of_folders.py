"""Apps of an operator's folder: what is wrong with those that are missing, what others need."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.api.conftest import make_workshop, serving

if TYPE_CHECKING:
    from pathlib import Path

    from settings import Settings

SILO: dict[str, Any] = {
    "key": "silo",
    "name": "Silo",
    "description": "No accounts, and a server of its own for each project.",
    "base_url": "{server}/api",
    "auth": {"type": "none", "integration_fields": [{"name": "server", "label": "Server"}]},
}
LOOK = {"name": "Look", "request": {"path": "/look"}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for key, app in (("silo", SILO), ("broken", {"key": "broken", "nmae": "Broken"})):
        (tmp_path / key / "actions").mkdir(parents=True)
        (tmp_path / key / "app.yaml").write_text(yaml.safe_dump(app, sort_keys=False))
        (tmp_path / key / "actions" / "look.yaml").write_text(yaml.safe_dump(LOOK))
    (tmp_path / "torn").mkdir()
    (tmp_path / "torn" / "app.yaml").write_text("key: torn\nname: [\n")
    return tmp_path


async def test_apps_of_a_folder(api_settings: Settings, folder: Path) -> None:
    settings = api_settings.model_copy(update={"connector_dirs": str(folder)})
    async with serving(settings) as (_, http):
        shop = await make_workshop(http)
        listed = await shop.developer.expect(200, "GET", "/api/v1/apps")
        keys = {app["key"] for app in listed["items"]}
        assert {"broken", "torn"}.isdisjoint(keys)
        assert {"silo", "github"} <= keys
        # Whoever may see it learns the file and the line, and nothing of the machine.
        assert [(one["key"], one["fault"].partition(": ")[0]) for one in listed["faulty"]] == [
            ("broken", "app.yaml:1"),
            ("broken", "app.yaml:2"),
            ("torn", "app.yaml:3"),
        ]
        assert str(folder) not in str(listed)

        step = {"id": "look", "type": "app", "component": "silo.look", "name": "Look"}
        automation = await shop.automation({"trigger": {"type": "manual"}, "steps": [step]})
        draft = f"{shop.path}/automations/{automation}"
        integrations = f"{shop.path}/integrations"

        async def warned() -> bool:
            found = await shop.developer.expect(200, "POST", f"{draft}/validate")
            return "no integration of Silo" in str(found)

        assert await warned()
        missing = await shop.developer.expect(200, "GET", integrations)
        assert [one["appKey"] for one in missing["missing"]] == ["silo"]
        refused = await shop.application.refused(
            216, "POST", shop.run_path(automation), {"data": {}}
        )
        assert refused["details"] == ["silo"]
        added = {"appKey": "silo", "settings": {"server": "https://silo.example.com"}}
        await shop.developer.expect(201, "POST", integrations, added)
        assert not await warned()
        missing = await shop.developer.expect(200, "GET", integrations)
        assert missing["missing"] == []
