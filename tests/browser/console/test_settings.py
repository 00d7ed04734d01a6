"""A project's settings in the console, by clicking, against the whole of Inlay."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from playwright.async_api import expect

from tests.api.conftest import Rest
from tests.browser.conftest import PHONE, grave_faults
from tests.browser.console.running import Running, connect, no_wider_than_screen, running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from playwright.async_api import Browser, Locator, Page

    from tests.api.conftest import Workshop

MENTIONS = {
    "trigger": {"type": "app", "component": "slack.app-mention"},
    "steps": [
        {
            "id": "answer",
            "type": "app",
            "component": "slack.post-message",
            "inputs": {"channel": "C1", "text": "Hello"},
        }
    ],
}


@pytest.fixture(scope="module")
async def inlay(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Running]:
    async with running(tmp_path_factory.mktemp("console"), sqlite_template) as inlay:
        yield inlay


@pytest.fixture
async def workshop(inlay: Running) -> Workshop:
    inlay.endpoint.answers = [204]
    return await inlay.workshop()


@pytest.fixture
async def page(inlay: Running, chromium: Browser, workshop: Workshop) -> AsyncIterator[Page]:
    """The project's settings."""
    async with inlay.browsing(chromium, workshop) as page:
        await page.goto(f"/projects/{workshop.project_id}/settings")
        yield page


def dialog(page: Page) -> Locator:
    """The window that was opened last."""
    return page.get_by_role("dialog").last


async def test_a_token_is_shown_once_works_and_is_revoked(workshop: Workshop, page: Page) -> None:
    await page.get_by_role("button", name="Create token").click()
    await dialog(page).get_by_label("Name").fill("staging")
    await dialog(page).get_by_role("button", name="Create token").click()
    secret = await dialog(page).get_by_role("textbox", name="Token").input_value()
    application = Rest(workshop.application.http, secret)
    await application.expect(200, "GET", f"{workshop.path}/runs")
    await dialog(page).get_by_role("button", name="I have copied it").click()
    await expect(page.get_by_role("dialog")).to_have_count(0)
    row = page.get_by_role("row", name=re.compile("staging"))
    await expect(row).to_contain_text(secret[:10])
    assert secret not in await page.content()
    await page.reload()
    await expect(row).not_to_contain_text("Never")
    await row.get_by_role("button", name="Revoke staging").click()
    await dialog(page).get_by_role("button", name="Revoke").click()
    await expect(row.get_by_text("Revoked")).to_be_visible()
    await application.refused(900, "GET", f"{workshop.path}/runs")


async def test_a_lacking_oauth_app_is_added_with_its_additional_form(
    inlay: Running, workshop: Workshop, page: Page
) -> None:
    await workshop.automation(MENTIONS, publish=False)
    await page.get_by_role("tab", name="Integrations").click()
    lacking = page.get_by_role("alert", name="Slack is used but not added")
    await expect(lacking.get_by_role("link", name="A", exact=True)).to_be_visible()
    await lacking.get_by_role("button", name="Add Slack").click()
    form = dialog(page)
    await expect(form.get_by_role("textbox", name="Redirect URL")).to_have_value(
        f"{inlay.url}/api/v1/oauth/callback"
    )
    # What the automation needs is filled in, and nothing more.
    for scope in ("app_mentions:read", "chat:write"):
        await expect(form.get_by_text(scope, exact=True)).to_be_visible()
    await expect(form.get_by_text("channels:read", exact=True)).to_have_count(0)
    await form.get_by_label("Client ID").fill("client-1")
    await form.get_by_role("button", name="Add Slack").click()
    await expect(form.get_by_text("Slack is an OAuth app: give this").first).to_be_visible()
    await form.get_by_role("textbox", name="Client secret").fill("secret-1")
    await form.get_by_role("textbox", name="Signing secret").fill("signing-1")
    await form.get_by_role("button", name="Add Slack").click()
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(lacking).to_have_count(0)
    card = page.get_by_role("article", name="Slack")
    await expect(card.get_by_role("link", name="A", exact=True)).to_be_visible()
    kept = await integration(workshop, "slack")
    assert kept["scopes"] == ["chat:write", "app_mentions:read"]
    assert (kept["clientId"], kept["hasClientSecret"]) == ("client-1", True)
    await card.get_by_role("button", name="Open Slack").click()
    await expect(dialog(page).get_by_role("textbox", name="Event URL")).to_have_value(
        kept["hookUrl"]
    )
    await dialog(page).get_by_label("Client ID").fill("client-2")
    await dialog(page).get_by_role("button", name="Save").click()
    await expect(page.get_by_role("dialog")).to_have_count(0)
    changed = await integration(workshop, "slack")
    assert (changed["clientId"], changed["settings"]) == ("client-2", {"signing_secret": None})


async def test_an_app_without_oauth_is_found_added_directly_and_removed(
    workshop: Workshop, page: Page
) -> None:
    await page.get_by_role("tab", name="Integrations").click()
    await expect(page.get_by_text("No apps yet")).to_be_visible()
    await page.get_by_role("button", name="Add integration").click()
    await dialog(page).get_by_label("Search apps").fill("help desk")
    await expect(dialog(page).get_by_role("listitem")).to_have_count(1)
    await dialog(page).get_by_role("button", name=re.compile("Desk")).click()
    await dialog(page).get_by_role("button", name="Add Desk").click()
    card = page.get_by_role("article", name="Desk")
    await expect(card.get_by_text("No automation uses it yet.")).to_be_visible()
    async with page.expect_popup() as opening:
        await card.get_by_role("button", name="Connect your own Desk account").click()
    own = await opening.value
    await own.get_by_label("Key", exact=True).fill("k-1")
    await own.get_by_role("button", name="Connect Desk").click()
    await expect(own.get_by_role("heading", level=1)).to_have_text("Desk is connected")
    await own.close()
    await page.reload()
    await expect(card.get_by_text("Connected", exact=True)).to_be_visible()
    await card.get_by_role("button", name="Open Desk").click()
    await dialog(page).get_by_role("button", name="Remove integration").click()
    asked = page.get_by_role("dialog", name="Remove Desk")
    await asked.get_by_role("button", name="Remove integration").click()
    await expect(page.get_by_text("No apps yet")).to_be_visible()


async def test_the_webhook_is_tested_replayed_and_its_secret_changed(
    inlay: Running, workshop: Workshop, page: Page
) -> None:
    await page.get_by_role("tab", name="Webhook").click()
    assert "whsec_" not in await page.content()
    await page.get_by_role("button", name="Show secret").click()
    secret = page.get_by_role("textbox", name="Secret", exact=True)
    first = await secret.input_value()
    before = len(inlay.endpoint.arrived)
    await page.get_by_role("button", name="Send a test").click()
    arrived = (await inlay.endpoint.until(before + 1))[before]
    assert arrived.headers["webhook-signature"] == arrived.signatures_of([first])
    row = page.get_by_role("row", name=re.compile(r"webhook\.test"))
    await expect(row.get_by_text("Delivered")).to_be_visible()
    await page.get_by_role("button", name="Make a new secret").click()
    await dialog(page).get_by_role("button", name="Make a new secret").click()
    await expect(secret).not_to_have_value(first)
    second = await secret.input_value()
    await row.get_by_role("button", name="Send again").click()
    again = (await inlay.endpoint.until(before + 2))[before + 1]
    assert again.id == arrived.id
    assert again.headers["webhook-signature"] == again.signatures_of([second, first])
    await page.get_by_role("button", name="Hide secret").click()
    await expect(secret).to_have_count(0)
    await row.get_by_role("button", name="Details").click()
    await expect(page.get_by_text(arrived.id)).to_be_visible()


async def test_a_paused_webhook_says_so_and_is_resumed(
    inlay: Running, workshop: Workshop, page: Page
) -> None:
    inlay.endpoint.answers = [410, 204]
    await page.get_by_role("tab", name="Webhook").click()
    await page.get_by_role("button", name="Send a test").click()
    notice = page.get_by_role("alert", name="The webhook is paused")
    await expect(notice).to_contain_text("410", timeout=20_000)
    await notice.get_by_role("button", name=re.compile("Resume")).click()
    await expect(notice).to_have_count(0)
    row = page.get_by_role("row", name=re.compile(r"webhook\.test"))
    await expect(row.get_by_text("Delivered")).to_be_visible(timeout=20_000)


async def test_webhook_url_and_origins_are_checked_and_saved(
    workshop: Workshop, page: Page
) -> None:
    await page.get_by_role("tab", name="Webhook").click()
    url = page.get_by_label("Webhook URL")
    await url.fill("not a url")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text(re.compile("this is no URL")).first).to_be_visible()
    await expect(url).to_have_attribute("aria-invalid", "true")
    await url.fill("https://shop.example.com/hook")
    origins = page.get_by_role("textbox", name="Allowed origins")
    await origins.fill("https://shop.example.com")
    await origins.press("Enter")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Saved.")).to_be_visible()
    project = await workshop.developer.expect(200, "GET", workshop.path)
    assert project["webhookUrl"] == "https://shop.example.com/hook"
    assert project["allowedOrigins"] == ["https://shop.example.com"]


async def test_a_project_is_deleted_by_its_name(workshop: Workshop, page: Page) -> None:
    await workshop.automation(MENTIONS, publish=False)
    await workshop.integrate("desk")
    await connect(workshop, "ada")
    await page.get_by_role("tab", name="Danger Zone").click()
    await page.get_by_role("button", name="Delete project…").click()
    for told in ("Automations: 1", "Users: 1", "Integrations: 1", "API tokens: 1"):
        await expect(dialog(page).get_by_text(told)).to_be_visible()
    delete = dialog(page).get_by_role("button", name="Delete for good")
    await expect(delete).to_be_disabled()
    await dialog(page).get_by_label("Type Shop to confirm").fill("Shop")
    await delete.click()
    await expect(page).to_have_url(re.compile("/projects$"))
    await workshop.developer.refused(404, "GET", workshop.path)


@pytest.mark.parametrize("options", [{}, {"color_scheme": "dark"}, {"viewport": PHONE}])
async def test_all_of_it_can_be_used_by_everybody(
    inlay: Running, workshop: Workshop, chromium: Browser, axe: str, options: dict[str, Any]
) -> None:
    await workshop.automation(MENTIONS, publish=False)
    await workshop.integrate("desk")
    await workshop.developer.expect(201, "POST", f"{workshop.path}/webhook/test")
    async with inlay.browsing(chromium, workshop, **options) as page:
        await page.goto(f"/projects/{workshop.project_id}/settings")
        for name in ("API Tokens", "Integrations", "Webhook", "Danger Zone"):
            await page.get_by_role("tab", name=name).click()
            await page.wait_for_load_state("networkidle")
            assert await grave_faults(page, axe) == [], name
            assert await no_wider_than_screen(page), name
        await page.get_by_role("tab", name="Integrations").click()
        await page.get_by_role("button", name="Add integration").click()
        await expect(dialog(page).get_by_label("Search apps")).to_be_focused()
        assert await grave_faults(page, axe) == []
        await dialog(page).get_by_role("button", name=re.compile("Slack")).click()
        await expect(dialog(page).get_by_label("Client ID")).to_be_visible()
        assert await grave_faults(page, axe) == []
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("dialog")).to_have_count(0)


async def integration(workshop: Workshop, app_key: str) -> dict[str, Any]:
    found = await workshop.developer.expect(200, "GET", f"{workshop.path}/integrations")
    by_key: dict[str, dict[str, Any]] = {item["appKey"]: item for item in found["items"]}
    return by_key[app_key]
