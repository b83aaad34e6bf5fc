"""`perdure run`, as a person and as a script would use it."""

import json
from pathlib import Path

import pytest

from cli.exits import Exit
from tests.cli.test_commands import perdure, reaching
from tests.runs.acting import Runs

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="module")]

TEXT = """\
name: asked
inputs: {topic: string, many: array}
outputs: {said: "{{ ok.result.value }}", count: "{{ many | length }}"}
steps:
  - {id: poem, kind: agent, model: "sim:sim-fast", prompt: "on {{ topic }}"}
  - {id: ok, kind: approval, value: "{{ poem.result }}"}
"""


async def test_a_run_from_the_command_line(runs: Runs, tmp_path: Path) -> None:
    here = reaching(runs.house)
    file = tmp_path / "asked.yaml"
    file.write_text(TEXT)
    code, shown, told = await perdure(
        "run", "start", str(file), "-i", "topic=tea", "-i", "many=[1, 2]", "--idempotency-key", "cli-1", **here
    )
    assert code == Exit.OK, told
    run_id = shown.strip()
    await runs.awaits(run_id, "ok")
    code, shown, _ = await perdure("run", "show", run_id, **here, COLUMNS="150")
    assert code == Exit.OK
    assert "ok waits for approval" in shown
    assert "1 model calls" in shown
    code, shown, told = await perdure("run", "approve", run_id, "--value", "better", "--comment", "so", **here)
    assert code == Exit.OK, told
    code, shown, told = await perdure("run", "watch", run_id, **here)
    assert code == Exit.OK, told
    assert "run completed" in shown
    code, raw, _ = await perdure("run", "show", run_id, "--json", **here)
    assert json.loads(raw)["output"] == {"said": "better", "count": 2}
    code, shown, _ = await perdure("run", "fork", run_id, "ok", "--result", '{"value": "mine"}', **here)
    assert (code, (await runs.completed(shown.strip()))["output"]["said"]) == (Exit.OK, "mine")


async def test_what_cannot_be_run_is_said(runs: Runs, tmp_path: Path) -> None:
    here = reaching(runs.house)
    file = tmp_path / "wrong.yaml"
    file.write_text("name: wrong\nsteps:\n  - {id: a, kind: agnt}\n")
    code, _, told = await perdure("run", "start", str(file), **here)
    assert code == Exit.FAILED
    assert "wrong.yaml:3:" in told.replace("\n", "")
    assert (await perdure("run", "start", "nobody", **here))[0] == Exit.NOT_FOUND
    assert (await perdure("run", "start", "nobody", "-i", "x", **here))[0] == Exit.USAGE
    assert (await perdure("run", "retry", "01900000-0000-7000-8000-000000000000", **here))[0] == Exit.NOT_FOUND
