"""Account and projects in the console, by clicking, against the API as it is served."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import httpx
import pytest
from playwright.async_api import expect

from api.app import create_app
from temporal.server import free_port
from tests.api.conftest import PASSWORD, Rest
from tests.browser.conftest import PHONE, grave_faults, opened, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import Browser, Page

    from settings import Settings

EMAIL = "ada@example.com"
LAPTOP = {"width": 1280, "height": 860}
MAX_SCRIPT_BYTES = 300_000
HOOK = "https://shop.example.com/inlay"


@pytest.fixture
async def url(settings: Settings, sqlite_url: str) -> AsyncIterator[str]:
    """The API on a port, with nothing in it."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    changed = settings.model_copy(
        update={
            "database_url": sqlite_url,
            "public_url": url,
            "temporal_address": "127.0.0.1:1",
        }
    )
    async with serving(lambda: create_app(changed), port):
        yield url


@pytest.fixture
async def rest(url: str) -> AsyncIterator[Rest]:
    """A developer's account without developer mode, as scripts use it."""
    async with httpx.AsyncClient(base_url=url) as http:
        rest = Rest(http)
        me = {"email": EMAIL, "password": PASSWORD}
        await rest.expect(201, "POST", "/api/v1/accounts", {**me, "name": "Ada Lovelace"})
        rest.bearer = (await rest.expect(201, "POST", "/api/v1/sessions", me))["token"]
        yield rest


@pytest.fixture
async def stranger(url: str, chromium: Browser) -> AsyncIterator[Page]:
    """A browser in which nobody is signed in."""
    async with opened(chromium, base_url=url, viewport=LAPTOP) as page:
        yield page


@pytest.fixture
async def page(stranger: Page, rest: Rest) -> Page:
    """The browser of the developer, signed in."""
    await stranger.goto("/sign-in")
    await sign_in(stranger)
    await expect(stranger.get_by_role("heading", name="Profile")).to_be_visible()
    return stranger


async def sign_in(page: Page, password: str = PASSWORD) -> None:
    await page.get_by_label("Email").fill(EMAIL)
    await page.get_by_role("textbox", name="Password").fill(password)
    await page.get_by_role("button", name="Sign in").click()


async def turn_developer_mode_on(page: Page) -> None:
    await page.get_by_role("switch", name="Developer mode").click()
    await expect(page.get_by_role("switch", name="Developer mode")).to_be_checked()


async def test_from_nothing_to_the_first_project(stranger: Page) -> None:
    await stranger.goto("/")
    await expect(stranger).to_have_url(re.compile("/sign-in$"))
    await stranger.get_by_role("link", name="Sign up").click()
    await expect(stranger.get_by_role("heading", name="Sign up")).to_be_visible()
    await stranger.get_by_label("Email").fill("grace@example.com")
    await stranger.get_by_role("textbox", name="Password").fill("short")
    await stranger.get_by_role("button", name="Sign up").click()
    await expect(stranger.get_by_text("Use at least 10 characters.")).to_be_visible()
    await stranger.get_by_role("textbox", name="Password").fill(PASSWORD)
    await stranger.get_by_role("button", name="Sign up").click()
    await expect(stranger.get_by_role("heading", name="Profile")).to_be_visible()
    await turn_developer_mode_on(stranger)
    await stranger.get_by_role("link", name="Projects", exact=True).click()
    await stranger.get_by_role("button", name="Create project").click()
    dialog = stranger.get_by_role("dialog")
    await dialog.get_by_label("Name").fill("Shop")
    await dialog.get_by_label("Webhook URL").fill(HOOK)
    await dialog.get_by_role("button", name="Create project").click()
    await expect(stranger).to_have_url(re.compile("/projects/[^/]+/automations$"))
    for area in ("Automations", "Settings", "Statistics", "Runs", "Registrations"):
        await expect(
            stranger.get_by_role("navigation").get_by_role("link", name=area, exact=True)
        ).to_be_visible()


async def test_an_email_that_is_taken_and_one_that_is_none_are_told(
    rest: Rest, stranger: Page
) -> None:
    await stranger.goto("/sign-up")
    await stranger.get_by_role("textbox", name="Password").fill(PASSWORD)
    await stranger.get_by_label("Email").fill("ada@nowhere@example")
    await stranger.get_by_role("button", name="Sign up").click()
    await expect(stranger.get_by_text("this is no email address")).to_be_visible()
    await expect(stranger.get_by_label("Email")).to_have_attribute("aria-invalid", "true")
    await stranger.get_by_label("Email").fill(EMAIL)
    await stranger.get_by_role("button", name="Sign up").click()
    await expect(stranger.get_by_role("alert")).to_contain_text("sign in instead")


async def test_sign_in_leads_back_to_where_one_wanted_to_go(rest: Rest, stranger: Page) -> None:
    await rest.expect(200, "PATCH", "/api/v1/account", {"developerMode": True})
    await stranger.goto("/projects")
    await expect(stranger).to_have_url(re.compile("/sign-in"))
    await sign_in(stranger, "wrong password 1")
    await expect(stranger.get_by_role("alert")).to_contain_text("password is wrong")
    await sign_in(stranger)
    await expect(stranger.get_by_role("heading", name="Projects")).to_be_visible()
    await expect(stranger).to_have_url(re.compile("/projects$"))


async def test_the_session_is_out_of_reach_of_scripts_and_ends_at_sign_out(page: Page) -> None:
    (cookie,) = await page.context.cookies(f"{page.url.partition('/profile')[0]}/api/v1")
    assert cookie["httpOnly"] is True
    assert cookie["sameSite"] == "Lax"
    assert await page.evaluate("document.cookie") == ""
    kept = await page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
    assert "session_" not in kept
    await page.get_by_role("button", name="Your account").click()
    await page.get_by_role("menuitem", name="Sign out").click()
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    await page.goto("/profile")
    await expect(page).to_have_url(re.compile("/sign-in"))
    answer = await page.context.request.get(
        "/api/v1/account", headers={"cookie": f"inlay_session={cookie['value']}"}
    )
    assert answer.status == 401


async def test_a_session_that_ended_elsewhere_leads_to_sign_in(page: Page, rest: Rest) -> None:
    body = {"currentPassword": PASSWORD, "newPassword": "another long password"}
    await rest.expect(204, "PUT", "/api/v1/account/password", body)
    await page.get_by_role("switch", name="Developer mode").click()
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


async def test_projects_are_there_in_developer_mode_only(page: Page, rest: Rest) -> None:
    projects = page.get_by_role("link", name="Projects", exact=True)
    await expect(projects).to_have_count(0)
    await page.goto("/projects")
    await expect(page.get_by_text("Developer mode is off")).to_be_visible()
    await page.get_by_role("link", name="Open the profile").click()
    await turn_developer_mode_on(page)
    await expect(projects).to_be_visible()
    await page.reload()
    await expect(projects).to_be_visible()
    assert (await rest.expect(200, "GET", "/api/v1/account"))["developerMode"] is True
    await page.get_by_role("switch", name="Developer mode").click()
    await expect(projects).to_have_count(0)


async def test_the_profile_shows_plan_and_credits_and_takes_a_name(page: Page, rest: Rest) -> None:
    granted = await rest.expect(200, "GET", "/api/v1/account/credits")
    await expect(page.get_by_text("Plan: free")).to_be_visible()
    await expect(page.get_by_text(f"0 of {granted['dailyCredits']:,} used today")).to_be_visible()
    await page.get_by_label("Name").fill("Countess")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Saved.")).to_be_visible()
    assert (await rest.expect(200, "GET", "/api/v1/account"))["name"] == "Countess"


async def test_the_password_is_changed_for_who_knows_it(page: Page, rest: Rest) -> None:
    change = page.get_by_role("button", name="Change the password")
    await page.get_by_role("textbox", name="Current password").fill("wrong password 1")
    await page.get_by_role("textbox", name="New password").fill("another long password")
    await change.click()
    await expect(page.get_by_role("alert")).to_contain_text("The current password is wrong.")
    await page.get_by_role("textbox", name="Current password").fill(PASSWORD)
    await change.click()
    await expect(page.get_by_text("The password is changed.")).to_be_visible()
    await expect(page.get_by_role("textbox", name="New password")).to_have_value("")
    body = {"email": EMAIL, "password": "another long password"}
    await rest.expect(201, "POST", "/api/v1/sessions", body)
    await rest.refused(900, "GET", "/api/v1/account")


async def test_projects_are_searched_and_edited(page: Page, rest: Rest) -> None:
    await rest.expect(200, "PATCH", "/api/v1/account", {"developerMode": True})
    for name in ("Shop", "Warehouse"):
        await rest.expect(201, "POST", "/api/v1/projects", {"name": name, "webhookUrl": HOOK})
    await page.goto("/projects")
    cards = page.get_by_role("article")
    await expect(cards).to_have_count(2)
    await expect(cards.first).to_contain_text("Warehouse")
    await expect(cards.first).to_contain_text(re.compile(r"Created on \d+ \w+ \d{4}"))
    await page.get_by_role("searchbox", name="Search projects").fill("sho")
    await expect(cards).to_have_count(1)
    await page.get_by_role("button", name="Edit Shop").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Name").fill("")
    await dialog.get_by_label("Webhook URL").fill("shop.example.com")
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog.get_by_text("Give the project a name.")).to_be_visible()
    await expect(dialog.get_by_text("Enter a URL that begins with")).to_be_visible()
    await dialog.get_by_label("Name").fill("Web shop")
    # Seemingly fine, and refused by the API: its words stand at the field.
    await dialog.get_by_label("Webhook URL").fill(f"{HOOK}#fragment")
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog.get_by_label("Webhook URL")).to_have_attribute("aria-invalid", "true")
    await expect(dialog.get_by_text("must have neither user")).to_be_visible()
    await dialog.get_by_label("Webhook URL").fill(f"{HOOK}/2")
    await dialog.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await page.get_by_role("searchbox", name="Search projects").fill("web")
    await cards.get_by_role("link", name="Web shop").click()
    await expect(page).to_have_url(re.compile("/automations$"))
    (saved,) = [
        one
        for one in (await rest.expect(200, "GET", "/api/v1/projects"))["items"]
        if one["name"] == "Web shop"
    ]
    assert saved["webhookUrl"] == f"{HOOK}/2"
    # No logo was given: nothing made one up.
    assert saved["logoUrl"] is None


async def test_the_language_and_the_colours_stay_as_chosen(page: Page) -> None:
    for choice in ("Dark", "Türkçe"):
        await page.get_by_role("button", name="Your account").click()
        await page.get_by_role("menuitem", name=choice).click()
    await expect(page.get_by_role("heading", name="Profil")).to_be_visible()
    await page.reload()
    await expect(page.get_by_role("heading", name="Profil")).to_be_visible()
    root = page.locator("html")
    await expect(root).to_have_attribute("lang", "tr")
    await expect(root).to_have_attribute("data-mantine-color-scheme", "dark")


async def test_an_address_that_is_none_says_so(page: Page) -> None:
    await page.goto("/projects/a/nothing/here")
    await expect(page.get_by_role("heading", name="There is no such page")).to_be_visible()
    await page.get_by_role("link", name="To the start", exact=True).click()
    await expect(page.get_by_role("heading", name="Profile")).to_be_visible()


async def test_on_a_phone_all_is_behind_the_menu(page: Page, rest: Rest) -> None:
    await rest.expect(200, "PATCH", "/api/v1/account", {"developerMode": True})
    project = await rest.expect(
        201, "POST", "/api/v1/projects", {"name": "Shop", "webhookUrl": HOOK}
    )
    await page.set_viewport_size({"width": 390, "height": 844})
    await page.goto(f"/projects/{project['id']}/statistics")
    link = page.get_by_role("link", name="Runs", exact=True)
    await expect(link).not_to_be_in_viewport()
    await page.get_by_role("button", name="Menu").focus()
    await page.keyboard.press("Enter")
    await expect(link).to_be_in_viewport()
    await link.click()
    await expect(page).to_have_url(re.compile("/runs$"))
    await expect(link).not_to_be_in_viewport()


async def test_the_first_load_is_small(stranger: Page) -> None:
    sizes: list[int] = []

    async def measure(path: str) -> None:
        answer = await stranger.context.request.get(path)
        sizes.append(int(answer.headers["content-length"]))

    await stranger.goto("/sign-in")
    await expect(stranger.get_by_role("heading", name="Sign in")).to_be_visible()
    loaded = await stranger.evaluate(
        "performance.getEntriesByType('resource').map((one) => one.name)"
    )
    for address in loaded:
        if address.endswith(".js"):
            await measure(address)
    assert sizes
    assert sum(sizes) < MAX_SCRIPT_BYTES


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [LAPTOP, PHONE], ids=["laptop", "phone"])
async def test_axe_finds_nothing_grave(
    url: str, rest: Rest, chromium: Browser, axe: str, scheme: str, viewport: dict[str, int]
) -> None:
    await rest.expect(200, "PATCH", "/api/v1/account", {"developerMode": True})
    async with opened(chromium, base_url=url, viewport=viewport, color_scheme=scheme) as page:
        await page.goto("/sign-up")
        await expect(page.get_by_role("heading", name="Sign up")).to_be_visible()
        assert await grave_faults(page, axe) == []
        await page.goto("/sign-in")
        await page.get_by_role("button", name="Sign in").click()
        assert await grave_faults(page, axe) == []
        await sign_in(page)
        await expect(page.get_by_text("No projects yet")).to_be_visible()
        assert await grave_faults(page, axe) == []
        await page.get_by_role("button", name="Create project").click()
        await page.get_by_role("dialog").get_by_role("button", name="Create project").click()
        await expect(page.get_by_text("Give the project a name.")).to_be_visible()
        assert await grave_faults(page, axe) == []
        await rest.expect(201, "POST", "/api/v1/projects", {"name": "Shop", "webhookUrl": HOOK})
        await page.goto("/projects")
        await expect(page.get_by_role("article")).to_be_visible()
        assert await grave_faults(page, axe) == []
        await page.goto("/profile")
        await expect(page.get_by_text("used today")).to_be_visible()
        assert await grave_faults(page, axe) == []
        await page.get_by_role("button", name="Your account").click()
        await expect(page.get_by_role("menuitem", name="Sign out")).to_be_visible()
        assert await grave_faults(page, axe) == []
        width = await page.evaluate("document.documentElement.scrollWidth")
        assert width <= viewport["width"]
