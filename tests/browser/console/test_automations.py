"""Automations in the console: their list, templates, code and files, against the whole of Inlay."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import CONSOLE, PHONE, grave_faults
from tests.browser.console.editing import (
    GREETING,
    RUN_MS,
    card,
    create,
    draft,
    opened,
    place,
    run_draft,
    step,
)
from tests.browser.console.running import Running, no_wider_than_screen
from tests.packages import node_and_npm

if TYPE_CHECKING:
    from playwright.async_api import Browser

    from tests.api.conftest import Workshop


TEMPLATES = sorted((CONSOLE / "src/pages/automations/templates").glob("*.json"))


async def test_from_nothing_to_a_published_automation(page: Page, workshop: Workshop) -> None:
    await page.goto(place(workshop))
    await expect(page.get_by_text("No automations yet")).to_be_visible()
    automation_id = await create(page, workshop, "Welcome", "Greet")

    await page.get_by_role("button", name="Test", exact=True).click()
    panel = page.get_by_role("region", name="Test", exact=True)
    await expect(panel.get_by_role("textbox", name="Name")).to_have_value("Ada")
    await panel.get_by_role("textbox", name="Name").fill("Grace")
    await panel.get_by_text("JSON", exact=True).click()
    await expect(panel.get_by_label("Data (JSON)")).to_have_value(re.compile('"name": "Grace"'))
    run = await run_draft(page)
    await expect(run.get_by_role("status")).to_have_text("Completed", timeout=RUN_MS)
    await expect(run.get_by_role("region", name="Result")).to_have_text('"Hello Grace!"')

    # The flow shows the run, and a step what it gave.
    greet = card(page, "Step 1 of 1", "Greet", "Set variables", "Done")
    await greet.click()
    shown = page.get_by_role("region", name="In the run that is shown")
    await expect(shown.get_by_role("region", name="Output")).to_contain_text("Hello Grace!")

    await page.get_by_role("button", name="Publish", exact=True).click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("Publishing never registers anybody.")
    await expect(dialog).to_contain_text("This is the first version")
    await dialog.get_by_role("button", name="Publish now").click()
    await expect(page.get_by_text("Version 1 is published")).to_be_visible()
    assert (await draft(workshop, automation_id))["publishedVersion"] == 1

    await page.get_by_role("link", name="All automations").click()
    row = page.get_by_role("row").filter(has_text="Welcome")
    await expect(row).to_contain_text("Version 1 published")
    await expect(
        page.get_by_role("main").get_by_role("button", name=re.compile("Run"))
    ).to_have_count(0)
    await row.get_by_role("link", name="Last run of Welcome: Completed").click()
    await expect(page).to_have_url(re.compile("/runs/"))


async def test_each_template_is_valid_and_those_without_an_app_run(workshop: Workshop) -> None:
    ended: dict[str, str] = {}
    for file in TEMPLATES:
        definition = json.loads(file.read_text())
        automation_id = await workshop.automation(definition)
        path = f"{workshop.path}/automations/{automation_id}"
        apps = re.findall(r'"component": "([a-z-]+)\.', file.read_text())
        if not set(apps) & {"http", "twilio", "slack", "github", "google-calendar"}:
            for app in apps:
                await workshop.integrate(app)
            inputs = definition["trigger"].get("input", {}).get("properties", {})
            data = {name: field["default"] for name, field in inputs.items()}
            answer = await workshop.developer.expect(200, "POST", f"{path}/test", {"data": data})
            ended[file.stem] = answer["status"]
    assert ended == {
        "approval": "paused",
        "callback": "paused",
        "empty": "completed",
        "greet": "completed",
        "loop": "completed",
        "route": "completed",
        "schedule": "completed",
        "webhook": "completed",
    }
    assert len(TEMPLATES) > len(ended)


async def test_what_is_exported_can_be_imported(
    page: Page, workshop: Workshop, tmp_path: Path
) -> None:
    automation_id = await opened(page, workshop, GREETING)
    await page.get_by_role("button", name="More actions").click()
    async with page.expect_download() as downloading:
        await page.get_by_role("menuitem", name="Export as a file").click()
    file = tmp_path / "exported.json"
    await (await downloading.value).save_as(file)

    await page.goto(f"{place(workshop)}?new=empty")
    await page.get_by_role("tab", name="From a file").click()
    wrong = tmp_path / "wrong.json"
    wrong.write_text("[]")
    choose = page.locator('input[type="file"]')
    await choose.set_input_files(wrong)
    await expect(page.get_by_role("alert")).to_contain_text("This is no automation")
    await choose.set_input_files(file)
    # What will be made is shown, under a name that is free; nothing is made before it is asked.
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_role("status")).to_contain_text("It has 4 steps.")
    await expect(dialog.get_by_label("Name")).to_have_value(re.compile(r" \(2\)$"))
    assert await page.locator("[data-step]").count() == 0
    await dialog.get_by_label("Name").fill("Imported")
    await dialog.get_by_role("button", name="Create automation").click()
    await expect(step(page, "loud")).to_be_visible()
    imported = page.url.rsplit("/", 1)[1]
    assert imported != automation_id
    assert (await draft(workshop, imported))["definition"] == GREETING

    await page.goto(f"{place(workshop)}?new=empty")
    await page.get_by_role("tab", name="From a file").click()
    await page.get_by_label("Or paste it (JSON)").fill(file.read_text())
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Name").fill("Pasted")
    await dialog.get_by_role("button", name="Create automation").click()
    await expect(page.get_by_role("heading", name="Pasted", level=1)).to_be_visible()


async def test_the_code_runs_as_it_is_copied(
    inlay: Running, page: Page, workshop: Workshop
) -> None:
    """curl, Python and TypeScript, with a token of the project."""
    name = 'O\'Brien said "hi" \\ $HOME'
    manual = json.loads(json.dumps(GREETING))
    manual["trigger"]["input"]["properties"]["name"]["default"] = name
    await opened(page, workshop, manual, publish=True)
    assert workshop.application.bearer
    environment = {**os.environ, "INLAY_TOKEN": workshop.application.bearer}
    node = node_and_npm()[0][-1]
    programs = {
        "curl": ["bash", "-c"],
        "Python": [sys.executable, "-c"],
        "TypeScript": [node, "--input-type=module", "--eval"],
    }

    async def ran(language: str) -> str:
        await page.get_by_text(language, exact=True).click()
        code = await page.get_by_role("region", name=language).inner_text()
        process = await asyncio.create_subprocess_exec(
            *programs[language],
            code,
            env=environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        assert process.returncode == 0, err.decode()
        return out.decode()

    await page.get_by_role("tab", name="Code").click()
    for language in programs:
        assert re.search(r"Brien said .*\$HOME!", await ran(language))

    await workshop.integrate("schedule")
    schedule = json.loads((TEMPLATES[0].parent / "schedule.json").read_text())
    automation_id = await opened(page, workshop, schedule, publish=True)
    await page.get_by_role("tab", name="Code").click()
    for language in programs:
        await ran(language)
    registrations = await workshop.developer.expect(
        200, "GET", f"{workshop.path}/registrations", automationId=automation_id
    )
    assert [one["userId"] for one in registrations["items"]] == ["user-42"]

    # The list counts it, and says that it ends with the automation.
    await page.get_by_role("link", name="All automations").click()
    await page.get_by_role("link", name=re.compile("^1 registration of A")).click()
    await expect(page).to_have_url(re.compile(f"registrations.*{automation_id}"))


async def test_the_list_is_searched_and_changed(page: Page, workshop: Workshop) -> None:
    path = f"{workshop.path}/automations"
    names = [f"Orders {number:02}" for number in range(21)] + ["Bills"]
    for name in names:
        body = {"name": name, "definition": {"trigger": {"type": "manual"}, "steps": []}}
        await workshop.developer.expect(201, "POST", path, body)
    await page.goto(place(workshop))
    rows = page.get_by_role("table").get_by_role("row")
    await expect(rows).to_have_count(21)  # with the head
    await page.get_by_role("button", name="Show more").click()
    await expect(rows).to_have_count(23)
    search = page.get_by_role("searchbox", name="Search by name")
    await search.fill("bill")
    await expect(rows).to_have_count(2)
    await search.fill("nothing")
    await expect(page.get_by_text("Nothing found")).to_be_visible()
    await search.fill("bill")

    async def act(name: str, action: str) -> None:
        await page.get_by_role("button", name=f"Actions of {name}", exact=True).click()
        await page.get_by_role("menuitem", name=action).click()

    await act("Bills", "Rename")
    await page.get_by_role("dialog").get_by_label("Name").fill("Paid bills")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("link", name="Paid bills", exact=True)).to_be_visible()
    await act("Paid bills", "Duplicate")
    await expect(page.get_by_role("link", name="Paid bills (copy)")).to_be_visible()
    await act("Paid bills", "Delete automation")
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("Its draft is deleted.")
    await expect(dialog).to_contain_text("0 registrations end")
    await dialog.get_by_role("button", name="Delete automation").click()
    await expect(page.get_by_role("link", name="Paid bills", exact=True)).to_have_count(0)
    await expect(page.get_by_role("dialog")).to_have_count(0)

    # The same from the editor. What is published is known to differ from the draft.
    [copy] = (await workshop.developer.expect(200, "GET", path, search="bill"))["items"]
    await workshop.developer.expect(201, "POST", f"{path}/{copy['id']}/publish")
    change = {"definition": GREETING, "revision": 1}
    await workshop.developer.expect(200, "PATCH", f"{path}/{copy['id']}", change)
    await page.reload()
    row = page.get_by_role("row").filter(has_text="Paid bills (copy)")
    await expect(row).to_contain_text("Version 1 published")
    await expect(row).to_contain_text("Draft has changes")
    await page.get_by_role("link", name="Paid bills (copy)").click()
    await page.get_by_role("button", name="Rename").first.click()
    await page.get_by_role("textbox", name="Name").fill("Better")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Better")).to_be_visible()
    await page.get_by_role("button", name="More actions").click()
    await page.get_by_role("menuitem", name="Delete automation").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete automation").click()
    await expect(page.get_by_role("heading", name="Automations", level=1)).to_be_visible()
    left = await workshop.developer.expect(200, "GET", path, search="b")
    assert left["items"] == []


@pytest.mark.parametrize("look", ["laptop", "phone in the dark", "turkish"])
async def test_everybody_can_use_the_pages(
    inlay: Running, workshop: Workshop, chromium: Browser, axe: str, look: str
) -> None:
    looks: dict[str, dict[str, Any]] = {
        "laptop": {"color_scheme": "light"},
        "phone in the dark": {"color_scheme": "dark", "viewport": PHONE},
        "turkish": {"locale": "tr-TR"},
    }
    # What is still fading in has no contrast yet.
    options = {"reduced_motion": "reduce", **looks[look]}
    wrong = {**GREETING, "result": "{{ steps.gret.output }}"}
    automation_id = await workshop.automation(GREETING)
    path = f"{workshop.path}/automations/{automation_id}"
    tested = await workshop.developer.expect(200, "POST", f"{path}/test", {"data": {}})
    body = {"definition": wrong, "revision": 1}
    await workshop.developer.expect(200, "PATCH", path, body)
    async with inlay.browsing(chromium, workshop, **options) as page:

        async def is_good() -> None:
            if look != "turkish":
                assert await grave_faults(page, axe) == []
            assert await no_wider_than_screen(page)
            shown = await page.locator("body").inner_text()
            assert not re.search(r"\b(automations|testing|versions|keyboard|templates)\.\w", shown)

        await page.goto(place(workshop))
        await expect(page.get_by_role("table")).to_be_visible()
        await is_good()
        await page.goto(f"{place(workshop)}?new=loop")
        await expect(page.get_by_role("radio", checked=True)).to_be_visible()
        await is_good()

        await page.goto(f"{place(workshop, automation_id)}?run={tested['runId']}&step=greet")
        await expect(page.get_by_role("textbox").first).to_be_visible()
        await expect(page.locator("[data-standing]").first).to_be_attached()
        await is_good()
        await page.goto(f"{place(workshop, automation_id)}?run={tested['runId']}")
        panel = page.get_by_role("region", name=re.compile("^Test$|^Test et$"))
        await expect(panel.get_by_role("status")).to_be_visible()
        await is_good()
        await page.goto(f"{place(workshop, automation_id)}?tab=versions")
        await expect(page.get_by_role("list")).to_be_visible()
        await is_good()
        for view in ("JSON", "Code|Kod", "Flow|Ak"):
            await page.get_by_role("tab", name=re.compile(view)).click()
            await expect(page.get_by_role("tabpanel")).to_be_visible()
            await is_good()
        await page.get_by_role("button", name=re.compile("^(Publish|Yay.nla)$")).click()
        await expect(page.get_by_role("dialog").get_by_role("alert")).to_be_visible()
        await is_good()
