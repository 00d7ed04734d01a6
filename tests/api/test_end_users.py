"""End users with their connections: found, paged, exported and deleted."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from api.manage.end_users import EXPORTED_AT_ONCE
from store.models import Connection, EndUser

if TYPE_CHECKING:
    from store.database import Database
    from tests.api.conftest import Workshop

pytestmark = pytest.mark.both_databases

MOMENT = 1_700_000_000_123
FORMULAS = ("=1+1", "+49", "-1", "@SUM(A1)", "\t=1", "\uff1d1+1", " =1")


async def people(database: Database, project_id: str, users: dict[str, dict[str, str]]) -> None:
    """End users, each with the status of the connection to each app."""
    async with database.begin() as session:
        session.add_all(
            EndUser(project_id=project_id, user_id=user_id, created_at=MOMENT) for user_id in users
        )
        session.add_all(
            Connection(
                project_id=project_id,
                user_id=user_id,
                app_key=app_key,
                status=status,
                auth_type="api_key",
                secret=b"sealed",
                scopes=[],
                updated_at=MOMENT,
            )
            for user_id, apps in users.items()
            for app_key, status in apps.items()
        )


async def exported(workshop: Workshop, **params: Any) -> list[list[str]]:
    answer = await workshop.application.call("GET", f"{workshop.path}/users.csv", **params)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/csv")
    assert "attachment" in answer.headers["content-disposition"]
    text = answer.content.decode("utf-8-sig")
    assert text.startswith('"userId","createdAt"')
    header, *rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    assert header == ["userId", "createdAt", "appKey", "status", "updatedAt"]
    return rows


@pytest.fixture
async def three(workshop: Workshop, database: Database) -> None:
    users = {
        "ada@example.com": {"cubicl": "connected", "twilio": "invalid"},
        "bob@example.com": {"cubicl": "invalid"},
        "eve_1": {},
    }
    await people(database, workshop.project_id, users)


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({}, ["ada", "bob", "eve"]),
        ({"search": "EXAMPLE.com"}, ["ada", "bob"]),
        ({"search": "_"}, ["eve"]),
        ({"search": "%"}, []),
        ({"appKey": "cubicl"}, ["ada", "bob"]),
        ({"appKey": "twilio"}, ["ada"]),
        ({"status": "invalid"}, ["ada", "bob"]),
        ({"appKey": "cubicl", "status": "invalid"}, ["bob"]),
        ({"appKey": "cubicl", "status": "connected", "search": "bob"}, []),
    ],
)
async def test_users_are_found_by_id_app_and_status_in_the_list_and_the_export(
    workshop: Workshop, params: dict[str, str], found: list[str]
) -> None:
    path = f"{workshop.path}/users"
    seen: list[str] = []
    cursor: dict[str, Any] = {}
    while True:
        page = await workshop.application.expect(200, "GET", path, limit=1, **params, **cursor)
        seen += [item["userId"][:3] for item in page["items"]]
        if page["nextCursor"] is None:
            break
        cursor = {"cursor": page["nextCursor"]}
    assert seen == found
    assert list(dict.fromkeys(row[0][:3] for row in await exported(workshop, **params))) == found


@pytest.mark.usefixtures("three")
async def test_who_is_found_shows_all_connections(workshop: Workshop) -> None:
    page = await workshop.application.expect(200, "GET", f"{workshop.path}/users", appKey="twilio")
    [ada] = page["items"]
    assert [(one["appKey"], one["status"]) for one in ada["connections"]] == [
        ("cubicl", "connected"),
        ("twilio", "invalid"),
    ]
    moment = datetime.fromtimestamp(MOMENT / 1000, UTC)
    rows = await exported(workshop)
    assert [row[:1] + row[2:4] for row in rows] == [
        ["ada@example.com", "cubicl", "connected"],
        ["ada@example.com", "twilio", "invalid"],
        ["bob@example.com", "cubicl", "invalid"],
        ["eve_1", "", ""],
    ]
    assert {datetime.fromisoformat(row[1].replace("Z", "+00:00")) for row in rows} == {moment}
    assert [bool(row[4]) for row in rows] == [True, True, True, False]


async def test_one_user_is_found_by_the_very_id(
    workshop: Workshop, other_workshop: Workshop, database: Database
) -> None:
    connections = {"twilio": "invalid", "cubicl": "connected"}
    await people(database, workshop.project_id, {"a?b ü@c": connections})
    await people(database, other_workshop.project_id, {"eve": {"cubicl": "connected"}})
    path = f"{workshop.path}/users"
    page = await workshop.application.expect(200, "GET", path)
    found = await workshop.application.expect(200, "GET", f"{path}/{quote('a?b ü@c')}")
    assert [found] == page["items"]
    assert [one["appKey"] for one in found["connections"]] == ["cubicl", "twilio"]
    for user_id in ("a", "eve"):
        error = await workshop.application.refused(1000, "GET", f"{path}/{user_id}")
        assert f"“{user_id}”" in error["message"]


async def test_an_export_is_no_formula_whatever_users_are_called(
    workshop: Workshop, database: Database
) -> None:
    odd = ['say "hi", twice', "line\r\nbreak", "ünïcode 🚀", "x;=1+1;y"]
    await people(database, workshop.project_id, {name: {} for name in (*FORMULAS, *odd)})
    rows = await exported(workshop)
    assert {row[0] for row in rows} == {*(f"'{name}" for name in FORMULAS), *odd}


async def test_more_users_than_are_read_at_once_are_exported_once_each(
    workshop: Workshop, other_workshop: Workshop, database: Database
) -> None:
    users = {f"user-{number}": {"cubicl": "connected"} for number in range(2 * EXPORTED_AT_ONCE)}
    await people(database, workshop.project_id, users)
    await people(database, other_workshop.project_id, {"stranger": {}})
    rows = await exported(workshop)
    assert len(rows) == len(users)
    assert {row[0] for row in rows} == users.keys()
    await other_workshop.application.refused(900, "GET", f"{workshop.path}/users.csv")
    await other_workshop.developer.refused(404, "GET", f"{workshop.path}/users.csv")
