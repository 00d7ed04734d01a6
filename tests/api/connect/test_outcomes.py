"""What the pages say when nothing was connected, and the ways on that they offer."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import TYPE_CHECKING, NoReturn, get_args

import pytest
from sqlalchemy import update

from api.connect.languages import CATALOGUES, Words
from connections.errors import AuthorizationFailed, FailureKind
from store.models import Authorization, ConnectLink
from tests.api.connect.conftest import SHOP, at_provider, client

if TYPE_CHECKING:
    import httpx
    from fastapi import FastAPI

    from api.state import State
    from tests.api.connect.conftest import Product
    from tests.provider.state import Provider

CALLBACK = "/api/v1/oauth/callback"
STATUS = {"unknown_link": 404, "expired_link": 410, "used_link": 410, "provider_unavailable": 503}


def title(answer: httpx.Response) -> str:
    found = re.search(r"<h1>(.*?)</h1>", answer.text)
    assert found, answer.text
    return unescape(found.group(1))


def told(answer: httpx.Response) -> tuple[dict[str, str], list[str]]:
    """What the page tells the window that opened it, and whose windows may hear it."""
    result = re.search(r'data-result="(.*?)"', answer.text)
    origins = re.search(r'data-origins="(.*?)"', answer.text)
    assert result
    assert origins
    return json.loads(unescape(result.group(1))), json.loads(unescape(origins.group(1)))


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_an_unknown_link(browser: httpx.AsyncClient, method: str) -> None:
    answer = await browser.request(method, "/connect/made-up")
    assert answer.status_code == 404
    assert title(answer) == "This link does not work"


async def test_an_expired_link(product: Product, browser: httpx.AsyncClient, state: State) -> None:
    link = await product.link("acme-calendar")
    async with state.database.begin() as session:
        await session.execute(update(ConnectLink).values(expires_at=1))
    for method in ("GET", "POST"):
        answer = await browser.request(method, link)
        assert answer.status_code == 410
        assert title(answer) == "This link has expired"


async def test_denied_offers_to_try_again_and_to_go_back(
    product: Product, browser: httpx.AsyncClient, quirky: Provider
) -> None:
    quirky.switches.denial = "access_denied"
    link = await product.link("acme-calendar", returnUrl=f"{SHOP}/apps")
    answer = await browser.get(await at_provider(await browser.post(link)))
    assert answer.status_code == 400
    assert title(answer) == "Access was not given"
    assert f'<a class="button primary" href="{link}">Try again</a>' in answer.text
    back = f"{SHOP}/apps?status=failed&reason=denied&appKey=acme-calendar"
    assert f'href="{back}"' in unescape(answer.text)
    # The provider's free text could be anybody's.
    assert "Call +1 555" not in answer.text
    assert (await browser.get(link)).status_code == 200


async def test_a_provider_that_fails_may_be_tried_again(
    product: Product, browser: httpx.AsyncClient, quirky: Provider
) -> None:
    quirky.switches.denial = "temporarily_unavailable"
    link = await product.link("acme-calendar")
    answer = await browser.get(await at_provider(await browser.post(link)))
    assert answer.status_code == 503
    assert title(answer) == "Acme Calendar cannot be reached"
    assert "Details for the support" in answer.text


async def test_the_way_back_needs_the_browser_that_left(
    product: Product, browser: httpx.AsyncClient, app: FastAPI
) -> None:
    link = await product.link("acme-calendar")
    back = await at_provider(await browser.post(link))
    async with client(app) as other:
        answer = await other.get(back)
        assert answer.status_code == 400
        assert title(answer) == "This was begun in another browser"
        # Whoever was lured here must not go on in the name of somebody else.
        assert link not in answer.text
    assert (await browser.get(back)).status_code == 200


async def test_an_answer_counts_once(product: Product, browser: httpx.AsyncClient) -> None:
    back = await at_provider(await browser.post(await product.link("acme-calendar")))
    await browser.get(back)
    answer = await browser.get(back)
    assert answer.status_code == 400
    assert title(answer) == "This answer was used already"


async def test_an_answer_that_took_too_long(
    product: Product, browser: httpx.AsyncClient, state: State
) -> None:
    link = await product.link("acme-calendar")
    back = await at_provider(await browser.post(link))
    async with state.database.begin() as session:
        await session.execute(update(Authorization).values(expires_at=1))
    answer = await browser.get(back)
    assert answer.status_code == 400
    assert title(answer) == "That took too long"
    assert link in answer.text


@pytest.mark.parametrize("language", CATALOGUES)
async def test_each_kind_has_its_page(
    product: Product,
    browser: httpx.AsyncClient,
    state: State,
    monkeypatch: pytest.MonkeyPatch,
    language: str,
) -> None:
    """What the links layer says went wrong, it says here at will."""
    link = await product.link("acme-calendar", returnUrl=f"{SHOP}/apps")
    details = {"account": "Bob <b>", "previous": "Ada", "scopes": "read", "code": "oops"}
    words, names = Words(language), {"app": "Acme Calendar", "project": "Acme Shop", **details}
    for kind in get_args(FailureKind):
        error = AuthorizationFailed(kind, "In English.", details, link.rpartition("/")[2])
        answer = await failing(browser, state, monkeypatch, error, language)
        assert title(answer) == words(f"failure.{kind}.title", **names)
        assert words(f"failure.{kind}.text", **names) in unescape(answer.text)
        assert "Bob <b>" not in answer.text
        may_try_again = kind not in {"used_link", "expired_link"}
        assert (f'href="{link}"' in answer.text) == may_try_again
        result = {"status": "failed", "reason": kind, "appKey": "acme-calendar"}
        assert told(answer) == (result, [SHOP])


@pytest.mark.parametrize("language", CATALOGUES)
async def test_each_kind_has_its_page_where_nothing_is_known(
    browser: httpx.AsyncClient, state: State, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    words = Words(language)
    for kind in get_args(FailureKind):
        error = AuthorizationFailed(kind, "In English.")
        answer = await failing(browser, state, monkeypatch, error, language)
        assert title(answer) == words(f"failure.{kind}.title")
        assert words(f"failure.{kind}.text") in unescape(answer.text)
        assert "data-result" not in answer.text


async def failing(
    browser: httpx.AsyncClient,
    state: State,
    monkeypatch: pytest.MonkeyPatch,
    error: AuthorizationFailed,
    language: str,
) -> httpx.Response:
    async def fail(*_: object) -> NoReturn:
        raise error

    monkeypatch.setattr(state.links, "complete", fail)
    answer = await browser.get(CALLBACK, headers={"accept-language": language})
    assert answer.status_code == STATUS.get(error.kind, 400)
    return answer


async def test_a_connection_is_told_to_allowed_origins_only(
    product: Product, browser: httpx.AsyncClient
) -> None:
    link = await product.link("acme-calendar")
    assert "data-result" not in (await browser.get(link)).text
    done = await browser.get(await at_provider(await browser.post(link)))
    assert told(done) == ({"status": "connected", "appKey": "acme-calendar"}, [SHOP])


async def test_what_breaks_here_is_a_page_too(
    product: Product,
    browser: httpx.AsyncClient,
    state: State,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    link = await product.link("acme-calendar")
    secret = link.rpartition("/")[2]

    async def break_down(*_: object) -> NoReturn:
        raise OSError(f"no way to {secret}")

    monkeypatch.setattr(state.links, "page", break_down)
    answer = await browser.get(link)
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    assert title(answer) == "Something failed here"
    assert f'href="{link}"' in answer.text
    assert "OSError" in caplog.text
    assert secret not in caplog.text
