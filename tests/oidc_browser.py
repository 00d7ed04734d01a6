"""A person at npm's oidc-provider (tests/packages.py), without a browser."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urljoin, urlsplit

import httpx


async def walk(
    url: str, redirect_uri: str, *, login: str = "ada", consent: bool = True
) -> dict[str, str]:
    """What a person does in a browser: sign in, then grant access or go back.

    Returns the query that the provider sends to the redirect URI.
    """
    async with httpx.AsyncClient() as browser:
        for _ in range(12):
            if url.startswith(redirect_uri):
                return dict(parse_qsl(urlsplit(url).query))
            response = await browser.get(url)
            if response.is_success:
                prompts = re.findall(r'name="prompt" value="(\w+)"', response.text)
                assert prompts, response.text
                if prompts == ["consent"] and not consent:
                    (back,) = re.findall(r'href="([^"]+/abort)"', response.text)
                    response = await browser.get(urljoin(url, back))
                else:
                    form = {"prompt": prompts[0], "login": login, "password": "any"}
                    response = await browser.post(url, data=form)
            assert response.is_redirect, response.text
            url = urljoin(url, response.headers["location"])
    raise AssertionError("the provider redirects for ever")
