"""What is packed for its way is unpacked within a bound, or is told not to be what it says."""

from __future__ import annotations

import gzip
import hashlib
import hmac
import json
import zlib
from functools import partial
from typing import Any

import pytest

from connectors.codings import (
    PIECE_BYTES,
    CodingError,
    UnpackedTooLargeError,
    Unpacker,
    coding_of,
    unpacked,
)
from connectors.triggers.delivery import Delivery, Refused, request_scope, unpack
from connectors.triggers.incoming import Incoming
from connectors.triggers.receiving import receive

# The moment that it is made stands in it, and the names of the tests are made of it.
gzipped = partial(gzip.compress, mtime=0)
TEXT = b'{"id": 1, "name": "G\xc3\xbcne\xc5\x9f"}' * 50
RAW = zlib.compressobj(wbits=-15)
PACKED = [
    ("gzip", gzipped(TEXT)),
    ("X-GZIP", gzipped(TEXT[:100]) + gzipped(TEXT[100:])),
    ("gzip", gzipped(TEXT) + b"\0" * 20),
    ("deflate", zlib.compress(TEXT)),
    ("deflate", RAW.compress(TEXT) + RAW.flush()),
    ("identity", TEXT),
    ("", TEXT),
]


@pytest.mark.parametrize(("name", "body"), PACKED)
def test_it_is_unpacked_whole_or_in_pieces_of_any_length(name: str, body: bytes) -> None:
    coding = coding_of(name)
    assert unpacked(body, coding, len(TEXT)) == TEXT
    unpacker = Unpacker(coding, len(TEXT))
    assert b"".join(unpacker.take(body[at : at + 1]) for at in range(len(body))) == TEXT
    unpacker.end()


@pytest.mark.parametrize(("name", "body"), PACKED)
def test_no_more_is_made_of_it_than_is_allowed(name: str, body: bytes) -> None:
    with pytest.raises(UnpackedTooLargeError):
        unpacked(body, coding_of(name), len(TEXT) - 1)
    bomb = gzipped(gzipped(b"\0" * 1_000) * 1_000)
    with pytest.raises(UnpackedTooLargeError):
        unpacked(unpacked(bomb, "gzip", 100_000), "gzip", 10_000)


def test_of_many_packed_parts_no_more_is_copied_than_of_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    taken: list[int] = []
    take = Unpacker.take

    def watched(self: Unpacker, piece: bytes) -> bytes:
        taken.append(len(piece))
        return take(self, piece)

    monkeypatch.setattr(Unpacker, "take", watched)
    body = gzipped(b"") * 3_000 + gzipped(TEXT)
    assert unpacked(body, "gzip", len(TEXT)) == TEXT
    # What follows a part is copied behind each: as much as a piece has at most, not the whole body.
    assert sum(taken) == len(body)
    assert max(taken) <= PIECE_BYTES


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", b"no gzip"),
        ("gzip", gzipped(TEXT)[:-1]),
        ("gzip", gzipped(TEXT)[:20]),
        ("gzip", b"\x1f"),
        ("gzip", gzipped(TEXT)[:-5] + b"12345"),
        ("gzip", gzipped(TEXT) + b"more"),
        ("deflate", zlib.compress(TEXT)[:-3]),
        ("deflate", b"\xff\xff\xff"),
    ],
)
def test_what_is_not_what_it_says_or_was_cut_is_an_error(coding: str, body: bytes) -> None:
    with pytest.raises(CodingError):
        unpacked(body, coding, 100_000)


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, gzip", "gzip, br", "\x00"])
def test_a_delivery_that_cannot_be_unpacked_is_told_what_can(coding: str) -> None:
    with pytest.raises(Refused) as refused:
        unpack(b"x", coding, 100)
    assert refused.value.status == 415
    assert "is not taken: send the body as it is, or packed by gzip or deflate" in str(
        refused.value
    )


INCOMING = Incoming.model_validate(
    {
        "verify": {
            "type": "hmac",
            "key": "{{ hook.secret }}",
            "signature": 'request.headers["x-signature"]',
        }
    }
)


def received(packed: bytes, signed: bytes) -> Any:
    signature = hmac.new(b"key", signed, hashlib.sha256).hexdigest()
    headers = [("content-type", "application/json"), ("x-signature", signature)]
    delivery = Delivery(
        "1", "POST", "https://us.test/x", "/x", "", headers, gzip.decompress(packed), packed
    )
    scope = {"request": request_scope(delivery), "hook": {"secret": "key"}}
    return receive(INCOMING, scope, 0.0)


def test_a_signature_is_of_what_was_sent_or_of_what_was_packed() -> None:
    text = json.dumps({"n": 1}).encode()
    packed = gzipped(text)
    assert received(packed, packed) == received(packed, text) == [{"n": 1}]
    for other in (b"", text + b" ", gzipped(text + b" ")):
        with pytest.raises(Refused, match="does not fit the delivery") as refused:
            received(packed, other)
        assert refused.value.status == 401
