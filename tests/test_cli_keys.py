"""`inlay keys` as operators use it: a process of its own, with the environment as its settings."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import insert, select

from settings import Settings
from store.encryption import Keyring, make_key
from store.models import Account, Connection, Project, new_id
from store.rotation import BATCH

if TYPE_CHECKING:
    from store.database import Database

pytestmark = pytest.mark.both_databases

ROOT = Path(__file__).parents[1]


def command(*arguments: str, **settings: str) -> tuple[list[str], dict[str, str]]:
    """The command line and its environment; `settings` are named without their prefix."""
    environment = {name: value for name, value in os.environ.items() if name[:6] != "INLAY_"}
    environment |= {f"INLAY_{name.upper()}": value for name, value in settings.items()}
    return [sys.executable, "-m", "cli", *arguments], environment


async def inlay(*arguments: str, **settings: str) -> tuple[int, str]:
    """The exit status of `inlay` and all that it said."""
    line, environment = command(*arguments, **settings)
    process = await asyncio.create_subprocess_exec(
        *line,
        cwd=ROOT,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(60):
        output, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, output.decode()


def ring(*keys: str) -> Keyring:
    return Keyring.from_settings(Settings(encryption_keys=",".join(keys)))


async def fill(database: Database, key: str, number: int) -> list[str]:
    """The ids of that many connections, whose secrets are their ids, encrypted with `key`."""
    account = Account(id=new_id(), email="d@example.com", password_hash="", daily_credits=1)
    project = Project(id=new_id(), account_id=account.id, name="p", webhook_url="")
    ids = [new_id() for _ in range(number)]
    keyring = ring(key)
    rows = [
        {
            "id": id_,
            "project_id": project.id,
            "user_id": id_,
            "app_key": "app",
            "auth_type": "basic",
            "secret": keyring.encrypt(id_.encode()),
            "scopes": [],
        }
        for id_ in ids
    ]
    async with database.begin() as session:
        session.add(account)
        await session.flush()
        session.add(project)
        await session.flush()
        await session.execute(insert(Connection), rows)
    return ids


async def read(database: Database, keyring: Keyring) -> list[str]:
    async with database() as session:
        secrets = await session.scalars(select(Connection.secret).order_by(Connection.id))
        return [keyring.decrypt(secret).decode() for secret in secrets]


async def test_made_keys_are_random_and_fit_the_setting() -> None:
    (status, first), (_, second) = await asyncio.gather(
        inlay("keys", "make"), inlay("keys", "make", environment="production")
    )
    assert status == 0
    assert first != second
    assert len(ring(first.strip(), second.strip()).key_ids) == 2


async def test_keys_are_rotated_step_by_step(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    old, new = make_key(), make_key()
    old_id, new_id_ = ring(old, new).key_ids
    ids = await fill(database, old, 3)
    file = tmp_path / "keys"
    file.touch(0o600)
    settings = {
        "environment": "production",
        "database_url": database_url,
        "encryption_keys_file": str(file),
    }

    file.write_text(f"{old}\n")
    status, output = await inlay("keys", "status", **settings)
    assert status == 0
    assert re.search(rf"key {old_id} \(encrypts\)\n +3 connections.secret\n", output)

    file.write_text(f"{new}\n{old}\n")
    status, output = await inlay("keys", "rotate", **settings)
    assert status == 0, output
    assert "connections.secret: 3 secrets moved so far" in output
    assert re.search(rf"key {new_id_} \(encrypts\)\n +3 connections.secret\n", output)
    after_old = output[output.index(f"key {old_id} (decrypts)") :]
    assert "no secret of the database" in after_old
    assert "retention has passed" in after_old
    assert old not in output
    assert new not in output

    file.write_text(f"{new}\n")
    status, output = await inlay("keys", "status", **settings)
    assert status == 0
    assert old_id not in output
    assert await read(database, ring(new)) == ids


async def test_a_killed_rotation_is_repeated(database: Database, database_url: str) -> None:
    old, new = make_key(), make_key()
    ids = await fill(database, old, 8 * BATCH)
    settings = {"database_url": database_url, "encryption_keys": f"{new},{old}"}
    line, environment = command("keys", "rotate", **settings)
    process = await asyncio.create_subprocess_exec(
        *line, cwd=ROOT, env=environment, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    assert f" {BATCH} secrets moved" in (await process.stdout.readline()).decode()
    process.kill()
    await process.wait()
    assert await read(database, ring(new, old)) == ids

    status, output = await inlay("keys", "status", **settings)
    assert status == 0
    numbers = [int(number) for number in re.findall(r"(\d+) connections\.secret", output)]
    assert len(numbers) == 2
    assert sum(numbers) == len(ids)

    status, output = await inlay("keys", "rotate", **settings)
    assert status == 0
    assert await read(database, ring(new)) == ids


async def test_a_missing_key_is_told(database: Database, database_url: str) -> None:
    lost, new = make_key(), make_key()
    (id_,) = await fill(database, lost, 1)
    (lost_id,) = ring(lost).key_ids
    settings = {"database_url": database_url, "encryption_keys": new}
    status, output = await inlay("keys", "rotate", **settings)
    assert status == 1
    assert f"left: connections.secret of {id_}:" in output
    assert "Put the missing key behind the others" in output
    assert f"key {lost_id} (MISSING from the settings)" in output
    assert await read(database, ring(lost)) == [id_]


async def test_a_database_without_tables_is_told(tmp_path: Path) -> None:
    status, output = await inlay("keys", "status", data_dir=str(tmp_path))
    assert status == 1
    assert "inlay migrate" in output
    assert "Traceback" not in output


@pytest.mark.parametrize("process", [("api", "--port", "1"), ("worker",), ("keys", "rotate")])
async def test_nothing_starts_in_production_without_a_proper_key(
    process: tuple[str, ...], tmp_path: Path
) -> None:
    place = {"environment": "production", "data_dir": str(tmp_path)}
    weak = "QUFB" * 10 + "QUE="
    tried = [
        await inlay(*process, **place),
        await inlay(*process, **place, encryption_keys=weak),
        await inlay(*process, **place, encryption_keys=make_key(), encryption_keys_file="/x"),
        await inlay(*process, **place, encryption_keys_file=str(tmp_path / "none")),
    ]
    for (status, output), told in zip(
        tried, ["is empty", "no random key", "both set", "cannot be read"], strict=True
    ):
        assert status == 1
        assert output.startswith("Inlay cannot start: ")
        assert told in output
        assert len(output.splitlines()) == 1
        assert weak not in output
    assert not list(tmp_path.iterdir())
