"""Workflow code still takes the decisions that it took in histories recorded before."""

from __future__ import annotations

from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer

from settings import Settings
from store.encryption import Keyring
from temporal.client import data_converter
from temporal.worker import WORKFLOWS, sandbox
from tests.replay.record import HISTORIES, KEY

FILES = sorted(HISTORIES.glob("*.json"))


def test_there_are_histories_to_replay() -> None:
    assert len(FILES) >= 6


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
async def test_replay(file: Path, tmp_path: Path) -> None:
    replayer = Replayer(
        workflows=WORKFLOWS,
        workflow_runner=sandbox(),
        data_converter=data_converter(Settings(data_dir=tmp_path), Keyring([KEY])),
    )
    # The id is that of the file without its day.
    history = WorkflowHistory.from_json(file.stem.partition("-")[2], file.read_text())
    await replayer.replay_workflow(history)
