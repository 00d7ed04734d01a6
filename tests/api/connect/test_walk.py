"""From a link to a connection, as a browser goes, on both databases."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.api.connect.conftest import KEY, SHOP, at_provider

if TYPE_CHECKING:
    import httpx

    from tests.api.connect.conftest import Product
    from tests.provider.state import Provider


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    name = "sqlite_url" if request.param == "sqlite" else "postgres_url"
    url: str = request.getfixturevalue(name)
    return url


async def test_a_form_connects_and_says_which_account(
    product: Product, browser: httpx.AsyncClient
) -> None:
    link = await product.link("ledgerly")
    page = await browser.get(link)
    assert page.status_code == 200
    assert "Connect Ledgerly to Acme Shop" in page.text
    assert await product.status("ledgerly") == "unknown user"
    form = {"region": "eu", "email": "ada@example.com", "apiKey": KEY}
    done = await browser.post(link, data=form)
    assert done.status_code == 200, done.text
    assert "Ledgerly is connected" in done.text
    assert "Acme Shop now works with ada@example.com." in done.text
    assert "You can close this window." in done.text
    assert KEY not in done.text
    assert await product.status("ledgerly") == "connected"
    again = await browser.get(link)
    assert again.status_code == 410
    assert "This link was used already" in again.text


async def test_oauth_goes_to_the_provider_and_back(
    product: Product, browser: httpx.AsyncClient
) -> None:
    link = await product.link("acme-calendar")
    assert "Continue to Acme Calendar" in (await browser.get(link)).text
    leaving = await browser.post(link)
    assert urlsplit(leaving.headers["location"]).path == "/oauth2/authorize"
    assert urlsplit(link).path not in leaving.headers["location"]
    done = await browser.get(await at_provider(leaving))
    assert done.status_code == 200, done.text
    assert "Acme Calendar is connected" in done.text
    assert "ada@example.com" in done.text
    assert await product.status("acme-calendar") == "connected"


@pytest.mark.parametrize("app_key", ["acme-calendar", "ledgerly"])
async def test_a_return_url_is_told_the_result(
    product: Product, browser: httpx.AsyncClient, app_key: str
) -> None:
    link = await product.link(app_key, returnUrl=f"{SHOP}/settings?tab=apps&status=old#apps")
    if app_key == "ledgerly":
        done = await browser.post(link, data={"email": "ada@example.com", "apiKey": KEY})
    else:
        done = await browser.get(await at_provider(await browser.post(link)))
    assert done.status_code == 303
    parts = urlsplit(done.headers["location"])
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == f"{SHOP}/settings"
    assert parts.fragment == "apps"
    assert parse_qsl(parts.query) == [
        ("tab", "apps"),
        ("status", "connected"),
        ("appKey", app_key),
    ]


async def test_another_account_is_taken_only_when_it_is_meant(
    product: Product, browser: httpx.AsyncClient, quirky: Provider
) -> None:
    first = await product.link("acme-calendar")
    await browser.get(await at_provider(await browser.post(first)))
    quirky.switches.user = "bob"
    link = await product.link("acme-calendar")
    assert "Already connected: ada@example.com" in (await browser.get(link)).text
    refused = await browser.get(await at_provider(await browser.post(link)))
    assert refused.status_code == 400
    assert "You chose bob@example.com" in refused.text
    assert "Try again as ada@example.com" in refused.text
    assert "Use bob@example.com instead" in refused.text
    assert f'action="{link}"' in refused.text
    meant = await browser.post(link, data={"other_account": "1"})
    done = await browser.get(await at_provider(meant))
    assert done.status_code == 200
    assert "bob@example.com" in done.text


async def test_nul_in_a_field_is_an_error_at_the_field(
    product: Product, browser: httpx.AsyncClient
) -> None:
    link = await product.link("ledgerly")
    form = {
        "email": "ada\x00@example.com",
        "apiKey": "a\x00b",
        "certificate": "\x00",
        "\x00": "\x00",
    }
    answer = await browser.post(link, data=form)
    assert answer.status_code == 400
    assert "another control character" in answer.text
    assert "\x00" not in answer.text
    assert await product.status("ledgerly") == "unknown user"
