"""What an end user does, from the developer's link to a connected account, in a real browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from temporal.server import free_port
from tests.api.connect.conftest import KEY
from tests.browser.conftest import Served, serving_apps
from tests.packages import oidc_provider_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from playwright.async_api import Page

    from settings import Settings
    from tests.provider.state import Provider


@pytest.fixture
async def certified(
    settings: Settings, sqlite_url: str, quirky: Provider, tmp_path: Path
) -> AsyncIterator[Served]:
    """The product with an app at an OpenID-certified provider."""
    port = free_port()
    with oidc_provider_for(f"http://127.0.0.1:{port}/api/v1/oauth/callback") as provider:
        async with serving_apps(
            settings, sqlite_url, quirky, tmp_path, provider.url, port
        ) as served:
            workshop = served.product.workshop
            body = {
                "appKey": "lasting",
                "clientId": "lasting",
                "clientSecret": "secret-of-lasting",
            }
            await workshop.developer.expect(201, "POST", f"{workshop.path}/integrations", body)
            yield served


async def details(served: Served, app_key: str) -> dict[str, object]:
    path = f"/api/v1/ipaas/users/user-1/connections/{app_key}"
    found: dict[str, object] = await served.product.workshop.application.expect(200, "GET", path)
    return found


async def test_an_oauth_2_app_at_a_certified_provider(certified: Served, page: Page) -> None:
    await page.goto(await certified.product.link("lasting"))
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Certified")
    await page.get_by_role("button", name="Continue to Certified").click()
    await page.locator("input[name=login]").fill("ada")
    await page.locator("input[name=password]").fill("any")
    await page.locator("button[type=submit]").click()
    await page.locator("button[type=submit]").click()
    await expect(page.get_by_role("heading")).to_have_text("Certified is connected")
    found = await details(certified, "lasting")
    assert (found["status"], found["authType"]) == ("connected", "oauth2")
    assert found["account"] == {"id": "ada", "name": "ada", "email": None}
    # The provider takes the token back when the connection is deleted.
    rest = certified.product.workshop.application
    await rest.expect(200, "DELETE", "/api/v1/ipaas/users/user-1/connections/lasting")
    path = f"{certified.product.workshop.path}/notifications"
    told = await certified.product.workshop.application.expect(200, "GET", path)
    assert told["items"][0]["data"]["revoked"] is True


async def test_an_oauth_1_app(served: Served, page: Page, quirky: Provider) -> None:
    quirky.switches.auto = False
    await page.goto(await served.product.link("notebook"))
    await page.get_by_role("button", name="Continue to Notebook").click()
    await page.get_by_label("User name").fill("grace")
    await page.get_by_role("button", name="Allow").click()
    await expect(page.get_by_role("heading")).to_have_text("Notebook is connected")
    found = await details(served, "notebook")
    assert (found["status"], found["authType"]) == ("connected", "oauth1")
    assert found["account"] == {"id": "acct-grace", "name": None, "email": "grace@example.com"}
    assert quirky.refusals == []


async def test_a_form_app(served: Served, page: Page) -> None:
    await page.goto(await served.product.link("ledgerly"))
    await page.get_by_label("E-mail address").fill("ada@example.com")
    await page.get_by_label("API key", exact=True).fill("wrong-key")
    await page.get_by_role("button", name="Connect Ledgerly").click()
    await expect(page.get_by_role("heading", level=1)).not_to_have_text("Ledgerly is connected")
    assert await served.product.status("ledgerly") == "unknown user"
    await page.goto(await served.product.link("ledgerly"))
    await page.get_by_label("E-mail address").fill("ada@example.com")
    await page.get_by_label("API key", exact=True).fill(KEY)
    await page.get_by_role("button", name="Connect Ledgerly").click()
    await expect(page.get_by_role("heading")).to_have_text("Ledgerly is connected")
    found = await details(served, "ledgerly")
    assert (found["status"], found["authType"]) == ("connected", "api_key")
