"""Pictures of the console's pages for the documents: `make pictures`.

They show the demonstration, run anew, in light, dark and on a phone.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.async_api import Page, async_playwright

from tests.browser.chromium import find_chromium

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from playwright.async_api import BrowserContext

ROOT = Path(__file__).parents[3]
PICTURES = ROOT / "docs" / "pictures"
LAPTOP = {"width": 1280, "height": 860}
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"viewport": LAPTOP},
    "dark": {"viewport": LAPTOP, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "has_touch": True},
}
START_TIMEOUT = 240.0


@dataclass(frozen=True)
class Shown:
    """The demonstration that is running; `info` is what `make demo INFO=…` writes."""

    info: dict[str, Any]

    @property
    def project(self) -> str:
        return f"/projects/{self.info['projectId']}"

    @property
    def editor(self) -> str:
        return f"{self.project}/automations/{self.info['automationId']}"


@asynccontextmanager
async def demonstration() -> AsyncIterator[Shown]:
    """`make demo` for the time of a block."""
    with tempfile.TemporaryDirectory() as folder:
        info = Path(folder) / "info.json"
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "examples.demo", "--info", str(info)),
            cwd=ROOT,
            env={**os.environ, "INLAY_DATA_DIR": folder},
        )
        try:
            async with asyncio.timeout(START_TIMEOUT):
                while not info.exists():
                    assert process.returncode is None
                    await asyncio.sleep(0.2)
            yield Shown(json.loads(info.read_text()))
        finally:
            if process.returncode is None:
                process.terminate()
                await process.wait()


async def change_draft(context: BrowserContext, shown: Shown) -> None:
    """A draft that differs from what is published, for the difference of versions."""
    path = f"/api/v1{shown.editor}"
    draft = await (await context.request.get(path)).json()
    definition = draft["definition"]
    definition["steps"][0]["name"] = "Open the customer's ticket"
    definition["steps"][-1]["onError"] = {"action": "continue"}
    changed = {"definition": definition, "revision": draft["revision"]}
    origin = {"origin": shown.info["baseUrl"]}
    assert (await context.request.patch(path, data=changed, headers=origin)).ok


async def open_step(page: Page, name: str = "Open the customer's ticket") -> None:
    await page.locator("[data-step]").filter(has_text=name).first.click()
    await page.get_by_role("textbox", name="Name", exact=True).wait_for()


async def open_picker(page: Page) -> None:
    await open_step(page, "Tell the support team")
    await page.get_by_role("button", name="Insert data into").first.click()
    await page.get_by_role("tree").wait_for()


async def run_test(page: Page) -> None:
    await page.get_by_role("button", name="Test", exact=True).click()
    await page.get_by_role("button", name="Run the draft").click()
    await page.get_by_role("status").filter(has_text="Completed").wait_for()


def pages(shown: Shown) -> dict[str, tuple[str, Callable[[Page], Awaitable[Any]] | None]]:
    """Name, address, and what is done there before the picture is taken."""
    project, settings = shown.project, f"{shown.project}/settings"

    def tab(name: str) -> Callable[[Page], Awaitable[Any]]:
        return lambda page: page.get_by_role("tab", name=name).click()

    def button(name: str) -> Callable[[Page], Awaitable[Any]]:
        return lambda page: page.get_by_role("button", name=name).first.click()

    return {
        "profile": ("/profile", None),
        "projects": ("/projects", None),
        "project-new": ("/projects", button("Create project")),
        "automations": (f"{project}/automations", None),
        "automation-new": (f"{project}/automations", button("Create automation")),
        "editor": (shown.editor, open_step),
        "editor-data": (shown.editor, open_picker),
        "editor-test": (shown.editor, run_test),
        "editor-json": (shown.editor, tab("JSON")),
        "editor-versions": (shown.editor, tab("Versions")),
        "editor-code": (shown.editor, tab("Code")),
        "editor-publish": (shown.editor, button("Publish")),
        "settings-tokens": (f"{settings}?area=tokens", None),
        "settings-integrations": (f"{settings}?area=integrations", None),
        "settings-integration-new": (f"{settings}?area=integrations&add=slack", None),
        "settings-webhook": (f"{settings}?area=webhook", None),
        "settings-danger": (f"{settings}?area=danger", None),
        "statistics": (f"{project}/statistics", None),
        "statistics-user": (f"{project}/statistics?user={shown.info['userIds'][0]}", None),
        "runs": (f"{project}/runs", None),
        "run": (f"{project}/runs/{shown.info['runs'][0]['runId']}", None),
        "registrations": (f"{project}/registrations", None),
        "missing": (f"{project}/nothing", None),
    }


async def picture(page: Page, name: str) -> None:
    """A picture of the page as soon as nothing is being loaded any more."""
    await page.wait_for_load_state("networkidle")
    await page.locator(".mantine-Skeleton-root").first.wait_for(state="detached")
    # What slides and fades in has no event of its own.
    await page.wait_for_timeout(500)
    await page.screenshot(path=PICTURES / f"{name}.png", animations="disabled")
    print(name)


async def beginning(context: BrowserContext, look: str, origin: dict[str, str]) -> None:
    """The way of somebody new: sign-in, sign-up, welcome, and the guide in an empty project."""
    page = await context.new_page()
    await page.goto("/sign-in")
    await picture(page, f"sign-in-{look}")
    await page.goto("/sign-up")
    await picture(page, f"sign-up-{look}")
    me = {"email": f"{look}@example.com", "password": "correct horse battery"}
    assert (await context.request.post("/api/v1/accounts", data={**me, "name": "Ada"})).ok
    assert (await context.request.post("/api/v1/sessions", data=me)).ok
    await page.goto("/")
    await picture(page, f"welcome-{look}")
    on = {"developerMode": True}
    assert (await context.request.patch("/api/v1/account", data=on, headers=origin)).ok
    project = {"name": "Shop", "webhookUrl": "https://shop.example.com/inlay"}
    made = await context.request.post("/api/v1/projects", data=project, headers=origin)
    shop = (await made.json())["id"]
    await page.goto(f"/projects/{shop}")
    await picture(page, f"guide-{look}")


async def main() -> None:
    """Takes them all; names on the command line choose some."""
    chosen = set(sys.argv[1:])
    PICTURES.mkdir(exist_ok=True)
    program = find_chromium()
    async with demonstration() as shown, async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=program.path, args=program.arguments, env=dict(program.environment)
        )
        me = {key: shown.info[key] for key in ("email", "password")}
        base = {"base_url": shown.info["baseUrl"], "locale": "en-GB"}
        for look, options in LOOKS.items():
            stranger = await browser.new_context(**base, **options)
            if not chosen:
                await beginning(stranger, look, {"origin": shown.info["baseUrl"]})
            context = await browser.new_context(**base, **options)
            assert (await context.request.post("/api/v1/sessions", data=me)).ok
            await change_draft(context, shown)
            for name, (address, act) in pages(shown).items():
                if chosen and name not in chosen:
                    continue
                page = await context.new_page()
                page.set_default_timeout(20_000)
                await page.goto(address)
                if act is not None:
                    await act(page)
                await picture(page, f"{name}-{look}")
                await page.close()
            # The connect page of an end user, who has never heard of Inlay.
            if not chosen or "connect" in chosen:
                link = await stranger.request.post(
                    f"/api/v1/ipaas/users/customer-99-{look}/connections/tracker",
                    headers={"Authorization": f"Bearer {shown.info['token']}"},
                )
                page = await stranger.new_page()
                await page.goto(await link.json())
                await picture(page, f"connect-{look}")
        await browser.close()


if __name__ == "__main__":
    asyncio.run(main())
