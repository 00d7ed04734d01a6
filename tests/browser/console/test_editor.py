"""The editor of an automation, by clicking and by keyboard, against the whole of Inlay."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from playwright.async_api import Page, expect

from tests.browser.console.editing import (
    GREETING,
    RUN_MS,
    TICKETS,
    card,
    create,
    draft,
    integrate,
    opened,
    place,
    run_draft,
    said,
    saved,
    step,
)
from tests.browser.console.running import Running

if TYPE_CHECKING:
    from tests.api.conftest import Workshop


async def test_an_action_is_added_from_the_catalogue_and_reads_the_data(
    inlay: Running, page: Page, workshop: Workshop
) -> None:
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

    # What keeps it from being published says where, and leads there.
    await page.get_by_role("button", name="Publish", exact=True).click()
    await expect(dialog.get_by_role("button", name="Publish now")).to_be_disabled()
    await expect(dialog).to_contain_text("Desk is not added to the project.")
    settings = dialog.get_by_role("link", name="Add it in the project's settings")
    await expect(settings).to_have_attribute("href", re.compile("/settings"))
    await dialog.get_by_role("button", name="Open a ticket · title").click()

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

    # Without the integration nothing starts: the card says so, and the way to it is shown.
    lack = "Desk is not added to the project."
    await expect(step(page, "open_a_ticket").get_by_role("img", name=lack)).to_be_visible()
    await page.get_by_role("button", name="Test", exact=True).click()
    await page.get_by_role("button", name="Run the draft").click()
    panel = page.get_by_role("region", name="Test", exact=True)
    await expect(panel.get_by_role("alert")).to_contain_text("Desk is not added to the project")
    await expect(panel.get_by_role("link", name="Add it in the project's settings")).to_be_visible()
    # Said once, and no longer than it is true: what was done in another window is seen here.
    await workshop.integrate("desk")
    await page.evaluate("window.dispatchEvent(new Event('visibilitychange'))")
    account = "You have not connected your own Desk account"
    await expect(panel.get_by_role("alert")).to_contain_text(account)
    await page.get_by_role("button", name="Run the draft").click()
    await expect(page.get_by_text(account)).to_have_count(1)
    await integrate(workshop, is_added=True)
    await page.evaluate("window.dispatchEvent(new Event('visibilitychange'))")
    await expect(panel.get_by_role("alert")).to_have_count(0)
    run = await run_draft(page)
    await expect(run.get_by_role("status")).to_have_text("Completed", timeout=RUN_MS)
    assert inlay.desk.titles[-1] == "From Ada"


async def test_the_flow_shows_where_a_run_waits_fails_and_goes_on(
    inlay: Running, page: Page, workshop: Workshop
) -> None:
    await integrate(workshop)
    automation_id = await opened(page, workshop, TICKETS)
    inlay.desk.is_closed = True
    await page.get_by_role("button", name="Test", exact=True).click()
    run = await run_draft(page)
    await expect(run.get_by_role("status")).to_have_text("Paused", timeout=RUN_MS)
    boss = card(page, "Step 2 of 4", "Ask the boss", "Approval", "Waiting")
    await expect(boss).to_be_visible()
    await expect(said(page)).to_contain_text("Ask the boss: Waiting")
    await expect(step(page, "each")).to_contain_text("2 iterations")
    await expect(step(page, "ticket").locator("[data-standing]")).to_have_count(0)

    # It is answered at the step that waits.
    await boss.click()
    waiting = page.get_by_role("region", name="In the run that is shown")
    await waiting.get_by_label("Comment").fill("the boss")
    await waiting.get_by_role("button", name="Approve").click()
    failed = card(page, "Step 3 of 4", "Create a ticket", "Desk · Open a ticket", "Failed")
    await expect(failed).to_be_visible(timeout=RUN_MS)
    await expect(said(page)).to_contain_text("Create a ticket: Failed")
    await expect(step(page, "end")).to_contain_text("Skipped")

    await page.get_by_role("button", name="Open the test").click()
    await expect(run).to_contain_text("the desk is closed")
    await run.get_by_role("button", name="Show the failed step").click()
    shown = page.get_by_role("region", name="In the run that is shown")
    await expect(shown.get_by_role("alert")).to_contain_text("the desk is closed")
    await expect(shown.get_by_role("region", name="Inputs")).to_contain_text("From the boss")
    await step(page, "note").click()
    await shown.get_by_label("Iteration").select_option(label="2 · Done")
    await expect(shown.get_by_role("region", name="Output")).to_contain_text("two")

    inlay.desk.is_closed = False
    await page.get_by_role("button", name="Open the test").click()
    await run.get_by_role("button", name="Retry from the failed step").click()
    await expect(run.get_by_role("region", name="Result")).to_contain_text("T-", timeout=RUN_MS)
    await expect(failed).to_have_count(0)

    # A run's page leads to the step in the editor.
    [newest] = (
        await workshop.developer.expect(
            200, "GET", f"{workshop.path}/runs", automationId=automation_id
        )
    )["items"]
    await page.goto(f"{place(workshop, automation_id)}?run={newest['id']}&step=ticket")
    await expect(shown.get_by_role("region", name="Output")).to_contain_text("T-")


async def test_a_draft_that_an_app_starts_is_tested_with_an_event(
    page: Page, workshop: Workshop
) -> None:
    await workshop.integrate("webhook")
    await create(page, workshop, "Orders", "When a request is received")
    await page.get_by_role("button", name="Test", exact=True).click()
    event = page.get_by_label("Event (JSON)")
    await expect(event).to_have_value(re.compile('"orderId": 1001'))
    await event.fill("{")
    await expect(page.get_by_role("button", name="Run the draft")).to_be_disabled()
    await event.fill('{"body": {"orderId": 7}}')
    await event.press("Control+Enter")
    run = page.get_by_role("region", name="Test run")
    await expect(run.get_by_role("region", name="Result")).to_contain_text(
        '"orderId": 7', timeout=RUN_MS
    )


async def test_steps_are_edited_by_keyboard(page: Page, workshop: Workshop) -> None:
    automation_id = await opened(page, workshop, GREETING)
    cards = page.locator("[data-step]")

    async def order() -> list[str | None]:
        return [await card.get_attribute("data-step") for card in await cards.all()]

    await step(page, "$trigger").focus()
    for expected in ("greet", "check", "loud", "last"):
        await page.keyboard.press("ArrowDown")
        await expect(step(page, expected)).to_be_focused()
    await page.keyboard.press("Alt+ArrowUp")
    await expect(said(page)).to_have_text("last is step 2 of 3 now")
    await expect(step(page, "last")).to_be_focused()
    assert await order() == ["$trigger", "greet", "last", "check", "loud", "$result"]
    await expect(card(page, "Step 2 of 3", "last", "Stop")).to_be_focused()

    # Removed, brought back by the notice, removed again.
    await step(page, "check").focus()
    await page.keyboard.press("Delete")
    await expect(cards).to_have_count(4)
    await expect(step(page, "last")).to_be_focused()
    notice = page.get_by_role("alert").filter(has_text="“Is it Ada?” is removed.")
    await notice.get_by_role("button", name="Undo").click()
    await expect(cards).to_have_count(6)
    await expect(notice).to_have_count(0)
    await step(page, "last").focus()
    await page.keyboard.press("Control+z")
    await expect(cards.nth(4)).to_have_attribute("data-step", "last")
    await page.keyboard.press("Control+Shift+Z")
    await expect(cards.nth(2)).to_have_attribute("data-step", "last")

    await step(page, "greet").focus()
    await page.keyboard.press("Control+d")
    await expect(step(page, "greet_2")).to_be_focused()
    await page.keyboard.press("Control+x")
    await expect(step(page, "greet_2")).to_have_count(0)
    await step(page, "loud").focus()
    await page.keyboard.press("Control+v")
    await expect(said(page)).to_have_text("Added: greet_2")
    assert await order() == ["$trigger", "greet", "last", "check", "loud", "greet_2", "$result"]

    await step(page, "$trigger").focus()
    await page.keyboard.press("a")
    await page.get_by_label("Search actions").fill("delay")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("region", name="wait", exact=True)).to_be_visible()
    await step(page, "wait").focus()
    await page.keyboard.press("Enter")
    await expect(step(page, "wait")).not_to_be_focused()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Escape")
    await expect(step(page, "wait")).to_be_focused()

    await page.keyboard.press("?")
    help_ = page.get_by_role("dialog", name="Keyboard shortcuts")
    await expect(help_.get_by_role("row").filter(has_text="Duplicate")).to_contain_text("Ctrl + D")
    await page.keyboard.press("Escape")
    await saved(page)
    steps = (await draft(workshop, automation_id))["definition"]["steps"]
    assert [one["id"] for one in steps] == ["wait", "greet", "last", "check"]
    assert [one["id"] for one in steps[3]["branches"][0]["steps"]] == ["loud", "greet_2"]

    # Into another automation, as JSON, with an id that is free there.
    await step(page, "check").focus()
    await page.keyboard.press("Control+c")
    await expect(said(page)).to_contain_text("Copied: ")
    other = await workshop.automation(GREETING, publish=False)
    await page.goto(place(workshop, other))
    await step(page, "$result").focus()
    await page.keyboard.press("Control+v")
    await expect(step(page, "check_2")).to_be_focused()
    await expect(step(page, "loud_2")).to_be_visible()


async def test_a_step_moves_into_a_branch_and_gets_another_id(
    page: Page, workshop: Workshop
) -> None:
    automation_id = await opened(page, workshop, GREETING)
    await step(page, "greet").click()
    form = page.get_by_role("region", name="greet")
    await form.get_by_label("Id", exact=True).fill("hello")
    await form.get_by_role("button", name="Rename").click()
    form = page.get_by_role("region", name="hello")
    await form.get_by_role("textbox", name="Move into").click()
    await page.get_by_role("option", name="Is it Ada?: Otherwise").click()
    otherwise = page.get_by_role("group", name="Otherwise")
    await expect(otherwise.locator('[data-step="hello"]')).to_be_visible()
    await page.get_by_role("button", name="Actions of hello").click()
    await page.get_by_role("menuitem", name="Duplicate").click()
    await expect(otherwise.locator("[data-step]")).to_have_count(2)
    await saved(page)
    steps = (await draft(workshop, automation_id))["definition"]["steps"]
    assert [one["id"] for one in steps] == ["check", "last"]
    assert [one["id"] for one in steps[0]["otherwise"]] == ["hello", "hello_2"]


async def test_faults_say_where_and_are_mended_there(page: Page, workshop: Workshop) -> None:
    wrong = {**GREETING, "result": "{{ steps.gret.output }}"}
    automation_id = await opened(page, workshop, wrong)
    await page.get_by_role("button", name="Publish", exact=True).click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_role("button", name="Publish now")).to_be_disabled()
    await dialog.get_by_role("button", name="Result", exact=True).click()
    form = page.get_by_role("region", name="Result")
    await expect(form.get_by_text("There is no step `gret`")).to_be_visible()
    await form.get_by_role("textbox", name="Result").fill("")
    await form.get_by_role("button", name="Insert data into Result").click()
    await page.get_by_label("Search data").fill("vars.text")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("There is no step `gret`")).to_have_count(0)
    await saved(page)
    assert (await draft(workshop, automation_id))["definition"]["result"] == "{{ vars.text }}"

    await page.get_by_role("tab", name="JSON").click()
    text = page.get_by_role("textbox", name="Definition")
    await text.fill('{"steps": [')
    await expect(page.get_by_text("This is no JSON object")).to_be_visible()
    assert (await draft(workshop, automation_id))["definition"]["steps"] == GREETING["steps"]
    await text.fill(json.dumps({"name": "As exported", "definition": wrong}))
    faults = page.get_by_role("alert").filter(has_text="keeps this draft")
    await expect(faults).to_contain_text("Result: There is no step `gret`. Did you mean `greet`?")
    await text.fill('{"steps": [{"id": 3}]}')
    await page.get_by_role("tab", name="Flow").click()
    await expect(page.get_by_text("cannot be shown as a flow")).to_be_visible()


async def test_who_edits_at_the_same_time_loses_nothing(page: Page, workshop: Workshop) -> None:
    automation_id = await opened(page, workshop, GREETING)
    told = page.get_by_role("alert").filter(has_text="Somebody else saved this draft")

    async def meet(mine: str, theirs: dict[str, Any]) -> None:
        """Both change what both have read."""
        revision = (await draft(workshop, automation_id))["revision"]
        body = {"definition": theirs, "revision": revision}
        path = f"{workshop.path}/automations/{automation_id}"
        await workshop.developer.expect(200, "PATCH", path, body)
        form = page.get_by_role("region", name=re.compile("greet|Mine"))
        await form.get_by_label("Name", exact=True).fill(mine)
        await expect(told).to_be_visible()
        assert (await draft(workshop, automation_id))["definition"] == theirs

    await step(page, "greet").click()
    await meet("Mine", {**GREETING, "result": "theirs"})
    await told.get_by_role("button", name="Save mine over it").click()
    await saved(page)
    now = (await draft(workshop, automation_id))["definition"]
    assert now["steps"][0]["name"] == "Mine"
    assert "result" not in now

    await meet("Mine again", {**GREETING, "result": "theirs"})
    await told.get_by_role("button", name="Take the other draft").click()
    await expect(step(page, "greet")).not_to_contain_text("Mine")
    await saved(page)
    assert (await draft(workshop, automation_id))["definition"]["result"] == "theirs"
    await page.get_by_role("button", name="Undo").click()
    await expect(step(page, "greet")).to_contain_text("Mine again")
    await expect(told).to_have_count(0)


async def test_versions_are_compared_taken_back_and_published_again(
    page: Page, workshop: Workshop
) -> None:
    automation_id = await opened(page, workshop, GREETING, publish=True)
    await step(page, "last").click()
    await page.get_by_role("button", name="Remove the step").click()
    await step(page, "greet").click()
    form = page.get_by_role("region", name="greet")
    await form.get_by_label("Name", exact=True).fill("Salute")
    await expect(page.get_by_text("Draft has changes")).to_be_visible()
    await page.get_by_role("button", name="Publish", exact=True).click()
    changes = page.get_by_role("dialog").get_by_role("list", name="Changes")
    await expect(changes.get_by_role("listitem").filter(has_text="Salute")).to_contain_text(
        "Changed"
    )
    await expect(changes.get_by_role("listitem").filter(has_text="last")).to_contain_text("Removed")
    await page.get_by_role("dialog").get_by_role("button", name="Publish now").click()
    await expect(page.get_by_text("Version 2 is published")).to_be_visible()
    await expect(page.get_by_text("Draft has changes")).to_have_count(0)

    await page.get_by_role("tab", name="Versions").click()
    await page.get_by_role("button", name="Compare version 1 with the draft").click()
    difference = page.get_by_role("region", name="Difference")
    salute = difference.get_by_role("listitem").filter(has_text="Salute")
    await expect(salute).to_contain_text(re.compile("Name.*Before.*Nothing.*After.*Salute", re.S))
    await difference.get_by_label("After").select_option("Version 1")
    await expect(difference).to_contain_text("Nothing differs.")
    await difference.get_by_text("JSON", exact=True).click()
    await expect(difference.get_by_role("region", name="Before")).to_contain_text('"id": "last"')

    await page.get_by_role("button", name="Take as draft: version 1").click()
    await expect(page.get_by_text("Version 1 is the draft now.")).to_be_visible()
    await saved(page)
    assert (await draft(workshop, automation_id))["definition"] == GREETING
    await page.get_by_role("button", name="Undo").click()
    await saved(page)
    assert (await draft(workshop, automation_id))["definition"]["steps"][0]["name"] == "Salute"

    await page.get_by_role("button", name="Roll back to version 1").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("Publishing never registers anybody.")
    await expect(dialog.get_by_role("listitem").filter(has_text="last")).to_contain_text("Added")
    await dialog.get_by_role("button", name="Roll back").click()
    await expect(page.get_by_text("Version 3 is published")).to_be_visible()
    await expect(page.get_by_role("row").filter(has_text="3 Current")).to_be_visible()
    await page.get_by_role("tab", name="Flow").click()
    await expect(step(page, "last")).to_be_visible()
    assert (await draft(workshop, automation_id))["definition"] == GREETING


async def test_a_draft_that_is_saved_keeps_every_digit(page: Page, workshop: Workshop) -> None:
    note = {"id": "note", "type": "set", "values": {"order": 9007199254740993}}
    automation_id = await opened(page, workshop, {**GREETING, "steps": [note]})
    await step(page, "note").click()
    form = page.get_by_role("region", name="note")
    await expect(form.get_by_role("textbox", name="order")).to_have_value("9007199254740993")
    await form.get_by_label("Name", exact=True).fill("Keep")
    await saved(page)
    [kept] = (await draft(workshop, automation_id))["definition"]["steps"]
    assert kept == {**note, "name": "Keep"}

    await page.get_by_role("tab", name="JSON").click()
    text = page.get_by_role("textbox", name="Definition")
    await expect(text).to_have_value(re.compile("9007199254740993"))
    await text.fill(json.dumps({**GREETING, "result": 9007199254740995}))
    await saved(page)
    assert (await draft(workshop, automation_id))["definition"]["result"] == 9007199254740995
