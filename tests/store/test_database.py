"""Connections to PostgreSQL: how many, and what they leave behind."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import func, select, text

from store.database import close_database, open_database
from store.encryption import Keyring
from store.models import Project
from store.outages import StoreUnavailable


async def test_behind_a_pooler_no_prepared_statement_outlives_its_transaction(
    postgres_url: str, keyring: Keyring
) -> None:
    names = text("SELECT count(*) FROM pg_prepared_statements WHERE name <> ''")
    left = {}
    for pooler in (False, True):
        database = open_database(postgres_url, keyring, pooler=pooler)
        async with database.begin() as session:
            for _ in range(3):
                await session.scalar(select(func.count()).select_from(Project))
            left[pooler] = await session.scalar(names)
        await close_database(database)
    assert left[False]
    assert left[True] == 0


async def test_a_process_opens_no_more_connections_than_it_may(
    postgres_url: str, keyring: Keyring
) -> None:
    database = open_database(postgres_url, keyring, 2)
    database.kw["bind"].sync_engine.pool._timeout = 0.2
    async with database() as one, database() as two:
        await asyncio.gather(one.execute(text("SELECT 1")), two.execute(text("SELECT 1")))
        async with database() as three:
            with pytest.raises(StoreUnavailable):
                await three.execute(text("SELECT 1"))
    await close_database(database)
