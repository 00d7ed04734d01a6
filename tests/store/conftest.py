"""A project for what the store keeps of one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from store.models import Account, Project

if TYPE_CHECKING:
    from store.database import Database


@pytest.fixture
async def project(database: Database) -> Project:
    async with database.begin() as session:
        account = Account(email="dev@example.com", password_hash="x", daily_credits=5)
        session.add(account)
        await session.flush()
        project = Project(account_id=account.id, name="Shop", webhook_url="https://shop.example")
        session.add(project)
    return project


@pytest.fixture
def project_id(project: Project) -> str:
    return project.id
