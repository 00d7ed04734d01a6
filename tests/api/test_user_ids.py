"""One rule for user ids at every door: what is taken at one is taken, found and deleted at all."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from tests.api import hooked
from tests.api.hooked import Bench
from workflows.search_attributes import searchable, summary_of

bench, vendor = hooked.bench, hooked.vendor

GOOD = [
    "a/b",
    "/",
    "a%2Fb",
    "%",
    "100% sure? #1 & more;=+",
    " a  b ",
    "\u00fc\u015f\u0131",
    "u\u0308",  # is another user than the one whose letter is one character
    "...",
    "\U0001f600" * 250,
    "x" * 255,
    "a/../b",
    "connections",
    "import",
    "\\'\"<>\u2028",
]
BAD = [".", "..", "", "a\nb", "\x7f", "\x85", "\U0001f600" * 251, "x" * 256]


@pytest.mark.parametrize("user_id", GOOD)
async def test_an_id_that_is_taken_is_found_runs_and_is_deleted(bench: Bench, user_id: str) -> None:
    shop, application = bench.shop, bench.shop.application
    listed = await shop.developer.expect(200, "GET", f"{shop.path}/integrations")
    if "github" not in {one["appKey"] for one in listed["items"]}:
        body = {"appKey": "github", "clientId": "c", "clientSecret": "s"}
        await shop.developer.expect(201, "POST", f"{shop.path}/integrations", body)
    users = f"/api/v1/ipaas/users/{quote(user_id, safe='')}/connections"
    tokens = {"userId": user_id, "appKey": "github", "scopes": [], "accessToken": "t"}
    await application.expect(204, "POST", "/api/v1/ipaas/users/connections/import", tokens)
    status = await application.expect(200, "GET", f"{users}/status?appKeys=github")
    assert status == {"github": "connected"}
    details = await application.expect(200, "GET", f"{users}/github")
    assert details["userId"] == user_id
    automation = await shop.automation({"trigger": {"type": "manual"}, "steps": []})
    run = {"userId": user_id, "data": {}}
    ran = await application.expect(200, "POST", shop.run_path(automation), run)
    assert ran["status"] == "completed"
    runs = await shop.developer.expect(200, "GET", f"{shop.path}/runs?userId={quote(user_id)}")
    assert [run["userId"] for run in runs["items"]] == [user_id]
    user = f"{shop.path}/users/{quote(user_id, safe='')}"
    assert (await shop.developer.expect(200, "GET", user))["userId"] == user_id
    await application.expect(200, "DELETE", f"{users}/github")
    await shop.developer.expect(204, "DELETE", user)
    await shop.developer.refused(1000, "GET", user)


@pytest.mark.parametrize("user_id", BAD)
async def test_what_is_no_id_is_refused_at_every_door(bench: Bench, user_id: str) -> None:
    application = bench.shop.application
    tokens = {"userId": user_id, "appKey": "github", "scopes": [], "accessToken": "t"}
    await application.refused(1, "POST", "/api/v1/ipaas/users/connections/import", tokens)
    automation = await bench.shop.automation({"trigger": {"type": "manual"}, "steps": []})
    for route in ("run", "register", "unregister"):
        path = f"/api/v1/ipaas/automations/{automation}/{route}"
        data: dict[str, Any] = {} if route == "unregister" else {"data": {}}
        answer = await application.call("POST", path, {"userId": user_id, **data})
        assert (answer.status_code, answer.json()["code"]) == (400, 1), answer.text
    if user_id not in {".", "..", ""}:  # Clients do not send these as a segment.
        path = f"/api/v1/ipaas/users/{quote(user_id, safe='')}/connections/status?appKeys=github"
        await application.refused(1, "GET", path)


@pytest.mark.parametrize("segment", ["%FF", "%FE", "a%ED%A0%80", "%C0%AE%C0%AE", "%FC"])
async def test_bytes_that_are_no_text_are_nobodys_id(bench: Bench, segment: str) -> None:
    application = bench.shop.application
    connections = f"/api/v1/ipaas/users/{segment}/connections"
    for method, path in (
        ("GET", f"{connections}/status?appKeys=github"),
        ("POST", f"{connections}/github"),
        ("DELETE", f"{connections}/github"),
        ("GET", f"{bench.shop.path}/users/{segment}"),
        ("DELETE", f"{bench.shop.path}/users/{segment}"),
    ):
        error = await application.refused(1, method, path)
        assert "UTF-8" in error["message"]


@pytest.mark.parametrize("user_id", GOOD)
def test_temporal_takes_what_it_is_told_of_a_user(user_id: str) -> None:
    assert len(json.dumps(searchable(user_id))) < 2_000
    assert len(summary_of(f"Registration of {user_id}").encode()) < 400
    assert len({searchable(one) for one in (user_id, user_id[:-1] + "z")}) == 2


def test_two_long_ids_are_two_for_operators() -> None:
    first: Any = searchable("\U0001f600" * 250)
    assert first != searchable("\U0001f600" * 249 + "x")
