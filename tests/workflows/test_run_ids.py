"""Ids of runs are read by operators in lists of workflows, and fit into the book."""

from __future__ import annotations

import pytest

from workflows.run_ids import child_run_id, run_id_of


@pytest.mark.parametrize(
    ("name", "run_id"),
    [
        ("Greet the user", "greet-the-user-7"),
        ("Sipari\u015f \u2192 I\u015f\u0131kl\u0131!", "siparis-isikli-7"),
        ("你好", "run-7"),
        ("", "run-7"),
        ("--", "run-7"),
        ("x" * 300, f"{'x' * 40}-7"),
        ("a'; DROP TABLE runs", "a-drop-table-runs-7"),
    ],
)
def test_an_id_begins_with_the_automations_name(name: str, run_id: str) -> None:
    assert run_id_of(name, "7") == run_id


def test_a_called_runs_id_continues_its_callers_and_stays_short() -> None:
    assert child_run_id("greet-7", "sub", "") == "greet-7-sub"
    assert child_run_id("greet-7", "sub", "3.12") == "greet-7-sub-3-12"
    deep, seen = "greet-7", set()
    for iteration in ("", "0", "1.1") * 10:
        deep = child_run_id(deep, "s" * 64, iteration)
        seen.add(deep)
        assert len(deep) <= 200
    assert len(seen) == 30
    assert child_run_id("p" * 150, "s" * 64, "0") != child_run_id("p" * 150, "s" * 64, "1")
