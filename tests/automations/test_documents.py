"""Documents, addresses, locales and patterns: as people write them, and safe whatever they hold."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automations.expressions import ExpressionError, compile_expression

DAY = "timestamp('2026-09-02T00:00:00Z')"
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=20)


def _given(source: str, **data: Any) -> Any:
    return compile_expression(source).evaluate({"data": data})


@given(st.lists(st.dictionaries(st.sampled_from(["a", "b;", 'c"']), TEXT, min_size=3), min_size=1))
def test_a_table_comes_back_from_csv(table: list[dict[str, str]]) -> None:
    for separator in (",", ";", "\t"):
        source = "csv.decode(csv.encode(data.t, data.t[0].keys(), data.s), data.s)"
        assert _given(source, t=table, s=separator) == table


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("\ufeffid,n\r\n1,x\r\n", [{"id": "1", "n": "x"}]),
        ('id,n\n1,"a\nb"\n', [{"id": "1", "n": "a\nb"}]),
        ('id,n\n1,"say ""hi"""', [{"id": "1", "n": 'say "hi"'}]),
        ("id,n\n\n1\n", [{"id": "1", "n": ""}]),
        ("", []),
    ],
)
def test_csv_is_read_as_programs_write_it(text: str, rows: Any) -> None:
    assert _given("csv.decode(data.t)", t=text) == rows


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("csv.decode('a,b\\n1,2,3')", "row 2 has 3 values for 2 columns"),
        ("csv.decode('a,a\\n1,2')", "two columns are named `a`"),
        ("csv.decode('a', '')", "no separator"),
        ("csv.decode('a', 'ab')", "no separator"),
        ("csv.decode('\"a')", "no CSV"),
        ("csv.encode([1])", "a row is a map or a list"),
        ("xml.decode('<a>')", "no XML"),
        ("xml.decode('<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>')", "entities are disabled"),
        ("xml.decode('<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/x\">]><a>&x;</a>')", "entit"),
        ("xml.decode('<a>'.repeat(70) + '</a>'.repeat(70))", "nested deeper than 64"),
        ("xml.encode({'a': 1, 'b': 2})", "one root"),
        ("xml.encode({'a': {'b><x': 1}})", "cannot be written as XML"),
        ("xml.encode({'a': '\\u0001'})", "U\\+0001"),
        ("url.parse('http://[')", "no address"),
        ("url.parse('http://h:99999')", "no address"),
        ("url.build({'host': 'a/b'})", "`host` of an address"),
        ("url.build({'hsot': 'a'})", "no part `hsot`"),
        ("number.parse('1,234', 'xx-nowhere')", "no locale"),
        ("number.format(1, '../../etc/passwd')", "no locale"),
        ("number.currency(1, 'EURO', 'de')", "no currency"),
        ("number.parse('twelve')", "no number"),
        ("number.parse('12345678901234567890')", "64 bits"),
        ("time.format(timestamp(0), 'MMMM', 'UTC', 'klingon')", "no locale"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_or_written_is_told(source: str, words: str) -> None:
    with pytest.raises(ExpressionError, match=words):
        _given(source)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("<a/>", {"a": None}),
        ("<a>x &amp; y</a>", {"a": "x & y"}),
        ('<?xml version="1.0"?><a b="1">t<c/></a>', {"a": {"@b": "1", "#text": "t", "c": None}}),
        ("<a><b>1</b><b>2</b></a>", {"a": {"b": ["1", "2"]}}),
        ('<x:a xmlns:x="urn:y"><x:b/></x:a>', {"x:a": {"@xmlns:x": "urn:y", "x:b": None}}),
        ("<a><![CDATA[<b>]]></a>", {"a": "<b>"}),
    ],
)
def test_xml_is_read_and_written(text: str, value: Any) -> None:
    assert _given("xml.decode(data.t)", t=text) == value
    assert _given("xml.decode(xml.encode(data.v))", v=value) == value


def test_xml_writes_numbers_as_json_does() -> None:
    written = _given("xml.encode({'a': {'b': [data.n, true, null]}})", n=10.0)
    assert written.endswith("<a><b>10</b><b>true</b><b></b></a>")


@given(TEXT)
def test_html_shows_escaped_text_as_it_is(text: str) -> None:
    assert _given("html.unescape(html.escape(data.t)) == data.t", t=text)
    assert not set("<>\"'") & set(_given("html.escape(data.t)", t=text))


HARMFUL = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[x](javascript:alert(1))",
    "![x](data:text/html;base64,AAAA)",
    "<a href='JaVaScRiPt:alert(1)'>x</a>",
    "<iframe src=https://evil.example></iframe>",
    "<svg><script>alert(1)</script></svg>",
    "<style>*{background:url(x)}</style>",
    "<form action=https://evil.example><input></form>",
    '<p style="position:fixed">x</p>',
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
]


@pytest.mark.parametrize("harmful", HARMFUL)
def test_nothing_harmful_comes_out_of_markdown(harmful: str) -> None:
    found = _given("markdown.html(data.t)", t=f"before {harmful} after")
    assert found.startswith("<p>before")
    # All that is left of it is text, apart from the paragraph and a picture without an address.
    assert set(re.findall(r"<[^>]*>", found)) <= {"<p>", "</p>", '<img alt="x">'}


def test_markdown_becomes_html() -> None:
    text = "# T\n\n- *a* **b** ~~c~~\n\n|x|y|\n|-|-|\n|1|2|\n\n<https://example.com>"
    found = _given("markdown.html(data.t)", t=text)
    for part in ("<h1>T</h1>", "<em>a</em>", "<strong>b</strong>", "<s>c</s>", "<td>1</td>"):
        assert part in found
    assert 'href="https://example.com"' in found


@pytest.mark.parametrize(
    ("text", "locale", "number"),
    [
        ("1.234,5 €", "de", 1234.5),
        ("$1,234.50", "en", 1234.5),
        ("-1 234,5", "fr", -1234.5),
        ("1\u202f234,5", "fr", 1234.5),
        ("12,34,567", "hi", 1234567),
        ("1\u2019234.50", "de-CH", 1234.5),
        ("1'234.50 CHF", "de-CH", 1234.5),
        ("\u22125", "sv", -5),
        ("1.234,56 TL", "tr", 1234.56),
        ("0,1", "de", 0.1),
    ],
)
def test_numbers_are_read_as_people_write_them(text: str, locale: str, number: float) -> None:
    assert _given("number.parse(data.t, data.l)", t=text, l=locale) == number


@pytest.mark.parametrize("text", ["1.5", "1.23.456", "", "abc", "1,2,3", "5 %", "--5", "12abc"])
def test_what_is_no_number_there_gives_the_default(text: str) -> None:
    assert _given("number.parse(data.t, 'de', null)", t=text) is None


@given(
    st.decimals(-(10**9), 10**9, places=2), st.sampled_from(["de", "en", "tr", "fr", "hi", "sv"])
)
def test_a_number_comes_back_from_how_a_locale_writes_it(number: Any, locale: str) -> None:
    source = "number.parse(number.format(data.n, data.l, 2), data.l)"
    assert _given(source, n=float(number), l=locale) == float(number)


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("number.currency(1234.5, 'USD', 'en')", "$1,234.50"),
        ("number.currency(1234.5, 'TRY', 'tr')", "₺1.234,50"),
        ("number.currency(1234.5, 'JPY', 'en')", "¥1,235"),
        ("number.format(data.n, 'de')", "10"),
        ("number.format(0.125, 'en', 2)", "0.13"),
        (f"time.format({DAY}, 'EEE d MMMM', 'UTC', 'tr')", "Çar 2 Eylül"),
        (f"time.format({DAY}, 'd MMMM / LLLL', 'UTC', 'pl')", "2 września / wrzesień"),
        ("time.parse('2 EYLÜL 2026', 'd MMMM yyyy', 'UTC', 'tr')", "2026-09-02T00:00:00Z"),
        ("'2026-01-31'.regexGroups('(?P<y>[0-9]+)-([0-9]+)').y", "2026"),
        ("'2026-01-31'.regexGroups('(?P<y>[0-9]+)-([0-9]+)')['2']", "01"),
        ("'x'.regexGroups('[0-9]')", None),
        ("'a1b22'.regexGroupsAll('([a-z])([0-9]+)').map(g, g['2'])", ["1", "22"]),
        ("'a1b22c'.regexSplit('([0-9])+')", ["a", "b", "c"]),
        ("'abc'.regexSplit('')", ["abc"]),
        ("{'a': {'x': [1]}}.mergeDeep({'a': {'x': [2], 'y': 3}})", {"a": {"x": [2], "y": 3}}),
        ("[{'a': {'b': 1}}, null, {'a': {'c': 2}}].mergeDeep()", {"a": {"b": 1, "c": 2}}),
        ("{'a': {'b': 1}}.mergeDeep({'a': {'b': null}})", {"a": {"b": None}}),
        ("[{'a': 1}, {'b': 2}, {'a': 3}].merge()", {"a": 3, "b": 2}),
        ("[1, 2, 3].zip(['a', 'b'])", [[1, "a"], [2, "b"]]),
        ("[1, data.n, 10].indexOf(10)", 1),
        ("[{'a': 1}, 2].lastIndexOf({'a': 1})", 0),
        ("'abc'.indexOf('d')", -1),
        ("url.build(url.parse('https://u@example.com:8080/a%20b?q=1&q=2#f'))", "https://u@example.com:8080/a%20b?q=1&q=2#f"),
        ("url.parse('https://[::1]:80/x').host", "::1"),
        ("url.build({'scheme': 'http', 'host': '::1', 'port': data.n})", "http://[::1]:10"),
        ("url.parseQuery('?a=1&b=&a=2&c=%C3%A9+d')", {"a": ["1", "2"], "b": "", "c": "é d"}),
        ("base64url.encode(b'\\xff\\xfe')", "__4"),
        ("string(base64url.decode('eyJhIjoxfQ'))", '{"a":1}'),
    ],
)  # fmt: skip
def test_functions_that_people_miss(source: str, value: Any) -> None:
    assert _given(source, n=10.0) == value


def test_a_key_may_be_hexadecimal_or_base64() -> None:
    key = bytes(range(250, 256))
    digest = hmac.new(key, b"hello", hashlib.sha256).hexdigest()
    encoded = base64.b64encode(key).decode()
    for source in ("hex.decode(data.hex)", "base64.decode(data.base64)"):
        call = f'hash.hmac("sha256", {source}, "hello")'
        assert _given(call, hex=key.hex(), base64=encoded) == digest
