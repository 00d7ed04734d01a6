"""Automations in the editor of the console: some to begin with, and how their pages are reached."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from playwright.async_api import Locator, Page, expect

if TYPE_CHECKING:
    from tests.api.conftest import Workshop

RUN_MS = 60_000
"""How long a run may take to be seen on a busy machine."""
expect.set_options(timeout=30_000)
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
TICKETS: dict[str, Any] = {
    "trigger": {"type": "manual", "input": {"type": "object"}},
    "steps": [
        {
            "id": "each",
            "name": "For each",
            "type": "for-each",
            "items": "['one', 'two']",
            "steps": [{"id": "note", "type": "set", "values": {"text": "{{ item }}"}}],
        },
        {"id": "boss", "name": "Ask the boss", "type": "approval", "message": "May I?"},
        {
            "id": "ticket",
            "name": "Create a ticket",
            "type": "app",
            "component": "desk.open-ticket",
            "inputs": {"title": "From {{ steps.boss.output.comment }}"},
        },
        {"id": "end", "type": "stop", "result": "{{ steps.ticket.output.id }}"},
    ],
}


def place(workshop: Workshop, automation_id: str = "") -> str:
    return f"/projects/{workshop.project_id}/automations/{automation_id}".rstrip("/")


async def draft(workshop: Workshop, automation_id: str) -> dict[str, Any]:
    path = f"{workshop.path}/automations/{automation_id}"
    answer: dict[str, Any] = await workshop.developer.expect(200, "GET", path)
    return answer


async def opened(page: Page, workshop: Workshop, definition: Any, *, publish: bool = False) -> str:
    """An automation in the editor; its id."""
    automation_id = await workshop.automation(definition, publish=publish)
    await page.goto(place(workshop, automation_id))
    await expect(step(page, "$trigger")).to_be_visible()
    return automation_id


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


async def publish(page: Page, version: int) -> None:
    await page.get_by_role("button", name="Publish", exact=True).click()
    await page.get_by_role("dialog").get_by_role("button", name="Publish now").click()
    await expect(page.get_by_text(f"Version {version} is published")).to_be_visible()


def step(page: Page, step_id: str) -> Locator:
    return page.locator(f'[data-step="{step_id}"]')


def card(page: Page, *parts: str) -> Locator:
    """A step as its name tells it: where it stands, what it is, how it stands."""
    return page.get_by_role("button", name=re.compile(r"\W+".join(map(re.escape, parts))))


def said(page: Page) -> Locator:
    """What screen readers were told last."""
    return page.locator("[data-said]")


async def run_draft(page: Page) -> Locator:
    """Starts a test in the panel that is open; the part of it that shows the run."""
    await page.get_by_role("button", name="Run the draft").click()
    return page.get_by_role("region", name="Test run")


async def integrate(workshop: Workshop, *, is_added: bool = False) -> None:
    if not is_added:
        await workshop.integrate("desk")
    path = f"{workshop.path}/developer/connections/desk"
    await workshop.application.expect(200, "POST", path, {"connectionFields": {"key": "k"}})
