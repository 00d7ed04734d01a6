"""The files of the pages, which browsers keep, and the script for developers' pages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx

    from tests.api.connect.conftest import Product


async def test_pages_name_their_files_by_content(
    product: Product, browser: httpx.AsyncClient
) -> None:
    page = (await browser.get(await product.link("ledgerly"))).text
    paths = re.findall(r'(?:href|src)="(/connect/assets/[^"]+)"', page)
    assert len(paths) == 2
    for path in paths:
        answer = await browser.get(path)
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["content-type"].startswith(("text/css", "text/javascript"))
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert (await browser.head(path)).status_code == 200
        old = re.sub(r"/assets/\w+/", "/assets/0123456789abcdef/", path)
        assert (await browser.get(old)).status_code == 404


async def test_only_files_of_the_pages_are_served(browser: httpx.AsyncClient) -> None:
    for path in ("x/y.css", "x/..%2Fpages.py", "0123/connect.css", "None/nothing.css"):
        assert (await browser.get(f"/connect/assets/{path}")).status_code == 404


async def test_the_popup_script_is_for_all_origins(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/connect/inlay-connect.js")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert answer.headers["cache-control"] == "public, max-age=3600"
    assert "no-store" not in answer.headers["cache-control"]
