"""Histories recorded with earlier code still lead this code to the same decisions."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory

from tests.replay import record_runs
from tests.replay.record import BATCH_SCENES, CALLBACK_SCENES, FOLDER, SCENES, STEP_SCENES, SWEEP_SCENES
from workers.replay import golden, replay


def test_every_scene_has_a_history() -> None:
    scenes = {*SCENES, *STEP_SCENES, *BATCH_SCENES, *CALLBACK_SCENES, *SWEEP_SCENES, *record_runs.SCENES}
    assert {path.stem for path in FOLDER.glob("*.json")} >= scenes


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.json")), ids=lambda path: path.stem)
async def test_a_golden_history_replays(path: Path) -> None:
    async def one() -> AsyncIterator[WorkflowHistory]:
        yield WorkflowHistory.from_json(path.stem, path.read_text())

    (outcome,) = await replay(one())
    assert outcome.problem is None


async def test_a_history_that_this_code_would_not_make_is_found(tmp_path: Path) -> None:
    changed = (FOLDER / "answered.json").read_text().replace('"complete"', '"something_else"')
    (tmp_path / "changed.json").write_text(changed)
    (outcome,) = await replay(golden(tmp_path))
    assert outcome.problem is not None
