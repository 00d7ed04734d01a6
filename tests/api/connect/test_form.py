"""The form of a link's page: what it asks, what it keeps, and what it never shows again."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import TYPE_CHECKING

from tests.api.connect.conftest import KEY, SHOP

if TYPE_CHECKING:
    import httpx

    from tests.api.connect.conftest import Product


class Controls(HTMLParser):
    """The attributes of a form's controls by name, and the labels by the id they are for."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.fields: dict[str, dict[str, str | None]] = {}
        self.ids: set[str] = set()
        self.labelled: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if values.get("id"):
            self.ids.add(values["id"] or "")
        if tag in {"input", "select", "textarea"}:
            self.fields[values["name"] or ""] = values | {"tag": tag}
        elif tag == "label":
            self.labelled.add(values["for"] or "")


async def controls(browser: httpx.AsyncClient, link: str) -> Controls:
    return Controls((await browser.get(link)).text)


async def test_every_field_has_a_label_and_its_help(
    product: Product, browser: httpx.AsyncClient
) -> None:
    found = await controls(browser, await product.link("ledgerly"))
    assert list(found.fields) == [
        *("region", "host", "book", "email", "apiKey", "ledger", "certificate")
    ]
    for field in found.fields.values():
        assert field["id"] in found.labelled
        for described in (field.get("aria-describedby") or "").split():
            assert described in found.ids
    assert found.fields["host"]["aria-describedby"] == "field-host-help"
    assert found.fields["email"]["placeholder"] == "you@example.com"


async def test_each_type_has_its_control(product: Product, browser: httpx.AsyncClient) -> None:
    fields = (await controls(browser, await product.link("ledgerly"))).fields
    assert fields["region"]["tag"] == "select"
    assert fields["certificate"]["tag"] == "textarea"
    assert fields["host"]["type"] == "url"
    assert fields["book"]["type"] == "tel"
    assert fields["email"]["type"] == "email"
    assert fields["ledger"]["inputmode"] == "decimal"
    assert fields["apiKey"]["type"] == "password"
    assert fields["apiKey"]["autocomplete"] == "off"
    assert fields["certificate"]["autocomplete"] == "off"


async def test_optional_fields_say_so(product: Product, browser: httpx.AsyncClient) -> None:
    page = (await browser.get(await product.link("ledgerly"))).text
    fields = Controls(page).fields
    assert {name for name, field in fields.items() if "required" not in field} == {
        *("book", "ledger", "certificate")
    }
    assert page.count('<span class="optional">(optional)</span>') == 3


async def test_a_default_is_chosen_and_a_condition_is_told_to_the_script(
    product: Product, browser: httpx.AsyncClient
) -> None:
    page = (await browser.get(await product.link("ledgerly"))).text
    assert '<option lang="en" value="eu" selected>Europe</option>' in page
    assert page.count('data-show-key="region" data-show-value="own"') == 2


async def test_what_is_asked_for_rarely_is_folded_away(
    product: Product, browser: httpx.AsyncClient
) -> None:
    page = (await browser.get(await product.link("ledgerly"))).text
    folded = page.partition('<details class="more">')[2]
    assert 'name="certificate"' in folded.partition("</details>")[0]


async def test_prefix_and_suffix_stand_around_the_field(
    product: Product, browser: httpx.AsyncClient
) -> None:
    page = (await browser.get(await product.link("helpdesk"))).text
    assert '<span class="affix" aria-hidden="true">https://</span>' in page
    assert '<span class="affix" aria-hidden="true">.helpdesk.example</span>' in page
    assert Controls(page).fields["site"]["aria-describedby"] == (
        "field-site-help field-site-affixes"
    )


async def test_errors_stand_at_their_fields_and_values_are_kept(
    product: Product, browser: httpx.AsyncClient
) -> None:
    link = await product.link("ledgerly")
    secret = "planted secret that does not fit"
    form = {"region": "own", "host": "nowhere", "email": "ada@example.com", "apiKey": secret}
    answer = await browser.post(link, data={**form, "certificate": "planted certificate"})
    assert answer.status_code == 400
    found = Controls(answer.text)
    assert found.fields["host"]["value"] == "nowhere"
    assert found.fields["host"]["aria-invalid"] == "true"
    assert found.fields["host"]["aria-describedby"] == "field-host-help field-host-error"
    assert found.fields["email"]["value"] == "ada@example.com"
    assert "aria-invalid" not in found.fields["email"]
    assert '<option lang="en" value="own" selected>' in answer.text
    assert found.fields["apiKey"]["value"] == ""
    assert "planted" not in answer.text
    assert 'id="problems" tabindex="-1"' in answer.text
    assert '<a href="#field-host">' in answer.text
    assert "<title>Error: Connect Ledgerly" in answer.text


async def test_fields_that_are_left_empty_are_required(
    product: Product, browser: httpx.AsyncClient
) -> None:
    link = await product.link("ledgerly")
    answer = await browser.post(link)
    assert answer.status_code == 400
    invalid = [n for n, f in Controls(answer.text).fields.items() if "aria-invalid" in f]
    assert invalid == ["email", "apiKey"]


async def test_a_key_that_the_app_refuses_is_asked_for_again(
    product: Product, browser: httpx.AsyncClient
) -> None:
    link = await product.link("ledgerly")
    form = {"email": "ada@example.com", "apiKey": "planted-wrong-key", "ledger": "7"}
    answer = await browser.post(link, data=form)
    assert answer.status_code == 400
    assert "Ledgerly did not accept this" in answer.text
    assert Controls(answer.text).fields["ledger"]["value"] == "7"
    assert "planted-wrong-key" not in answer.text
    assert "This link was used already" not in (await browser.get(link)).text
    done = await browser.post(link, data={**form, "apiKey": KEY})
    assert done.status_code == 200


async def test_what_the_product_gave_is_not_asked(
    product: Product, browser: httpx.AsyncClient
) -> None:
    given = {"email": "ada@example.com", "region": "us"}
    link = await product.link("ledgerly", connectionFields=given)
    page = (await browser.get(link)).text
    assert not {"email", "region"} & Controls(page).fields.keys()
    assert "ada@example.com" not in page
    assert (await browser.post(link, data={"apiKey": KEY})).status_code == 200


async def test_a_field_before_oauth_is_checked_before_the_redirect(
    product: Product, browser: httpx.AsyncClient
) -> None:
    link = await product.link("helpdesk")
    answer = await browser.post(link, data={"site": "evil.example/"})
    assert answer.status_code == 400
    assert Controls(answer.text).fields["site"]["value"] == "evil.example/"
    pasted = await browser.post(link, data={"site": "https://acme.helpdesk.example"})
    assert pasted.status_code == 303


async def test_the_way_back_says_that_nothing_was_connected(
    product: Product, browser: httpx.AsyncClient
) -> None:
    page = (await browser.get(await product.link("ledgerly", returnUrl=f"{SHOP}/"))).text
    assert f'href="{SHOP}/?status=failed&amp;appKey=ledgerly&amp;reason=denied"' in page
    assert "Back to Acme Shop" in page
    assert "Back to" not in (await browser.get(await product.link("ledgerly"))).text
