"""The words of the pages: complete in each language, and in the right one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

import pytest

from api.connect.languages import (
    CATALOGUES,
    FAULTS,
    FOLDER,
    Words,
    field_error,
    placeholders,
)
from api.languages import choose
from automations.messages import CATALOGUE, Message, parameters
from connections.errors import FailureKind, FieldErrors
from connections.forms import check_fields
from connectors.manifest import App
from tests.api.connect.conftest import at_provider

if TYPE_CHECKING:
    import httpx

    from tests.api.connect.conftest import Product

TEXTS = [
    pytest.param(language, key, id=f"{language} {key}")
    for language, catalogue in CATALOGUES.items()
    for key in catalogue
]


def test_there_are_english_and_turkish() -> None:
    assert {"en", "tr"} <= CATALOGUES.keys()


def test_all_languages_have_the_same_texts() -> None:
    for catalogue in CATALOGUES.values():
        assert list(catalogue) == list(CATALOGUES["en"])


@pytest.mark.parametrize("key", CATALOGUES["en"])
def test_a_text_names_the_same_in_all_languages(key: str) -> None:
    def named(text: str | list[str]) -> list[set[str]]:
        return [placeholders(part) for part in ([text] if isinstance(text, str) else text)]

    for catalogue in CATALOGUES.values():
        assert named(catalogue[key]) == named(CATALOGUES["en"][key])


def test_no_text_is_left_untranslated() -> None:
    same = [key for key, text in CATALOGUES["tr"].items() if text == CATALOGUES["en"][key]]
    assert same == ["language.dir"]


@pytest.mark.parametrize("kind", get_args(FailureKind))
def test_each_kind_of_failure_has_words_that_need_no_name(kind: str) -> None:
    for language in CATALOGUES:
        for part in ("title", "text"):
            assert Words(language)(f"failure.{kind}.{part}")


def test_every_text_of_the_catalogue_is_used() -> None:
    folder = FOLDER.parent
    files = [*folder.glob("*.py"), *folder.glob("templates/*.html")]
    source = "".join(file.read_text() for file in files)
    for key in CATALOGUES["en"]:
        start = key.split(".")[0]
        if start not in {"failure", "problem"}:
            assert f'"{key}"' in source or f"'{key}'" in source, key


OF_FORMS = [code for code in CATALOGUE if code.startswith("credential-")]
APP = App.model_validate(
    {
        "key": "all",
        "name": "All",
        "auth": {
            "type": "api_key",
            "fields": [
                {"name": "required"},
                {"name": "type"},
                {"name": "length"},
                {"name": "control"},
                {
                    "name": "option",
                    "type": "select",
                    "options": [{"value": "a", "label": "A"}],
                },
                {"name": "number", "type": "number"},
                {"name": "email", "type": "email"},
                {"name": "url", "type": "url"},
                {"name": "form", "pattern": "a"},
                {"name": "form_example", "pattern": "a", "example": "ab (c)"},
            ],
            "apply": [{"in": "header", "name": "X", "template": "1"}],
        },
    }
)


def test_each_sentence_about_a_field_has_its_translation() -> None:
    values: dict[str, Any] = dict.fromkeys([f.name for f in APP.auth.fields], "wrong")
    values |= {
        "required": "",
        "type": [],
        "length": "a" * 20_000,
        "control": "a\x01",
        "unknown": 1,
    }
    with pytest.raises(FieldErrors) as caught:
        check_fields(APP, values)
    told = {name: message.code for name, message in caught.value.errors.items()}
    assert told == {code.removeprefix("credential-").replace("-", "_"): code for code in OF_FORMS}
    for message in caught.value.errors.values():
        assert field_error(message, Words("en")) == (message, "en")
        translated, language = field_error(message, Words("tr"))
        assert language == "tr"
        assert "{" not in translated
        assert translated != message
    form_example = caught.value.errors["form_example"]
    assert field_error(form_example, Words("tr"))[0].endswith("ab (c)")


@pytest.mark.parametrize("language", FAULTS)
def test_faults_in_a_form_tell_the_same_in_each_language(language: str) -> None:
    assert set(OF_FORMS) == {code for code in FAULTS[language] if code.startswith("credential-")}
    for code in OF_FORMS:
        assert parameters(FAULTS[language][code]) == parameters(CATALOGUE[code]), code


def test_a_fault_whose_code_is_not_known_stays_english() -> None:
    told = Message("other", text="Something else.")
    assert field_error(told, Words("tr")) == ("Something else.", "en")


@pytest.mark.parametrize(
    ("wishes", "accept", "language"),
    [
        ((), None, "en"),
        ((), "tr", "tr"),
        ((), "de, tr-TR;q=0.8, en;q=0.7", "tr"),
        ((), "en;q=0.3, tr;q=0.9", "tr"),
        ((), "tr;q=0, *", "en"),
        ((), "tr;q=much, en;q=1.0", "en"),
        ((), ",;q=;;,\x00" * 500, "en"),
        (("tr",), "en", "tr"),
        ((None, "tr-CY"), "en", "tr"),
        (("TR_tr",), "en", "tr"),
        (("xx", None), "tr", "tr"),
    ],
)
def test_the_language_is_the_first_that_there_are_words_for(
    wishes: tuple[str | None, ...], accept: str | None, language: str
) -> None:
    assert choose(*wishes, accept=accept, known=CATALOGUES) == language


async def test_the_url_then_the_link_then_the_browser_say_the_language(
    product: Product, browser: httpx.AsyncClient
) -> None:
    turkish = {"accept-language": "tr"}
    link = await product.link("ledgerly")
    assert '<html lang="en" dir="ltr">' in (await browser.get(link)).text
    assert '<html lang="tr" dir="ltr">' in (await browser.get(link, headers=turkish)).text
    link = await product.link("ledgerly", language="tr-TR")
    title = Words("tr")("connect.title", app="Ledgerly", project="Acme Shop")
    assert title in (await browser.get(link)).text
    page = (await browser.get(f"{link}?lang=en", headers=turkish)).text
    assert "Connect Ledgerly to Acme Shop" in page
    assert f'action="{link}?lang=en"' in page
    assert f'<a lang="tr" hreflang="tr" href="{link}?lang=tr">Türkçe</a>' in page
    assert '<html lang="tr"' in (await browser.get(f"{link}?lang=../../x")).text


async def test_errors_are_translated_and_what_stays_english_says_so(
    product: Product, browser: httpx.AsyncClient
) -> None:
    link = await product.link("ledgerly")
    page = (await browser.post(f"{link}?lang=tr", data={"email": "x"})).text
    assert f'lang="tr">{FAULTS["tr"]["credential-email"]}</p>' in page
    assert 'lang="tr">Bu alan zorunludur.</p>' in page
    assert '<span lang="en">E-mail address</span>' in page


async def test_the_way_back_speaks_the_language_of_the_way_there(
    product: Product, browser: httpx.AsyncClient
) -> None:
    link = await product.link("acme-calendar")
    answer = await browser.post(f"{link}?lang=tr")
    assert "inlay-connect-language=tr" in ",".join(answer.headers.get_list("set-cookie"))
    done = await browser.get(await at_provider(answer))
    assert Words("tr")("connected.title", app="Acme Calendar") in done.text
