"""`Inlay.connect(link)` on the developer's page: a popup that tells how it went."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from playwright.async_api import Error, expect

from tests.api.connect.conftest import KEY

if TYPE_CHECKING:
    from playwright.async_api import Page

    from tests.browser.conftest import Served
    from tests.provider.state import Provider


async def popup(served: Served, page: Page, link: str) -> Page:
    """The popup, opened from the developer's page."""
    await page.goto(f"{served.shop.url}/#{quote(link, safe='')}")
    async with page.expect_popup() as opening:
        await page.get_by_role("button", name="Connect").click()
    return await opening.value


async def result(page: Page) -> Any:
    await expect(page.locator("p")).not_to_be_empty()
    return json.loads(await page.locator("p").inner_text())


async def test_a_form_that_connects(served: Served, page: Page) -> None:
    window = await popup(served, page, await served.product.link("ledgerly"))
    await window.get_by_label("E-mail address").fill("ada@example.com")
    await window.get_by_label("API key", exact=True).fill(KEY)
    async with window.expect_event("close"):
        await window.get_by_role("button", name="Connect Ledgerly").click()
    assert await result(page) == {"status": "connected", "appKey": "ledgerly"}


async def test_oauth_over_another_site(served: Served, page: Page, quirky: Provider) -> None:
    quirky.switches.auto = False
    window = await popup(served, page, await served.product.link("acme-calendar"))
    await window.get_by_role("button", name="Continue to Acme Calendar").click()
    async with window.expect_event("close"):
        await window.get_by_role("button", name="Allow").click()
    assert await result(page) == {"status": "connected", "appKey": "acme-calendar"}


async def test_a_failure_counts_when_the_window_is_closed(
    served: Served, page: Page, quirky: Provider
) -> None:
    quirky.switches.denial = "access_denied"
    window = await popup(served, page, await served.product.link("acme-calendar"))
    await window.get_by_role("button", name="Continue to Acme Calendar").click()
    await expect(window.get_by_role("heading")).to_have_text("Access was not given")
    await expect(page.locator("p")).to_be_empty()
    async with window.expect_event("close"):
        # The window may be gone before the click is told to have ended.
        with suppress(Error):
            await window.get_by_role("button", name="Close this window").click()
    denied = {"status": "failed", "reason": "denied", "appKey": "acme-calendar"}
    assert await result(page) == denied


async def test_a_failure_that_is_mended_is_forgotten(
    served: Served, page: Page, quirky: Provider
) -> None:
    quirky.switches.denial = "access_denied"
    window = await popup(served, page, await served.product.link("acme-calendar"))
    await window.get_by_role("button", name="Continue to Acme Calendar").click()
    quirky.switches.denial = ""
    await window.get_by_role("link", name="Try again").click()
    await window.get_by_role("button", name="Continue to Acme Calendar").click()
    assert await result(page) == {"status": "connected", "appKey": "acme-calendar"}


async def test_a_window_that_is_just_closed(served: Served, page: Page) -> None:
    window = await popup(served, page, await served.product.link("ledgerly"))
    await window.close()
    assert await result(page) == {"status": "closed"}


async def test_an_origin_that_is_not_allowed_hears_nothing(served: Served, page: Page) -> None:
    link = await served.product.link("ledgerly")
    await served.product.rename(allowedOrigins=["https://elsewhere.example.com"])
    window = await popup(served, page, link)
    await window.get_by_label("E-mail address").fill("ada@example.com")
    await window.get_by_label("API key", exact=True).fill(KEY)
    async with window.expect_event("close"):
        await window.get_by_role("button", name="Connect Ledgerly").click()
    assert await result(page) == {"status": "closed"}
    assert await served.product.status("ledgerly") == "connected"


async def test_what_others_say_is_not_believed(served: Served, page: Page) -> None:
    window = await popup(served, page, await served.product.link("ledgerly"))
    lie = {"type": "inlay-connect", "status": "connected", "appKey": "ledgerly"}
    await page.evaluate("lie => window.postMessage(lie, '*')", lie)
    await page.evaluate("() => new Promise(resolve => setTimeout(resolve))")
    await expect(page.locator("p")).to_be_empty()
    # The same window, but with a page of another site in it.
    await window.evaluate("url => { location.href = url }", f"{served.shop.url}/done")
    await window.wait_for_url("**/done")
    await window.evaluate("lie => window.opener.postMessage(lie, '*')", lie)
    await window.close()
    assert await result(page) == {"status": "closed"}


async def test_an_app_that_cuts_the_tie_does_not_look_like_a_closed_window(
    served: Served, page: Page, quirky: Provider
) -> None:
    quirky.switches.auto = False

    # As with the header Cross-Origin-Opener-Policy on a page of the app: the window looks closed,
    # and what it says comes from another one.
    await page.add_init_script(
        """const open = window.open.bind(window);
        window.open = (...given) => {
          const opened = open(...given);
          return { get closed() { return window.isCut || opened.closed; } };
        };"""
    )
    window = await popup(served, page, await served.product.link("acme-calendar"))
    await window.get_by_role("button", name="Continue to Acme Calendar").click()
    allow = window.get_by_role("button", name="Allow")
    await expect(allow).to_be_visible()
    # Longer than it takes to see that the window is out of sight.
    await page.evaluate("window.isCut = true")
    await page.wait_for_timeout(1_500)
    await expect(page.locator("p")).to_be_empty()
    await allow.click()
    assert await result(page) == {"status": "connected", "appKey": "acme-calendar"}
