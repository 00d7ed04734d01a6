"""An empty installation, led to its first successful run by what the console itself says."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import sys
import time
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from tests.api.conftest import PASSWORD
from tests.browser.conftest import PHONE, grave_faults, opened
from tests.browser.console.running import LAPTOP, Running, no_wider_than_screen, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from playwright.async_api import Browser, Locator, Page

FIVE_MINUTES = 300


@pytest.fixture
async def inlay(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[Running]:
    """All of Inlay, with nothing in it."""
    async with running(tmp_path, sqlite_template) as everything:
        yield everything


async def test_an_empty_account_is_led_to_its_first_run(
    inlay: Running, chromium: Browser, axe: str
) -> None:
    began = time.monotonic()
    async with opened(chromium, base_url=inlay.url, viewport=LAPTOP) as page:
        await sign_up(page)
        await expect(page.get_by_role("heading", name="Welcome to Inlay")).to_be_visible()
        # Without developer mode there are no projects; one click turns it on and goes on.
        await expect(page.get_by_role("link", name="Projects", exact=True)).to_have_count(0)
        assert await grave_faults(page, axe) == []
        await page.get_by_role("button", name="Turn developer mode on and begin").click()

        dialog = page.get_by_role("dialog", name="Create project")
        await expect(dialog).to_contain_text("Example: https://")
        await dialog.get_by_label("Name").fill("Shop")
        await dialog.get_by_label("Webhook URL").fill(inlay.endpoint.url)
        await dialog.get_by_role("button", name="Create project").click()
        await expect(page).to_have_title("Automations · Shop · Inlay")

        guide = page.get_by_role("region", name="Getting started")
        await expect(guide).to_contain_text("0 of 5 steps done")
        assert await grave_faults(page, axe) == []
        await guide.get_by_role("link", name="Use the Greet template").click()
        making = page.get_by_role("dialog", name="New automation")
        await expect(making.get_by_role("radio", name="Greet", exact=True)).to_be_checked()
        await making.get_by_label("Name").fill("Greet")
        await making.get_by_role("button", name="Create automation").click()
        await expect(page).to_have_title("Greet · Automations · Shop · Inlay")

        await back_to_the_guide(page, "Next: Test it")
        await expect(guide).to_contain_text("1 of 5 steps done")
        await guide.get_by_role("link", name="Open the test").click()
        await page.get_by_role("button", name="Run the draft").click()

        await back_to_the_guide(page, "Next: Publish it")
        await guide.get_by_role("link", name="Open the automation").click()
        await page.get_by_role("button", name="Publish", exact=True).click()
        await page.get_by_role("button", name="Publish now").click()

        await back_to_the_guide(page, "Next: Create an API token")
        await guide.get_by_role("button", name="Create a token").click()
        await expect(guide).to_contain_text("4 of 5 steps done")
        command = guide.get_by_role("region", name="curl")
        await expect(command).to_contain_text("Bearer inlay_")
        assert await grave_faults(page, axe) == []
        await page.set_viewport_size({"width": PHONE["width"], "height": PHONE["height"]})
        async with asyncio.timeout(30):
            # The columns follow the window a moment later.
            while not await no_wider_than_screen(page):
                await asyncio.sleep(0.1)
        assert await grave_faults(page, axe) == []
        await page.set_viewport_size({"width": LAPTOP["width"], "height": LAPTOP["height"]})
        await only_in_memory(page)

        answer = await executed(guide)
        assert answer["status"] == "completed"
        assert answer["result"] == "Hello Ada!"
        # Nobody reloads: the guide has seen the run.
        await expect(guide).to_contain_text("That is all it takes.")
        took = time.monotonic() - began
        print(f"from nothing to the first run: {took:.0f} s")
        assert took < FIVE_MINUTES
        assert await grave_faults(page, axe) == []
        await guide.get_by_role("link", name="See the runs").click()
        link = page.locator(f'a[href*="/runs/{answer["runId"]}"]')
        row = page.get_by_role("row").filter(has=link)
        await expect(row).to_contain_text("Completed")

        # Done is done; whoever wants it back finds it in the menu.
        await page.get_by_role("link", name="Automations", exact=True).click()
        await expect(page).to_have_title("Automations · Shop · Inlay")
        await expect(page.get_by_role("link", name="Greet", exact=True)).to_be_visible()
        await expect(guide).to_have_count(0)
        await page.get_by_role("button", name="Your account").click()
        await page.get_by_role("menuitem", name="Getting started").click()
        await expect(guide).to_contain_text("5 of 5 steps done")
        await guide.get_by_role("button", name="Dismiss the guide").click()
        await expect(guide).to_have_count(0)


async def sign_up(page: Page) -> None:
    await page.goto("/")
    await page.get_by_role("link", name="Sign up").click()
    await page.get_by_label("Name").fill("Grace")
    await page.get_by_label("Email").fill("grace@example.com")
    await page.get_by_role("textbox", name="Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign up").click()


async def back_to_the_guide(page: Page, step: str) -> None:
    """Once the navigation says that this step is next."""
    link = page.get_by_role("navigation", name="Project").get_by_role("link", name=step)
    await expect(link).to_be_visible(timeout=20_000)
    await link.click()
    await expect(page).to_have_url(re.compile("/automations$"))


async def only_in_memory(page: Page) -> None:
    """The token can be read from the page, and from nothing that outlives it."""
    kept: str = await page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
    assert "Bearer" not in kept
    assert "inlay_" not in kept


async def executed(guide: Locator) -> dict[str, object]:
    """Runs what the guide shows, as it stands; where no curl is, its Python program."""
    if shutil.which("curl"):
        text = await guide.get_by_role("region", name="curl").inner_text()
        words = ["/bin/sh", "-c", text]
    else:
        await guide.get_by_text("Python", exact=True).click()
        text = await guide.get_by_role("region", name="Python").inner_text()
        words = [sys.executable, "-c", text]
    process = await asyncio.create_subprocess_exec(
        *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    output, errors = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, errors.decode()
    answer: dict[str, object] = json.loads(output)
    return answer
