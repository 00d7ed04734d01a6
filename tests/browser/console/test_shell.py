"""What stands around every page of the console: navigation, titles, focus, faults, colours."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING
from zlib import crc32

from playwright.async_api import expect

from tests.api.conftest import PASSWORD, Rest
from tests.browser.conftest import PHONE, grave_faults
from tests.browser.console.running import layout_shift, no_wider_than_screen, sign_in

if TYPE_CHECKING:
    from playwright.async_api import Page, Route

MAX_BYTES = 300_000
HEADER_BYTES = 300
MAX_SHIFT = 0.05
PAGES = [
    "/",
    "/profile",
    "/projects",
    "/projects/{id}/automations",
    "/projects/{id}/settings",
    "/projects/{id}/statistics",
    "/projects/{id}/runs",
    "/projects/{id}/runs/none",
    "/projects/{id}/registrations",
]
SHOP = {"name": "Shop", "webhookUrl": "https://shop.example.com/inlay"}


async def make_shop(rest: Rest) -> str:
    made = await rest.expect(201, "POST", "/api/v1/projects", SHOP)
    return str(made["id"])


async def sent_bytes(page: Page, path: str) -> int:
    """What a first visit of this page has sent: document, scripts, styles, pictures, answers."""
    await page.goto(path, wait_until="networkidle")
    total: int = await page.evaluate(
        f"""["navigation", "resource"].flatMap((type) => performance.getEntriesByType(type))
            .reduce((sum, one) => sum + one.encodedBodySize + {HEADER_BYTES}, 0)"""
    )
    return total


async def test_no_page_but_the_editor_loads_much(stranger: Page, rest: Rest) -> None:
    loaded = {path: await sent_bytes(stranger, path) for path in ("/sign-in", "/sign-up")}
    await sign_in(stranger.context, "ada@example.com")
    loaded["/ before developer mode"] = await sent_bytes(stranger, "/")
    await rest.expect(200, "PATCH", "/api/v1/account", {"developerMode": True})
    project_id = await make_shop(rest)
    for path in PAGES:
        loaded[path] = await sent_bytes(stranger, path.format(id=project_id))
    print(*(f"{size:8,} {path}" for path, size in loaded.items()), sep="\n")
    assert min(loaded.values()) > 100_000
    assert {path: size for path, size in loaded.items() if size > MAX_BYTES} == {}


async def test_nothing_moves_while_a_page_loads(developer: Page, rest: Rest) -> None:
    async def late(route: Route) -> None:
        # Each answer at a moment of its own.
        await asyncio.sleep(crc32(route.request.url.encode()) % 5 / 20)
        await route.continue_()

    await developer.route("**/api/**", late)
    project_id = await make_shop(rest)
    paths = [*PAGES, "/projects/{id}/settings?area=webhook", "/projects/{id}/statistics?user=ada"]
    shifts = {}
    for path in paths:
        await developer.goto(path.format(id=project_id))
        shifts[path] = await layout_shift(developer)
    assert {path: shift for path, shift in shifts.items() if shift > MAX_SHIFT} == {}


async def test_pages_are_reached_and_told_apart_without_a_mouse(
    developer: Page, rest: Rest
) -> None:
    project_id = await make_shop(rest)
    await developer.goto(f"/projects/{project_id}/statistics")
    await expect(developer).to_have_title("Statistics · Shop · Inlay")
    await developer.keyboard.press("Tab")
    skip = developer.get_by_role("link", name="Skip to the content")
    await expect(skip).to_be_focused()
    await developer.keyboard.press("Enter")
    await expect(developer.get_by_role("main")).to_be_focused()
    await developer.get_by_role("link", name="Settings", exact=True).focus()
    await developer.keyboard.press("Enter")
    await expect(developer).to_have_title("Settings · Shop · Inlay")
    await expect(developer.get_by_role("heading", level=1)).to_be_focused()
    await developer.get_by_role("link", name="Projects", exact=True).click()
    await expect(developer).to_have_title("Projects · Inlay")
    await expect(developer.get_by_role("heading", name="Projects")).to_be_focused()
    await developer.go_back()
    await expect(developer).to_have_title("Settings · Shop · Inlay")


async def test_the_account_menu_is_worked_by_keys(developer: Page, rest: Rest, axe: str) -> None:
    await developer.goto("/projects")
    button = developer.get_by_role("button", name="Your account")
    await button.focus()
    await developer.keyboard.press("Enter")
    items = developer.get_by_role("menuitem")
    await expect(items.first).to_be_focused()
    await developer.keyboard.press("ArrowDown")
    await expect(items.nth(1)).to_be_focused()
    await developer.keyboard.press("End")
    await expect(items.last).to_be_focused()
    await expect(items.last).to_have_text("Sign out")
    assert await grave_faults(developer, axe) == []
    await developer.keyboard.press("Escape")
    await expect(items).to_have_count(0)
    await expect(button).to_be_focused()
    await developer.keyboard.press("Enter")
    await expect(items.first).to_be_focused()
    await developer.keyboard.press("Enter")
    await expect(developer).to_have_url(re.compile("/profile$"))


async def test_language_and_colours_stay_as_chosen_and_none_flash(developer: Page) -> None:
    await developer.goto("/projects")
    for choice in ("Dark", "Türkçe"):
        await developer.get_by_role("button", name="Your account").click()
        await developer.get_by_role("menuitem", name=choice).click()
    await expect(developer.get_by_role("heading", name="Projeler")).to_be_visible()
    await expect(developer).to_have_title("Projeler · Inlay")
    await developer.reload()
    await expect(developer.get_by_role("heading", name="Projeler")).to_be_visible()
    await expect(developer.locator("html")).to_have_attribute("lang", "tr")
    # The page as it is painted before the console's own script has come.
    await developer.route(re.compile(r"/assets/index-.*\.js"), lambda route: route.abort())
    await developer.goto("/projects")
    root = developer.locator("html")
    await expect(root).to_have_attribute("data-mantine-color-scheme", "dark")
    brightness = await developer.evaluate(
        """Math.max(...getComputedStyle(document.documentElement).backgroundColor
            .match(/\\d+/g).slice(0, 3).map(Number))"""
    )
    assert brightness < 64


async def test_what_is_not_there_and_what_broke_say_what_to_do(
    developer: Page, rest: Rest, axe: str
) -> None:
    for path in ("/projects/a/nothing/here", "/projects/0199-gone/automations"):
        await developer.goto(path)
        await expect(developer.get_by_role("heading", name="There is no such page")).to_be_visible()
    assert await grave_faults(developer, axe) == []
    await developer.get_by_role("link", name="To the start", exact=True).click()
    await expect(developer.get_by_role("heading", name="Projects")).to_be_visible()
    # A newer version was installed: the script of the page is gone until the page is reloaded.
    await developer.route(re.compile(r"/assets/profile-.*\.js"), lambda route: route.abort())
    await developer.get_by_role("link", name="Profile", exact=True).click()
    await expect(developer.get_by_role("heading", name="Something went wrong")).to_be_visible()
    assert await grave_faults(developer, axe) == []
    await developer.unroute(re.compile(r"/assets/profile-.*\.js"))
    await developer.get_by_role("button", name="Reload").click()
    await expect(developer.get_by_role("heading", name="Profile")).to_be_visible()


async def test_a_server_that_is_away_is_told_and_waited_for(developer: Page, rest: Rest) -> None:
    project_id = await make_shop(rest)
    await developer.goto("/projects")
    await expect(developer.get_by_role("article")).to_be_visible()
    await developer.route("**/api/**", lambda route: route.abort())
    await developer.get_by_role("link", name="Shop").click()
    await expect(developer.get_by_text("Inlay cannot be reached")).to_be_visible()
    await developer.unroute("**/api/**")
    # Nobody reloads: the page goes on by itself.
    await expect(developer.get_by_text("Inlay cannot be reached")).to_have_count(0)
    await expect(developer.get_by_role("navigation", name="Project")).to_contain_text("Shop")
    await expect(developer).to_have_url(re.compile(f"/projects/{project_id}/automations$"))
    await expect(developer.get_by_role("alert")).to_have_count(0)


async def test_a_session_that_ends_keeps_what_was_entered(
    developer: Page, rest: Rest, axe: str
) -> None:
    await developer.goto("/projects?new")
    dialog = developer.get_by_role("dialog", name="Create project")
    await dialog.get_by_label("Name").fill("Half written")
    await dialog.get_by_label("Webhook URL").fill(SHOP["webhookUrl"])
    # Signed out everywhere else, by a new password.
    password = "another long password"
    body = {"currentPassword": PASSWORD, "newPassword": password}
    await rest.expect(204, "PUT", "/api/v1/account/password", body)
    await dialog.get_by_role("button", name="Create project").click()
    again = developer.get_by_role("dialog", name="Sign in again")
    await expect(again.get_by_label("Email")).to_have_value("ada@example.com")
    assert await grave_faults(developer, axe) == []
    await again.get_by_role("textbox", name="Password").fill("wrong password 1")
    await again.get_by_role("button", name="Sign in").click()
    await expect(again.get_by_role("alert")).to_be_visible()
    await again.get_by_role("textbox", name="Password").fill(password)
    await again.get_by_role("button", name="Sign in").click()
    await expect(again).to_have_count(0)
    await expect(dialog.get_by_label("Name")).to_have_value("Half written")
    await dialog.get_by_role("button", name="Create project").click()
    await expect(developer).to_have_title("Automations · Half written · Inlay")


async def test_whoever_is_not_signed_in_comes_back_to_the_whole_address(
    stranger: Page, rest: Rest
) -> None:
    await rest.expect(200, "PATCH", "/api/v1/account", {"developerMode": True})
    project_id = await make_shop(rest)
    place = f"/projects/{project_id}/settings?area=webhook"
    await stranger.goto(place)
    await expect(stranger).to_have_title("Sign in · Inlay")
    await stranger.get_by_label("Email").fill("ada@example.com")
    await stranger.get_by_role("textbox", name="Password").fill(PASSWORD)
    await stranger.get_by_role("button", name="Sign in", exact=True).click()
    await expect(stranger).to_have_title("Settings · Shop · Inlay")
    assert stranger.url.endswith(place)


async def test_on_a_phone_all_is_behind_the_menu(developer: Page, rest: Rest, axe: str) -> None:
    project_id = await make_shop(rest)
    await developer.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
    await developer.goto(f"/projects/{project_id}/statistics")
    await expect(developer.get_by_role("banner")).to_contain_text("Shop")
    link = developer.get_by_role("link", name="Runs", exact=True)
    await expect(link).not_to_be_in_viewport()
    await developer.get_by_role("button", name="Menu").focus()
    await developer.keyboard.press("Enter")
    await expect(link).to_be_in_viewport()
    assert await grave_faults(developer, axe) == []
    await link.click()
    await expect(developer).to_have_url(re.compile("/runs$"))
    await expect(link).not_to_be_in_viewport()
    assert await no_wider_than_screen(developer)
