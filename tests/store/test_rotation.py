from __future__ import annotations

import asyncio
import random
import secrets
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import (
    Column,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    delete,
    insert,
    select,
    update,
)

from store.encryption import Keyring
from store.models import (
    ENCRYPTED,
    Account,
    Authorization,
    Base,
    Connection,
    ConnectLink,
    Integration,
    Project,
    WebhookEndpoint,
    new_id,
    now_ms,
)
from store.rotation import BATCH, MAX_NAMED, count_secrets, encrypted_columns, rotate
from store.sealed import Sealed

if TYPE_CHECKING:
    from collections.abc import Callable

    from store.database import Database

OLD, NEW, LOST = (secrets.token_bytes(32) for _ in range(3))
BEFORE, DURING, AFTER = Keyring([OLD]), Keyring([NEW, OLD]), Keyring([NEW])
OLD_ID, NEW_ID, LOST_ID = (Keyring([key]).key_ids[0] for key in (OLD, NEW, LOST))


class Interrupted(Exception):
    pass


class Watched(Keyring):
    """Both keys; calls `before` before each secret that a rotation moves."""

    def __init__(self, before: Callable[[], None]) -> None:
        super().__init__([NEW, OLD])
        self._before = before

    def rewrap(self, ciphertext: bytes) -> bytes | None:
        self._before()
        return super().rewrap(ciphertext)


@pytest.fixture
async def project_id(database: Database) -> str:
    account = Account(id=new_id(), email="d@example.com", password_hash="", daily_credits=1)
    project = Project(id=new_id(), account_id=account.id, name="p", webhook_url="")
    async with database.begin() as session:
        session.add(account)
        await session.flush()
        session.add(project)
    return project.id


async def add_connections(
    database: Database, project_id: str, number: int, seal: Callable[[str], bytes]
) -> list[str]:
    """The ids of that many connections; `seal` gives the ciphertext for an id."""
    ids = [new_id() for _ in range(number)]
    rows = [
        {
            "id": id_,
            "project_id": project_id,
            "user_id": id_,
            "app_key": "app",
            "auth_type": "basic",
            "secret": seal(id_),
            "scopes": [],
        }
        for id_ in ids
    ]
    async with database.begin() as session:
        await session.execute(insert(Connection), rows)
    return ids


def old_seal(id_: str) -> bytes:
    return BEFORE.encrypt(f"secret of {id_}".encode(), id_.encode())


def version_1(key: bytes, plaintext: bytes, context: bytes) -> bytes:
    """A ciphertext as Inlay wrote it before it had envelopes."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    header = b"\x01" + bytes.fromhex(Keyring([key]).key_ids[0])
    nonce = secrets.token_bytes(12)
    return header + nonce + AESGCM(key).encrypt(nonce, plaintext, header + context)


async def connections(database: Database) -> dict[str, bytes]:
    async with database() as session:
        rows = await session.execute(select(Connection.id, Connection.secret))
        return {row.id: row.secret for row in rows}


def opened(keyring: Keyring, rows: dict[str, bytes]) -> dict[str, str]:
    return {id_: keyring.decrypt(secret, id_.encode()).decode() for id_, secret in rows.items()}


async def counted(database: Database) -> dict[tuple[str, str | None], int]:
    """How many secrets lie under which key, by table and column."""
    found: Counter[tuple[str, str | None]] = Counter()
    for table, column, label, number in await count_secrets(database):
        found[f"{table}.{column}", label and label.key_id] += number
    return found


def test_every_column_of_bytes_is_known_to_hold_ciphertexts() -> None:
    forgotten = [
        str(column)
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, LargeBinary) and not column.info.get("encrypted")
    ]
    assert not forgotten, f"mark these with info=ENCRYPTED, so that keys rotate: {forgotten}"
    assert all(isinstance(column.type, LargeBinary | Sealed) for column in encrypted_columns())


def test_every_sealed_column_is_bound_to_its_own_name() -> None:
    bound = {str(c): c.type.column for c in encrypted_columns() if isinstance(c.type, Sealed)}
    assert bound
    assert list(bound) == list(bound.values())


async def test_all_secrets_of_all_tables_move_and_the_old_key_is_needed_no_more(
    database: Database, project_id: str
) -> None:
    ids = await add_connections(database, project_id, 2 * BATCH + 7, old_seal)
    owner = {"project_id": project_id, "user_id": "u", "app_key": "app"}
    later = now_ms() + 60_000
    others: list[Base] = [
        Integration(
            project_id=project_id,
            app_key="app",
            scopes=[],
            secret=BEFORE.encrypt(b"client"),
            settings=BEFORE.encrypt(b"{}"),
        ),
        Integration(project_id=project_id, app_key="none", scopes=[]),
        ConnectLink(id="link", expires_at=later, fields=BEFORE.encrypt(b"form"), **owner),
        WebhookEndpoint(project_id=project_id, secret=BEFORE.encrypt(b"signing")),
    ]
    async with database.begin() as session:
        session.add_all(others)
        await session.flush()
        session.add(
            Authorization(
                id="state",
                link_id="link",
                browser="b",
                expires_at=later,
                secret=BEFORE.encrypt(b"verifier"),
                **owner,
            )
        )
    once = {
        "integrations.secret",
        "integrations.settings",
        "connect_links.fields",
        "webhook_endpoints.secret",
        "authorizations.secret",
    }
    all_of_them = {(name, 1) for name in once} | {("connections.secret", len(ids))}
    counts = await counted(database)
    assert {(name, number) for (name, _), number in counts.items()} == all_of_them
    assert {key_id for _, key_id in counts} == {OLD_ID}

    progress = await rotate(database, DURING)

    assert (progress.moved, progress.left) == (len(ids) + len(once), [])
    counts = await counted(database)
    assert {(name, number) for (name, _), number in counts.items()} == all_of_them
    assert {key_id for _, key_id in counts} == {NEW_ID}
    rows = await connections(database)
    assert opened(AFTER, rows) == {id_: f"secret of {id_}" for id_ in ids}
    async with database() as session:
        integration = (
            await session.scalars(select(Integration).where(Integration.app_key == "app"))
        ).one()
        assert integration.secret is not None
        assert AFTER.decrypt(integration.secret) == b"client"
        verifier = await session.scalar(select(Authorization.secret))
        assert verifier is not None
        assert AFTER.decrypt(verifier) == b"verifier"

    again = await rotate(database, DURING)
    assert again.moved == 0
    assert await connections(database) == rows


async def test_what_is_written_between_reading_and_writing_is_kept(
    database: Database, project_id: str
) -> None:
    """A refresh holds its row while the rotation has read the old token of that row."""
    (id_,) = await add_connections(database, project_id, 1, old_seal)
    read = asyncio.Event()
    async with database() as refresh:
        fresh = BEFORE.encrypt(b"refreshed", id_.encode())  # a process not restarted yet
        await refresh.execute(update(Connection).values(secret=fresh, revision=2))
        rotation = asyncio.create_task(rotate(database, Watched(read.set)))
        await read.wait()
        await refresh.commit()
    progress = await rotation
    assert progress.moved == 1
    assert opened(AFTER, await connections(database)) == {id_: "refreshed"}


async def test_a_row_deleted_meanwhile_stays_deleted(database: Database, project_id: str) -> None:
    await add_connections(database, project_id, 1, old_seal)
    read = asyncio.Event()
    async with database() as session:
        await session.execute(delete(Connection))
        rotation = asyncio.create_task(rotate(database, Watched(read.set)))
        await read.wait()
        await session.commit()
    progress = await rotation
    assert (progress.moved, progress.left) == (0, [])
    assert await connections(database) == {}


async def test_writers_and_two_rotations_at_once_lose_nothing(
    database: Database, project_id: str
) -> None:
    ids = await add_connections(database, project_id, 300, old_seal)
    written = {id_: f"secret of {id_}" for id_ in ids}
    done = asyncio.Event()

    async def write(own: list[str], keyring: Keyring) -> None:
        number = 0
        while not done.is_set():
            id_ = random.choice(own)
            number += 1
            value = f"{id_} {number}"
            async with database.begin() as session:
                await session.execute(
                    update(Connection)
                    .where(Connection.id == id_)
                    .values(secret=keyring.encrypt(value.encode(), id_.encode()))
                )
            written[id_] = value

    # One writer was restarted with the new key, one was not yet.
    writers = [
        asyncio.create_task(write(ids[::2], DURING)),
        asyncio.create_task(write(ids[1::2], BEFORE)),
    ]
    await asyncio.gather(rotate(database, DURING), rotate(database, DURING))
    done.set()
    await asyncio.gather(*writers)
    assert any(not value.startswith("secret of") for value in written.values())
    assert opened(DURING, await connections(database)) == written
    # Now the second writer has the new key, too.
    await rotate(database, DURING)
    assert opened(AFTER, await connections(database)) == written
    assert set(await counted(database)) == {("connections.secret", NEW_ID)}


async def test_a_rotation_that_was_interrupted_is_taken_up_again(
    database: Database, project_id: str
) -> None:
    ids = await add_connections(database, project_id, 40, old_seal)
    seen = 0

    def fail_in_the_middle() -> None:
        nonlocal seen
        seen += 1
        if seen > 15:
            raise Interrupted

    with pytest.raises(Interrupted):
        await rotate(database, Watched(fail_in_the_middle))
    assert await counted(database) == {
        ("connections.secret", NEW_ID): 15,
        ("connections.secret", OLD_ID): 25,
    }
    secrets_of = {id_: f"secret of {id_}" for id_ in ids}
    assert opened(DURING, await connections(database)) == secrets_of
    assert (await rotate(database, DURING)).moved == 25
    assert opened(AFTER, await connections(database)) == secrets_of


async def test_what_cannot_move_is_told_and_left_and_the_rest_moves(
    database: Database, project_id: str
) -> None:
    async def add(seal: Callable[[str], bytes]) -> str:
        (id_,) = await add_connections(database, project_id, 1, seal)
        return id_

    def damaged(id_: str) -> bytes:
        ciphertext = bytearray(old_seal(id_))
        ciphertext[30] ^= 1
        return bytes(ciphertext)

    kept = {
        await add(lambda id_: version_1(OLD, b"secret", id_.encode())): "earlier version",
        await add(lambda id_: Keyring([LOST]).encrypt(b"secret", id_.encode())): "not among",
        await add(damaged): "data key was changed",
        await add(lambda _: b"plain text"): "no ciphertext",
        await add(lambda _: b""): "no ciphertext",
    }
    fine = await add_connections(database, project_id, BATCH, old_seal)
    before = await connections(database)

    progress = await rotate(database, DURING)

    assert (progress.moved, progress.old_format, progress.unreadable) == (BATCH, 1, 4)
    told = {left.primary_key[0]: left.reason for left in progress.left}
    assert set(told) == set(kept)
    for id_, reason in kept.items():
        assert reason in told[id_]
    assert {(left.table, left.column) for left in progress.left} == {("connections", "secret")}
    rows = await connections(database)
    assert {id_: rows[id_] for id_ in kept} == {id_: before[id_] for id_ in kept}
    assert set(opened(AFTER, {id_: rows[id_] for id_ in fine})) == set(fine)
    assert await counted(database) == {
        ("connections.secret", NEW_ID): BATCH,
        ("connections.secret", OLD_ID): 2,  # of version 1, and damaged
        ("connections.secret", LOST_ID): 1,
        ("connections.secret", None): 2,
    }
    found = {count.label for count in await count_secrets(database)}
    assert (1, OLD_ID) in found
    # With the missing key they move.
    assert (await rotate(database, Keyring([NEW, OLD, LOST]))).moved == 1


async def test_thousands_that_cannot_move_are_counted(database: Database, project_id: str) -> None:
    await add_connections(database, project_id, BATCH + 1, lambda _: LOST)
    progress = await rotate(database, DURING)
    assert progress.unreadable == BATCH + 1
    assert len(progress.left) == MAX_NAMED


async def test_secrets_of_version_1_under_the_first_key_need_no_move(
    database: Database, project_id: str
) -> None:
    await add_connections(
        database, project_id, 1, lambda id_: version_1(NEW, b"secret", id_.encode())
    )
    progress = await rotate(database, DURING)
    assert (progress.moved, progress.left) == (0, [])


@pytest.mark.parametrize(
    "primary_key",
    [
        pytest.param([("number", Integer)], id="integer"),
        pytest.param([("name", String(20)), ("number", Integer)], id="text and integer"),
        pytest.param([("a", String(20)), ("b", String(20)), ("c", LargeBinary)], id="with bytes"),
    ],
)
async def test_primary_keys_of_any_shape(
    primary_key: list[tuple[str, Any]], database: Database
) -> None:
    metadata = MetaData()
    keys = [Column(name, kind, primary_key=True) for name, kind in primary_key]
    vault = Table("vault", metadata, *keys, Column("sealed", LargeBinary, info=ENCRYPTED))
    values: dict[type, Callable[[int], object]] = {
        Integer: lambda number: number,
        String: lambda number: f"é{number % 7}",
        LargeBinary: lambda number: number.to_bytes(2),
    }
    number = BATCH * 2 + 1
    rows = [
        {column.name: values[type(column.type)](row) for column in keys}
        | {"sealed": BEFORE.encrypt(b"%d" % row)}
        for row in range(number)
    ]
    async with database.begin() as session:
        connection = await session.connection()
        await connection.run_sync(metadata.create_all)
        await session.execute(insert(vault), rows)
    heard: list[tuple[str, int]] = []

    progress = await rotate(
        database,
        DURING,
        lambda column, progress: heard.append((str(column), progress.moved)),
        metadata,
    )

    assert (progress.moved, progress.left) == (number, [])
    assert heard == [("vault.sealed", n) for n in (BATCH, 2 * BATCH, number)]
    async with database() as session:
        found = (await session.scalars(select(vault.c.sealed))).all()
    assert sorted(int(AFTER.decrypt(sealed)) for sealed in found) == list(range(number))
