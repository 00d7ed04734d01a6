"""The developer connects an account of their own in a window of the app, out of the console."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from playwright.async_api import expect

from tests.browser.conftest import opened
from tests.browser.console.running import LAPTOP, sign_in

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import Browser, Locator, Page

    from tests.browser.conftest import Served
    from tests.provider.state import Provider

APP = "Acme Calendar"


@asynccontextmanager
async def integrations(served: Served, chromium: Browser) -> AsyncIterator[tuple[Page, Locator]]:
    """The integrations of the project, and the card of the calendar."""
    workshop = served.product.workshop
    async with opened(chromium, base_url=served.url, viewport=LAPTOP) as page:
        await sign_in(page.context, workshop.email)
        await page.goto(f"/projects/{workshop.project_id}/settings?area=integrations")
        yield page, page.get_by_role("article", name=APP)


async def connecting(page: Page, card: Locator) -> Page:
    """The window in which it is connected."""
    async with page.expect_popup() as opening:
        await card.get_by_role("button", name=f"Connect your own {APP} account").click()
    window = await opening.value
    await window.get_by_role("button", name=f"Continue to {APP}").click()
    return window


async def test_consent_in_the_window_is_seen_in_the_console(
    served: Served, chromium: Browser, quirky: Provider
) -> None:
    quirky.switches.auto = False
    async with integrations(served, chromium) as (page, card):
        window = await connecting(page, card)
        await expect(card.get_by_role("status")).to_contain_text("window")
        async with window.expect_event("close"):
            await window.get_by_role("button", name="Allow").click()
        await expect(card.get_by_text("Connected", exact=True)).to_be_visible()
        await expect(card.get_by_role("status")).to_have_count(0)


async def test_a_refusal_can_be_tried_again(
    served: Served, chromium: Browser, quirky: Provider
) -> None:
    quirky.switches.denial = "access_denied"
    async with integrations(served, chromium) as (page, card):
        window = await connecting(page, card)
        await expect(window.get_by_role("heading")).to_have_text("Access was not given")
        await expect(card.get_by_text("Not connected", exact=True)).to_be_visible()
        quirky.switches.denial = ""
        await window.get_by_role("link", name="Try again").click()
        await window.get_by_role("button", name=f"Continue to {APP}").click()
        await expect(card.get_by_text("Connected", exact=True)).to_be_visible()


async def test_a_window_that_is_just_closed_is_waited_for_no_longer(
    served: Served, chromium: Browser
) -> None:
    async with integrations(served, chromium) as (page, card):
        async with page.expect_popup() as opening:
            await card.get_by_role("button", name=f"Connect your own {APP} account").click()
        window = await opening.value
        await window.get_by_role("button", name=f"Continue to {APP}").wait_for()
        await expect(card.get_by_role("status")).to_contain_text("window")
        await window.close()
        await expect(card.get_by_role("status")).to_have_count(0)
        await expect(card.get_by_text("Not connected", exact=True)).to_be_visible()
