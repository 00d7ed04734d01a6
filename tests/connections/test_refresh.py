from __future__ import annotations

import asyncio
import base64
import json
import secrets
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from connections.accounts import Connections
from connections.errors import ConnectionInvalid, ConnectionMissing, RefreshUnavailable
from connections.refresh import LEASE_MS, TokenRefresh
from connectors.catalogue import Catalogue
from connectors.credential import Credential
from connectors.http import OutgoingHttp
from connectors.manifest import App
from settings import Settings
from store.database import Database
from store.encryption import Keyring
from store.models import Connection, Notification, now_ms
from tests.connections.person import Person, query_of

pytestmark = pytest.mark.both_databases

WORKER = Path(__file__).parent / "renewing_process.py"
ME = ("u1", "calendar")
Connect = Callable[..., Awaitable[Credential]]


@pytest.fixture
def keyring(key: bytes) -> Keyring:
    return Keyring([key])


@pytest.fixture
def key() -> bytes:
    return secrets.token_bytes(32)


@pytest.fixture
def process_environment(key: bytes, settings: Settings) -> dict[str, str]:
    """What lets another process read the same database."""
    return {
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "INLAY_ENCRYPTION_KEYS": base64.urlsafe_b64encode(key).decode(),
        "INLAY_ALLOWED_PRIVATE_HOSTS": settings.allowed_private_hosts,
    }


@pytest.fixture
def connect(connections: Connections, person: Person, project_id: str, provider: Any) -> Connect:
    """Connects the user; the token then lives for `expires_in` seconds more."""

    async def connect(expires_in: Any = 3600) -> Credential:
        provider.expires_in = expires_in
        state = query_of(await person.begin(project_id, *ME))["state"]
        await person.complete({"state": state, "code": "c"})
        credential = await connections.credential(project_id, *ME)
        provider.expires_in = 3600
        return credential

    return connect


async def row_of(database: Database) -> Connection:
    async with database() as session:
        return (await session.scalars(select(Connection))).one()


async def change(database: Database, **values: Any) -> None:
    async with database.begin() as session:
        await session.execute(update(Connection).values(**values))


async def sleep_until(moment_ms: int) -> None:
    await asyncio.sleep(max(0, moment_ms - now_ms()) / 1000 + 0.01)


def let_it_be(moment_ms: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Has renewals see this moment, so that a slow machine does not run out of a token's last."""
    monkeypatch.setattr("connections.refresh.now_ms", lambda: moment_ms)


async def test_a_token_that_lives_is_not_renewed(
    connections: Connections, project_id: str, connect: Connect, provider: Any
) -> None:
    before = await connect()
    assert await connections.credential(project_id, *ME) == before
    assert provider.refreshes == 0


async def test_a_token_is_renewed_ahead_of_its_end(
    connections: Connections,
    project_id: str,
    connect: Connect,
    provider: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = await connect(expires_in=3600)
    assert before.expires_at is not None
    let_it_be(before.expires_at - 59_000, monkeypatch)
    after = await connections.credential(project_id, *ME)
    assert after.access_token == provider.access_tokens[-1] != before.access_token
    assert after.refresh_token == provider.current != before.refresh_token
    assert provider.refreshes == 1


async def test_fifty_at_once_see_one_renewal(
    connections: Connections, project_id: str, connect: Connect, provider: Any
) -> None:
    before = await connect(expires_in=1)
    assert before.expires_at is not None
    await sleep_until(before.expires_at)
    got = await asyncio.gather(*(connections.credential(project_id, *ME) for _ in range(50)))
    assert provider.refreshes == 1
    assert {credential.access_token for credential in got} == {provider.access_tokens[-1]}


async def test_fifty_rejected_at_once_see_one_renewal(
    connections: Connections, project_id: str, connect: Connect, provider: Any
) -> None:
    before = await connect(expires_in=None)
    assert before.expires_at is None
    got = await asyncio.gather(*(connections.renew(project_id, *ME, before) for _ in range(50)))
    assert provider.refreshes == 1
    assert {credential.access_token for credential in got} == {provider.access_tokens[-1]}
    late = await connections.renew(project_id, *ME, before)
    assert (late, provider.refreshes) == (got[0], 1)


async def test_fifty_in_several_processes_see_one_renewal(
    database_url: str,
    project_id: str,
    connect: Connect,
    provider: Any,
    process_environment: dict[str, str],
) -> None:
    before = await connect(expires_in=1)
    assert before.expires_at is not None
    order = json.dumps([provider.url, database_url, project_id, 17])
    processes = [await start(order, process_environment) for _ in range(3)]
    for process in processes:
        assert process.stdout is not None
        assert await process.stdout.readline() == b"ready\n"
    await sleep_until(before.expires_at)
    results = await asyncio.gather(*(process.communicate(b"go\n") for process in processes))
    got = [token for out, _ in results for token in json.loads(out)]
    assert len(got) == 51
    assert set(got) == {provider.access_tokens[-1]}
    assert provider.refreshes == 1


async def test_a_killed_winner_is_followed_by_another(
    connections: Connections,
    database: Database,
    database_url: str,
    project_id: str,
    connect: Connect,
    provider: Any,
    process_environment: dict[str, str],
) -> None:
    before = await connect(expires_in=1)
    assert before.expires_at is not None
    await sleep_until(before.expires_at)
    provider.delay, provider.arrived = 5, asyncio.Event()
    process = await start(
        json.dumps([provider.url, database_url, project_id, 1]), process_environment
    )
    assert process.stdin is not None
    process.stdin.write(b"go\n")
    await provider.arrived.wait()
    process.kill()
    await process.wait()
    provider.delay = 0
    lease = (await row_of(database)).refresh_lease_until
    assert 0 < lease - now_ms() <= LEASE_MS
    # Nobody waits half a minute in a test: the lease is let end sooner.
    ends = now_ms() + 300
    await change(database, refresh_lease_until=ends)
    after = await connections.credential(project_id, *ME)
    assert now_ms() >= ends
    assert after.access_token == provider.access_tokens[-1]
    assert after.access_token != before.access_token
    assert (await row_of(database)).refresh_lease_until == 0


async def test_a_renewal_whose_answer_was_lost_is_reported_as_that(
    connections: Connections, database: Database, project_id: str, connect: Connect, provider: Any
) -> None:
    before = await connect(expires_in=None)
    provider.issue()  # the provider rotated, and the process that heard it died
    await change(database, refresh_lease_until=now_ms() - 1)
    with pytest.raises(ConnectionInvalid, match="interrupted, so that its new token was lost"):
        await connections.renew(project_id, *ME, before)


async def test_a_cancelled_caller_does_not_lose_the_answer(
    connections: Connections, database: Database, project_id: str, connect: Connect, provider: Any
) -> None:
    before = await connect(expires_in=None)
    provider.arrived, provider.held = asyncio.Event(), asyncio.Event()
    caller = asyncio.create_task(connections.renew(project_id, *ME, before))
    await provider.arrived.wait()
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    provider.held.set()
    await connections.aclose()
    after = await connections.credential(project_id, *ME)
    assert after.refresh_token == provider.current
    assert provider.refreshes == 1


@pytest.mark.parametrize("mode", ["fail", "html", "odd", "refuse client"])
async def test_what_says_nothing_about_the_token_leaves_the_connection_connected(
    connections: Connections, project_id: str, connect: Connect, provider: Any, mode: str
) -> None:
    before = await connect(expires_in=None)
    provider.mode = mode
    with pytest.raises(RefreshUnavailable) as caught:
        await connections.renew(project_id, *ME, before)
    assert "planted" not in str(caught.value)
    assert await connections.statuses(project_id, "u1") == {"calendar": "connected"}
    provider.mode = "rotate"
    after = await connections.renew(project_id, *ME, before)
    assert after.access_token == provider.access_tokens[-1]


async def test_when_the_winner_fails_the_others_do_not_try_one_by_one(
    connections: Connections, project_id: str, connect: Connect, provider: Any
) -> None:
    before = await connect(expires_in=None)
    provider.mode, provider.delay = "fail", 3
    results = await asyncio.gather(
        *(connections.renew(project_id, *ME, before) for _ in range(20)), return_exceptions=True
    )
    assert {type(result) for result in results} == {RefreshUnavailable}
    assert provider.refreshes == 1


@pytest.mark.parametrize("expires_in", [None, 3600])
async def test_who_saw_no_lease_does_not_try_when_another_has_failed_meanwhile(
    connections: Connections,
    project_id: str,
    connect: Connect,
    provider: Any,
    expires_in: int | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = await connect(expires_in=expires_in)
    if before.expires_at is not None:
        let_it_be(before.expires_at - 1000, monkeypatch)
    take, may_take, has_read = TokenRefresh._take_lease, asyncio.Event(), asyncio.Event()

    async def late(self: TokenRefresh, *arguments: Any) -> bool:
        if asyncio.current_task() is second:
            has_read.set()
            await may_take.wait()
        return await take(self, *arguments)

    monkeypatch.setattr(TokenRefresh, "_take_lease", late)
    provider.mode = "fail"

    async def ask() -> Credential | RefreshUnavailable:
        try:
            if expires_in is None:
                return await connections.renew(project_id, *ME, before)
            return await connections.credential(project_id, *ME)
        except RefreshUnavailable as error:
            return error

    second = asyncio.create_task(ask())
    await has_read.wait()
    first = await ask()
    may_take.set()
    answers = [first, await second]
    if expires_in is None:
        assert {type(answer) for answer in answers} == {RefreshUnavailable}
    else:
        assert answers == [before, before]
    assert provider.refreshes == 1


async def test_a_token_that_still_lives_is_used_while_it_cannot_be_renewed(
    connections: Connections,
    project_id: str,
    connect: Connect,
    provider: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = await connect(expires_in=3600)
    assert before.expires_at is not None
    let_it_be(before.expires_at - 1000, monkeypatch)
    provider.mode = "fail"
    assert await connections.credential(project_id, *ME) == before
    assert provider.refreshes == 1


async def test_a_refused_token_makes_the_connection_invalid_once(
    connections: Connections, database: Database, project_id: str, connect: Connect, provider: Any
) -> None:
    before = await connect(expires_in=None)
    provider.mode = "refuse"
    results = await asyncio.gather(
        *(connections.renew(project_id, *ME, before) for _ in range(20)), return_exceptions=True
    )
    assert {type(result) for result in results} == {ConnectionInvalid}
    assert provider.refreshes == 1
    assert {str(result) for result in results} == {
        "Calendar no longer accepts the connection (invalid_grant)."
        " The account must be connected again."
    }
    with pytest.raises(ConnectionInvalid):
        await connections.credential(project_id, *ME)
    assert await connections.statuses(project_id, "u1") == {"calendar": "invalid"}
    assert (await row_of(database)).refresh_lease_until == 0
    async with database() as session:
        told = await session.scalars(
            select(Notification.data).where(Notification.type == "connection.invalid")
        )
        (data,) = told.all()
    assert (data["userId"], data["appKey"]) == ME
    assert "invalid_grant" in data["reason"]


async def test_a_refresh_token_that_is_not_replaced_is_kept(
    connections: Connections, project_id: str, connect: Connect, provider: Any
) -> None:
    before = await connect(expires_in=None)
    provider.mode = "keep"
    first = await connections.renew(project_id, *ME, before)
    second = await connections.renew(project_id, *ME, first)
    assert first.refresh_token == second.refresh_token == before.refresh_token
    assert first.access_token != second.access_token


async def test_a_rejected_token_that_cannot_be_renewed_is_invalid(
    connections: Connections, project_id: str, connect: Connect, provider: Any
) -> None:
    provider.mode = "keep"
    before = await connect(expires_in=1)
    assert before.refresh_token is None
    assert before.expires_at is not None
    await sleep_until(before.expires_at)
    assert await connections.credential(project_id, *ME) == before
    with pytest.raises(ConnectionInvalid, match="cannot be renewed"):
        await connections.renew(project_id, *ME, before)
    assert provider.refreshes == 0


async def test_a_connection_made_anew_during_a_renewal_is_not_overwritten(
    connections: Connections, project_id: str, connect: Connect, provider: Any
) -> None:
    before = await connect(expires_in=None)
    provider.arrived, provider.held = asyncio.Event(), asyncio.Event()
    renewal = asyncio.create_task(connections.renew(project_id, *ME, before))
    await provider.arrived.wait()
    anew = await connect()
    provider.held.set()
    assert await renewal == anew
    assert await connections.credential(project_id, *ME) == anew


async def test_who_has_no_connection_is_told(connections: Connections, project_id: str) -> None:
    with pytest.raises(ConnectionMissing):
        await connections.credential(project_id, *ME)


async def test_a_lost_key_is_told_and_changes_nothing(
    connections: Connections,
    database: Database,
    project_id: str,
    connect: Connect,
    app: App,
    http: OutgoingHttp,
    settings: Settings,
) -> None:
    await connect()
    other = Connections(database, Keyring([bytes(32)]), Catalogue([app]), http, settings)
    with pytest.raises(RefreshUnavailable, match="INLAY_ENCRYPTION_KEYS"):
        await other.credential(project_id, *ME)
    assert await connections.statuses(project_id, "u1") == {"calendar": "connected"}


async def test_secrets_show_nowhere(
    connections: Connections,
    database: Database,
    database_url: str,
    project_id: str,
    connect: Connect,
    provider: Any,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("DEBUG")
    credentials = [await connect(expires_in=None)]
    credentials.append(await connections.renew(project_id, *ME, credentials[-1]))
    for mode in ("fail", "html", "odd", "refuse client", "refuse"):
        provider.mode = mode
        with pytest.raises((RefreshUnavailable, ConnectionInvalid)) as caught:
            await connections.renew(project_id, *ME, credentials[-1])
        error: BaseException | None = caught.value
        while error is not None:
            assert "planted" not in repr(error) + str(error)
            error = error.__cause__ or error.__context__
    assert "planted" not in caplog.text
    assert "planted" not in repr(credentials)
    assert "planted" not in str(await connections.details(project_id, *ME))
    row = await row_of(database)
    assert b"planted" not in row.secret
    assert "planted" not in repr({**vars(row), "secret": None})
    if database_url.startswith("sqlite"):
        for file in tmp_path.glob("inlay.db*"):
            assert b"planted" not in file.read_bytes()


async def start(order: str, environment: dict[str, str]) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        str(WORKER),
        order,
        env=environment,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
