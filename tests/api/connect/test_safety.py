"""Headers, escaping, cookies, and requests that no form of ours sends."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from api.connect.rendering import shown
from store.models import Authorization
from tests.api.conftest import serving
from tests.api.connect.apps import LOGO
from tests.api.connect.conftest import SHOP, at_provider, client

if TYPE_CHECKING:
    import httpx
    from fastapi import FastAPI

    from api.state import State
    from settings import Settings
    from tests.api.connect.conftest import Product

FORM = {"content-type": "application/x-www-form-urlencoded"}


def directives(answer: httpx.Response) -> dict[str, list[str]]:
    parts = [part.split() for part in answer.headers["content-security-policy"].split(";")]
    return {name: sources for name, *sources in parts}


async def test_every_page_has_the_strict_headers(
    product: Product, browser: httpx.AsyncClient
) -> None:
    link = await product.link("ledgerly")
    pages = [
        await browser.get(link),
        await browser.post(link),
        await browser.get("/connect/made-up"),
        await browser.get("/api/v1/oauth/callback"),
    ]
    for page in pages:
        policy = directives(page)
        assert policy["default-src"] == ["'none'"]
        assert policy["script-src"] == policy["style-src"] == ["'self'"]
        assert policy["base-uri"] == policy["frame-ancestors"] == ["'none'"]
        assert policy["form-action"] == ["'self'"]
        assert page.headers["referrer-policy"] == "same-origin"
        assert page.headers["x-content-type-options"] == "nosniff"
        assert page.headers["cache-control"] == "no-store"
        assert "noindex" in page.headers["x-robots-tag"]
        assert "<style" not in page.text
        assert not re.search(r"<script(?! src=)| on[a-z]+=|style=|javascript:", page.text)


async def test_a_form_with_secrets_leads_here_and_to_the_product_only(
    product: Product, browser: httpx.AsyncClient
) -> None:
    own = await browser.get(await product.link("ledgerly", returnUrl=f"{SHOP}/x"))
    assert directives(own)["form-action"] == ["'self'", SHOP]
    oauth = await browser.get(await product.link("acme-calendar"))
    # Over http in development only.
    assert directives(oauth)["form-action"] == ["'self'", "https:", "http:"]


async def test_over_https_the_cookie_and_the_policy_are_stricter(
    api_settings: Settings, product: Product
) -> None:
    link = await product.link("acme-calendar")
    secure = api_settings.model_copy(update={"public_url": "https://inlay.example.com"})
    async with serving(secure) as (_, browser):
        page = await browser.get(link)
        assert directives(page)["form-action"] == ["'self'", "https:"]
        assert "Secure" in (await browser.post(link)).headers["set-cookie"]


async def test_the_cookie_is_set_by_the_press_of_the_button_and_kept(
    product: Product, browser: httpx.AsyncClient
) -> None:
    link = await product.link("acme-calendar")
    assert "set-cookie" not in (await browser.get(link)).headers
    cookie = (await browser.post(link)).headers["set-cookie"]
    name, _, value = cookie.partition(";")[0].partition("=")
    assert name == "inlay-connect"
    assert len(value) == 43
    assert {part.strip() for part in cookie.split(";")[1:]} == {
        *("HttpOnly", "Max-Age=3600", "Path=/", "SameSite=lax")
    }
    assert value in (await browser.post(link)).headers["set-cookie"]


async def test_a_made_up_cookie_is_replaced(product: Product, browser: httpx.AsyncClient) -> None:
    browser.cookies.set("inlay-connect", "x")
    answer = await browser.post(await product.link("acme-calendar"))
    assert len(answer.headers["set-cookie"].partition(";")[0]) == len("inlay-connect=") + 43


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_looking_changes_nothing(
    product: Product, browser: httpx.AsyncClient, state: State, method: str
) -> None:
    link = await product.link("acme-calendar")
    for _ in range(3):
        answer = await browser.request(method, link)
        assert answer.status_code == 200
        assert "set-cookie" not in answer.headers
    async with state.database() as session:
        assert await session.scalar(select(func.count()).select_from(Authorization)) == 0
    assert (await browser.post(link)).status_code == 303


@pytest.mark.parametrize(
    "foreign",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://evil.example"},
        {"referer": "https://evil.example/"},
        {"origin": "null"},
    ],
    ids=str,
)
async def test_another_site_cannot_send_the_form(
    product: Product, browser: httpx.AsyncClient, foreign: dict[str, str]
) -> None:
    link = await product.link("acme-calendar")
    answer = await browser.post(link, headers=foreign)
    assert answer.status_code == 400
    assert "This came from another page" in answer.text
    assert "set-cookie" not in answer.headers
    own = await browser.post(link, headers={"sec-fetch-site": "same-origin"})
    assert own.status_code == 303


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        pytest.param(413, FORM, b"apiKey=" + b"a" * 65_536, id="too large"),
        pytest.param(413, FORM, b"&".join(b"f%d=1" % n for n in range(101)), id="too many fields"),
        pytest.param(415, {"content-type": "application/json"}, b"{}", id="JSON"),
        pytest.param(415, {"content-type": "multipart/form-data"}, b"--x", id="multipart"),
        pytest.param(415, {"content-type": "\x7f"}, b"", id="no content type"),
        pytest.param(415, {}, b"apiKey=1", id="without content type"),
        pytest.param(400, FORM, b"\xff\xfe=%ff&%00=%00&apiKey=%ff%fe&email=%", id="no text"),
        pytest.param(400, FORM, b"&&==;;apiKey", id="no pairs"),
        pytest.param(400, FORM, b"other_account=2&other_account=1", id="twice"),
    ],
)
async def test_what_no_form_sends_gets_a_page(
    product: Product,
    browser: httpx.AsyncClient,
    status: int,
    headers: dict[str, str],
    body: bytes,
) -> None:
    link = await product.link("ledgerly")
    answer = await browser.post(link, content=body, headers=headers)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "<h1>" in answer.text
    assert link in answer.text
    assert (await browser.get(link)).status_code == 200


async def test_a_callback_of_any_size_gets_a_page(browser: httpx.AsyncClient) -> None:
    for query in ("state=" + "a" * 20_000, "&".join(f"p{n}=1" for n in range(60))):
        answer = await browser.get(f"/api/v1/oauth/callback?{query}")
        assert answer.status_code == 400
        assert "<h1>" in answer.text


@pytest.mark.parametrize(
    "secret", ["a" * 5000, "%F0%9F%98%80", "..%2Fassets", "%3Cb%3E", "x%0d%0ay"]
)
async def test_odd_secrets_are_unknown_links(browser: httpx.AsyncClient, secret: str) -> None:
    for method in ("GET", "POST"):
        answer = await browser.request(method, f"/connect/{secret}")
        assert answer.status_code in {404, 405}
        assert "<b>" not in answer.text


async def test_hostile_names_are_text(product: Product, browser: httpx.AsyncClient) -> None:
    await product.rename(name="<script>alert(1)</script>\"'\u202e{{7*7}}{app}")
    link = await product.link(
        "ledgerly", user="<img src=x>", returnUrl=f"{SHOP}/?a=%22%3E%3Cimg%3E&b=<b>"
    )
    for page in (await browser.get(link), await browser.post(link)):
        assert "&lt;script&gt;alert(1)&lt;/script&gt;&#34;&#39;{{7*7}}{app}" in page.text
        assert "<script>" not in page.text
        assert "\u202e" not in page.text
        assert "<img src=x" not in page.text
        assert "<b>" not in page.text
    typed = '"><script>alert(1)</script>'
    page = await browser.post(link, data={"email": typed, "region": typed})
    assert "<script>" not in page.text


async def test_the_apps_logo_is_an_image_in_which_nothing_runs(
    product: Product, browser: httpx.AsyncClient
) -> None:
    page = (await browser.get(await product.link("ledgerly"))).text
    encoded = base64.b64encode(LOGO.encode()).decode()
    assert f'<img src="data:image/svg+xml;base64,{encoded}"' in page
    assert "<path fill" not in page


async def test_a_product_without_a_logo_has_letters(
    product: Product, browser: httpx.AsyncClient
) -> None:
    link = await product.link("ledgerly")
    assert '<span class="letters">AS</span>' in (await browser.get(link)).text
    await product.rename(logoUrl="https://shop.example.com/logo.svg")
    assert '<img src="https://shop.example.com/logo.svg"' in (await browser.get(link)).text
    # A page over https shows no picture that comes over http.
    await product.rename(logoUrl="http://shop.example.com/logo.svg")
    assert "http://shop.example.com" not in (await browser.get(link)).text


async def test_end_users_read_the_products_name_and_never_ours(
    product: Product, browser: httpx.AsyncClient
) -> None:
    link = await product.link("acme-calendar")
    pages = [await browser.get(link), await browser.get("/connect/made-up")]
    pages.append(await browser.get(await at_provider(await browser.post(link))))
    for page in pages:
        text = re.sub(r"<[^>]*>", " ", page.text)
        assert "inlay" not in text.lower()


async def test_no_page_holds_a_secret_of_the_way(
    product: Product, browser: httpx.AsyncClient, app: FastAPI, caplog: pytest.LogCaptureFixture
) -> None:
    link = await product.link("acme-calendar")
    back = await at_provider(await browser.post(link))
    async with client(app) as other:
        refused = await other.get(back)
    done = await browser.get(back)
    for secret in re.findall(r"(?:state|code)=([^&]+)", back):
        assert secret not in refused.text + done.text + caplog.text
    assert link.rpartition("/")[2] not in caplog.text + done.text


def test_long_names_are_cut() -> None:
    assert shown("a" * 500) == "a" * 119 + "…"
    assert shown("  a\n\tb\x00 ") == "a b"
