"""Content codings (RFC 9110, 8.4.1): what was packed for its way, unpacked within a bound."""

from __future__ import annotations

import zlib

CODINGS = ("gzip", "deflate")
_NAMES = {"": None, "identity": None, "gzip": "gzip", "x-gzip": "gzip", "deflate": "deflate"}
PIECE_BYTES = 4_096
"""What is unpacked of a body at a time."""
_GZIP, _ZLIB, _RAW = 31, 15, -15
"""Window sizes, as zlib tells formats apart."""


class CodingError(ValueError):
    """The bytes are not what their coding says, or the coding is not known."""


class UnpackedTooLargeError(CodingError):
    """There is more in it than the bound."""


def coding_of(header: str) -> str | None:
    """The coding that a Content-Encoding header names; None where nothing is packed.

    Raises CodingError for one that is not known, and for several.
    """
    name = header.strip().lower()
    if name not in _NAMES:
        raise CodingError(f"the content encoding {name[:40]!r} is not taken")
    return _NAMES[name]


class Unpacker:
    """Unpacks a body that comes in pieces, and never makes more than `limit` bytes of it."""

    def __init__(self, coding: str | None, limit: int) -> None:
        self._coding = coding
        self._left = limit
        self._begin = b""
        self._stream: zlib._Decompress | None = None

    def take(self, piece: bytes) -> bytes:
        """What one more piece holds; raises CodingError and UnpackedTooLargeError."""
        if self._coding is None:
            return self._counted(piece)
        found: list[bytes] = []
        while piece:
            if self._stream is None:
                self._begin += piece
                if len(self._begin) < 2:
                    break
                piece, self._begin = self._begin, b""
                self._stream = zlib.decompressobj(self._window(piece))
            try:
                found.append(self._counted(self._stream.decompress(piece, self._left + 1)))
            except zlib.error:
                raise CodingError(f"the body is no {self._coding}, as it says it is") from None
            piece = b""
            if self._stream.eof:
                # More than one packed part may follow each other (RFC 1952, 2.2).
                piece = self._stream.unused_data if self._coding == "gzip" else b""
                piece = piece.lstrip(b"\0")
                self._stream = None if piece else self._stream
        return b"".join(found)

    def end(self) -> None:
        """Raises CodingError where the packed body ends before its end."""
        if self._begin or (self._stream is not None and not self._stream.eof):
            raise CodingError(f"the {self._coding} of the body ends too early")

    def _counted(self, part: bytes) -> bytes:
        self._left -= len(part)
        if self._left < 0:
            raise UnpackedTooLargeError("unpacked, the body is larger than allowed")
        return part

    def _window(self, begin: bytes) -> int:
        if self._coding == "gzip":
            return _GZIP
        # By RFC 9110 `deflate` has zlib's header, and some programs send it without.
        has_header = begin[0] & 0x0F == 8 and int.from_bytes(begin[:2]) % 31 == 0
        return _ZLIB if has_header else _RAW


def unpacked(body: bytes, coding: str | None, limit: int) -> bytes:
    """A whole body; raises CodingError and UnpackedTooLargeError."""
    unpacker = Unpacker(coding, limit)
    # Behind each packed part zlib copies what is left of a piece: of a whole body of many parts
    # that would be the body again and again.
    content = b"".join(
        unpacker.take(body[begin : begin + PIECE_BYTES])
        for begin in range(0, len(body), PIECE_BYTES)
    )
    unpacker.end()
    return content
