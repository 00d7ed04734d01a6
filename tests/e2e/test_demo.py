"""The demonstration does the product's main job by the public API alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

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
