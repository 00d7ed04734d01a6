"""Sign-in at an OpenID-certified provider, by clicking, from the console and back to it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.async_api import expect
from pydantic import SecretStr

from api.auth import COOKIE
from api.openid import Failure
from temporal.server import free_port
from tests.api.conftest import PASSWORD, app_of
from tests.browser.conftest import CONSOLE, PHONE, grave_faults, opened, serving
from tests.packages import OidcProvider, oidc_provider_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import Browser, Page

    from settings import Settings

CONTINUE = "Continue with Example Inc."


@dataclass
class Installation:
    """Inlay, with the provider that its operator chose."""

    url: str
    provider: OidcProvider


@pytest.fixture
async def installation(settings: Settings, sqlite_url: str) -> AsyncIterator[Installation]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with oidc_provider_for(f"{url}/api/v1/sign-in/openid/callback") as provider:
        changed = settings.model_copy(
            update={
                "database_url": sqlite_url,
                "public_url": url,
                "temporal_address": "127.0.0.1:1",
                "openid_issuer": provider.url,
                "openid_client_id": "lasting",
                "openid_client_secret": SecretStr("secret-of-lasting"),
                "openid_name": "Example Inc.",
            }
        )
        async with serving(lambda: app_of(changed), port):
            yield Installation(url, provider)


@pytest.fixture
async def page(installation: Installation, chromium: Browser) -> AsyncIterator[Page]:
    async with opened(chromium, base_url=installation.url) as page:
        yield page


async def sign_in_at_provider(page: Page, login: str = "ada") -> None:
    await page.locator("input[name=login]").fill(login)
    await page.locator("input[name=password]").fill("any")
    await page.locator("button[type=submit]").click()
    await agree(page)


async def agree(page: Page) -> None:
    await page.locator("form:has(input[name=prompt][value=consent]) button[type=submit]").click()


async def sign_out(page: Page) -> None:
    await page.get_by_role("button", name="Your account").click()
    await page.get_by_role("menuitem", name="Sign out").click()
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


async def test_from_the_button_to_the_page_that_was_wanted_and_again(page: Page, axe: str) -> None:
    await page.goto("/profile")
    await expect(page.get_by_role("link", name=CONTINUE)).to_be_visible()
    assert await grave_faults(page, axe) == []
    await page.get_by_role("link", name="Sign up").click()
    await expect(page.get_by_role("heading", name="Sign up")).to_be_visible()
    # By keyboard alone, from the other of the two pages.
    await page.get_by_role("link", name=CONTINUE).focus()
    await page.keyboard.press("Enter")
    await sign_in_at_provider(page)
    await expect(page.get_by_role("heading", name="Profile")).to_be_visible()
    await expect(page).to_have_url(re.compile("/profile$"))
    await expect(page.get_by_label("Email")).to_have_value("ada@example.com")
    await expect(page.get_by_label("Name")).to_have_value("Person ada")
    before = await (await page.request.get("/api/v1/account")).json()

    # An account without a password can be given one, and is the same by both ways.
    await expect(page.get_by_text("have no password here")).to_be_visible()
    await expect(page.get_by_role("textbox", name="Current password")).to_have_count(0)
    assert await grave_faults(page, axe) == []
    # When its session ends, the provider alone can let it in again.
    await page.context.clear_cookies(name=re.compile(COOKIE))
    await page.get_by_role("button", name="Save").click()
    again = page.get_by_role("dialog", name="Sign in again")
    await expect(again.get_by_role("link", name=CONTINUE)).to_be_focused()
    await expect(again.get_by_role("textbox")).to_have_count(0)
    assert await grave_faults(page, axe) == []
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Profile")).to_be_visible()
    await expect(again).to_have_count(0)
    await page.get_by_role("textbox", name="New password").fill(PASSWORD)
    await page.get_by_role("button", name="Set a password").click()
    await expect(page.get_by_text("The password is set.")).to_be_visible()
    await expect(page.get_by_role("textbox", name="Current password")).to_be_visible()
    await sign_out(page)
    await page.get_by_label("Email").fill("ada@example.com")
    await page.get_by_role("textbox", name="Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("button", name="Your account")).to_be_visible()
    await sign_out(page)

    # The provider still knows the browser: nothing is typed.
    await page.get_by_role("link", name=CONTINUE).click()
    await expect(page.get_by_role("button", name="Your account")).to_be_visible()
    assert await (await page.request.get("/api/v1/account")).json() == {
        **before,
        "hasPassword": True,
    }
    assert before["hasPassword"] is False


async def test_a_way_back_that_nobody_began_says_what_to_do(page: Page, axe: str) -> None:
    await page.goto("/sign-in")
    await page.get_by_role("link", name=CONTINUE).click()
    await expect(page.locator("input[name=login]")).to_be_visible()
    await page.goto("/api/v1/sign-in/openid/callback?code=stolen&state=wrong")
    alert = page.get_by_role("alert")
    await expect(alert).to_contain_text(f"Choose “{CONTINUE}” once more")
    assert await grave_faults(page, axe) == []
    await page.get_by_role("link", name=CONTINUE).click()
    await page.get_by_role("link", name=re.compile("Cancel")).click()
    await expect(alert).to_contain_text("Example Inc. did not let you in")
    assert parse_qs(urlsplit(page.url).query) == {"error": ["denied"]}
    # With the form, another way is taken: what failed before is not said any more.
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_label("Email")).to_be_focused()
    await page.get_by_label("Email").fill("ada@example.com")
    await page.get_by_role("textbox", name="Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await expect(alert).to_contain_text("email or the password is wrong")


async def test_each_failure_is_told_in_turkish_on_a_phone(
    installation: Installation, chromium: Browser, axe: str
) -> None:
    words = json.loads((CONSOLE / "src/locales/tr/account.json").read_text())
    options = {"locale": "tr-TR", "color_scheme": "dark", "viewport": PHONE}
    async with opened(chromium, base_url=installation.url, **options) as page:
        for failure in [*Failure, "of-no-kind"]:
            await page.goto(f"/sign-in?error={failure}")
            told = words.get(f"failure_{failure}") or words["failure_failed"]
            alert = page.get_by_role("alert")
            await expect(alert).to_have_text(told.replace("{{name}}", "Example Inc."))
            width = await page.evaluate("document.documentElement.scrollWidth")
            assert width <= PHONE["width"]
        assert await grave_faults(page, axe) == []
