"""Runs and registrations in the console, by clicking, against the whole of Inlay."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

import pytest
from playwright.async_api import expect

from tests.browser.conftest import PHONE, grave_faults
from tests.browser.console.project import (
    APPROVAL,
    DELAY,
    NOTHING,
    SLOWLY_MS,
    choose,
    desk_run,
    dialog,
    menu,
    register,
    run,
    run_again,
    stands,
)
from tests.browser.console.running import Running, layout_shift, no_wider_than_screen

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import Browser, Page

    from tests.api.conftest import Workshop


@pytest.fixture
async def workshop(inlay: Running) -> Workshop:
    inlay.desk.is_closed = False
    return await inlay.workshop()


@pytest.fixture
async def page(inlay: Running, chromium: Browser, workshop: Workshop) -> AsyncIterator[Page]:
    """The project's runs, from where the tests walk on."""
    async with inlay.browsing(chromium, workshop) as page:
        await page.goto(f"/projects/{workshop.project_id}/runs")
        yield page


async def test_a_failed_run_is_understood_and_retried(
    inlay: Running, workshop: Workshop, page: Page
) -> None:
    await expect(page.get_by_text("Nothing ran yet")).to_be_visible()
    inlay.desk.is_closed = True
    assert (await desk_run(inlay, workshop))["status"] == "error"
    await page.reload()
    row = page.get_by_role("row", name=re.compile("the desk is closed"))
    await row.get_by_role("link", name="A", exact=True).click()
    await stands(page, "Failed")
    await expect(page.get_by_role("alert", name="The run failed")).to_contain_text("desk is closed")
    await expect(page.get_by_role("link", name="Open the automation")).to_have_attribute(
        "href", re.compile("/automations/")
    )
    steps = page.get_by_role("region", name="Steps")
    await steps.get_by_role("button", name=re.compile("Open the ticket")).click()
    await expect(steps.get_by_role("region", name="Inputs")).to_contain_text(
        "Dear desk: the door squeaks"
    )
    inlay.desk.is_closed = False
    await page.get_by_role("button", name="Retry from the failed step").click()
    await stands(page, "Completed")
    await expect(page.get_by_role("region", name="Result", exact=True).last).to_contain_text("T-")
    # What had succeeded was not done again.
    assert inlay.desk.titles[-1] == "Dear desk: the door squeaks"
    await expect(steps.get_by_role("button", name=re.compile("Find the words"))).to_have_count(1)


async def test_runs_are_found_page_by_page_and_new_ones_do_not_push_them_away(
    workshop: Workshop, page: Page
) -> None:
    automation = await workshop.automation(NOTHING)
    await asyncio.gather(*(run_again(workshop, automation) for _ in range(26)))
    assert (await run(workshop, APPROVAL))["status"] == "paused"
    await page.reload()
    rows = page.get_by_role("row")
    await expect(rows).to_have_count(1 + 25)
    await page.get_by_role("button", name="Show more").click()
    await expect(rows).to_have_count(1 + 27)
    await run_again(workshop, automation)
    # The list is asked for anew every five seconds.
    newer = page.get_by_role("button", name="Show 1 new run")
    await expect(newer).to_be_visible(timeout=SLOWLY_MS)
    await newer.click()
    await expect(newer).to_have_count(0)
    await choose(page, "Status", "Paused")
    await expect(rows).to_have_count(2)
    await choose(page, "Started", "Last hour")
    own = page.get_by_role("checkbox", name="Only my own tests")
    await own.click()
    await expect(own).to_be_checked()
    await expect(page).to_have_url(re.compile("status=paused&period=hour&own=1"))
    await expect(rows).to_have_count(2)
    await page.reload()
    await page.get_by_role("row").get_by_role("link").click()
    await expect(page.get_by_text("May we?").first).to_be_visible()
    await page.get_by_label("Comment").fill("Gladly")
    await page.get_by_role("button", name="Approve").click()
    await stands(page, "Completed")
    await expect(page.get_by_role("region", name="Result", exact=True).last).to_contain_text(
        "Gladly"
    )
    await page.go_back()
    await expect(page.get_by_text("No run matches")).to_be_visible(timeout=SLOWLY_MS)
    await page.get_by_role("button", name="Clear filters").click()
    await expect(rows).to_have_count(1 + 25)


async def test_a_run_and_the_run_that_it_called_lead_to_each_other_and_are_canceled(
    workshop: Workshop, page: Page
) -> None:
    waits = await workshop.automation(DELAY)
    calls = {
        "trigger": {"type": "manual"},
        "steps": [{"id": "other", "type": "call", "automationId": waits}],
    }
    # Who calls waits with what is called: both are paused, and the call is answered.
    assert (await run(workshop, calls))["status"] == "paused"
    await choose(page, "Status", "Paused")
    await expect(page.get_by_role("row")).to_have_count(3, timeout=SLOWLY_MS)
    called = page.get_by_role("row").filter(has_text="Another automation")
    await called.get_by_role("link").click()
    await stands(page, "Paused")
    await expect(page.get_by_text("Another automation")).to_be_visible()
    await page.get_by_role("link", name="Open the run").click()
    await expect(page.get_by_text("Another automation")).to_have_count(0)
    await stands(page, "Paused")
    await expect(page.get_by_text("Called", exact=True)).to_be_visible()
    run_id = page.url.rsplit("/", 1)[-1]
    await expect(page.get_by_role("link", name=re.compile("Temporal UI"))).to_have_attribute(
        "href", re.compile(re.escape(run_id))
    )
    await page.get_by_role("button", name="Cancel run").click()
    await dialog(page).get_by_role("button", name="Cancel run").click()
    await stands(page, "Canceled")
    await expect(page.get_by_role("button", name="Cancel run")).to_have_count(0)


async def test_a_registration_is_watched_tested_paused_and_ended(
    workshop: Workshop, page: Page
) -> None:
    await register(workshop, "ada")
    await register(workshop, "grace")
    await menu(page, "Registrations")
    # The page before has a field of this name, too.
    await expect(page.get_by_role("heading", level=1)).to_have_text("Registrations")
    await page.get_by_role("searchbox", name="User").fill("ada")
    await expect(page.get_by_role("row")).to_have_count(2)
    await choose(page, "State", "Active")
    await page.get_by_role("button", name="Open A of ada").click()
    drawer = page.get_by_role("dialog", name="A", exact=True)
    url = await drawer.get_by_role("textbox", name="URL for events").input_value()
    answer = await workshop.application.http.post(url, json={"hello": "console"})
    assert answer.status_code == 200
    events = drawer.get_by_role("region", name="Recent events")
    shown = events.get_by_role("link", name="Show the run")
    await expect(shown).to_have_count(1, timeout=SLOWLY_MS)
    await events.get_by_role("button", name="Deliver again").click()
    await expect(shown).to_have_count(2, timeout=SLOWLY_MS)
    await drawer.get_by_role("button", name="Pause").click()
    await expect(drawer.get_by_text("Paused", exact=True)).to_be_visible()
    resume = drawer.get_by_role("button", name="Resume")
    await expect(resume).to_be_enabled(timeout=SLOWLY_MS)
    await resume.click()
    await expect(drawer.get_by_role("button", name="Pause")).to_be_enabled(timeout=SLOWLY_MS)
    await expect(drawer.get_by_text("Active", exact=True)).to_be_visible(timeout=SLOWLY_MS)
    await drawer.get_by_role("button", name="Test with a sample").click()
    await stands(page, "Completed")
    await page.go_back()
    await drawer.get_by_role("button", name="End registration").click()
    asked = page.get_by_role("dialog", name="End this registration?")
    await asked.get_by_role("button", name="End registration").click()
    await expect(page.get_by_role("dialog")).to_have_count(0, timeout=SLOWLY_MS)
    await expect(page.get_by_text("No registration matches")).to_be_visible(timeout=SLOWLY_MS)
    await page.get_by_role("button", name="Clear filters").click()
    await expect(page.get_by_role("button", name="Open A of grace")).to_be_visible()


@pytest.mark.parametrize("options", [{"color_scheme": "dark"}, {"viewport": PHONE}])
async def test_all_of_it_can_be_used_by_everybody(
    inlay: Running, workshop: Workshop, chromium: Browser, axe: str, options: dict[str, Any]
) -> None:
    inlay.desk.is_closed = True
    failed = await desk_run(inlay, workshop)
    waiting = await run(workshop, APPROVAL)
    await register(workshop, "ada")
    async with inlay.browsing(chromium, workshop, **options) as page:
        place = f"/projects/{workshop.project_id}"
        await page.goto(f"{place}/runs")
        await expect(page.get_by_role("row")).to_have_count(3)
        assert await grave_faults(page, axe) == []
        assert await no_wider_than_screen(page)
        await page.goto(f"{place}/runs/{waiting['runId']}")
        await expect(page.get_by_role("button", name="Approve")).to_be_visible()
        assert await grave_faults(page, axe) == []
        await page.goto(f"{place}/runs/{failed['runId']}")
        await expect(page.get_by_role("button", name=re.compile("Open the ticket"))).to_be_visible()
        assert await layout_shift(page) < 0.05
        await page.get_by_role("button", name=re.compile("Open the ticket")).click()
        await expect(page.get_by_role("region", name="Inputs")).to_be_visible()
        assert await grave_faults(page, axe) == []
        assert await no_wider_than_screen(page)
        await page.goto(f"{place}/registrations")
        await page.get_by_role("button", name="Open A of ada").click()
        await expect(page.get_by_role("textbox", name="URL for events")).to_be_visible()
        assert await grave_faults(page, axe) == []
        assert await no_wider_than_screen(page)


async def test_a_turkish_browser_is_answered_in_turkish(
    inlay: Running, workshop: Workshop, chromium: Browser
) -> None:
    # A text that there is not shows its key.
    key = re.compile(r"\b(common|settings|statistics|runs|registrations)\.[a-z]\w+")
    headings = {
        "settings?area=tokens": "Ayarlar",
        "settings?area=integrations": "Ayarlar",
        "settings?area=webhook": "Ayarlar",
        "settings?area=danger": "Ayarlar",
        "statistics": "İstatistikler",
        "runs": "Çalıştırmalar",  # noqa: RUF001 - Turkish
        "registrations": "Kayıtlar",  # noqa: RUF001 - Turkish
    }
    async with inlay.browsing(chromium, workshop, locale="tr-TR") as page:
        for path, heading in headings.items():
            await page.goto(f"/projects/{workshop.project_id}/{path}")
            await expect(page.get_by_role("heading", level=1)).to_have_text(heading)
            await page.wait_for_load_state("networkidle")
            await expect(page.locator("body")).not_to_contain_text(key)
