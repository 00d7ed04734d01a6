"""What runs in a project, and how its pages are reached: for walks through what happened there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playwright.async_api import expect

from tests.browser.console.running import Running, connect

if TYPE_CHECKING:
    from playwright.async_api import Locator, Page

    from tests.api.conftest import Workshop

SLOWLY_MS = 30_000
"""What follows an action by way of the engine; a busy machine takes its time."""
expect.set_options(timeout=30_000)

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
NOTHING: dict[str, Any] = {"trigger": {"type": "manual"}, "steps": []}
LISTENS = {
    "trigger": {"type": "app", "component": "webhook.received"},
    "steps": [],
    "result": "{{ event }}",
}


async def run(workshop: Workshop, definition: dict[str, Any], **body: Any) -> dict[str, Any]:
    """A run of a new automation, as far as it goes by itself."""
    return await run_again(workshop, await workshop.automation(definition), **body)


async def run_again(workshop: Workshop, automation: str, **body: Any) -> dict[str, Any]:
    answer: dict[str, Any] = await workshop.application.expect(
        200, "POST", workshop.run_path(automation), {"data": {}, **body}
    )
    return answer


async def desk_run(inlay: Running, workshop: Workshop) -> dict[str, Any]:
    """A run for ada, which opens a ticket at the desk."""
    await workshop.integrate("desk")
    await connect(workshop, "ada")
    return await run(workshop, TICKET, userId="ada", data={"title": "the door squeaks"})


async def register(workshop: Workshop, user_id: str) -> None:
    """Registers this user for an automation that is started by calls of a URL."""
    automation = await workshop.automation(LISTENS)
    path = f"/api/v1/ipaas/automations/{automation}/register"
    await workshop.application.expect(200, "POST", path, {"userId": user_id, "data": {"a": 1}})


async def menu(page: Page, name: str) -> None:
    """Opens an entry of the project's navigation."""
    await page.get_by_role("navigation").get_by_role("link", name=name, exact=True).click()


async def choose(page: Page, name: str, option: str) -> None:
    """Chooses in a list that opens."""
    await page.get_by_role("textbox", name=name, exact=True).click()
    await page.get_by_role("option", name=option, exact=True).click()


async def stands(page: Page, state: str) -> None:
    """Waits until the run of the page is in this state."""
    badge = page.get_by_role("status").filter(has_text=state)
    await expect(badge.first).to_be_visible(timeout=SLOWLY_MS)


def dialog(page: Page) -> Locator:
    """The window that was opened last."""
    return page.get_by_role("dialog").last
