"""The forms of the editor's steps: what they read, what can be chosen, what is wrong, a test."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from playwright.async_api import expect

from tests.browser.conftest import PHONE, grave_faults
from tests.browser.console.running import Running, no_wider_than_screen

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import Browser, Locator, Page

    from tests.api.conftest import Workshop

CASE: dict[str, Any] = {
    "id": "route",
    "name": "Route",
    "type": "app",
    "component": "desk.route-case",
    "inputs": {"queue": "q1"},
}
ROUTED: dict[str, Any] = {
    "trigger": {
        "type": "manual",
        "input": {"type": "object", "properties": {"name": {"type": "string", "default": "Ada"}}},
    },
    "steps": [CASE, {"id": "note", "type": "set", "values": {"text": ""}}],
}


@pytest.fixture
async def workshop(inlay: Running) -> Workshop:
    workshop = await inlay.workshop()
    await workshop.integrate("desk")
    return workshop


@pytest.fixture
async def page(inlay: Running, workshop: Workshop, chromium: Browser) -> AsyncIterator[Page]:
    async with inlay.browsing(chromium, workshop) as page:
        yield page


async def connect_developer(workshop: Workshop) -> None:
    path = f"{workshop.path}/developer/connections/desk"
    fields = {"connectionFields": {"key": "k"}}
    await workshop.application.expect(200, "POST", path, fields)


async def open_step(page: Page, workshop: Workshop, definition: dict[str, Any], step: str) -> str:
    """Makes an automation and opens one of its steps; the automation's id."""
    automation_id = await workshop.automation(definition, publish=False)
    await page.goto(f"/projects/{workshop.project_id}/automations/{automation_id}")
    await page.locator(f'[data-step="{step}"]').click()
    return automation_id


async def steps_of(workshop: Workshop, automation_id: str) -> list[dict[str, Any]]:
    path = f"{workshop.path}/automations/{automation_id}"
    answer = await workshop.developer.expect(200, "GET", path)
    steps: list[dict[str, Any]] = answer["definition"]["steps"]
    return steps


async def saved(page: Page) -> None:
    state = page.get_by_role("status").filter(has_text=re.compile("^Saved$"))
    await expect(state).to_be_visible()


def item(tree: Locator, name: str) -> Locator:
    return tree.get_by_role("treeitem").filter(has_text=re.compile(f"^{name}"))


async def test_a_step_is_tested_and_its_output_can_be_picked_at_once(
    inlay: Running, page: Page, workshop: Workshop, axe: str
) -> None:
    await connect_developer(workshop)
    automation_id = await open_step(page, workshop, ROUTED, "note")
    form = page.get_by_role("region", name="note")
    await form.get_by_role("button", name="Insert data into text").click()
    picker = page.get_by_role("dialog").filter(has=page.get_by_role("tree"))
    await expect(picker.get_by_text("Run a test to see real values.")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(picker).to_have_count(0)

    await page.locator('[data-step="route"]').click()
    test = page.get_by_role("region", name="Test of this step")
    await expect(test).to_contain_text("really calls Desk with your own account")
    await test.get_by_role("button", name="Test this step").click()
    result = test.get_by_role("region", name="Result of the test")
    await expect(result.get_by_role("status")).to_have_text("Completed", timeout=30_000)
    await expect(result.get_by_role("region", name="Output")).to_contain_text('"sent to": "Ada"')
    assert inlay.desk.cases[-1]["queue"] == "q1"

    await page.locator('[data-step="note"]').click()
    await form.get_by_role("button", name="Insert data into text").click()
    tree = picker.get_by_role("tree", name="What can be inserted")
    history = item(tree, "history")
    await expect(history).to_contain_text('[{"by":"Ada","note":"opened"}')
    assert await grave_faults(page, axe) == []

    # By keyboard: into the tree, down to the list, open it, its second item, its first field.
    await history.focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "ArrowRight", "ArrowRight"):
        await page.keyboard.press(key)
    await expect(picker.get_by_role("region", name="Value")).to_have_text("Grace")
    await page.keyboard.press("Enter")
    text = form.get_by_role("textbox", name="text")
    await expect(text).to_have_value("{{ steps.route.output.history[1].by }}")
    await expect(text).to_be_focused()

    await form.get_by_role("button", name="Insert data into text").click()
    await page.get_by_role("button", name="Functions of expressions").click()
    await page.get_by_label("Search functions").fill("maps inside")
    await expect(page.get_by_text("mergeDeep(map, map)")).to_be_visible()
    await expect(page.get_by_text("upper(string)")).to_have_count(0)
    assert await grave_faults(page, axe) == []
    await page.get_by_role("button", name="Back to the data").click()
    await page.get_by_label("Search data").fill("sent to")
    await page.keyboard.press("Enter")
    await expect(text).to_have_value(re.compile(re.escape('steps.route.output["sent to"] }}')))
    await saved(page)

    await form.get_by_role("button", name="Test this step").click()
    output = form.get_by_role("region", name="Output")
    await expect(output).to_contain_text('"text": "GraceAda"', timeout=30_000)

    await form.get_by_role("button", name="What it reads").click()
    given = form.get_by_label("Values for the test (JSON)")
    assert json.loads(await given.input_value())["steps"]["route"]["sent to"] == "Ada"
    changed = {"history": [{}, {"by": "Bob"}], "sent to": "!"}
    await given.fill(json.dumps({"steps": {"route": changed}}))
    await form.get_by_role("button", name="Test this step").click()
    await expect(output).to_contain_text('"text": "Bob!"', timeout=30_000)
    assert (await steps_of(workshop, automation_id))[1]["id"] == "note"


async def test_options_come_from_the_developers_account(
    inlay: Running, page: Page, workshop: Workshop, axe: str
) -> None:
    step = {**CASE, "inputs": {}}
    automation_id = await open_step(page, workshop, {**ROUTED, "steps": [step]}, "route")
    form = page.get_by_role("region", name="Route")
    queue = form.get_by_role("combobox", name="Queue")
    agent = form.get_by_role("combobox", name="Agent")
    await expect(agent).to_be_disabled()
    await expect(form.get_by_text("Enter Queue first")).to_be_visible()

    await queue.click()
    await expect(form.get_by_text("Connect your own Desk account.")).to_be_visible()
    link = form.get_by_role("link", name="Connect your account in the settings")
    await expect(link).to_have_attribute("href", re.compile(r"/settings.*integrations"))
    await connect_developer(workshop)
    await page.keyboard.press("Escape")
    await page.reload()
    await page.locator('[data-step="route"]').click()

    inlay.desk.is_closed = True
    await queue.click()
    await expect(form.get_by_text("the desk is closed")).to_be_visible()
    inlay.desk.is_closed = False
    await form.get_by_role("button", name="Try again").click()
    await queue.click()
    await page.get_by_role("option", name="Billing Invoices").click()
    await expect(queue).to_have_value("Billing")

    await agent.click()
    await expect(page.get_by_role("option")).to_have_text(["Ada", "Alan", "Barbara", "Show more"])
    await page.get_by_role("option", name="Show more").click()
    await expect(page.get_by_role("option", name="Grace")).to_be_visible()
    assert await grave_faults(page, axe) == []
    await agent.fill("al")
    await expect(page.get_by_role("option")).to_have_text(["Alan"])
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(agent).to_have_value("Alan")
    assert inlay.desk.searches == ["al"]

    labels = form.get_by_role("combobox", name="Labels")
    await labels.click()
    await page.get_by_role("option", name="urgent").click()
    await page.get_by_role("option", name="vip").click()
    await page.keyboard.press("Escape")
    await form.get_by_role("button", name="Remove urgent").click()
    await saved(page)
    inputs = (await steps_of(workshop, automation_id))[0]["inputs"]
    assert inputs == {"queue": "q1", "agent": "alan", "labels": ["vip"]}

    await queue.click()
    await page.get_by_role("option", name="Returns").click()
    await expect(form.get_by_text("Alan is not among the choices any more")).to_be_visible()
    await form.get_by_role("button", name="Agent as an expression").click()
    await form.get_by_role("textbox", name="Agent").fill("{{ data.name }}")
    await saved(page)
    inputs = (await steps_of(workshop, automation_id))[0]["inputs"]
    assert inputs["agent"] == "{{ data.name }}"

    await page.reload()
    await page.locator('[data-step="route"]').click()
    await expect(queue).to_have_value("Returns")
    await expect(form.get_by_role("textbox", name="Agent")).to_have_value("{{ data.name }}")


async def test_what_is_wrong_stands_at_its_field(page: Page, workshop: Workshop) -> None:
    wrong: dict[str, Any] = {
        **ROUTED,
        "steps": [
            {**CASE, "inputs": {"agent": "{{ steps.none.output }}"}},
            {
                "id": "check",
                "type": "condition",
                "branches": [{"when": "data.name = 'Ada'", "steps": []}],
            },
            {"id": "loop", "type": "for-each", "items": "1", "itemName": "data", "steps": [CASE]},
        ],
    }
    wrong["steps"][2]["steps"] = [{"id": "inner", "type": "delay", "seconds": "{{ nothing }}"}]
    await open_step(page, workshop, wrong, "route")

    async def told(name: str, message: str) -> None:
        field = page.get_by_role("textbox", name=name).or_(page.get_by_role("combobox", name=name))
        await expect(field).to_have_attribute("aria-invalid", "true")
        await expect(field).to_have_accessible_description(re.compile(re.escape(message)))

    await told("Queue", "`queue` is needed by desk.route-case.")
    await told("Agent", "There is no step `none`.")
    form = page.get_by_role("region", name="Route")
    await expect(form.get_by_role("alert")).to_have_count(0)

    await page.locator('[data-step="check"]').click()
    await told("When", "write `==` to compare")
    await page.locator('[data-step="inner"]').click()
    await told("Seconds", "There is no `nothing` here")
    await page.locator('[data-step="loop"]').click()
    await told("List", "it must be a list")
    await told("Name of the item", "`data` is a name of the language")
    form = page.get_by_role("region", name="loop")
    await expect(form.get_by_role("alert")).to_have_count(0)
    await form.get_by_role("textbox", name="List").fill("")
    await page.keyboard.press("Tab")
    await expect(page.get_by_text("The run needs this: fill it in.")).to_be_visible()


async def test_a_condition_is_clicked_together(page: Page, workshop: Workshop, axe: str) -> None:
    check = {"id": "check", "type": "condition", "branches": [{"when": "true", "steps": []}]}
    definition = {**ROUTED, "steps": [*ROUTED["steps"], check]}
    automation_id = await open_step(page, workshop, definition, "check")
    rules = page.get_by_role("group", name="When", exact=True)
    await expect(rules.get_by_text("It always runs.")).to_be_visible()
    await rules.get_by_role("button", name="Add a rule").click()
    await rules.get_by_role("button", name="Insert data into Rule 1: what").click()
    await item(page.get_by_role("tree"), "name").click()
    await rules.get_by_role("textbox", name="Rule 1: value").fill("Ada")
    await rules.get_by_role("button", name="Add a rule").click()
    await rules.get_by_role("textbox", name="Rule 2: what").fill("vars.text")
    await rules.get_by_role("combobox", name="Rule 2: how").select_option("is not empty")
    await rules.get_by_text("Any of these").click()
    assert await grave_faults(page, axe) == []
    await saved(page)
    [*_, saved_check] = await steps_of(workshop, automation_id)
    when = 'data.name == "Ada" || default(vars.text, "") != ""'
    assert saved_check["branches"][0]["when"] == when

    await page.get_by_text("Expression", exact=True).click()
    await expect(page.get_by_role("textbox", name="When")).to_have_value(when)


async def test_an_unfinished_rule_stays_and_never_means_always(
    page: Page, workshop: Workshop
) -> None:
    described = {"type": "object", "properties": {"total": {"type": "number"}}}
    definition = {**ROUTED, "trigger": {"type": "manual", "input": described}}
    automation_id = await open_step(page, workshop, definition, "note")
    await page.get_by_role("button", name="Add a step at the end").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("button", name=re.compile("^Condition")).click()
    rules = page.get_by_role("group", name="When", exact=True)
    left = rules.get_by_role("textbox", name="Rule 1: what")
    right = rules.get_by_role("textbox", name="Rule 1: value")
    await left.fill("data.total")
    await rules.get_by_role("combobox", name="Rule 1: how").select_option("is greater than")
    await expect(right).to_have_attribute("aria-invalid", "true")
    await expect(right).to_have_accessible_description(re.compile("Fill this in"))
    await page.locator('[data-step="route"]').click()
    await expect(page.get_by_role("group", name="When … (not finished)")).to_be_visible()
    fault = page.get_by_role("button", name="check · Branch 1 · When")
    await expect(page.get_by_role("listitem").filter(has=fault)).to_contain_text(
        "A rule is not finished"
    )
    await saved(page)
    await page.reload()
    await fault.click()
    await expect(left).to_have_value("data.total")
    await right.fill("5")
    await left.fill("")
    await page.locator('[data-step="route"]').click()
    await page.locator('[data-step="check"]').click()
    await expect(right).to_have_value("5")
    # While a name is half typed, the rules stay what is shown.
    await left.press_sequentially("data.total")
    await expect(fault).to_have_count(0)
    await saved(page)
    [*_, check] = await steps_of(workshop, automation_id)
    assert check["branches"][0]["when"] == "data.total > 5"


async def test_what_is_picked_takes_the_place_of_a_value_that_stands_for_nothing(
    page: Page, workshop: Workshop
) -> None:
    loop = {"id": "loop", "type": "for-each", "items": "[]", "steps": []}
    pause = {"id": "pause", "type": "delay", "seconds": 60}
    definition = {**ROUTED, "steps": [loop, pause, *ROUTED["steps"]]}
    automation_id = await open_step(page, workshop, definition, "loop")

    async def pick(field: str) -> None:
        await page.get_by_role("button", name=f"Insert data into {field}").click()
        await page.get_by_label("Search data").fill("data.name")
        await page.keyboard.press("Enter")

    await pick("List")
    await expect(page.get_by_role("textbox", name="List")).to_have_value("data.name")
    await page.locator('[data-step="pause"]').click()
    await page.get_by_role("button", name="Seconds as an expression").click()
    await pick("Seconds")
    await expect(page.get_by_role("textbox", name="Seconds")).to_have_value("{{ data.name }}")
    await saved(page)
    [loop, pause, *_] = await steps_of(workshop, automation_id)
    assert (loop["items"], pause["seconds"]) == ("data.name", "{{ data.name }}")


async def test_a_failed_action_is_tried_again_as_it_is_set(page: Page, workshop: Workshop) -> None:
    automation_id = await open_step(page, workshop, ROUTED, "route")
    form = page.get_by_role("group", name="When it fails")
    await form.get_by_role("textbox", name="Tries", exact=True).click()
    await page.get_by_role("option", name="As set here").click()
    await expect(form.get_by_text("1 → 2 → 4 → 8")).to_be_visible()
    await form.get_by_label("Tries at most", exact=True).fill("3")
    await form.get_by_label("First wait, seconds").fill("30")
    await form.get_by_label("Longest wait, seconds").fill("45")
    await expect(form.get_by_text("30 → 45")).to_be_visible()
    await form.get_by_role("textbox", name="When it still fails").click()
    await page.get_by_role("option", name="Go on with the next step").click()
    await expect(form.get_by_text("steps.route.error")).to_be_visible()
    await saved(page)
    assert (await steps_of(workshop, automation_id))[0]["onError"] == {
        "action": "continue",
        "retry": {"maxAttempts": 3, "initialInterval": 30, "backoff": 2, "maxInterval": 45},
    }

    await form.get_by_label("Each next wait, times").fill("20")
    await expect(form.get_by_text("at most 10")).to_be_visible()
    await form.get_by_role("textbox", name="Tries", exact=True).click()
    await page.get_by_role("option", name="Once only").click()
    await expect(page.get_by_text("at most 10")).to_have_count(0)
    await saved(page)
    step = (await steps_of(workshop, automation_id))[0]
    assert step["onError"] == {"action": "continue", "retry": {"maxAttempts": 1}}


async def test_a_test_of_a_step_waits_and_says_what_went_wrong(
    inlay: Running, page: Page, workshop: Workshop
) -> None:
    await connect_developer(workshop)
    definition = {
        **ROUTED,
        "steps": [
            {"id": "ask", "type": "approval", "message": "Ship {{ data.name }}?"},
            CASE,
            {"id": "note", "type": "set", "values": {"text": "{{ steps.route.output.id }}"}},
        ],
    }
    await open_step(page, workshop, definition, "ask")
    test = page.get_by_role("region", name="Test of this step")
    await expect(test.get_by_text("No run has had these yet: data.")).to_be_visible()
    await test.get_by_role("button", name="What it reads").click()
    await test.get_by_label("Values for the test").fill('{"data": {"name": "Pens"}}')
    await test.get_by_role("button", name="Test this step").click()
    await expect(test.get_by_text("Ship Pens?")).to_be_visible(timeout=30_000)
    await test.get_by_role("button", name="Approve").click()
    result = test.get_by_role("region", name="Result of the test")
    await expect(result.get_by_role("status")).to_have_text("Completed", timeout=30_000)
    await expect(result.get_by_role("region", name="Output")).to_contain_text('"approved": true')

    await page.locator('[data-step="note"]').click()
    await expect(test.get_by_text("No run has had these yet: steps.route.")).to_be_visible()
    await test.get_by_role("button", name="Test this step").click()
    await expect(test.get_by_role("alert")).to_contain_text(
        "reads `steps.route`, which was not given"
    )

    inlay.desk.is_closed = True
    await page.locator('[data-step="route"]').click()
    await expect(page.get_by_role("region", name="Route")).to_contain_text("the desk is closed")
    await test.get_by_role("button", name="Test this step").click()
    await expect(result.get_by_role("alert")).to_contain_text("the desk is closed", timeout=30_000)
    inlay.desk.is_closed = False


@pytest.mark.parametrize("look", ["phone", "dark"])
async def test_everybody_can_use_the_forms(
    inlay: Running, workshop: Workshop, chromium: Browser, axe: str, look: str
) -> None:
    looks: dict[str, dict[str, Any]] = {
        "phone": {"viewport": PHONE, "locale": "tr-TR"},
        "dark": {"color_scheme": "dark"},
    }
    options = {"reduced_motion": "reduce", **looks[look]}
    async with inlay.browsing(chromium, workshop, **options) as page:
        await open_step(page, workshop, ROUTED, "route")
        region = page.get_by_role("region", name="Route")
        await expect(region.get_by_role("combobox").first).to_be_visible()
        assert await grave_faults(page, axe) == []
        assert await no_wider_than_screen(page)
        shown = await region.inner_text()
        assert not re.search(r"\b(editor|automations)\.[a-z]", shown)
        if look == "phone":
            await page.keyboard.press("Escape")
        await page.locator('[data-step="note"]').click()
        await page.get_by_role("button", name=re.compile("^Insert data|veri ekle$")).first.click()
        await expect(page.get_by_role("tree")).to_be_visible()
        assert await grave_faults(page, axe) == []
        assert await no_wider_than_screen(page)
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("tree")).to_have_count(0)
        await expect(page.get_by_role("region", name="note")).to_be_visible()
