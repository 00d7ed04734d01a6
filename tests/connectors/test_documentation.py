"""The connector that the documentation shows works as it is written there."""

from __future__ import annotations

import re
from pathlib import Path

from connectors.catalogue import check_manifests, load_catalogue

PAGE = Path(__file__).parents[2] / "docs" / "connectors.md"


def test_the_first_connector_loads(tmp_path: Path) -> None:
    found = re.findall(r"```yaml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    app, action, options, turkish = found
    folder = tmp_path / "shop"
    for name in ("actions", "options"):
        (folder / name).mkdir(parents=True)
    (folder / "app.yaml").write_text(app, "utf-8")
    (folder / "actions" / "create-order.yaml").write_text(action, "utf-8")
    (folder / "options" / "customers.yaml").write_text(options, "utf-8")
    (folder / "tr.yaml").write_text(turkish, "utf-8")
    catalogue = load_catalogue([tmp_path])
    shop = catalogue.apps["shop"].in_language("tr")
    assert [part.name for part in shop.components] == ["Sipariş oluştur"]
    assert catalogue.component("shop.create-order") is not None
    assert check_manifests(catalogue) == []
