"""`perdure models test` and `compare`, as a person and as a script would use them."""

import json

import pytest

from cli.exits import Exit
from tests.cli.test_commands import perdure, reaching
from tests.fixtures.house import Running

pytestmark = pytest.mark.real


async def test_models_are_tested(house: Running) -> None:
    here = reaching(house)
    code, shown, told = await perdure("models", "test", "sim:sim-fast", "gpt-4o-mini", **here, COLUMNS="200")
    assert code == Exit.OK, told
    assert "openai:gpt-4o-mini (simulated)" in shown
    assert shown.count(" ms ") == 4
    code, raw, _ = await perdure("models", "test", "sim:sim-echo", "sim:sim-auth", "--prompt", "ping", "--json", **here)
    good, bad = json.loads(raw)
    assert code == Exit.FAILED
    assert (good["ok"], good["text"]) == (True, "Simulated answer: ping")
    assert (bad["ok"], bad["error_kind"]) == (False, "authentication")


async def test_a_misspelt_model_is_not_tested(house: Running) -> None:
    code, shown, told = await perdure("models", "test", "sim:sim-fast", "gpt-4o-mni", **reaching(house))
    assert (code, shown) == (Exit.NOT_FOUND, "")
    assert "Did you mean openai:gpt-4o-mini" in told
    assert house.asked() == []


async def test_answers_stand_side_by_side(house: Running) -> None:
    code, shown, told = await perdure(
        "models", "compare", "Hi", "sim:sim-echo", "gpt-4o-mini", **reaching(house), COLUMNS="120"
    )
    assert code == Exit.OK, told
    (titles,) = [line for line in shown.splitlines() if "sim:sim-echo" in line and "openai:gpt-4o-mini" in line][:1]
    assert titles.index("sim:sim-echo") < titles.index("openai:gpt-4o-mini")
    assert "Simulated answer: Hi" in shown
    assert "USD" in shown
    assert len(house.asked()) == 2


async def test_a_failure_is_told_in_its_column(house: Running) -> None:
    code, shown, _ = await perdure(
        "models", "compare", "Hi", "sim:sim-echo", "sim:sim-auth", **reaching(house), COLUMNS="120"
    )
    assert code == Exit.FAILED
    assert "Simulated answer: Hi" in shown
    assert "authentication: " in shown


async def test_a_comparison_for_machines(house: Running) -> None:
    code, raw, told = await perdure(
        "models", "compare", "-", "sim:sim-echo", "auto:cost", "--json", said="From stdin", **reaching(house)
    )
    assert code == Exit.OK, told
    answers = json.loads(raw)
    assert [one["asked"] for one in answers] == ["sim:sim-echo", "auto:cost"]
    assert answers[0]["text"] == "Simulated answer: From stdin"


async def test_what_cannot_be_compared_is_said(house: Running) -> None:
    code, _, told = await perdure("models", "compare", "Hi", "sim:sim-echo", **reaching(house))
    assert (code, "models: " in told, "at least 2" in told) == (Exit.FAILED, True, True)
    code, _, told = await perdure("models", "compare", "Hi", "sim:sim-echo", "gpt-4o-mni", **reaching(house))
    assert (code, "Did you mean openai:gpt-4o-mini" in told) == (Exit.NOT_FOUND, True)
