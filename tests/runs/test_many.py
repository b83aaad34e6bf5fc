"""A map over many items: bounded history, one workflow after the other."""

import os
import sys
import time
from uuid import UUID

import pytest

from contracts.ids import run_workflow_id
from tests.runs.acting import Runs

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(600)]

COUNT = int(os.environ.get("PERDURE_TEST_ITEMS", "1200"))
LONGEST_HISTORY = 3_000


@pytest.mark.long
async def test_a_long_map_is_worked_off_in_bounded_histories(runs: Runs) -> None:
    inner = [{"id": "x", "kind": "transform", "cel": "item * 2"}]
    steps = [
        {
            "id": "m",
            "kind": "map",
            "over": "{{ range(count) | list }}",
            "max_items": COUNT,
            "concurrency": 32,
            "steps": inner,
        }
    ]
    began = time.monotonic()
    outputs = {"sum": "{{ m.result | sum }}", "count": "{{ m.result | length }}"}
    run_id = await runs.begin(steps, {"count": COUNT}, inputs={"count": "integer"}, outputs=outputs)
    run = await runs.ended(run_id, patience=540)
    assert run["output"] == {"sum": COUNT * (COUNT - 1), "count": COUNT}, run
    client = runs.house.house.temporal
    query = f'WorkflowId = "{run_workflow_id(UUID(run_id), "m")}"'
    lengths = [one.history_length async for one in client.list_workflows(query)]
    sys.stderr.write(f"\n{COUNT} items in {time.monotonic() - began:.1f} s; histories of {sorted(lengths)} events\n")
    assert max(lengths) < LONGEST_HISTORY
    assert len(lengths) > 1
