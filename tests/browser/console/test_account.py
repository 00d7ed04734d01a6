"""The account in the console, by clicking, against the API as it is served."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from tests.api.conftest import PASSWORD, Rest
from tests.browser.conftest import PHONE, grave_faults, opened
from tests.browser.console.conftest import EMAIL
from tests.browser.console.running import LAPTOP

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page


@pytest.fixture
async def page(stranger: Page, rest: Rest) -> Page:
    """The browser of the developer, signed in."""
    await stranger.goto("/sign-in?next=/profile")
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


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [LAPTOP, PHONE], ids=["laptop", "phone"])
async def test_axe_finds_nothing_grave(
    url: str, rest: Rest, chromium: Browser, axe: str, scheme: str, viewport: dict[str, int]
) -> None:
    await rest.expect(200, "PATCH", "/api/v1/account", {"developerMode": True})
    async with opened(
        chromium, base_url=url, viewport=viewport, color_scheme=scheme, reduced_motion="reduce"
    ) as page:
        await page.goto("/sign-up")
        await expect(page.get_by_role("heading", name="Sign up")).to_be_visible()
        assert await grave_faults(page, axe) == []
        await page.goto("/sign-in?next=/profile")
        await page.get_by_role("button", name="Sign in").click()
        assert await grave_faults(page, axe) == []
        await sign_in(page)
        await expect(page.get_by_text("used today")).to_be_visible()
        assert await grave_faults(page, axe) == []
        await page.get_by_role("button", name="Your account").click()
        await expect(page.get_by_role("menuitem", name="Sign out")).to_be_visible()
        assert await grave_faults(page, axe) == []
        width = await page.evaluate("document.documentElement.scrollWidth")
        assert width <= viewport["width"]
