"""What Inlay promises of what it makes as a proof: it is found by a digest, and not guessed."""

from __future__ import annotations

import base64
import hashlib
import secrets
from typing import TYPE_CHECKING

from sqlalchemy import select

from store.encryption import KEY_BYTES, Keyring
from store.models import AccountSession, ApiToken, ConnectLink
from store.registrations import HookSecret
from temporal.callback_urls import CallbackUrls
from workflows.callback_urls import seal

if TYPE_CHECKING:
    from store.database import Database
    from tests.api.conftest import Workshop

BYTES = 32
"""Random ones: 256 bits, which no brake has to protect."""


def random_bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


async def test_tokens_sessions_and_connect_links_are_256_random_bits_and_kept_as_digests(
    workshop: Workshop, database: Database
) -> None:
    await workshop.integrate("cubicl")
    path = "/api/v1/ipaas/users/ada/connections/cubicl/link"
    link = (await workshop.application.expect(200, "POST", path))["url"].rpartition("/")[2]
    token, session = workshop.application.bearer, workshop.developer.bearer
    assert token is not None
    assert session is not None
    for shown in (token.removeprefix("inlay_"), session.removeprefix("session_"), link):
        assert len(random_bytes(shown)) == BYTES
    async with database() as rows:
        assert list(await rows.scalars(select(ApiToken.token_hash))) == [digest(token)]
        assert list(await rows.scalars(select(AccountSession.id))) == [digest(session)]
        assert list(await rows.scalars(select(ConnectLink.id))) == [digest(link)]
    # One letter beside is as wrong as all.
    workshop.application.bearer = token[:-1] + ("A" if token[-1] != "A" else "B")
    await workshop.application.refused(900, "GET", f"{workshop.path}/runs")


def test_a_hook_s_url_and_what_signs_its_deliveries_are_256_random_bits() -> None:
    one, other = HookSecret.new(), HookSecret.new()
    assert len(random_bytes(one.hook)) == BYTES
    assert len(bytes.fromhex(one.signing)) == BYTES
    assert {one.hook, one.signing}.isdisjoint({other.hook, other.signing})


def test_a_callback_s_url_is_sealed_with_128_bits_in_each_of_its_two_parts() -> None:
    urls = CallbackUrls(Keyring([secrets.token_bytes(KEY_BYTES)]), "https://inlay.example")
    url, key = urls.make("project", "run")
    token = url.rpartition("/")[2]
    given = seal(key, "run", "ask", "")
    assert len(random_bytes(key)) * 8 >= 128
    assert len(random_bytes(given)) * 8 >= 128
    assert urls.read(token, f"ask/{given}") is not None
    for place in range(0, len(token) - 1, 7):
        changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        assert urls.read(changed, f"ask/{given}") is None
    for place in range(len(given) - 1):
        changed = given[:place] + ("A" if given[place] != "A" else "B") + given[place + 1 :]
        assert urls.read(token, f"ask/{changed}") is None
