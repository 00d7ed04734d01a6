"""The database's own failures, and values that it refuses: told apart, and neither hurts a run."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from store.bookings import UNSTORABLE, RunClosed, RunOpened, StepWrite
from store.database import close_database, open_database
from store.encryption import Keyring
from store.ledger import Ledger
from store.models import (
    Account,
    CreditUsage,
    EndUser,
    Integration,
    Notification,
    Project,
    Run,
    RunStep,
)
from store.notifications import body_of
from store.outages import StoreUnavailable, outlast, was_anything_committed, watch_commits
from tests.store.test_ledger import run_row, step_row

if TYPE_CHECKING:
    from store.database import Database

KEYRING = Keyring([b"k" * 32])
NOWHERE = "postgresql+asyncpg://inlay:secret@127.0.0.1:9/inlay"


async def test_a_database_that_refuses_the_connection_is_no_refusal_of_an_app() -> None:
    database = open_database(NOWHERE, KEYRING)
    with pytest.raises(StoreUnavailable) as told:
        async with database() as session:
            await session.execute(text("SELECT 1"))
    assert not isinstance(told.value, OSError)
    assert "secret" not in str(told.value)
    await close_database(database)


async def test_a_session_whose_server_ends_it_has_lost_the_database(postgres_url: str) -> None:
    database = open_database(postgres_url, KEYRING)
    async with database() as session:
        own = await session.scalar(text("SELECT pg_backend_pid()"))
        async with database.begin() as other:
            await other.execute(text(f"SELECT pg_terminate_backend({own})"))
        with pytest.raises(StoreUnavailable) as told:
            await session.execute(text("SELECT 'a value'"))
    assert "a value" not in str(told.value)
    # The next one has a connection of its own.
    async with database() as session:
        assert await session.scalar(text("SELECT 1")) == 1
    await close_database(database)


@pytest.mark.parametrize(
    "state", ["57P01", "57P03", "53300", "53100", "40P01", "25006", "08006", "XX000"]
)
async def test_what_may_pass_is_an_outage(postgres_url: str, state: str) -> None:
    """Shutting down, starting up, too many connections, full, deadlock, read-only, …"""
    database = open_database(postgres_url, KEYRING)
    with pytest.raises(StoreUnavailable):
        async with database() as session:
            await session.execute(
                text(f"DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{state}'; END $$")
            )
    await close_database(database)


async def test_a_pool_that_is_used_up_is_an_outage(postgres_url: str) -> None:
    database = open_database(postgres_url, KEYRING)
    database.kw["bind"].sync_engine.pool._timeout = 0.05
    holding = [database() for _ in range(20)]
    for session in holding:
        await session.execute(text("SELECT 1"))
    with pytest.raises(StoreUnavailable):
        async with database() as session:
            await session.execute(text("SELECT 1"))
    for session in holding:
        await session.close()
    await close_database(database)


async def test_a_file_that_is_locked_is_an_outage(sqlite_url: str) -> None:
    database, other = open_database(sqlite_url, KEYRING), open_database(sqlite_url, KEYRING)
    async with other() as holder:
        await holder.execute(text("BEGIN IMMEDIATE"))
        async with database() as session:
            await session.execute(text("PRAGMA busy_timeout=1"))
            with pytest.raises(StoreUnavailable):
                await session.execute(text("UPDATE accounts SET name = ''"))
    await close_database(database)
    await close_database(other)


async def test_a_broken_rule_stays_what_it_is(database: Database) -> None:
    async with database() as session:
        session.add(Project(account_id="nobody", name="Orphan", webhook_url=""))
        with pytest.raises(IntegrityError):
            await session.commit()


async def test_an_outage_is_outlasted_and_a_refusal_is_not() -> None:
    tries: list[str] = []

    async def operation() -> int:
        tries.append("try")
        if len(tries) < 4:
            raise StoreUnavailable("away")
        return 7

    heard: list[str] = []
    assert await outlast(operation, on_outage=lambda: heard.append("once")) == 7
    assert (len(tries), heard) == (4, ["once"])

    async def refused() -> None:
        raise SQLAlchemyError("never")

    with pytest.raises(SQLAlchemyError):
        await outlast(refused)


async def test_waiting_for_the_database_can_be_cancelled() -> None:
    async def away() -> None:
        raise StoreUnavailable("away")

    waiting = asyncio.create_task(outlast(away))
    await asyncio.sleep(0.05)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


UNKEPT: list[tuple[Any, Any]] = [
    ({"n": "a\x00b"}, {"n": "a\ufffdb"}),
    ({"a\x00": [["\x00"]]}, {"a\ufffd": [["\ufffd"]]}),
    ({"half": "x\ud83d"}, {"half": "x\ufffd"}),
    ({"n": float("nan"), "m": [float("-inf")]}, {"n": "nan", "m": ["-inf"]}),
    ({"kept": "\\u0000 as text, 😀"}, {"kept": "\\u0000 as text, 😀"}),
    ({"big": 10**400}, {"big": 10**400}),
]


@pytest.mark.parametrize(("given", "stored"), UNKEPT, ids=[repr(one[1])[:30] for one in UNKEPT])
async def test_what_no_database_keeps_is_replaced_in_what_lies_open(
    database: Database, project: Project, given: Any, stored: Any
) -> None:
    async with database.begin() as session:
        integration = Integration(project_id=project.id, app_key="a", scopes=[given])
        session.add_all([integration, EndUser(project_id=project.id, user_id="a\x00b\udfff")])
    async with database() as session:
        assert await session.scalar(select(Integration.scopes)) == [stored]
        assert await session.scalar(select(EndUser.user_id)) == "a\ufffdb\ufffd"


@pytest.mark.parametrize("given", [one[0] for one in UNKEPT], ids=lambda one: repr(one)[:30])
async def test_whatever_an_app_answers_is_booked_once(
    database: Database, project: Project, given: Any
) -> None:
    ledger = Ledger(database)
    await ledger.write(RunOpened(run_row(project)))
    row = step_row(project, output="masked", true_output=given, inputs=given, name="na\x00me")
    for _ in range(2):
        await ledger.write(StepWrite(project.account_id, [row]))
    await ledger.write(RunClosed("run-1", "error", "bad \x00 \udfff end", given))
    async with database() as session:
        step = (await session.scalars(select(RunStep))).one()
        run = (await session.scalars(select(Run))).one()
        told = (await session.scalars(select(Notification).filter_by(type="run.failed"))).one()
        used = (await session.scalars(select(CreditUsage))).one()
    assert (step.name, used.app_executions) == ("na\ufffdme", 1)
    assert await ledger.recorded_output("run-1", "one", "") == (step.true_output,)
    assert repr(step.true_output) == repr(given)
    assert (run.status, run.message) == ("error", "bad \ufffd \ufffd end")
    # It can be sent: what cannot would keep back all that comes after it.
    assert orjson.loads(orjson.dumps(body_of(told)))["data"]["message"] == run.message


async def test_what_the_database_refuses_for_good_is_booked_without_its_values(
    postgres_url: str,
) -> None:
    """A name longer than its column; values that are no JSON, or nested beyond all bounds."""
    database = open_database(postgres_url, KEYRING)
    async with database.begin() as session:
        account = Account(email="dev@example.com", password_hash="x", daily_credits=5)
        session.add(account)
        await session.flush()
        project = Project(account_id=account.id, name="Shop", webhook_url="https://shop.example")
        session.add(project)
    deep: Any = 1
    for _ in range(100_000):
        deep = [deep]
    ledger = Ledger(database)
    await ledger.write(RunOpened(run_row(project)))
    long = step_row(project, step_id="long", name="n" * 300, error="e" * 5_000, status="error")
    out_of_range = step_row(project, step_id="attempts", output=deep)
    free = step_row(project, step_id="free", name="f" * 256)
    fine = step_row(project, step_id="fine")
    await asyncio.gather(
        ledger.write(StepWrite(project.account_id, [long, out_of_range, fine], [free])),
        ledger.write(RunClosed("run-1", "completed", None, {"number": 10**140_000})),
    )
    async with database() as session:
        steps = {row.step_id: row for row in await session.scalars(select(RunStep))}
        run = (await session.scalars(select(Run))).one()
        used = (await session.scalars(select(CreditUsage))).one()
    assert set(steps) == {"long", "attempts", "fine", "free"}
    assert steps["attempts"].error is None
    assert steps["fine"].output == {"id": 1}
    assert [steps[name].output for name in ("long", "attempts", "free")] == [UNSTORABLE] * 3
    assert (run.status, run.message, run.result) == ("completed", UNSTORABLE, None)
    assert (used.app_executions, used.free_executions) == (3, 1)
    await close_database(database)


async def test_it_is_known_whether_a_request_may_have_changed_something(
    database: Database, project: Project
) -> None:
    watch_commits()
    async with database() as session:
        await session.get(Project, project.id)
    assert not was_anything_committed()
    async with database.begin() as session:
        session.add(EndUser(project_id=project.id, user_id="u"))
    assert was_anything_committed()
