"""What Inlay promises of guesses at passwords, and of who may guess."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError
from starlette.requests import Request

from api import brake
from api.brake import OF_ACCOUNT_HERE, try_account, was_right
from api.errors import ApiError
from api.passwords import MAX_WAITING, PARALLEL, BusyError, Passwords, weakness_of
from settings import Settings
from store.attempts import network_of
from tests.api.conftest import PASSWORD, Rest

if TYPE_CHECKING:
    from store.database import Database

ADA = {"email": "ada@example.com", "password": PASSWORD}
SESSIONS = "/api/v1/sessions"


def from_place(address: str) -> Request:
    return Request({"type": "http", "headers": [], "client": (address, 1)})


async def tries(database: Database, account: str, address: str, number: int) -> int:
    """How many of that many wrong tries at once are let through."""
    ends = await asyncio.gather(
        *(try_account(database, account, from_place(address)) for _ in range(number)),
        return_exceptions=True,
    )
    assert all(isinstance(end, ApiError) for end in ends if isinstance(end, BaseException))
    return sum(not isinstance(end, BaseException) for end in ends)


async def test_forty_guesses_at_once_are_no_more_than_five(database: Database) -> None:
    assert await tries(database, "ada", "203.0.113.1", 40) == OF_ACCOUNT_HERE


async def test_the_routes_let_no_more_through(visitor: Rest) -> None:
    await visitor.expect(201, "POST", "/api/v1/accounts", ADA)
    wrong = {**ADA, "password": "not the password"}
    answers = await asyncio.gather(*(visitor.call("POST", SESSIONS, wrong) for _ in range(12)))
    statuses = [answer.status_code for answer in answers]
    assert statuses.count(401) == OF_ACCOUNT_HERE
    assert statuses.count(429) == 12 - OF_ACCOUNT_HERE


async def test_one_place_cannot_try_account_after_account(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(brake, "OF_PLACE", 8)
    through = [await tries(database, f"user-{n}", "203.0.113.1", 1) for n in range(12)]
    assert sum(through) == 8
    assert await tries(database, "user-0", "203.0.113.2", 1) == 1


async def test_many_places_cannot_guess_at_one_account_without_end(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(brake, "OF_ACCOUNT", 6)
    through = [await tries(database, "ada", f"203.0.113.{n}", 1) for n in range(10)]
    assert sum(through) == 6


async def test_no_stranger_locks_out_who_has_been_here_before(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(brake, "OF_ACCOUNT", 3)
    monkeypatch.setattr(brake, "OF_PLACE", 3)
    await was_right(database, await try_account(database, "ada", from_place("198.51.100.7")))
    # Strangers elsewhere, and somebody behind the same address who tries other accounts.
    for number in range(6):
        await tries(database, "ada", f"203.0.113.{number}", 1)
        await tries(database, f"user-{number}", "198.51.100.7", 1)
    assert await tries(database, "ada", "203.0.113.99", 1) == 0
    assert await tries(database, "ada", "198.51.100.7", 1) == 1


async def test_who_signs_in_often_is_never_braked(database: Database) -> None:
    for _ in range(3 * OF_ACCOUNT_HERE):
        await was_right(database, await try_account(database, "ada", from_place("203.0.113.1")))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8::1", "2001:db8::ffff:2", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("::ffff:203.0.113.1", "203.0.113.1", True),
        ("203.0.113.1", "203.0.113.2", False),
    ],
)
def test_a_place_is_what_one_customer_of_a_network_has(one: str, other: str, same: bool) -> None:
    assert (network_of(one) == network_of(other)) is same


async def test_the_current_password_cannot_be_guessed_with_a_stolen_session(
    visitor: Rest,
) -> None:
    await visitor.expect(201, "POST", "/api/v1/accounts", ADA)
    session = await visitor.expect(201, "POST", SESSIONS, ADA)
    developer = Rest(visitor.http, session["token"])
    guess = {"currentPassword": "a guess", "newPassword": "quite another password"}
    path = "/api/v1/account/password"
    statuses = [(await developer.call("PUT", path, guess)).status_code for _ in range(8)]
    assert statuses == [403] * OF_ACCOUNT_HERE + [429] * 3


async def test_nobody_finds_out_by_signing_up_who_has_an_account(visitor: Rest) -> None:
    await visitor.expect(201, "POST", "/api/v1/accounts", ADA)
    statuses = [
        (await visitor.call("POST", "/api/v1/accounts", ADA)).status_code
        for _ in range(brake.OF_FEATURE + 2)
    ]
    assert statuses == [409] * brake.OF_FEATURE + [429] * 2


async def test_who_comes_while_many_are_waiting_is_asked_to_come_again() -> None:
    passwords = Passwords()
    quick = await passwords.hash("another")
    many = [passwords.verify(quick, "x") for _ in range(MAX_WAITING + 12)]
    ends = await asyncio.gather(*many, return_exceptions=True)
    assert sum(isinstance(end, BusyError) for end in ends) == 12 - PARALLEL
    assert await passwords.verify(quick, "x", is_known=True) is False


@pytest.mark.parametrize(
    "password",
    [
        "aaaaaaaaaa",
        "1234567890",
        "password123",
        "qwertyuiop",
        "ada@example.com",
        "adalovelace",
        "abcabcabcabc",
        "a" * 250,
    ],
)
async def test_a_password_that_is_easy_to_guess_is_refused(password: str) -> None:
    weakness = await weakness_of(password, "ada@example.com", "Ada Lovelace")
    assert weakness is not None
    assert "Take several uncommon words" in weakness


@pytest.mark.parametrize(
    "password", [PASSWORD, "another good password", "x7$Kq!m2Zp9w", "şu dağlar"]
)
async def test_a_good_password_is_taken(password: str) -> None:
    assert await weakness_of(password, "ada@example.com", "Ada Lovelace") is None


async def test_the_routes_refuse_it_and_say_what_to_do(visitor: Rest) -> None:
    bad = {**ADA, "password": "aaaaaaaaaa"}
    error = await visitor.refused(1, "POST", "/api/v1/accounts", bad)
    assert error["details"][0]["path"] == "password"
    assert "uncommon words" in error["message"]
    await visitor.expect(201, "POST", "/api/v1/accounts", ADA)
    session = await visitor.expect(201, "POST", SESSIONS, ADA)
    change = {"currentPassword": PASSWORD, "newPassword": "aaaaaaaaaa"}
    developer = Rest(visitor.http, session["token"])
    error = await developer.refused(1, "PUT", "/api/v1/account/password", change)
    assert error["details"][0]["path"] == "newPassword"


@pytest.mark.parametrize(
    "proxies", ["*", "0.0.0.0/0", "::/0", "proxy", "10.0.0.1/8", ",", "10.0.0.1,"]
)
def test_not_everybody_may_say_where_a_request_came_from(proxies: str) -> None:
    with pytest.raises(ValidationError, match="trusted_proxies"):
        Settings(trusted_proxies=proxies)


def test_a_proxy_is_named_by_its_address_or_network() -> None:
    assert Settings().trusted_proxies == "127.0.0.1,::1"
    assert Settings(trusted_proxies="10.0.0.7, 10.1.0.0/24").trusted_proxies


async def test_windows_that_end_while_many_count_are_counted_anew(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever counts removes what is old: of two at once, neither waits for the other for ever."""
    monkeypatch.setattr("store.attempts.WINDOW_MS", 1)
    for _ in range(3):
        through = await asyncio.gather(
            *(tries(database, f"user-{n % 5}", f"203.0.113.{n % 3}", 1) for n in range(20))
        )
        assert sum(through) > OF_ACCOUNT_HERE
        await asyncio.sleep(0.01)
