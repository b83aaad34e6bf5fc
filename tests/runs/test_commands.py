"""`perdure run` and `perdure documents`, as a person and as a script would use it."""

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
  - {id: ok, kind: approval, who: ["group:editors"], value: "{{ poem.result }}"}
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
    code, _, told = await perdure("run", "reject", run_id, "--user", "eve", "--group", "readers", **here)
    assert (code, "This is for group:editors to decide, and not for the user 'eve'" in told) == (
        Exit.UNAUTHORISED,
        True,
    )
    decided = ("--value", "better", "--comment", "so", "--user", "ada", "--group", "readers", "--group", "editors")
    code, _, told = await perdure("run", "approve", run_id, *decided, **here)
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


async def test_documents_from_the_command_line(runs: Runs, tmp_path: Path) -> None:
    here = {**reaching(runs.house), "COLUMNS": "200"}
    folder = tmp_path / "handbook"
    (folder / "people").mkdir(parents=True)
    (folder / "people" / "leave.md").write_text("# Leave\n\nEverybody has 30 days of holiday.\n")
    (folder / "page.html").write_text("<h1>Kitchen</h1><p>Dishes go into the dishwasher.</p>")
    (folder / "picture.png").write_bytes(b"\x89PNG")
    code, shown, told = await perdure("documents", "add", str(folder), "-c", "handbook", **here)
    assert (code, shown) == (
        Exit.OK,
        "created: page.html (1 passages)\ncreated: people/leave.md (1 passages)\n",
    ), told
    code, shown, _ = await perdure("documents", "add", "-", "--name", "said", said="It was said so.", **here)
    assert (code, shown) == (Exit.OK, "created: said (1 passages)\n")
    code, raw, _ = await perdure("documents", "add", str(folder), "-c", "handbook", "--json", **here)
    assert [one["change"] for one in json.loads(raw)] == ["unchanged", "unchanged"]
    code, shown, _ = await perdure("documents", "search", "vacation", "-c", "handbook", "--limit", "1", **here)
    assert code == Exit.OK
    assert "handbook/people/leave.md, Leave" in shown
    assert "30 days of holiday" in shown
    code, shown, _ = await perdure("documents", "show", "page.html", **here)
    assert (code, shown) == (Exit.OK, "# Kitchen\n\nDishes go into the dishwasher.\n")
    code, shown, _ = await perdure("documents", "list", "-c", "handbook", **here)
    assert "people/leave.md" in shown
    assert "said" not in shown
    code, shown, _ = await perdure("documents", "remove", "people/leave.md", **here)
    assert (code, shown) == (Exit.OK, "Removed.\n")
    assert (await perdure("documents", "show", "people/leave.md", **here))[0] == Exit.NOT_FOUND
    assert (await perdure("documents", "add", "-", said="x", **here))[0] == Exit.USAGE
