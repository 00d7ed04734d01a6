"""The list of runs by the time at which they started."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from store.models import Run

if TYPE_CHECKING:
    from store.database import Database
    from tests.api.conftest import Workshop

pytestmark = pytest.mark.both_databases

STARTS = (1_000, 2_000, 2_000, 3_000, 4_000)


@pytest.fixture
async def path(workshop: Workshop, database: Database) -> str:
    """The list, in which runs have their place in `STARTS` as their id."""
    async with database.begin() as session:
        session.add_all(
            Run(
                id=str(number),
                project_id=workshop.project_id,
                automation_id="automation",
                version=1,
                user_id="",
                trigger="manual",
                status="completed",
                started_at=moment,
                ended_at=moment,
            )
            for number, moment in enumerate(STARTS)
        )
    return f"{workshop.path}/runs"


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({}, "43210"),
        ({"from": 2_000}, "4321"),
        ({"from": 2_001}, "43"),
        ({"to": 3_000}, "210"),
        ({"from": 2_000, "to": 3_000}, "21"),
        ({"from": 3_000, "to": 2_000}, ""),
        ({"from": 2_000, "status": "error"}, ""),
        ({"from": 0, "to": 253_402_300_799_999}, "43210"),
    ],
)
async def test_runs_are_found_by_their_start_on_all_pages(
    workshop: Workshop, path: str, params: dict[str, Any], found: str
) -> None:
    seen: list[str] = []
    cursor: dict[str, Any] = {}
    while True:
        page = await workshop.application.expect(200, "GET", path, limit=1, **params, **cursor)
        seen += [run["id"] for run in page["items"]]
        if page["nextCursor"] is None:
            break
        cursor = {"cursor": page["nextCursor"]}
    assert "".join(seen) == found


async def test_a_moment_that_is_none_is_refused(workshop: Workshop, path: str) -> None:
    for name in ("from", "to"):
        for moment in (-1, "yesterday", 253_402_300_800_000, 2**70):
            error = await workshop.application.refused(1, "GET", path, **{name: moment})
            assert [fault["path"] for fault in error["details"]] == [name]
