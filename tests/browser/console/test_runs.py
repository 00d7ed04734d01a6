"""Statistics, runs and registrations in the console, by clicking, against the whole of Inlay."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.async_api import expect

from tests.browser.conftest import PHONE, grave_faults
from tests.browser.console.running import Running, connect, no_wider_than_screen, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import Browser, Page

    from tests.api.conftest import Workshop

TICKET = {
    "trigger": {
        "type": "manual",
        "input": {"type": "object", "properties": {"title": {"type": "string"}}},
    },
    "steps": [
        {
            "id": "words",
            "name": "Find the words",
            "type": "set",
            "values": {"title": "Dear desk: {{ data.title }}"},
        },
        {
            "id": "ticket",
            "name": "Open the ticket",
            "type": "app",
            "component": "desk.open-ticket",
            "inputs": {"title": "{{ vars.title }}"},
        },
    ],
    "result": "{{ steps.ticket.output.id }}",
}
APPROVAL = {
    "trigger": {"type": "manual"},
    "steps": [
        {
            "id": "boss",
            "name": "Ask the boss",
            "type": "approval",
            "who": "the boss",
            "message": "May we?",
        }
    ],
    "result": "{{ steps.boss.output }}",
}
DELAY = {
    "trigger": {"type": "manual"},
    "steps": [{"id": "wait", "name": "Wait a day", "type": "delay", "seconds": 86400}],
}
LISTENS = {
    "trigger": {"type": "app", "component": "webhook.received"},
    "steps": [],
    "result": "{{ event }}",
}


@pytest.fixture(scope="module")
async def inlay(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Running]:
    async with running(tmp_path_factory.mktemp("console"), sqlite_template) as inlay:
        yield inlay


@pytest.fixture
async def workshop(inlay: Running) -> Workshop:
    inlay.desk.is_closed = False
    return await inlay.workshop()


@pytest.fixture
async def page(inlay: Running, chromium: Browser, workshop: Workshop) -> AsyncIterator[Page]:
    """The project's statistics, from where the tests walk on."""
    async with inlay.browsing(chromium, workshop) as page:
        await page.goto(f"/projects/{workshop.project_id}/statistics")
        yield page


async def run(workshop: Workshop, definition: dict[str, Any], **body: Any) -> dict[str, Any]:
    automation = await workshop.automation(definition)
    answer: dict[str, Any] = await workshop.application.expect(
        200, "POST", workshop.run_path(automation), {"data": {}, **body}
    )
    return answer


async def desk_run(inlay: Running, workshop: Workshop) -> dict[str, Any]:
    """A run for ada, which opens a ticket at the desk."""
    await workshop.integrate("desk")
    await connect(workshop, "ada")
    return await run(workshop, TICKET, userId="ada", data={"title": "the door squeaks"})


async def menu(page: Page, name: str) -> None:
    """Opens an entry of the project's navigation."""
    await page.get_by_role("navigation").get_by_role("link", name=name, exact=True).click()


async def stands(page: Page, state: str) -> None:
    """Waits until the run of the page is in this state; a busy machine takes its time."""
    await expect(page.get_by_role("status").first).to_have_text(state, timeout=30_000)


async def test_a_failed_run_is_understood_and_retried(
    inlay: Running, workshop: Workshop, page: Page
) -> None:
    inlay.desk.is_closed = True
    assert (await desk_run(inlay, workshop))["status"] == "error"
    await page.reload()
    last = page.get_by_role("region", name="Last executions")
    await last.get_by_role("link", name="A", exact=True).click()
    await expect(page.get_by_role("status").first).to_have_text("Failed")
    steps = page.get_by_role("region", name="Steps")
    await steps.get_by_role("button", name=re.compile("Open the ticket")).click()
    await expect(steps.get_by_role("region", name="Inputs")).to_contain_text(
        "Dear desk: the door squeaks"
    )
    await expect(steps).to_contain_text("the desk is closed")
    inlay.desk.is_closed = False
    await page.get_by_role("button", name="Retry from the failed step").click()
    await stands(page, "Completed")
    await expect(page.get_by_role("region", name="Result", exact=True).last).to_contain_text("T-")
    # What had succeeded was not done again.
    assert inlay.desk.titles[-1] == "Dear desk: the door squeaks"
    await expect(steps.get_by_role("button", name=re.compile("Find the words"))).to_have_count(1)


async def test_an_approval_is_found_and_given(workshop: Workshop, page: Page) -> None:
    await run(workshop, {"trigger": {"type": "manual"}, "steps": []})
    assert (await run(workshop, APPROVAL))["status"] == "paused"
    await menu(page, "Runs")
    await expect(page.get_by_role("row")).to_have_count(3)
    await page.get_by_role("textbox", name="Status").click()
    await page.get_by_role("option", name="Paused").click()
    await expect(page.get_by_role("row")).to_have_count(2)
    await page.get_by_role("row").get_by_role("link").click()
    await expect(page.get_by_text("May we?").first).to_be_visible()
    await page.get_by_label("Comment").fill("Gladly")
    await page.get_by_role("button", name="Approve").click()
    await stands(page, "Completed")
    await expect(page.get_by_role("region", name="Result", exact=True).last).to_contain_text(
        "Gladly"
    )


async def test_a_run_is_canceled(workshop: Workshop, page: Page) -> None:
    run_id = (await run(workshop, DELAY))["runId"]
    await menu(page, "Runs")
    await page.get_by_label("Search").fill(run_id)
    await page.get_by_role("row").get_by_role("link").click()
    await expect(page.get_by_role("link", name=re.compile("Temporal UI"))).to_have_attribute(
        "href", re.compile(re.escape(run_id))
    )
    await page.get_by_role("button", name="Cancel run").click()
    await page.get_by_role("dialog").get_by_role("button", name="Cancel run").click()
    await stands(page, "Canceled")
    await expect(page.get_by_role("button", name="Cancel run")).to_have_count(0)


async def test_statistics_count_and_tell_users_as_csv(
    inlay: Running, workshop: Workshop, page: Page, tmp_path: Path
) -> None:
    await desk_run(inlay, workshop)
    await connect(workshop, "=grace")
    await page.reload()
    await expect(page.get_by_role("region", name="Users", exact=True)).to_contain_text("2")
    await expect(page.get_by_role("region", name="Registrations")).to_contain_text("0")
    await expect(page.get_by_role("region", name="Used Daily Credits")).to_contain_text("1")
    async with page.expect_download() as saving:
        await page.get_by_role("button", name="Download CSV").click()
    download = await saving.value
    assert download.suggested_filename == "connected-users.csv"
    await download.save_as(tmp_path / "users.csv")
    with (tmp_path / "users.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = [(row["userId"], row["appKey"], row["status"]) for row in csv.DictReader(file)]
    assert rows == [("'=grace", "desk", "connected"), ("ada", "desk", "connected")]
    users = page.get_by_role("region", name="Connected users")
    await users.get_by_label("Search users").fill("ad")
    await expect(users.get_by_role("row")).to_have_count(2)
    await users.get_by_role("button", name="Delete ada").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(users.get_by_text("No user matches")).to_be_visible()
    await expect(page.get_by_role("region", name="Users", exact=True)).to_contain_text("1")


async def test_a_registration_is_watched_tested_paused_and_ended(
    workshop: Workshop, page: Page
) -> None:
    automation = await workshop.automation(LISTENS)
    path = f"/api/v1/ipaas/automations/{automation}/register"
    await workshop.application.expect(200, "POST", path, {"userId": "ada", "data": {"a": 1}})
    await menu(page, "Registrations")
    await page.get_by_role("textbox", name="State").click()
    await page.get_by_role("option", name="Active").click()
    await page.get_by_role("button", name="Open A of ada").click()
    drawer = page.get_by_role("dialog", name="A", exact=True)
    url = await drawer.get_by_role("textbox", name="URL for events").input_value()
    answer = await workshop.application.http.post(url, json={"hello": "console"})
    assert answer.status_code == 200
    events = drawer.get_by_role("region", name="Recent events")
    await expect(events.get_by_role("link", name="Show the run")).to_have_count(1)
    await events.get_by_role("button", name="Deliver again").click()
    await expect(events.get_by_role("link", name="Show the run")).to_have_count(2)
    await drawer.get_by_role("button", name="Pause").click()
    await expect(drawer.get_by_text("Paused", exact=True)).to_be_visible()
    await drawer.get_by_role("button", name="Resume").click()
    await expect(drawer.get_by_text("Active", exact=True)).to_be_visible()
    await drawer.get_by_role("button", name="Test with a sample").click()
    await stands(page, "Completed")
    await page.go_back()
    await drawer.get_by_role("button", name="End registration").click()
    asked = page.get_by_role("dialog", name="End this registration?")
    await asked.get_by_role("button", name="End registration").click()
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(page.get_by_role("button", name="Open A of ada")).to_have_count(0)


@pytest.mark.parametrize("options", [{}, {"color_scheme": "dark"}, {"viewport": PHONE}])
async def test_all_of_it_can_be_used_by_everybody(
    inlay: Running, workshop: Workshop, chromium: Browser, axe: str, options: dict[str, Any]
) -> None:
    inlay.desk.is_closed = True
    failed = await desk_run(inlay, workshop)
    waiting = await run(workshop, APPROVAL)
    automation = await workshop.automation(LISTENS)
    path = f"/api/v1/ipaas/automations/{automation}/register"
    await workshop.application.expect(200, "POST", path, {"userId": "ada", "data": {}})
    async with inlay.browsing(chromium, workshop, **options) as page:
        place = f"/projects/{workshop.project_id}"
        for name in ("statistics", "runs", f"runs/{failed['runId']}", f"runs/{waiting['runId']}"):
            await page.goto(f"{place}/{name}")
            await expect(page.get_by_role("heading", level=1)).to_be_visible()
            await page.wait_for_load_state("networkidle")
            for step in await page.get_by_role("button", name=re.compile("Open the ticket")).all():
                await step.click()
            assert await grave_faults(page, axe) == [], name
            assert await no_wider_than_screen(page), name
        await page.goto(f"{place}/registrations")
        await page.get_by_role("button", name="Open A of ada").click()
        await expect(page.get_by_role("textbox", name="URL for events")).to_be_visible()
        assert await grave_faults(page, axe) == []
        assert await no_wider_than_screen(page)


@pytest.mark.parametrize(
    ("path", "heading"),
    [
        ("settings?area=tokens", "Ayarlar"),
        ("settings?area=integrations", "Ayarlar"),
        ("settings?area=webhook", "Ayarlar"),
        ("settings?area=danger", "Ayarlar"),
        ("statistics", "İstatistikler"),
        ("runs", "Çalıştırmalar"),  # noqa: RUF001 - Turkish
        ("registrations", "Kayıtlar"),  # noqa: RUF001 - Turkish
    ],
)
async def test_a_turkish_browser_is_answered_in_turkish(
    inlay: Running, workshop: Workshop, chromium: Browser, path: str, heading: str
) -> None:
    async with inlay.browsing(chromium, workshop, locale="tr-TR") as page:
        await page.goto(f"/projects/{workshop.project_id}/{path}")
        await expect(page.get_by_role("heading", level=1)).to_have_text(heading)
        await page.wait_for_load_state("networkidle")
        # A text that there is not shows its key.
        key = re.compile(r"\b(common|settings|statistics|runs|registrations)\.[a-z]\w+")
        await expect(page.locator("body")).not_to_contain_text(key)
