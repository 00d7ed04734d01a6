"""A project's settings in the console, by clicking, against the whole of Inlay."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from playwright.async_api import expect

from tests.api.conftest import Rest
from tests.browser.conftest import PHONE, grave_faults
from tests.browser.console.project import SLOWLY_MS, dialog
from tests.browser.console.running import Running, connect, no_wider_than_screen

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import Browser, Page

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


async def test_a_token_is_shown_once_works_and_is_revoked(workshop: Workshop, page: Page) -> None:
    await page.get_by_role("button", name="Create token").click()
    await dialog(page).get_by_label("Name").fill("staging")
    await dialog(page).get_by_role("button", name="Create token").click()
    await expect(dialog(page).get_by_text("it is not shown again")).to_be_visible()
    secret = await dialog(page).get_by_role("textbox", name="Token").input_value()
    application = Rest(workshop.application.http, secret)
    await application.expect(200, "GET", f"{workshop.path}/runs")
    # What cannot be had again is not lost by a slip of the hand.
    await page.keyboard.press("Escape")
    await dialog(page).get_by_role("button", name="I have copied it").click()
    await expect(page.get_by_role("dialog")).to_have_count(0)
    row = page.get_by_role("row", name=re.compile("staging"))
    await expect(row).to_contain_text(secret[:10])
    assert secret not in await page.content()
    await page.reload()
    await expect(row).not_to_contain_text("Never")
    await row.get_by_role("button", name="Revoke staging").click()
    asked = page.get_by_role("dialog", name="Revoke staging")
    await asked.get_by_role("button", name="Revoke").click()
    await expect(row.get_by_text("Revoked")).to_be_visible()
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await page.reload()
    await expect(row.get_by_text("Revoked")).to_be_visible()
    await application.refused(900, "GET", f"{workshop.path}/runs")


async def test_a_lacking_oauth_app_is_added_with_the_scopes_that_automations_need(
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
    await expect(form.get_by_role("link", name=re.compile("Register at Slack"))).to_be_visible()
    # What the automation needs is ticked, and nothing more; all that the app has can be.
    scopes = form.get_by_role("checkbox")
    for scope in ("chat:write", "app_mentions:read"):
        await expect(scopes.and_(page.get_by_label(scope))).to_be_checked()
    await form.get_by_label("channels:read").check()
    await form.get_by_label("app_mentions:read").uncheck()
    await expect(form.get_by_text("also need: app_mentions:read")).to_be_visible()
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
    wanting = card.get_by_role("alert", name="Your automations need more scopes")
    await expect(wanting).to_contain_text("app_mentions:read")
    await wanting.get_by_role("button", name="Add this scope").click()
    await expect(wanting).to_have_count(0)
    kept = await integration(workshop, "slack")
    assert set(kept["scopes"]) == {"chat:write", "channels:read", "app_mentions:read"}
    assert (kept["clientId"], kept["hasClientSecret"]) == ("client-1", True)
    # Other pages can lead right here.
    await page.goto(f"/projects/{workshop.project_id}/settings?area=integrations&app=slack")
    await expect(dialog(page).get_by_role("textbox", name="Event URL")).to_have_value(
        kept["hookUrl"]
    )
    await dialog(page).get_by_label("Client ID").fill("client-2")
    await dialog(page).get_by_role("button", name="Save").click()
    await expect(page.get_by_role("dialog")).to_have_count(0)
    changed = await integration(workshop, "slack")
    assert (changed["clientId"], changed["settings"]) == ("client-2", {"signing_secret": None})
    async with page.expect_popup() as opening:
        await card.get_by_role("button", name="Connect your own Slack account").click()
    own = await opening.value
    await own.wait_for_url(re.compile("/connect/"))
    await own.close()
    await card.get_by_role("button", name="Cancel").click()
    await expect(card.get_by_text("Not connected", exact=True)).to_be_visible()


async def test_an_app_without_oauth_is_added_by_one_click_connected_and_removed(
    workshop: Workshop, page: Page
) -> None:
    await page.get_by_role("tab", name="Integrations").click()
    await expect(page.get_by_text("No apps yet")).to_be_visible()
    card = page.get_by_role("article", name="Desk")

    async def add() -> None:
        await page.get_by_role("button", name="Add integration").click()
        await dialog(page).get_by_text("Support", exact=True).click()
        await dialog(page).get_by_label("Search apps").fill("help desk")
        await expect(dialog(page).get_by_role("listitem")).to_have_count(1)
        await dialog(page).get_by_role("button", name=re.compile("Desk")).click()
        await expect(card.get_by_text("No automation uses it yet.")).to_be_visible()

    await add()
    await page.get_by_role("button", name="Undo").click()
    await expect(page.get_by_text("No apps yet")).to_be_visible()
    await add()
    connecting = card.get_by_role("button", name="Connect your own Desk account")
    await connecting.click()
    await dialog(page).get_by_role("button", name="Connect").click()
    await expect(dialog(page).get_by_text("This field is required.")).to_be_visible()
    await dialog(page).get_by_role("textbox", name="Key").fill("k-1")
    await dialog(page).get_by_role("button", name="Connect").click()
    await expect(card.get_by_text("Connected", exact=True)).to_be_visible()
    await card.get_by_role("button", name="Remove your own Desk account").click()
    asked = page.get_by_role("dialog", name="Remove your own Desk account?")
    await asked.get_by_role("button", name="Remove").click()
    await expect(connecting).to_be_visible()
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
    await expect(row.get_by_text("Delivered").filter(visible=True)).to_be_visible(timeout=SLOWLY_MS)
    await expect(row).to_contain_text("HTTP 204")
    await page.get_by_role("button", name="Make a new secret").click()
    asked = page.get_by_role("dialog", name="Make a new secret")
    await asked.get_by_role("button", name="Make a new secret").click()
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
    await expect(page.get_by_role("region", name="Body")).to_contain_text("a test of your webhook")


async def test_a_paused_webhook_says_so_is_resumed_and_its_addresses_are_checked(
    inlay: Running, workshop: Workshop, page: Page
) -> None:
    inlay.endpoint.answers = [410, 204]
    await page.get_by_role("tab", name="Webhook").click()
    await page.get_by_role("button", name="Send a test").click()
    notice = page.get_by_role("alert", name="The webhook is paused")
    await expect(notice).to_contain_text("410", timeout=SLOWLY_MS)
    await notice.get_by_role("button", name=re.compile("Resume")).click()
    await expect(notice).to_have_count(0, timeout=SLOWLY_MS)
    row = page.get_by_role("row", name=re.compile(r"webhook\.test"))
    await expect(row.get_by_text("Delivered").filter(visible=True)).to_be_visible(timeout=SLOWLY_MS)
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
    await expect(page).to_have_url(re.compile("/projects$"), timeout=SLOWLY_MS)
    await workshop.developer.refused(404, "GET", workshop.path)


@pytest.mark.parametrize("options", [{"color_scheme": "dark"}, {"viewport": PHONE}])
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
