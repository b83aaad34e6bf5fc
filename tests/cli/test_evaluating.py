"""`perdure models evaluate`, as a person and as a script would use it."""

import gzip
import json
import lzma
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cli.app import app
from cli.exits import Exit

_ROWS = [
    {
        "prompt": f"{'why ' * n}secret?",
        "quality": {"small": int(n < 6), "large": 1},
        "cost": {"small": 0.001, "large": 0.02},
        "score": n / 10,
    }
    for n in range(10)
]


def _run(*arguments: str, given: str | None = None) -> Result:
    return CliRunner().invoke(app, ["models", "evaluate", *arguments], input=given)


def _text(rows: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "rows.jsonl"
    path.write_text(_text(_ROWS), encoding="utf-8")
    return str(path)


def test_a_table_for_people(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    shown = _run(file)
    assert shown.exit_code == 0, shown.output
    assert "10 rows. Weak: small. Strong: large." in shown.output
    (auto,) = (line for line in shown.output.splitlines() if line.startswith("│ auto ") and "%" in line)
    assert [cell.strip() for cell in auto.split("│")[6:9]] == ["0.8000", "20.0%", "32.0%"]
    assert "secret" not in shown.output


def test_json_for_machines(file: str) -> None:
    found = json.loads(_run(file, "--json").output)
    results = {one["name"]: one for one in found["results"]}
    assert list(results) == ["auto", "balanced", "cost", "quality", "round_robin", "random", "best single", "oracle"]
    assert (found["rows"], found["weak"]["model"], found["strong"]["model"], found["axis"]) == (
        10,
        "small",
        "large",
        "calls",
    )
    assert results["auto"]["measures"] == pytest.approx({"apgr": 0.8, "cpt50": 0.2, "cpt80": 0.32})
    assert results["random"]["measures"] == pytest.approx({"apgr": 0.5, "cpt50": 0.5, "cpt80": 0.8})
    curve = results["auto"]["curve"]
    assert [point["spent"] for point in curve] == [step / 20 for step in range(21)]
    assert curve[8] == pytest.approx({"spent": 0.4, "quality": 1, "usd": 0.0086})
    assert results["cost"]["in_force"] == pytest.approx({"spent": 0, "quality": 0.6, "usd": 0.001, "recovered": 0})


@pytest.mark.parametrize("packed", ["gz", "xz", "stdin"])
def test_rows_come_packed_or_through_a_pipe(packed: str, file: str, tmp_path: Path) -> None:
    text = _text(_ROWS)
    match packed:
        case "gz":
            (tmp_path / "rows.gz").write_bytes(gzip.compress(text.encode()))
            found = _run(str(tmp_path / "rows.gz"), "--json")
        case "xz":
            (tmp_path / "rows.xz").write_bytes(lzma.compress(text.encode()))
            found = _run(str(tmp_path / "rows.xz"), "--json")
        case _:
            found = _run("-", "--json", given=text)
    assert found.output == _run(file, "--json").output


def test_predictors_replace_the_scores(file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my_router_of_tests.py").write_text("def worst(prompt):\n    return 1 - len(prompt) / 100\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    by_length = json.loads(_run(file, "--strategy", "auto", "--predictor", "length", "--json").output)
    own = json.loads(_run(file, "--strategy", "auto", "--predictor", "my_router_of_tests:worst", "--json").output)
    assert by_length["results"][0]["measures"]["apgr"] == pytest.approx(0.8)
    assert own["results"][0]["measures"]["apgr"] == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("arguments", "said", "code"),
    [
        (["--strategy", "performance"], "cannot judge the strategy 'performance'", Exit.USAGE),
        (["--predictor", "nobody"], "No predictor is called 'nobody'", Exit.USAGE),
        (["--predictor", "no.such:thing"], "cannot be loaded", Exit.USAGE),
        (["--cost-weight", "0", "--quality-weight", "0"], "must be above 0", Exit.USAGE),
    ],
)
def test_what_is_asked_wrongly_is_refused(arguments: list[str], said: str, code: Exit, file: str) -> None:
    refused = _run(file, *arguments)
    assert refused.exit_code == code
    assert said in " ".join(refused.stderr.split())


def test_bad_files_are_refused_with_their_line(tmp_path: Path) -> None:
    missing = _run(str(tmp_path / "none.jsonl"))
    assert missing.exit_code == Exit.NOT_FOUND
    broken = _run("-", given=_text(_ROWS[:2]) + '{"prompt": "secret", "quality": {"small": 2, "large": 1}}')
    assert broken.exit_code == Exit.USAGE
    assert "line 3: quality.small" in " ".join(broken.stderr.split())
    assert "secret" not in broken.stderr
    (tmp_path / "rows.xz").write_text("not packed")
    assert "cannot be read" in _run(str(tmp_path / "rows.xz")).stderr
