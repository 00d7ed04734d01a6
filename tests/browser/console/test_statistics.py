"""Statistics and connected users in the console, by clicking, against the whole of Inlay."""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING, Any

import pytest
from playwright.async_api import expect

from tests.browser.conftest import PHONE, grave_faults
from tests.browser.console.project import (
    SLOWLY_MS,
    choose,
    desk_run,
    register,
)
from tests.browser.console.running import Running, connect, no_wider_than_screen

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import Browser

    from tests.api.conftest import Workshop

ON_MARS = """
const options = Intl.DateTimeFormat.prototype.resolvedOptions;
Intl.DateTimeFormat.prototype.resolvedOptions = function () {
  return { ...options.call(this), timeZone: "Mars/Olympus" };
};
"""


@pytest.fixture
async def workshop(inlay: Running) -> Workshop:
    """A project with a run for ada, and with grace, whose id a spreadsheet would calculate."""
    inlay.desk.is_closed = False
    workshop = await inlay.workshop()
    await desk_run(inlay, workshop)
    await connect(workshop, '=grace,"x"')
    return workshop


async def test_numbers_last_runs_and_a_chart_that_a_keyboard_reads(
    inlay: Running, workshop: Workshop, chromium: Browser
) -> None:
    await register(workshop, "ada")
    async with inlay.browsing(chromium, workshop) as page:
        await page.goto(f"/projects/{workshop.project_id}/statistics")
        await expect(page.get_by_role("region", name="Users", exact=True)).to_contain_text(
            "22 connected accounts"
        )
        await expect(page.get_by_role("region", name="Registrations")).to_contain_text("1")
        spent = page.get_by_role("region", name="Used Daily Credits")
        await expect(spent).to_contain_text("1")
        await expect(spent).to_contain_text(re.compile(r"Your account: 1 of [\d,]+"))
        await expect(spent).to_contain_text("Renews")
        last = page.get_by_role("region", name="Last executions")
        await expect(last.get_by_role("row", name=re.compile("ada"))).to_contain_text("Completed")
        await expect(last.get_by_role("link", name="All executions")).to_have_attribute(
            "href", re.compile("/runs$")
        )
        history = page.get_by_role("region", name="Runs over time")
        await history.get_by_text("7 days").click()
        chart = history.get_by_role("group", name="Runs in the last 7 days")
        await expect(chart.get_by_role("img")).to_have_count(7)
        today = chart.get_by_role("img").last
        await expect(today).to_have_attribute("aria-label", re.compile("1 run, Completed: 1"))
        await today.focus()
        await page.keyboard.press("ArrowLeft")
        await expect(chart.get_by_role("img").nth(5)).to_be_focused()
        await expect(page.get_by_role("tooltip", name=re.compile("0 runs"))).to_be_visible()
        await page.keyboard.press("ArrowRight")
        await expect(page.get_by_role("tooltip", name=re.compile("Completed: 1"))).to_be_visible()
        await history.get_by_role("button", name="Show as table").click()
        await expect(history.get_by_role("row")).to_have_count(1 + 7)
        await expect(history.get_by_role("row").nth(1)).to_contain_text("11")


async def test_a_time_zone_that_the_server_does_not_know_and_a_users_own_registrations(
    inlay: Running, workshop: Workshop, chromium: Browser
) -> None:
    for user_id in ("ada", "adam"):
        await register(workshop, user_id)
    async with inlay.browsing(chromium, workshop) as page:
        await page.add_init_script(ON_MARS)
        await page.goto(f"/projects/{workshop.project_id}/statistics")
        history = page.get_by_role("region", name="Runs over time")
        await expect(history).to_contain_text("does not know your time zone (Mars/Olympus)")
        await expect(history.get_by_role("img", name=re.compile(r"\d runs?"))).to_have_count(30)
        await expect(page.get_by_role("alert")).to_have_count(0)
        await page.get_by_role("button", name="Open ada", exact=True).click()
        await page.get_by_role("link", name="Registrations of this user").click()
        rows = page.get_by_role("row")
        await expect(rows).to_have_count(1 + 1)
        await page.get_by_role("checkbox", name="Only ada").click()
        await expect(rows).to_have_count(1 + 2)
        await page.get_by_role("searchbox", name="User").fill("DAM")
        await expect(rows).to_have_count(1 + 1)
        await expect(page.get_by_role("button", name="Open A of adam")).to_be_visible()


async def test_connected_users_are_found_exported_helped_and_deleted(
    inlay: Running, workshop: Workshop, chromium: Browser, tmp_path: Path
) -> None:
    async with inlay.browsing(chromium, workshop) as page:
        await page.goto(f"/projects/{workshop.project_id}/statistics")
        async with page.expect_download() as saving:
            await page.get_by_role("link", name="Download CSV").click()
        download = await saving.value
        assert download.suggested_filename == "end-users.csv"
        await download.save_as(tmp_path / "users.csv")
        # Spreadsheet programs take it for UTF-8 by its mark.
        assert (tmp_path / "users.csv").read_bytes().startswith(b"\xef\xbb\xbf")
        with (tmp_path / "users.csv").open(encoding="utf-8-sig", newline="") as file:
            rows = [(row["userId"], row["appKey"], row["status"]) for row in csv.DictReader(file)]
        assert rows == [('\'=grace,"x"', "desk", "connected"), ("ada", "desk", "connected")]

        users = page.get_by_role("region", name="Connected users")
        await choose(page, "Connection", "must be connected again")
        await expect(users.get_by_text("No user matches")).to_be_visible()
        await choose(page, "Connection", "connected")
        await users.get_by_label("Search users").fill("ad")
        await expect(users.get_by_role("row")).to_have_count(2)
        await users.get_by_role("button", name="Open ada").click()
        user = page.get_by_role("dialog", name="ada", exact=True)
        connection = user.get_by_role("article", name="Desk")
        await expect(connection.get_by_text("connected", exact=True)).to_be_visible()
        await connection.get_by_role("button", name="Delete the Desk connection of ada").click()
        asked = page.get_by_role("dialog", name="Delete the Desk connection of ada")
        await asked.get_by_role("button", name="Delete", exact=True).click()
        await expect(user.get_by_text("No account is connected.")).to_be_visible(timeout=SLOWLY_MS)

        # The user is sent a link, connects again, and is deleted.
        await user.get_by_role("button", name="Make a connect link").click()
        link = await user.get_by_role("textbox", name="Connect link").input_value()
        theirs = await page.context.new_page()
        await theirs.goto(link)
        await theirs.get_by_label("Key", exact=True).fill("k-2")
        await theirs.get_by_role("button", name="Connect Desk").click()
        await expect(theirs.get_by_role("heading", level=1)).to_have_text("Desk is connected")
        await theirs.close()
        await page.reload()
        await expect(connection.get_by_text("connected", exact=True)).to_be_visible()
        await user.get_by_role("button", name="Delete user").click()
        asked = page.get_by_role("dialog", name="Delete ada")
        await asked.get_by_role("button", name="Delete user").click()
        await expect(page.get_by_role("dialog")).to_have_count(0, timeout=SLOWLY_MS)
        await expect(users.get_by_text("No user matches")).to_be_visible()
        await expect(page.get_by_role("region", name="Users", exact=True)).to_contain_text("1")


@pytest.mark.parametrize("options", [{"color_scheme": "dark"}, {"viewport": PHONE}])
async def test_all_of_it_can_be_used_by_everybody(
    inlay: Running, workshop: Workshop, chromium: Browser, axe: str, options: dict[str, Any]
) -> None:
    async with inlay.browsing(chromium, workshop, **options) as page:
        await page.goto(f"/projects/{workshop.project_id}/statistics")
        await expect(page.get_by_role("button", name="Open ada")).to_be_visible()
        await expect(page.get_by_role("img", name=re.compile("1 run,"))).to_be_visible()
        assert await grave_faults(page, axe) == []
        assert await no_wider_than_screen(page)
        await page.get_by_role("button", name="Show as table").click()
        await page.get_by_role("button", name="Open ada").click()
        await expect(page.get_by_role("article", name="Desk")).to_be_visible()
        await page.get_by_role("button", name="Make a connect link").click()
        await expect(page.get_by_role("textbox", name="Connect link")).to_be_visible()
        assert await grave_faults(page, axe) == []
        assert await no_wider_than_screen(page)
