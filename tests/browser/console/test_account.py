"""The account in the console, by clicking, against the API as it is served."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from api.auth import COOKIE
from tests.api.conftest import PASSWORD, Rest
from tests.browser.conftest import PHONE, grave_faults, opened
from tests.browser.console.conftest import EMAIL
from tests.browser.console.running import LAPTOP, no_wider_than_screen

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

NEW_PASSWORD = "another long password"


async def sign_in(page: Page, password: str = PASSWORD) -> None:
    await page.get_by_label("Email").fill(EMAIL)
    await page.get_by_role("textbox", name="Password").fill(password)
    await page.get_by_role("button", name="Sign in").click()


async def test_sign_up_and_sign_in_tell_what_is_wrong(rest: Rest, stranger: Page) -> None:
    await stranger.goto("/sign-up?next=/profile")
    email = stranger.get_by_label("Email")
    await stranger.get_by_role("textbox", name="Password").fill(PASSWORD)
    await email.fill("ada@nowhere@example")
    await stranger.get_by_role("button", name="Sign up").click()
    await expect(stranger.get_by_text("this is no email address")).to_be_visible()
    await expect(email).to_have_attribute("aria-invalid", "true")
    await stranger.get_by_role("textbox", name="Password").fill("a" * 10)
    await email.fill(EMAIL)
    await stranger.get_by_role("button", name="Sign up").click()
    await expect(stranger.get_by_text("easy to guess")).to_be_visible()
    await stranger.get_by_role("textbox", name="Password").fill(PASSWORD)
    await stranger.get_by_role("button", name="Sign up").click()
    alert = stranger.get_by_role("alert")
    await expect(alert).to_contain_text("sign in instead")
    await stranger.get_by_role("link", name="Sign in").click()
    await expect(stranger.get_by_role("heading", name="Sign in")).to_be_visible()
    await sign_in(stranger, "wrong password 1")
    await expect(alert).to_contain_text("password is wrong")
    await sign_in(stranger)
    await expect(stranger.get_by_role("heading", name="Profile")).to_be_visible()


async def test_the_session_is_out_of_reach_of_scripts_and_ends_at_sign_out(
    rest: Rest, stranger: Page
) -> None:
    await stranger.goto("/sign-in")
    await sign_in(stranger)
    await expect(stranger.get_by_role("heading", name="Welcome to Inlay")).to_be_visible()
    (cookie,) = [one for one in await stranger.context.cookies() if one["name"].startswith(COOKIE)]
    assert cookie["httpOnly"] is True
    assert cookie["sameSite"] == "Lax"
    assert await stranger.evaluate("document.cookie") == ""
    kept = await stranger.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
    assert "session_" not in kept
    headers = {"cookie": f"{cookie['name']}={cookie['value']}"}
    account = "/api/v1/account"
    assert (await stranger.context.request.get(account, headers=headers)).status == 200
    await stranger.get_by_role("button", name="Your account").click()
    await stranger.get_by_role("menuitem", name="Sign out").click()
    await expect(stranger.get_by_role("heading", name="Sign in")).to_be_visible()
    await stranger.goto("/profile")
    await expect(stranger).to_have_url(re.compile("/sign-in"))
    assert (await stranger.context.request.get(account, headers=headers)).status == 401


async def test_the_profile_shows_the_plan_and_takes_developer_mode_name_and_password(
    rest: Rest, stranger: Page
) -> None:
    page = stranger
    await page.goto("/sign-in?next=/profile")
    await sign_in(page)
    granted = await rest.expect(200, "GET", "/api/v1/account/credits")
    await expect(page.get_by_text("Plan: free")).to_be_visible()
    await expect(page.get_by_text(f"0 of {granted['dailyCredits']:,} used today")).to_be_visible()

    projects = page.get_by_role("link", name="Projects", exact=True)
    await expect(projects).to_have_count(0)
    switch = page.get_by_role("switch", name="Developer mode")
    await switch.click()
    await expect(projects).to_be_visible()
    await page.reload()
    await expect(switch).to_be_checked()
    await expect(projects).to_be_visible()
    assert (await rest.expect(200, "GET", "/api/v1/account"))["developerMode"] is True
    await switch.click()
    await expect(projects).to_have_count(0)

    await page.get_by_label("Name").fill("Countess")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Saved.")).to_be_visible()
    assert (await rest.expect(200, "GET", "/api/v1/account"))["name"] == "Countess"

    change = page.get_by_role("button", name="Change the password")
    current = page.get_by_role("textbox", name="Current password")
    new = page.get_by_role("textbox", name="New password")
    await current.fill("wrong password 1")
    await new.fill(NEW_PASSWORD)
    await change.click()
    alert = page.get_by_role("main").get_by_role("alert")
    await expect(alert).to_contain_text("The current password is wrong.")
    await current.fill(PASSWORD)
    await change.click()
    await expect(page.get_by_text("The password is changed.")).to_be_visible()
    await expect(new).to_have_value("")
    await rest.refused(900, "GET", "/api/v1/account")
    body = {"email": EMAIL, "password": NEW_PASSWORD}
    await rest.expect(201, "POST", "/api/v1/sessions", body)


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
        assert await no_wider_than_screen(page)
