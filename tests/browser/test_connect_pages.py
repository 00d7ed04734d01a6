"""The connect pages as end users see and use them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from tests.api.connect.conftest import KEY
from tests.browser.conftest import grave_faults, opened

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

    from tests.browser.conftest import Served
    from tests.provider.state import Provider

SMALL = """() => [...document.querySelectorAll("a, button, input, select, summary")]
  .filter((element) => element.checkVisibility() && !element.closest(".alert"))
  .filter((element) => element.getBoundingClientRect().height < 44)
  .map((element) => element.outerHTML)"""
"""Targets that are hard to hit with a thumb; links in running text are not counted."""


async def fill(page: Page, key: str = KEY) -> None:
    await page.get_by_label("E-mail address").fill("ada@example.com")
    await page.get_by_label("API key", exact=True).fill(key)


async def test_fields_come_and_go_with_their_condition(served: Served, page: Page) -> None:
    await page.goto(await served.product.link("ledgerly"))
    host, book = page.get_by_label("Address of your server"), page.get_by_label("Telephone")
    await expect(page.get_by_label("Region")).to_have_value("eu")
    await expect(host).to_be_hidden()
    await page.get_by_label("Region").select_option("Own server")
    await expect(host).to_be_visible()
    await expect(book).to_be_visible()
    await host.fill("not an address")
    await page.get_by_label("Region").select_option("Europe")
    await expect(host).to_be_hidden()
    await fill(page)
    # What is hidden is not sent, so it cannot be wrong.
    await page.get_by_role("button", name="Connect Ledgerly").click()
    await expect(page.get_by_role("heading")).to_have_text("Ledgerly is connected")
    assert await served.product.status("ledgerly") == "connected"


async def test_without_scripts_everything_is_there(served: Served, chromium: Browser) -> None:
    async with opened(chromium, java_script_enabled=False) as page:
        await page.goto(await served.product.link("ledgerly"))
        for label in ("Region", "Address of your server", "Telephone", "API key"):
            await expect(page.get_by_label(re.compile(f"^{label}"))).to_be_visible()
        await expect(page.get_by_text("Show", exact=True)).to_be_hidden()
        await expect(page.get_by_label("Certificate")).to_be_hidden()
        await page.get_by_text("More settings").click()
        await expect(page.get_by_label("Certificate")).to_be_visible()
        await fill(page)
        await page.get_by_role("button", name="Connect Ledgerly").click()
        await expect(page.get_by_role("heading")).to_have_text("Ledgerly is connected")


async def test_errors_are_focused_and_lead_to_their_fields(served: Served, page: Page) -> None:
    await page.goto(await served.product.link("ledgerly"))
    await page.get_by_label("Region").select_option("Own server")
    await page.get_by_label("Address of your server").fill("nowhere")
    await fill(page, "does not fit")
    await page.get_by_role("button", name="Connect Ledgerly").click()
    summary = page.get_by_role("group", name="Please check what you entered")
    await expect(summary).to_be_focused()
    host = page.get_by_label("Address of your server")
    await expect(host).to_be_visible()
    await expect(host).to_have_value("nowhere")
    await expect(host).to_have_accessible_description(
        "As you see it in the address bar. This must be a URL that begins with https://."
    )
    await expect(page.get_by_label("API key", exact=True)).to_have_value("")
    await summary.get_by_role("link", name="Address of your server").click()
    await expect(host).to_be_focused()


async def test_the_keyboard_is_enough(served: Served, page: Page) -> None:
    await page.goto(await served.product.link("ledgerly"))
    keys = page.keyboard
    await keys.press("Tab")
    await expect(page.get_by_label("Region")).to_be_focused()
    await keys.press("Tab")
    await keys.type("ada@example.com")
    await keys.press("Tab")
    await keys.type(KEY)
    await keys.press("Tab")
    reveal = page.get_by_role("button", name="Show API key")
    await expect(reveal).to_be_focused()
    outline = "document.activeElement.matches(':focus-visible')"
    assert await page.evaluate(outline)
    await keys.press("Space")
    key = page.get_by_label("API key", exact=True)
    await expect(key).to_have_attribute("type", "text")
    await expect(page.get_by_role("button", name="Hide API key")).to_be_focused()
    await keys.press("Space")
    await expect(key).to_have_attribute("type", "password")
    await keys.press("Tab")
    await keys.press("Tab")
    await expect(page.locator("summary")).to_be_focused()
    await keys.press("Tab")
    await keys.press("Enter")
    await expect(page.get_by_role("heading")).to_have_text("Ledgerly is connected")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "tr"])
async def test_axe_finds_nothing_serious(
    served: Served, chromium: Browser, quirky: Provider, axe: str, scheme: str, language: str
) -> None:
    quirky.switches.denial = "access_denied"
    link = await served.product.link("ledgerly", returnUrl=f"{served.shop.url}/back")
    async with opened(chromium, color_scheme=scheme) as page:
        await page.goto(f"{link}?lang={language}")
        await page.locator("#field-region").select_option("own")
        await page.locator("summary").click()
        assert await grave_faults(page, axe) == []
        await page.locator("#field-host").fill("nowhere")
        await page.locator("button[type=submit]").click()
        await page.wait_for_selector("#problems")
        assert await grave_faults(page, axe) == []
        await page.goto(f"{await served.product.link('helpdesk')}?lang={language}")
        assert await grave_faults(page, axe) == []
        oauth = await served.product.link("acme-calendar", returnUrl=f"{served.shop.url}/back")
        await page.goto(f"{oauth}?lang={language}")
        await page.locator("button[type=submit]").click()
        await page.wait_for_selector(".ways")
        assert await grave_faults(page, axe) == []
        await page.goto(f"{served.url}/connect/unknown?lang={language}")
        assert await grave_faults(page, axe) == []
        background = await page.evaluate("getComputedStyle(document.body).backgroundColor")
        bright = sum(map(int, re.findall(r"\d+", background)[:3])) > 3 * 127
        assert bright == (scheme == "light")


@pytest.mark.parametrize("width", [320, 390, 1280])
async def test_it_fits_every_width_and_thumb(served: Served, chromium: Browser, width: int) -> None:
    await served.product.rename(name="Donaudampfschifffahrtsgesellschaftskapitänsmütze " * 3)
    async with opened(chromium, viewport={"width": width, "height": 700}) as page:
        for app_key in ("ledgerly", "helpdesk", "acme-calendar"):
            await page.goto(await served.product.link(app_key))
            wider = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            assert await page.evaluate(wider) == 0
            assert await page.evaluate(SMALL) == []


async def test_a_logo_that_does_not_load_gives_way_to_letters(served: Served, page: Page) -> None:
    await served.product.rename(logoUrl="https://127.0.0.1:1/logo.svg")
    await page.goto(await served.product.link("ledgerly"))
    await expect(page.locator(".face").first.locator("img")).to_have_count(0)
    await expect(page.locator(".face").first).to_have_text("AS")
    logo = page.locator(".face").last.locator("img")
    assert await logo.evaluate("image => image.decode().then(() => image.naturalWidth > 0)")


async def test_the_language_can_be_changed(served: Served, page: Page) -> None:
    await page.goto(await served.product.link("ledgerly"))
    await page.get_by_role("link", name="Türkçe").click()
    await expect(page.locator("html")).to_have_attribute("lang", "tr")
    await page.get_by_role("link", name="English").click()
    await expect(page.locator("html")).to_have_attribute("lang", "en")


async def test_to_the_provider_and_back_over_sites(
    served: Served, page: Page, quirky: Provider
) -> None:
    quirky.switches.auto = False
    link = await served.product.link("acme-calendar")
    await page.goto(link)
    await page.get_by_role("button", name="Continue to Acme Calendar").click()
    await page.get_by_role("button", name="Deny").click()
    await expect(page.get_by_role("heading")).to_have_text("Access was not given")
    await page.get_by_role("link", name="Try again").click()
    await page.get_by_role("button", name="Continue to Acme Calendar").click()
    await page.get_by_label("User name").fill("grace")
    await page.get_by_role("button", name="Allow").click()
    await expect(page.get_by_role("heading")).to_have_text("Acme Calendar is connected")
    await expect(page.get_by_text("Acme Shop now works with grace@example.com.")).to_be_visible()
    # The link is a secret until it was used: no other site may learn it.
    for request in quirky.received:
        assert link.rpartition("/")[2] not in str(request)
        assert served.url not in request.headers.get("referer", "")


@pytest.mark.parametrize("app_key", ["ledgerly", "acme-calendar"])
async def test_back_to_the_product(served: Served, page: Page, app_key: str) -> None:
    """Also where its page redirects further: Chromium checks that against `form-action`."""
    link = await served.product.link(app_key, returnUrl=f"{served.shop.url}/back?tab=apps")
    await page.goto(link)
    if app_key == "ledgerly":
        await fill(page)
    await page.locator("button[type=submit]").click()
    await expect(page.get_by_role("heading")).to_have_text("Welcome back")
    assert served.shop.visits == [f"tab=apps&status=connected&appKey={app_key}"]


async def test_a_second_press_sends_nothing(served: Served, page: Page) -> None:
    posts: list[str] = []
    page.on("request", lambda sent: posts.append(sent.url) if sent.method == "POST" else None)
    await page.goto(await served.product.link("ledgerly"))
    await fill(page)
    await page.get_by_role("button", name="Connect Ledgerly").dblclick()
    await expect(page.get_by_role("heading")).to_have_text("Ledgerly is connected")
    assert len(posts) == 1
