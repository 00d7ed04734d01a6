"""Functions that read and write CSV, XML, HTML and Markdown."""

from __future__ import annotations

import csv
import html
import io
import re
from functools import cache
from typing import TYPE_CHECKING, Any
from xml.parsers.expat import ExpatError

from automations.functions.registry import Section
from automations.json_text import JsonError, check_depth
from automations.values import (
    Budget,
    ExpressionError,
    bounded,
    bounded_items,
    kind_of,
    sorted_keys,
    text_of,
    to_json,
)

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

DOCUMENTS = Section("CSV, XML, HTML and Markdown")
MAX_MARKDOWN = 50_000
"""Characters."""
_MARKDOWN_COST = {"[": 150, "]": 20, "\n": 200, **dict.fromkeys("*_~`<>|&\\!-", 45)}
"""Units for characters that mean something, measured at texts of nothing else."""
_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


@DOCUMENTS.add(
    "csv.decode(string) -> list",
    "csv.decode(string, string) -> list",
    summary="The table that CSV holds, whose first line names the columns; all values are text. "
    "The separator is a comma unless another is given.",
    example='csv.decode("id;name\\n1;Ada", ";")',
)
def _csv_decode(budget: Budget, text: str, separator: str = ",") -> list[dict[str, str]]:
    header, *rows = _rows(budget, text, separator) or [[]]
    if len(set(header)) < len(header):
        twice = next(name for name in header if header.count(name) > 1)
        raise ExpressionError(
            f"two columns are named `{twice[:60]}`: use csv.rows(…), which needs no names"
        )
    for number, row in enumerate(rows, 2):
        budget.charge(4 + len(header))
        if len(row) > len(header):
            raise ExpressionError(
                f"row {number} has {len(row)} values for {len(header)} columns: is the separator "
                f"`{separator}`?"
            )
    return [dict(zip(header, row + [""] * (len(header) - len(row)), strict=True)) for row in rows]


@DOCUMENTS.add(
    "csv.rows(string) -> list",
    "csv.rows(string, string) -> list",
    summary="The rows of CSV as lists of texts, the first line too.",
    example='csv.rows("1,\\"a, b\\"")',
)
def _csv_rows(budget: Budget, text: str, separator: str = ",") -> list[list[str]]:
    return _rows(budget, text, separator)


def _rows(budget: Budget, text: str, separator: str) -> list[list[str]]:
    # A field takes a separator or a line's end, which is at most each character of the text.
    budget.charge(len(text) / 8 + 2 * text.count(separator) + 4 * text.count("\n"))
    lines = io.StringIO(text.removeprefix("\ufeff"), newline="")
    try:
        rows = [row for row in csv.reader(lines, delimiter=separator, strict=True) if row]
    except (csv.Error, TypeError, ValueError) as error:
        raise _not_csv(error, separator) from None
    bounded_items(len(rows))
    return rows


def _not_csv(error: Exception, separator: str) -> ExpressionError:
    if isinstance(error, csv.Error):
        return ExpressionError(f"the text is no CSV: {error}")
    return ExpressionError(
        f"`{separator[:20]}` is no separator: use one character, such as a comma"
    )


@DOCUMENTS.add(
    "csv.encode(list) -> string",
    "csv.encode(list, list) -> string",
    "csv.encode(list, list, string) -> string",
    summary="A table as CSV, with a line of its columns: those given, or all in order; a list of "
    "lists as rows.",
    example='csv.encode([{"id": 1, "name": "Ada, B."}], ["name", "id"])',
)
def _csv_encode(
    budget: Budget, rows: list[Any], columns: list[Any] | None = None, separator: str = ","
) -> str:
    lines = rows
    if columns or any(isinstance(row, dict) for row in rows):
        lines = _lines(budget, rows, columns)
    out = io.StringIO(newline="")
    size = 0
    try:
        writer = csv.writer(out, delimiter=separator)
        for line in lines:
            if not isinstance(line, list):
                raise ExpressionError(f"a row is a map or a list, not {kind_of(line)}")
            budget.charge(8 + 8 * len(line))
            cells = [text_of(to_json(cell, budget)) for cell in line]
            size += sum(map(len, cells))
            bounded(size)
            writer.writerow(cells)
    except (csv.Error, TypeError, ValueError) as error:
        raise _not_csv(error, separator) from None
    return out.getvalue()


def _lines(budget: Budget, rows: list[Any], columns: list[Any] | None) -> list[list[Any]]:
    for row in rows:
        if not isinstance(row, dict):
            raise ExpressionError(f"a table is a list of maps, but an item is {kind_of(row)}")
        budget.charge(len(row))
    names = columns or sorted_keys({key: None for row in rows for key in row}, budget)
    if any(isinstance(name, list | dict) for name in names):
        raise ExpressionError("the columns are given as a list of texts")
    budget.charge(len(rows) * len(names))
    return [list(names), *([row.get(name) for name in names] for row in rows)]


@DOCUMENTS.add(
    "xml.decode(string) -> map",
    summary="The value of an XML document: an element is a map, or text where it has nothing else; "
    "`@id` is an attribute, `#text` the text beside others; elements of one name are a list.",
    example="xml.decode('<a id=\"1\"><b>x</b><b>y</b></a>')",
)
def _xml_decode(budget: Budget, text: str) -> dict[str, Any]:
    import xmltodict  # type: ignore[import-untyped]

    budget.charge(len(text) / 16 + 12 * text.count("<"))
    try:
        value: dict[str, Any] = xmltodict.parse(text.removeprefix("\ufeff"))
        check_depth(value)
    except (ExpatError, JsonError, ValueError, UnicodeError) as error:
        raise ExpressionError(f"the text is no XML that is taken: {error}") from None
    return value


@DOCUMENTS.add(
    "xml.encode(map) -> string",
    summary="The XML document of such a value, whose one key is the element around all.",
    example='xml.encode({"a": {"@id": 1, "b": ["x", "y"]}})',
)
def _xml_encode(budget: Budget, value: dict[Any, Any]) -> str:
    import xmltodict

    given = to_json(value, budget)
    before = budget.left
    budget.charge_deep(given)
    # Each element takes some microseconds.
    budget.charge(20 * (before - budget.left))
    try:
        check_depth(given)
        text = str(xmltodict.unparse(given))
    except (JsonError, ValueError, TypeError, AttributeError) as error:
        raise ExpressionError(f"the value cannot be written as XML: {error}") from None
    bounded(len(text))
    if forbidden := _NO_XML.search(text):
        raise ExpressionError(f"XML cannot hold the character U+{ord(forbidden[0]):04X}")
    return text


@DOCUMENTS.add(
    "html.escape(string) -> string",
    summary="Text that HTML shows as it is, also inside attributes.",
    example='html.escape("a < b & \\"c\\"")',
)
def _html_escape(budget: Budget, text: str) -> str:
    bounded(len(text) + 5 * sum(map(text.count, "&<>\"'")))
    return html.escape(text)


@DOCUMENTS.add(
    "html.unescape(string) -> string",
    summary="The text that HTML's character references write.",
    example='html.unescape("a &lt; b &eacute;")',
)
def _html_unescape(budget: Budget, text: str) -> str:
    budget.charge(4 * text.count("&"))
    return html.unescape(text)


@DOCUMENTS.add(
    "markdown.html(string) -> string",
    summary="The HTML of Markdown (CommonMark, with tables and ~~strikethrough~~); HTML in it and "
    "unsafe links are shown as text.",
    example='markdown.html("# Hello\\n*Ada*")',
)
def _markdown_html(budget: Budget, text: str) -> str:
    import nh3

    if len(text) > MAX_MARKDOWN:
        raise ExpressionError(f"the Markdown has more than {MAX_MARKDOWN:,} characters")
    budget.charge(len(text) + sum(c * text.count(sign) for sign, c in _MARKDOWN_COST.items()))
    return str(nh3.clean(_markdown().render(_sound(text))))


@cache
def _markdown() -> MarkdownIt:
    from markdown_it import MarkdownIt

    # Tags in it are shown, not taken: what they nest has no bound on what a parser does with it.
    return MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


def _sound(text: str) -> str:
    """The text without halves of characters, which no parser takes."""
    return text.encode("utf-8", "replace").decode()
