"""Bytes as text, in whatever charset they were written.

A byte order mark wins over what a header declares, as in browsers, and is no part of the text. Then
comes the declared charset, of XML also what its first line declares, then UTF-8. What is none of
these is the caller's to decide.
"""

from __future__ import annotations

import codecs
import re
from email.message import Message

MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    # Before UTF-16, of whose little-endian mark it begins with.
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
ESCAPES = {"unicode-escape", "raw-unicode-escape", "idna", "punycode", "undefined", "mbcs", "oem"}
"""What Python calls encodings and no server means as one."""
_XML = re.compile(rb"""\s*<\?xml[^>]{1,80}?encoding\s*=\s*["']([A-Za-z][A-Za-z0-9._-]{0,40})["']""")
LEGACY = ("windows-1252", "iso-8859-1")
"""What old servers mean that declare nothing; the second takes the bytes that the first lacks."""


class CharsetError(ValueError):
    """The bytes are no text in any charset that was declared; the message says what to do."""


def kind_of(content_type: str) -> str:
    """The media type of a Content-Type header, in lower case; of several the last, as sent last."""
    return content_type.partition(";")[0].rpartition(",")[2].strip().lower()


def charset_of(content_type: str) -> str | None:
    """The charset that a Content-Type header declares (RFC 9110, 8.3.2)."""
    header = Message()
    header["content-type"] = content_type
    declared = header.get_param("charset")
    if isinstance(declared, tuple):  # RFC 2231
        declared = declared[2]
    return declared.strip(" \"'") or None if isinstance(declared, str) else None


def codec_of(charset: str) -> str | None:
    """The codec of a charset's name; None where there is none."""
    try:
        found = codecs.lookup(charset)
    except (LookupError, ValueError):
        return None
    if not getattr(found, "_is_text_encoding", True) or found.name in ESCAPES:
        return None
    return found.name


def is_json(kind: str) -> bool:
    """Whether a media type says JSON (RFC 6839, 3.1; and what apps say for it)."""
    return kind == "json" or kind.endswith(("/json", "+json", "-json"))


def text_of(content: bytes, content_type: str) -> str:
    """The bytes as text; raises `CharsetError`."""
    for mark, codec in MARKS:
        if content.startswith(mark):
            return _strict(content[len(mark) :], codec)
    charset = charset_of(content_type) or _charset_of_xml(content, kind_of(content_type))
    if charset is None:
        return _strict(content, _unmarked(content) if is_json(kind_of(content_type)) else "utf-8")
    known = codec_of(charset)
    if known is None:
        try:
            return content.decode()
        except UnicodeDecodeError:
            raise CharsetError(f"the charset {charset[:40]!r} is not known: send UTF-8") from None
    if is_json(kind_of(content_type)) and _is_single_byte(known):
        # JSON is UTF-8 (RFC 8259, 8.1), and some servers declare their own charset all the same:
        # what reads as UTF-8 is no text of such a charset.
        try:
            return content.decode()
        except UnicodeDecodeError:
            pass
    if known in {"utf-16", "utf-32"}:  # Without a mark; by RFC 2781 (4.3), and as they are sent.
        known = _unmarked(content, f"{known}-be")
    return _strict(content, known)


def _charset_of_xml(content: bytes, kind: str) -> str | None:
    """What an XML declaration says (XML 1.0, 2.8), which a header overrules (RFC 7303, 3)."""
    if not kind.endswith(("/xml", "+xml")):
        return None
    found = _XML.match(content)
    charset = found[1].decode() if found else None
    # Who declares an encoding of two bytes and can be read here is not written in it.
    return None if charset is None or charset.lower().startswith(("utf-16", "ucs-2")) else charset


def legible(content: bytes, content_type: str) -> str:
    """As `text_of`, but what is no text in what was declared is read as old servers mean it."""
    try:
        return text_of(content, content_type)
    except CharsetError:
        pass
    for charset in ("utf-8", *LEGACY):
        try:
            return content.decode(charset)
        except UnicodeDecodeError:
            continue
    raise AssertionError("ISO-8859-1 has a character for each byte")


def _strict(content: bytes, codec: str) -> str:
    try:
        return content.decode(codec)
    except UnicodeDecodeError:
        name = codec.upper()
        raise CharsetError(
            f"the body is no text in {name}: declare its charset, or send UTF-8"
        ) from None


def _is_single_byte(codec: str) -> bool:
    return codec.startswith(("iso8859", "cp125", "latin", "koi8", "mac-"))


def _unmarked(content: bytes, otherwise: str = "utf-8") -> str:
    """Which of the Unicode encodings the first two characters are in, both of them ASCII."""
    zeros = tuple(byte == 0 for byte in content[:4])
    by_zeros = {
        (False, True, True, True): "utf-32-le",
        (True, True, True, False): "utf-32-be",
        (False, True, False, True): "utf-16-le",
        (True, False, True, False): "utf-16-be",
        (False, True): "utf-16-le",
        (True, False): "utf-16-be",
    }
    return by_zeros.get(zeros, otherwise)
