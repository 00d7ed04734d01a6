"""The demonstration does the product's main job by the public API alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[2]


def test_one_automation_runs_for_two_end_users(tmp_path: Path) -> None:
    info_file = tmp_path / "info.json"
    ended = subprocess.run(
        [sys.executable, "-m", "examples.demo", "--once", "--info", str(info_file)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
        # A demonstration may be running in the project's own folder.
        env={**os.environ, "INLAY_DATA_DIR": str(tmp_path)},
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    info = json.loads(info_file.read_text())
    assert [run["status"] for run in info["runs"]] == ["completed", "completed"]
    assert [run["userId"] for run in info["runs"]] == info["userIds"]
    first, second = (run["result"] for run in info["runs"])
    # Each ticket belongs to its end user; the announcement is always the developer's.
    assert first["createdBy"] != second["createdBy"]
    assert first["announcedBy"] == second["announcedBy"]
    # The developer's server was told of all that happened, the runs of events included.
    said = (tmp_path / "demo" / "processes.log").read_text()
    for user in info["userIds"]:
        assert said.count(f"acme | hears connection.connected of {user}\n") == 1
        assert said.count(f"acme | hears registration.started of {user}\n") == 1
        assert said.count(f"acme | hears run.completed of {user}\n") == 2


def test_an_event_of_the_app_that_is_told_twice_is_one_run(tmp_path: Path) -> None:
    info_file = tmp_path / "info.json"
    with subprocess.Popen(
        [sys.executable, "-m", "examples.demo", "--info", str(info_file)],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "INLAY_DATA_DIR": str(tmp_path)},
    ) as demonstration:
        try:
            until(info_file.exists, seconds=120)
            info = json.loads(info_file.read_text())
            headers = {"authorization": f"Bearer {info['token']}"}

            def results() -> list[tuple[str, str]]:
                answer = httpx.get(info["triggerRunsUrl"], headers=headers).raise_for_status()
                runs = [run for run in answer.json()["items"] if run["status"] == "completed"]
                return [(run["userId"], run["result"]["event"]) for run in runs]

            # The demonstration itself has had one event for each of its users.
            until(lambda: len(results()) == 2)
            for user in (info["userIds"][0], info["userIds"][0], info["userIds"][1]):
                event = {"userId": user, "eventId": f"told-to-{user}"}
                assert httpx.post(info["emitUrl"], json=event).status_code == 202
            until(lambda: len(results()) == 4)
            told = {(user, f"told-to-{user}") for user in info["userIds"]}
            assert told == {result for result in results() if result[1].startswith("told-to-")}
            unknown = {"userId": "nobody", "eventId": "1"}
            assert httpx.post(info["emitUrl"], json=unknown).status_code == 404
        finally:
            demonstration.terminate()
    assert demonstration.returncode == 0


def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)
