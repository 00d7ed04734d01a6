"""A person at a browser: follows a link, signs in at Tracker, and allows what is asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

import httpx


@dataclass
class Form:
    """A form of a page."""

    action: str = ""
    hidden: dict[str, str] = field(default_factory=dict)


class _FormParser(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.form = Form()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.form = Form(attributes["action"])
        elif tag == "input" and attributes.get("type") == "hidden":
            self.form.hidden[attributes["name"]] = attributes.get("value", "")


async def connect_account(link: str, user: str, password: str) -> None:
    """Walks from a connect link through sign-in and consent to the last page.

    Raises httpx.HTTPStatusError when a page on the way is an error.
    """
    async with httpx.AsyncClient(follow_redirects=True, timeout=30) as browser:
        page = await browser.get(link)
        page = await _submit(browser, page, {})
        page = await _submit(browser, page, {"user": user, "password": password})
        page = await _submit(browser, page, {"decision": "allow"})
        page.raise_for_status()


async def _submit(
    browser: httpx.AsyncClient, page: httpx.Response, fields: dict[str, str]
) -> httpx.Response:
    page.raise_for_status()
    parser = _FormParser()
    parser.feed(page.text)
    return await browser.post(
        urljoin(str(page.url), parser.form.action), data={**parser.form.hidden, **fields}
    )
