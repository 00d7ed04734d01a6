"""What Inlay promises of what other sites have a browser send, and of files for spreadsheets."""

from __future__ import annotations

import pytest
from starlette.requests import Request

from api.manage.end_users import _cell
from api.origin import Sender, sender_of

OURS = "https://inlay.example.com"
FOREIGN = [
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site", "origin": OURS},
    {"sec-fetch-site": "same-origin", "origin": "https://evil.example"},
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {"origin": ""},
    {"origin": f"{OURS}.evil.example"},
    {"origin": f"{OURS}:8443"},
    {"origin": "http://inlay.example.com"},
    {"referer": "https://evil.example/"},
    {"referer": f"https://evil.example/{OURS}"},
    {"referer": "https://inlay.example.com@evil.example/"},
    {"referer": "https://[::1"},
]
OWN = [
    {"sec-fetch-site": "same-origin"},
    {"sec-fetch-site": "same-origin", "origin": "null"},
    {"sec-fetch-site": "same-origin", "origin": OURS},
    {"origin": OURS},
    {"referer": f"{OURS}/connect/x"},
    {"referer": f"{OURS}:443/connect/x"},
]


def sender(headers: dict[str, str]) -> Sender:
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    request = Request({"type": "http", "method": "POST", "headers": raw})
    return sender_of(request, f"{OURS}/")


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_a_page_of_another_site_is_known_by_whatever_the_browser_says(
    headers: dict[str, str],
) -> None:
    assert sender(headers) is Sender.OTHER


@pytest.mark.parametrize("headers", OWN, ids=str)
def test_our_own_pages_are_known(headers: dict[str, str]) -> None:
    assert sender(headers) is Sender.OURS


@pytest.mark.parametrize("headers", [{}, {"sec-fetch-site": "none"}], ids=str)
def test_what_no_page_sent_is_taken_for_no_page(headers: dict[str, str]) -> None:
    assert sender(headers) is Sender.NOBODY


FORMULAS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    " =1",
    "\N{NO-BREAK SPACE}=1",
    "\N{ZERO WIDTH SPACE}=1",
    "\N{ZERO WIDTH NO-BREAK SPACE}=1",
    "\x00=1",
    "\N{FULLWIDTH EQUALS SIGN}1+1",
    "\N{FULLWIDTH PLUS SIGN}1",
    "\N{FULLWIDTH HYPHEN-MINUS}1",
    "\N{FULLWIDTH COMMERCIAL AT}SUM(A1)",
    "\N{SMALL EQUALS SIGN}1",
    "\N{MINUS SIGN}1",
    "|cmd",
    "%0A",
]


@pytest.mark.parametrize("text", FORMULAS, ids=ascii)
def test_no_id_becomes_a_formula_in_a_spreadsheet(text: str) -> None:
    assert _cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["ada", "a=1", "user-1", "x;=1+1;y", "ada@example.com", "ş", ""])
def test_other_ids_are_exported_as_they_are(text: str) -> None:
    assert _cell(text) == text
