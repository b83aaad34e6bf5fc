"""`perdure pipeline` at the command line, without a server."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.app import app

ROOT = Path(__file__).parents[2]
EXAMPLE = str(ROOT / "examples" / "content-creation.yaml")
DEAR = """
name: t
defaults: {max_input_tokens: 1000000, max_output_tokens: 1000000}
steps: [{id: s, kind: agent, prompt: x, max_steps: 10}]
"""


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PERDURE_DATA_DIR", str(tmp_path))
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    return CliRunner()


def test_check_says_the_version_and_the_bound(runner: CliRunner) -> None:
    found = runner.invoke(app, ["pipeline", "check", EXAMPLE])
    assert found.exit_code == 0, found.output
    assert "is valid: version" in found.stdout
    assert "at most 5 steps, 20 model calls" in found.stdout
    members = json.loads(runner.invoke(app, ["pipeline", "check", EXAMPLE, "--json"]).stdout)
    assert members["valid"]
    assert len(members["version"]) == 64
    assert members["bound"]["total"]["model_calls"] == 20
    assert members["bound"]["capped"]["cost"] == "5"


def test_check_tells_every_error_with_its_line(runner: CliRunner) -> None:
    text = "name: t\nsteps:\n- {id: s, kind: agnt}\n- {id: t2, kind: agent, prompt: '{{ x }}'}\n"
    Path("p.yaml").write_text(text)
    found = runner.invoke(app, ["pipeline", "check", "p.yaml"])
    assert found.exit_code == 1
    assert "p.yaml:3:17: steps.0.kind" in found.stderr
    assert "p.yaml:4:33: steps.1.prompt" in found.stderr
    given = runner.invoke(app, ["pipeline", "check", "-", "--json"], input=text)
    assert [one["line"] for one in json.loads(given.stdout)["problems"]] == [3, 4]


def test_check_fails_where_a_run_may_cost_too_much(runner: CliRunner) -> None:
    Path("p.yaml").write_text(DEAR)
    found = runner.invoke(app, ["pipeline", "check", "p.yaml", "--max-cost", "1"])
    assert found.exit_code == 1
    assert "may cost more than 1.0 USD" in found.stderr
    Path("capped.yaml").write_text(DEAR + "\nbudget: {cost: 0.5}")
    assert runner.invoke(app, ["pipeline", "check", "capped.yaml", "--max-cost", "1"]).exit_code == 0


def test_show_tells_what_waits_for_what(runner: CliRunner) -> None:
    found = runner.invoke(app, ["pipeline", "show", EXAMPLE])
    assert found.exit_code == 0, found.output
    for name in ("research", "outline", "write", "review"):
        assert name in found.stdout
    plan = json.loads(runner.invoke(app, ["pipeline", "show", EXAMPLE, "--json"]).stdout)["plan"]
    assert [step["needs"] for step in plan["body"]["steps"]] == [[], ["research"], ["outline"], ["write"]]


def test_a_crew_is_imported_into_a_file_that_checks(runner: CliRunner) -> None:
    Path("crew").mkdir()
    Path("crew/agents.yaml").write_text("a: {role: A, goal: G, allow_delegation: true}")
    Path("crew/tasks.yaml").write_text("t: {description: 'Do {x}', expected_output: Y, agent: a}")
    found = runner.invoke(app, ["pipeline", "import", "crew", "--to", "p.yaml", "--name", "my crew"])
    assert found.exit_code == 0, found.output
    assert "note: a: not carried: allow_delegation" in found.stderr
    assert "name: my crew" in Path("p.yaml").read_text()
    assert runner.invoke(app, ["pipeline", "check", "p.yaml"]).exit_code == 0
    members = json.loads(runner.invoke(app, ["pipeline", "import", "crew", "--json"]).stdout)
    assert members["notes"] == [{"where": "a", "message": "not carried: allow_delegation"}]


def test_what_cannot_be_imported_is_told(runner: CliRunner) -> None:
    Path("app.yml").write_text("app: {mode: chat}")
    found = runner.invoke(app, ["pipeline", "import", "app.yml"])
    assert found.exit_code == 1
    assert "no nodes to import" in found.stderr
    assert runner.invoke(app, ["pipeline", "import", "nothing.yml"]).exit_code == 2


def test_the_schema_is_the_published_one(runner: CliRunner) -> None:
    printed = json.loads(runner.invoke(app, ["pipeline", "schema"]).stdout)
    assert printed == json.loads((ROOT / "docs" / "reference" / "pipelines.schema.json").read_text())
