"""Projects in the console, by clicking, against the API as it is served."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from tests.browser.conftest import PHONE, grave_faults, opened
from tests.browser.console.conftest import EMAIL
from tests.browser.console.running import LAPTOP, no_wider_than_screen, sign_in

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page, Route

    from tests.api.conftest import Rest

HOOK = "https://shop.example.com/inlay"
LOGO = '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><path d="M0 0h8v8H0z"/></svg>'


async def test_one_click_turns_developer_mode_on_where_projects_would_be(
    developer: Page, rest: Rest
) -> None:
    await rest.expect(200, "PATCH", "/api/v1/account", {"developerMode": False})
    for path in ("/projects", "/projects/any/automations"):
        await developer.goto(path)
        await expect(developer.get_by_text("Developer mode is off")).to_be_visible()
    await developer.goto("/projects")
    await developer.get_by_role("button", name="Turn developer mode on").click()
    await expect(developer.get_by_text("No projects yet")).to_be_visible()
    await expect(developer.get_by_role("link", name="Projects", exact=True)).to_be_visible()
    assert (await rest.expect(200, "GET", "/api/v1/account"))["developerMode"] is True


async def test_a_project_is_created_and_edited_with_faults_at_the_fields(
    developer: Page, rest: Rest
) -> None:
    await developer.context.route("https://logos.example/**", logos)
    await developer.goto("/projects")
    await developer.get_by_role("button", name="Create project").click()
    dialog = developer.get_by_role("dialog")
    name, hook, logo = (dialog.get_by_label(label) for label in ("Name", "Webhook URL", "Logo URL"))
    await dialog.get_by_role("button", name="Create project").click()
    await expect(dialog.get_by_text("Give the project a name.")).to_be_visible()
    await expect(dialog.get_by_text("Enter a URL that begins with")).to_be_visible()
    await name.fill("Shop")
    # Seemingly fine, and refused by the API: its words stand at the field.
    await hook.fill(f"{HOOK}#fragment")
    await dialog.get_by_role("button", name="Create project").click()
    await expect(hook).to_have_attribute("aria-invalid", "true")
    await expect(dialog.get_by_text("must have neither user")).to_be_visible()
    await hook.fill(HOOK)
    await logo.fill("http://logos.example/shop.svg")
    await expect(dialog.get_by_text("https addresses only")).to_be_visible()
    await logo.fill("https://logos.example/none.svg")
    await expect(dialog.get_by_text("No image can be loaded from there")).to_be_visible()
    await expect(dialog.get_by_text("SH", exact=True)).to_be_visible()
    await logo.fill("https://logos.example/shop.svg")
    await expect(dialog.locator("img")).to_have_js_property("naturalWidth", 8)
    await dialog.get_by_role("button", name="Create project").click()
    await expect(developer).to_have_title("Automations · Shop · Inlay")
    (made,) = (await rest.expect(200, "GET", "/api/v1/projects"))["items"]
    assert made["webhookUrl"] == HOOK
    assert made["logoUrl"] == "https://logos.example/shop.svg"

    await developer.get_by_role("link", name="Projects", exact=True).click()
    await developer.get_by_role("button", name="Edit Shop").click()
    await name.fill("Web shop")
    await logo.fill("")
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog).to_have_count(0)
    card = developer.get_by_role("article")
    await expect(card).to_contain_text("Web shop")
    await expect(card).to_contain_text(re.compile(r"Created on \d+ \w+ \d{4}"))
    (saved,) = (await rest.expect(200, "GET", "/api/v1/projects"))["items"]
    assert (saved["name"], saved["logoUrl"]) == ("Web shop", None)
    await card.get_by_role("link", name="Web shop").click()
    await expect(developer).to_have_url(re.compile("/automations$"))


async def logos(route: Route) -> None:
    """One logo is there, every other is not."""
    if route.request.url.endswith("/shop.svg"):
        await route.fulfill(body=LOGO, content_type="image/svg+xml")
    else:
        await route.fulfill(status=404)


async def test_many_projects_are_searched_and_shown_page_by_page(
    developer: Page, rest: Rest
) -> None:
    for number in range(1, 27):
        body = {"name": f"Project {number}", "webhookUrl": HOOK}
        await rest.expect(201, "POST", "/api/v1/projects", body)
    await developer.goto("/projects")
    cards = developer.get_by_role("article")
    await expect(cards).to_have_count(24)
    await expect(cards.first).to_contain_text("Project 26")
    await developer.get_by_role("button", name="Show more projects").click()
    await expect(cards).to_have_count(26)
    await expect(developer.get_by_role("button", name="Show more projects")).to_have_count(0)
    search = developer.get_by_role("searchbox", name="Search projects")
    await search.fill("ject 25")
    await expect(cards).to_have_count(1)
    await search.fill("nothing like it")
    await expect(developer.get_by_text("No project matches")).to_be_visible()


@pytest.mark.parametrize(
    ("scheme", "viewport"), [("light", LAPTOP), ("dark", PHONE)], ids=["laptop", "phone"]
)
async def test_axe_finds_nothing_grave(
    url: str, rest: Rest, chromium: Browser, axe: str, scheme: str, viewport: dict[str, int]
) -> None:
    await rest.expect(200, "PATCH", "/api/v1/account", {"developerMode": True})
    async with opened(
        chromium, base_url=url, viewport=viewport, color_scheme=scheme, reduced_motion="reduce"
    ) as page:
        await sign_in(page.context, EMAIL)
        await page.goto("/projects")
        await expect(page.get_by_text("No projects yet")).to_be_visible()
        assert await grave_faults(page, axe) == []
        await page.get_by_role("button", name="Create project").click()
        await page.get_by_role("dialog").get_by_role("button", name="Create project").click()
        await expect(page.get_by_text("Give the project a name.")).to_be_visible()
        assert await grave_faults(page, axe) == []
        name = "A shop whose name is longer than any card and any phone is wide, and goes on"
        await rest.expect(201, "POST", "/api/v1/projects", {"name": name, "webhookUrl": HOOK})
        await page.goto("/projects")
        await expect(page.get_by_role("article")).to_be_visible()
        assert await grave_faults(page, axe) == []
        assert await no_wider_than_screen(page)
