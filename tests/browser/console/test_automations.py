"""Automations in the console, by clicking and by keyboard, against the whole of Inlay."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from playwright.async_api import expect

from tests.browser.conftest import PHONE, grave_faults
from tests.browser.console.running import Running, no_wider_than_screen, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from playwright.async_api import Browser, Page

    from tests.api.conftest import Workshop

GREETING: dict[str, Any] = {
    "trigger": {
        "type": "manual",
        "input": {"type": "object", "properties": {"name": {"type": "string", "default": "Ada"}}},
    },
    "steps": [
        {"id": "greet", "type": "set", "values": {"text": "Hello {{ data.name }}!"}},
        {
            "id": "check",
            "name": "Is it Ada?",
            "type": "condition",
            "branches": [
                {
                    "name": "It is Ada",
                    "when": "data.name == 'Ada'",
                    "steps": [{"id": "loud", "type": "set", "values": {"text": "HELLO"}}],
                }
            ],
            "otherwise": [],
        },
        {"id": "last", "type": "stop", "result": "{{ vars.text }}"},
    ],
}


@pytest.fixture(scope="module")
async def inlay(
    console_dist: Path, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Running]:
    async with running(tmp_path_factory.mktemp("automations"), sqlite_template) as inlay:
        yield inlay


@pytest.fixture
async def workshop(inlay: Running) -> Workshop:
    return await inlay.workshop()


@pytest.fixture
async def page(inlay: Running, workshop: Workshop, chromium: Browser) -> AsyncIterator[Page]:
    async with inlay.browsing(chromium, workshop) as page:
        yield page


def place(workshop: Workshop, automation_id: str = "") -> str:
    return f"/projects/{workshop.project_id}/automations/{automation_id}".rstrip("/")


async def draft(workshop: Workshop, automation_id: str) -> dict[str, Any]:
    path = f"{workshop.path}/automations/{automation_id}"
    answer: dict[str, Any] = await workshop.developer.expect(200, "GET", path)
    return answer


async def create(page: Page, workshop: Workshop, name: str, template: str) -> str:
    """Makes an automation from a template by clicking; its id."""
    await page.goto(place(workshop))
    await page.get_by_role("button", name="Create automation").first.click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Name").fill(name)
    await dialog.get_by_role("radio", name=template, exact=True).check()
    await dialog.get_by_role("button", name="Create automation").click()
    await expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()
    return page.url.rsplit("/", 1)[1]


async def saved(page: Page) -> None:
    state = page.get_by_role("status").filter(has_text=re.compile("^Saved$"))
    await expect(state).to_be_visible()


def step(page: Page, step_id: str) -> Any:
    return page.locator(f'[data-step="{step_id}"]')


async def test_from_nothing_to_a_published_automation(page: Page, workshop: Workshop) -> None:
    await page.goto(place(workshop))
    await expect(page.get_by_text("No automations yet")).to_be_visible()
    automation_id = await create(page, workshop, "Welcome", "Greet")

    await page.get_by_role("button", name="Test", exact=True).click()
    await expect(page.get_by_label("Data (JSON)")).to_have_value(re.compile('"name": "Ada"'))
    await page.get_by_label("Data (JSON)").fill('{"name": "Grace"}')
    await page.get_by_role("button", name="Run the draft").click()
    run = page.get_by_role("region", name="Test run")
    await expect(run.get_by_role("status")).to_have_text("Completed", timeout=30_000)
    await expect(run.get_by_role("button", name="Greet")).to_be_visible()
    await expect(run.get_by_role("region", name="Result")).to_have_text('"Hello Grace!"')

    await page.get_by_role("button", name="Publish").click()
    await expect(page.get_by_text("Version 1 is published")).to_be_visible()
    assert (await draft(workshop, automation_id))["publishedVersion"] == 1

    await page.get_by_role("link", name="All automations").click()
    row = page.get_by_role("row").filter(has_text="Welcome")
    await expect(row).to_contain_text("Version 1 published")
    await expect(row).to_contain_text("Completed")
    await expect(page.get_by_role("button", name=re.compile("Run"))).to_have_count(0)


@pytest.mark.parametrize(
    "template",
    ["Empty", "Greet", "Approval", "Loop", "On a schedule", "When a request is received"],
)
async def test_each_template_can_be_published_as_it_is(
    page: Page, workshop: Workshop, template: str
) -> None:
    automation_id = await create(page, workshop, template, template)
    await page.get_by_role("button", name="Publish").click()
    await expect(page.get_by_text("Version 1 is published")).to_be_visible()
    assert (await draft(workshop, automation_id))["publishedVersion"] == 1


async def test_an_action_is_added_from_the_catalogue_and_reads_the_data(
    inlay: Running, page: Page, workshop: Workshop
) -> None:
    await workshop.integrate("desk")
    path = f"{workshop.path}/developer/connections/desk"
    fields = {"connectionFields": {"key": "k"}}
    await workshop.application.expect(200, "POST", path, fields)
    automation_id = await create(page, workshop, "Tickets", "Greet")

    await page.get_by_role("button", name="Add a step at the end").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Search actions").fill("desk ticket")
    await expect(dialog.get_by_role("button")).to_have_count(2)  # one choice, and to close
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")

    form = page.get_by_role("region", name="Open a ticket")
    switch = form.get_by_role("switch", name="Replace end user's connection")
    await expect(switch).to_be_checked()
    title = form.get_by_role("textbox", name="title")
    await expect(form.get_by_text("`title` is needed by desk.open-ticket.")).to_be_visible()
    await expect(title).to_have_attribute("aria-invalid", "true")
    await expect(page.get_by_role("button", name="Publish")).to_be_disabled()

    await title.fill("From ")
    await form.get_by_role("button", name="Insert data into title").click()
    await page.get_by_label("Search data").fill("data.name")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(title).to_have_value("From {{ data.name }}")
    await expect(page.get_by_text("is needed by")).to_have_count(0)
    await saved(page)
    [_, added] = (await draft(workshop, automation_id))["definition"]["steps"]
    assert added == {
        "id": "open_a_ticket",
        "type": "app",
        "component": "desk.open-ticket",
        "name": "Open a ticket",
        "inputs": {"title": "From {{ data.name }}"},
        "replaceEndUserConnection": True,
    }

    await page.get_by_role("button", name="Test", exact=True).click()
    await page.get_by_role("button", name="Run the draft").click()
    run = page.get_by_role("region", name="Test run")
    await expect(run.get_by_role("status")).to_have_text("Completed", timeout=30_000)
    assert inlay.desk.titles[-1] == "From Ada"


async def test_a_test_run_shows_where_it_waits_and_goes_on(page: Page, workshop: Workshop) -> None:
    await create(page, workshop, "Days off", "Approval")
    await page.get_by_role("button", name="Test", exact=True).click()
    await page.get_by_role("button", name="Run the draft").click()
    run = page.get_by_role("region", name="Test run")
    await expect(run.get_by_role("status")).to_have_text("Paused", timeout=30_000)
    await run.get_by_role("button", name="Approve").click()
    await expect(run.get_by_role("region", name="Result")).to_have_text(
        '"approved"', timeout=30_000
    )


async def test_steps_are_edited_by_keyboard(page: Page, workshop: Workshop) -> None:
    automation_id = await workshop.automation(GREETING, publish=False)
    await page.goto(place(workshop, automation_id))
    await step(page, "$trigger").focus()
    for expected in ("greet", "check", "loud", "last"):
        await page.keyboard.press("ArrowDown")
        await expect(step(page, expected)).to_be_focused()
    await page.keyboard.press("Alt+ArrowUp")
    cards = page.locator("[data-step]")
    order = ["$trigger", "greet", "last", "check", "loud"]
    for index, expected in enumerate(order):
        await expect(cards.nth(index)).to_have_attribute("data-step", expected)

    await step(page, "check").focus()
    await page.keyboard.press("Delete")
    await expect(cards).to_have_count(4)
    await page.keyboard.press("Control+z")
    await expect(cards).to_have_count(6)
    await page.keyboard.press("Control+z")
    await expect(cards.nth(4)).to_have_attribute("data-step", "last")
    await page.keyboard.press("Control+Shift+Z")
    await saved(page)
    steps = (await draft(workshop, automation_id))["definition"]["steps"]
    assert [one["id"] for one in steps] == ["greet", "last", "check"]


async def test_the_result_is_corrected_where_its_fault_is_told(
    page: Page, workshop: Workshop
) -> None:
    wrong = {**GREETING, "result": "{{ steps.gret.output }}"}
    automation_id = await workshop.automation(wrong, publish=False)
    await page.goto(place(workshop, automation_id))
    await page.get_by_role("button", name="result", exact=True).click()
    form = page.get_by_role("region", name="Result")
    await expect(form.get_by_text("There is no step `gret`")).to_be_visible()
    await form.get_by_role("textbox", name="Result").fill("")
    await form.get_by_role("button", name="Insert data into Result").click()
    await page.get_by_role("button", name="vars.text").click()
    await expect(page.get_by_role("button", name="Publish")).to_be_enabled()
    await saved(page)
    assert (await draft(workshop, automation_id))["definition"]["result"] == "{{ vars.text }}"


async def test_a_step_moves_into_a_branch_and_gets_another_id(
    page: Page, workshop: Workshop
) -> None:
    automation_id = await workshop.automation(GREETING, publish=False)
    await page.goto(place(workshop, automation_id))
    await step(page, "greet").click()
    form = page.get_by_role("region", name="greet")
    await form.get_by_label("Id", exact=True).fill("hello")
    await form.get_by_role("button", name="Rename").click()
    form = page.get_by_role("region", name="hello")
    await form.get_by_role("textbox", name="Move into").click()
    await page.get_by_role("option", name="Is it Ada?: Otherwise").click()
    otherwise = page.get_by_role("group", name="Otherwise")
    await expect(otherwise.locator('[data-step="hello"]')).to_be_visible()
    await saved(page)
    steps = (await draft(workshop, automation_id))["definition"]["steps"]
    assert [one["id"] for one in steps] == ["check", "last"]
    assert [one["id"] for one in steps[0]["otherwise"]] == ["hello"]


async def test_json_shows_faults_at_their_paths_and_keeps_what_is_no_json(
    page: Page, workshop: Workshop
) -> None:
    automation_id = await workshop.automation(GREETING, publish=False)
    await page.goto(place(workshop, automation_id))
    await page.get_by_role("tab", name="JSON").click()
    text = page.get_by_role("textbox", name="Definition")
    await text.fill('{"steps": [')
    await expect(page.get_by_text("This is no JSON object")).to_be_visible()
    assert (await draft(workshop, automation_id))["definition"] == GREETING

    wrong = {**GREETING, "result": "{{ steps.gret.output }}"}
    await text.fill(json.dumps(wrong))
    faults = page.get_by_role("alert").filter(has_text="keeps this draft")
    await expect(faults).to_contain_text("result: There is no step `gret`. Did you mean `greet`?")
    await expect(page.get_by_role("button", name="Publish")).to_be_disabled()
    await text.fill('{"steps": [{"id": 3}]}')
    await page.get_by_role("tab", name="Flow").click()
    await expect(page.get_by_text("cannot be shown as a flow")).to_be_visible()


@pytest.mark.parametrize("is_mine", [True, False])
async def test_who_edits_at_the_same_time_loses_nothing(
    page: Page, workshop: Workshop, is_mine: bool
) -> None:
    automation_id = await workshop.automation(GREETING, publish=False)
    await page.goto(place(workshop, automation_id))
    await step(page, "greet").click()
    theirs = {**GREETING, "result": "theirs"}
    await workshop.developer.expect(
        200,
        "PATCH",
        f"{workshop.path}/automations/{automation_id}",
        {"definition": theirs, "revision": 1},
    )
    await page.get_by_role("region", name="greet").get_by_label("Name", exact=True).fill("Mine")
    told = page.get_by_role("alert").filter(has_text="Somebody else saved this draft")
    await expect(told).to_be_visible()
    assert (await draft(workshop, automation_id))["definition"] == theirs

    if is_mine:
        await told.get_by_role("button", name="Save mine over it").click()
        await saved(page)
        now = (await draft(workshop, automation_id))["definition"]
        assert now["steps"][0]["name"] == "Mine"
        assert "result" not in now
    else:
        await told.get_by_role("button", name="Take the other draft").click()
        await expect(step(page, "greet")).not_to_contain_text("Mine")
        await saved(page)
        assert (await draft(workshop, automation_id))["definition"] == theirs
        await page.get_by_role("button", name="Undo").click()
        await expect(step(page, "greet")).to_contain_text("Mine")
    await expect(told).to_have_count(0)


async def test_versions_are_shown_and_rolled_back(page: Page, workshop: Workshop) -> None:
    automation_id = await workshop.automation(GREETING)
    await page.goto(place(workshop, automation_id))
    await step(page, "last").click()
    await page.get_by_role("button", name="Remove the step").click()
    await page.get_by_role("button", name="Publish").click()
    await expect(page.get_by_text("Version 2 is published")).to_be_visible()

    await page.get_by_role("tab", name="Versions").click()
    await page.get_by_role("button", name="Show version 1").click()
    await expect(page.get_by_role("dialog")).to_contain_text('"id": "last"')
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Roll back to version 1").click()
    await page.get_by_role("dialog").get_by_role("button", name="Roll back").click()
    await expect(page.get_by_text("Version 3 is published")).to_be_visible()
    await expect(page.get_by_role("row").filter(has_text="3 Current")).to_be_visible()
    await page.get_by_role("tab", name="Flow").click()
    await expect(step(page, "last")).to_be_visible()
    assert (await draft(workshop, automation_id))["definition"] == GREETING


async def test_what_is_exported_can_be_imported(
    page: Page, workshop: Workshop, tmp_path: Path
) -> None:
    automation_id = await workshop.automation(GREETING, publish=False)
    await page.goto(place(workshop, automation_id))
    await page.get_by_role("tab", name="JSON").click()
    async with page.expect_download() as downloading:
        await page.get_by_role("button", name="Export as a file").click()
    file = tmp_path / "exported.json"
    await (await downloading.value).save_as(file)

    await page.goto(place(workshop))
    await page.get_by_role("button", name="Create automation").click()
    wrong = tmp_path / "wrong.json"
    wrong.write_text("[]")
    choose = page.locator('input[type="file"]')
    await choose.set_input_files(wrong)
    await expect(page.get_by_role("alert")).to_contain_text("This file is no automation")
    await choose.set_input_files(file)
    await expect(step(page, "loud")).to_be_visible()
    imported = page.url.rsplit("/", 1)[1]
    assert imported != automation_id
    assert (await draft(workshop, imported))["definition"] == GREETING


async def test_code_names_the_automation_and_its_inputs(page: Page, workshop: Workshop) -> None:
    automation_id = await workshop.automation(GREETING)
    await page.goto(place(workshop, automation_id))
    await page.get_by_role("tab", name="Code").click()
    code = page.get_by_role("region", name="curl")
    await expect(code).to_contain_text(f"/api/v1/ipaas/automations/{automation_id}/run")
    await expect(code).to_contain_text('"name": "Ada"')
    await page.get_by_text("Python", exact=True).click()
    await page.get_by_text("Register a user").click()
    code = page.get_by_role("region", name="Python")
    await expect(code).to_contain_text(f"/automations/{automation_id}/register")


async def test_an_automation_is_renamed_and_deleted(page: Page, workshop: Workshop) -> None:
    automation_id = await workshop.automation(GREETING, publish=False)
    await page.goto(place(workshop, automation_id))
    await page.get_by_role("button", name="Rename").first.click()
    await page.get_by_role("textbox", name="Name").fill("Better")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Better")).to_be_visible()
    await page.get_by_role("button", name="Delete automation").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete automation").click()
    await expect(page.get_by_text("No automations yet")).to_be_visible()
    path = f"{workshop.path}/automations/{automation_id}"
    await workshop.developer.refused(204, "GET", path)


@pytest.mark.parametrize("look", ["light", "dark", "phone", "turkish"])
async def test_everybody_can_use_the_pages(
    inlay: Running, workshop: Workshop, chromium: Browser, axe: str, look: str
) -> None:
    looks: dict[str, dict[str, Any]] = {
        "light": {"color_scheme": "light"},
        "dark": {"color_scheme": "dark"},
        "phone": {"viewport": PHONE},
        "turkish": {"locale": "tr-TR"},
    }
    # What is still fading in has no contrast yet.
    options = {"reduced_motion": "reduce", **looks[look]}
    wrong = {**GREETING, "result": "{{ steps.gret.output }}"}
    automation_id = await workshop.automation(wrong, publish=False)
    async with inlay.browsing(chromium, workshop, **options) as page:
        await page.goto(place(workshop))
        await expect(page.get_by_role("table")).to_be_visible()
        assert await grave_faults(page, axe) == []
        assert await no_wider_than_screen(page)
        await page.get_by_role("button", name=re.compile("Create a|Otomasyon oluştur")).click()
        await expect(page.get_by_role("radio").first).to_be_visible()
        assert await grave_faults(page, axe) == []

        await page.goto(place(workshop, automation_id))
        for view in ("JSON", "Test", "Versions|Sürümler", "Code|Kod", "Flow|Ak"):
            await page.get_by_role("tab", name=re.compile(view)).click()
            await expect(page.get_by_role("tabpanel")).to_be_visible()
            assert await grave_faults(page, axe) == []
            assert await no_wider_than_screen(page)
        await step(page, "check").click()
        await expect(page.get_by_role("textbox").first).to_be_visible()
        assert await grave_faults(page, axe) == []
        assert "automations." not in await page.locator("main").inner_text()
