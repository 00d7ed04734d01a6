"""The function library of expressions; each function is described once, where it is written."""

from automations.functions import (
    addresses,
    documents,
    encoding,
    lists,
    locales,
    moments,
    numbers,
    patterns,
    text,
    time,
)
from automations.functions.registry import Function

WRITTEN = (locales, moments, patterns)
"""Modules that add to the sections of others."""
SECTIONS = (
    text.TEXT,
    lists.LISTS,
    numbers.NUMBERS,
    time.TIME,
    encoding.ENCODING,
    addresses.ADDRESSES,
    documents.DOCUMENTS,
)
LIBRARY: dict[str, Function] = {
    name: function for section in SECTIONS for name, function in section.functions.items()
}
"""What Inlay adds to CEL."""

STANDARD = (
    "all", "exists", "exists_one", "filter", "map", "has", "size", "contains", "startsWith",
    "endsWith", "matches", "bool", "bytes", "double", "duration", "dyn", "int", "string",
    "timestamp", "type", "getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear", "getFullYear",
    "getHours", "getMilliseconds", "getMinutes", "getMonth", "getSeconds", "hasValue", "value",
    "or", "orValue", "optMap", "optFlatMap", "cel.bind", "optional.of", "optional.none",
    "optional.ofNonZeroValue",
)  # fmt: skip
"""The functions and macros of CEL itself that are supported."""
