"""Text is text in any charset, and a number is the number that was sent: answers and deliveries."""

from __future__ import annotations

import codecs
import contextlib
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.charsets import charset_of, codec_of
from connectors.content import decoded
from connectors.http import OutgoingHttp, TooLargeError
from connectors.inputs import convert
from connectors.triggers.delivery import Delivery, Refused, content_of, request_scope
from connectors.triggers.incoming import Incoming
from connectors.triggers.receiving import event_of

if TYPE_CHECKING:
    pass

TURKISH = '{"ad": "G\u00fcne\u015f"}'
VALUE = {"ad": "G\u00fcne\u015f"}
BOM = codecs.BOM_UTF8


def answer_of(content: bytes, kind: str | None) -> Any:
    headers = {} if kind is None else {"content-type": kind}
    return decoded(httpx.Response(200, content=content, headers=headers))


def scope_of(content: bytes, kind: str | None, query: str = "") -> dict[str, Any]:
    headers = [] if kind is None else [("Content-Type", kind)]
    return request_scope(Delivery("1", "POST", "https://us.test/x", "/x", query, headers, content))


def delivered(content: bytes, kind: str | None) -> Any:
    return content_of(scope_of(content, kind))


SENT = [
    (BOM + TURKISH.encode(), "application/json"),
    (BOM + TURKISH.encode(), None),
    (TURKISH.encode("utf-16"), "application/json"),
    (TURKISH.encode("utf-16-le"), "application/json"),
    (TURKISH.encode("utf-16-be"), "application/json; charset=utf-16"),
    (TURKISH.encode("utf-16-be"), "application/json; charset=UTF-16BE"),
    (codecs.BOM_UTF16_BE + TURKISH.encode("utf-16-be"), "application/vnd.shop+json"),
    (TURKISH.encode("utf-32"), "application/json"),
    (TURKISH.encode("cp1254"), "application/json; charset=windows-1254"),
    (TURKISH.encode("iso8859-9"), 'application/problem+json;charset="ISO-8859-9"'),
    (TURKISH.encode(), "text/json; charset=ISO-8859-1"),  # JSON is UTF-8, whatever is declared.
    (TURKISH.encode(), "application/x-json; charset=utf8mb4"),
    (TURKISH.encode(), "application/json, application/json"),
    (b"\n " + TURKISH.encode(), None),
]


@pytest.mark.parametrize(("content", "kind"), SENT)
def test_json_is_json_in_any_charset(content: bytes, kind: str | None) -> None:
    assert answer_of(content, kind) == VALUE
    assert delivered(content, kind) == VALUE


@pytest.mark.parametrize("charset", ["iso-8859-1", "cp1252", "utf-8", "gb18030", "shift_jis"])
def test_text_is_text_in_any_declared_charset(charset: str) -> None:
    text = "na\u00efve" if charset in {"iso-8859-1", "cp1252", "utf-8"} else "\u65e5\u672c"
    kind = f"text/plain; charset={charset}"
    assert answer_of(text.encode(charset), kind) == text
    assert delivered(text.encode(charset), kind) == text


def test_a_mark_wins_over_a_declared_charset_and_is_no_part_of_the_text() -> None:
    for text in ("a;b\n", ""):
        assert answer_of(BOM + text.encode(), "text/csv; charset=iso-8859-1") == text
        assert delivered(BOM + text.encode(), "text/csv; charset=iso-8859-1") == text


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (BOM + b"a=1&%C5%9F=2", ""),
        (b"%EF%BB%BFa=1&%C5%9F=2", ""),
        ("a=1&\u015f=2".encode("utf-16"), ""),
        (b"a=1&%FE=2", "; charset=windows-1254"),
        ("a=1&\u015f=2".encode("cp1254"), "; charset=windows-1254"),
    ],
)
def test_a_form_is_read_in_its_charset_and_its_first_key_has_no_mark(
    content: bytes, kind: str
) -> None:
    scope = scope_of(content, "application/x-www-form-urlencoded" + kind)
    assert scope["form"] == {"a": "1", "\u015f": "2"}


FORM = "application/x-www-form-urlencoded"


def test_a_form_may_name_its_charset_in_a_field_of_its_own() -> None:
    for content in (b"_charset_=windows-1254&a=%FE", b"a=%FE&_charset_=ISO-8859-9"):
        assert scope_of(content, FORM)["form"]["a"] == "\u015f"
    # A header overrules it; what nobody knows is no charset.
    declared = f"{FORM}; charset=windows-1254"
    assert scope_of(b"_charset_=iso-8859-1&a=%FE", declared)["form"]["a"] == "\u015f"
    assert scope_of(b"_charset_=klingon&a=%C5%9F", FORM)["form"]["a"] == "\u015f"


def test_each_field_of_a_form_is_read_for_itself() -> None:
    mixed = scope_of("a=%C5%9F&b=%FC&c=\u015f%FC&d=%C5%9F\u015f".encode(), FORM)["form"]
    assert mixed == {"a": "\u015f", "b": "\u00fc", "c": "\u015f\u00fc", "d": "\u015f\u015f"}
    japanese = scope_of(b"a=%83\\&b=%93%FA", f"{FORM}; charset=shift_jis")["form"]
    assert japanese == {"a": "\u30bd", "b": "\u65e5"}


XML = '<?xml version="1.0" encoding="{}"?>\n<a>\u015f</a>'


@pytest.mark.parametrize(
    ("charset", "written", "kind"),
    [
        ("ISO-8859-9", "iso-8859-9", "text/xml"),
        ("windows-1254", "windows-1254", "application/soap+xml"),
        ("UTF-8", "utf-8", "application/xml"),
        ("UTF-8", "utf-8-sig", "application/xml"),
        ("UTF-16", "utf-16", "application/xml"),
        ("UTF-16", "utf-8", "application/atom+xml"),
        ("ISO-8859-1", "utf-8", "text/xml; charset=utf-8"),
    ],
)
def test_xml_says_its_charset_itself_where_no_header_does(
    charset: str, written: str, kind: str
) -> None:
    text = XML.format(charset)
    assert answer_of(text.encode(written), kind) == text
    assert delivered(text.encode(written), kind) == text


def test_bytes_of_a_form_or_query_that_are_no_utf8_are_read_as_old_programs_mean_them() -> None:
    scope = scope_of(b"a=%FC", "application/x-www-form-urlencoded", query="b=%FC&c=%C3%BC")
    assert scope["form"] == {"a": "\u00fc"}
    assert scope["query"]["b"] == "\u00fc"


@pytest.mark.parametrize("content", [BOM + b"{}", "\u015f".encode("utf-16"), b"\xfe\x81\x00"])
def test_signatures_are_made_of_the_bytes_that_came(content: bytes) -> None:
    body = scope_of(content, "text/plain; charset=windows-1254")["body"]
    assert body.encode("utf-8", "surrogateescape") == content


@pytest.mark.parametrize(
    ("content", "kind", "what"),
    [
        (b"\xfe", "text/plain; charset=klingon", "the charset 'klingon' is not known: send UTF-8"),
        (b"\xfe", "text/plain", "declare its charset, or send UTF-8"),
        (b'{"a": "\xfe"}', "application/json", "declare its charset, or send UTF-8"),
    ],
)
def test_a_delivery_that_is_no_text_is_refused_and_told_why(
    content: bytes, kind: str, what: str
) -> None:
    with pytest.raises(Refused) as refused:
        delivered(content, kind)
    assert refused.value.status == 400
    assert what in refused.value.message


def test_an_answer_is_never_lost_for_its_charset() -> None:
    # What declares nothing, or nonsense, is read as old servers mean it; no character is replaced.
    assert answer_of(b"na\xefve \x9d", "text/html") == "na\u00efve \x9d"
    assert answer_of(b'{"a": "\xef"}', "application/json; charset=klingon") == {"a": "\u00ef"}
    assert answer_of(b"\x89PNG\xff", "image/png") == {
        "contentType": "image/png",
        "base64": "iVBOR/8=",
    }


def test_a_text_that_was_cut_in_the_middle_of_a_character_is_still_json() -> None:
    cut = rb'{"a": "x\ud83d", "b": "\ud83d\ude00", "c": "\\ud83d"}'
    assert answer_of(cut, "application/json") == {
        "a": "x\ufffd",
        "b": "\U0001f600",
        "c": r"\ud83d",
    }


@pytest.mark.parametrize("kind", ["application/json", "text/plain", None])
def test_a_number_that_json_has_no_number_for_is_its_text(kind: str | None) -> None:
    text = b'{"a": 1e400, "b": [NaN, -Infinity, Infinity], "c": -2.5E+9999, "d": 1e3, "e": "NaN"}'
    assert answer_of(text, kind) == {
        "a": "1e400",
        "b": ["NaN", "-Infinity", "Infinity"],
        "c": "-2.5E+9999",
        "d": 1000.0,
        "e": "NaN",
    }
    both = rb'["\ud83d", ' + b"1" * 400 + b".5, 12345678901234567890123]"
    assert answer_of(both, kind) == ["\ufffd", "1" * 400 + ".5", "12345678901234567890123"]


@pytest.mark.parametrize("kind", ["text/plain", "text/html; charset=utf-8", "binary/octet-stream"])
def test_json_is_json_although_its_server_says_nothing_of_it(kind: str) -> None:
    assert answer_of(b' {"a": [1]}', kind) == {"a": [1]}
    assert answer_of(b"[draft] a text", kind) == "[draft] a text"
    assert answer_of(b"12", kind) == "12"


def test_json_lines_are_a_list() -> None:
    for kind in ("application/x-ndjson", "application/jsonl; charset=utf-8"):
        assert answer_of(b'{"a": 1}\r\n\n[2]\n"x"', kind) == [{"a": 1}, [2], "x"]
        assert answer_of(b'{"a": 1}\nno', kind) == '{"a": 1}\nno'


@pytest.mark.parametrize("content", [b"", b" \r\n", BOM])
def test_json_that_is_empty_is_nothing(content: bytes) -> None:
    assert answer_of(content, "application/json") is None


def test_what_says_that_it_is_json_and_is_none_stays_the_text_that_it_is() -> None:
    for text in ('{"a": ', "ok", "{'a': None}", '{"a": 1} {"b": 2}'):
        assert answer_of(text.encode(), "application/json") == text


def test_an_answer_that_is_nested_too_deeply_is_refused() -> None:
    with pytest.raises(TooLargeError, match="nested deeper than 64 levels"):
        answer_of(b"[" * 200 + b"]" * 200, "application/json")


@pytest.mark.parametrize("name", ["rot13", "base64", "unicode_escape", "idna", "undefined", "\0"])
def test_only_charsets_are_charsets(name: str) -> None:
    assert codec_of(name) is None


@given(st.text(), st.binary())
@settings(max_examples=200, deadline=None)
def test_no_header_and_no_body_makes_reading_fail(kind: str, content: bytes) -> None:
    charset_of(kind)
    answer_of(content, kind.encode("ascii", "ignore").decode().replace("\n", "").replace("\r", ""))
    with contextlib.suppress(Refused):
        delivered(content, kind)


LONG = "12345678901234567890123"


def test_no_digit_of_a_number_is_lost() -> None:
    endless = "9" * 5000
    content = f'{{"id": {LONG}, "n": 9007199254740993, "x": 1.5, "e": {endless}}}'.encode()
    value = {"id": LONG, "n": 9007199254740993, "x": 1.5, "e": endless}
    assert answer_of(content, "application/json") == value
    assert delivered(content, "application/json") == value


@pytest.mark.parametrize("content", [b"null", b" \n", b"\xef\xbb\xbfnull", "null".encode("utf-16")])
def test_jsons_null_is_null_and_no_text(content: bytes) -> None:
    assert delivered(content, "application/json") is None


def test_two_ids_are_two_dedupe_keys() -> None:
    incoming = Incoming.model_validate({"dedupe": "{{ event.id }}"})

    def key(number: str) -> str:
        scope = scope_of(f'{{"id": {number}}}'.encode(), "application/json")
        event = event_of(incoming, scope, content_of(scope))
        assert event is not None
        return event.key

    numbers = [LONG, LONG[:-1] + "4", "9007199254740993", "9007199254740992"]
    assert [key(number) for number in numbers] == numbers


@pytest.mark.parametrize(
    ("kind", "given", "sent"),
    [
        ("integer", LONG, int(LONG)),
        ("number", LONG, int(LONG)),
        ("number", "9007199254740993", 9007199254740993),
        ("number", "19.90", 19.9),
        # What would become another number, or is none, stays what it is, and is refused.
        ("number", "1.2345678901234567890", "1.2345678901234567890"),
        ("number", "nan", "nan"),
        ("number", "1e999", "1e999"),
        ("integer", "1_000", "1_000"),
        ("integer", "9" * 5000, "9" * 5000),
        ("string", 9007199254740993, "9007199254740993"),
        ("string", 1e-7, "1e-07"),
    ],
)
def test_an_input_becomes_no_other_number(kind: str, given: Any, sent: Any) -> None:
    assert convert({"type": kind}, given) == sent


@pytest.mark.parametrize(
    ("kinds", "given", "sent"),
    [
        (["string", "null"], "3", "3"),
        (["string", "null"], 3, "3"),
        (["integer", "null"], "3", 3),
        (["boolean", "integer"], "true", True),
        (["boolean", "integer"], "3", 3),
        (["integer", "string"], "3", "3"),
        (["integer", "string"], 3, 3),
        (["array", "null"], ["3"], ["3"]),
    ],
)
def test_an_input_of_several_types_changes_only_where_it_fits_none(
    kinds: list[str], given: Any, sent: Any
) -> None:
    result = convert({"type": kinds}, given)
    assert (type(result), result) == (type(sent), sent)


async def test_a_long_number_is_sent_with_all_its_digits(http: OutgoingHttp) -> None:
    built = http.build("POST", "https://app.test/", json={"id": int(LONG)})
    assert built.content == f'{{"id":{LONG}}}'.encode().replace(b":", b": ")
