"""What batches cost budgets; runs in batches; the command line."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cli.exits import Exit
from tests.batches.sending import answers, created, done, ended, turn
from tests.cli.test_commands import perdure, reaching
from tests.fixtures.house import Running

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(120)]

CHAT = "openai:gpt-4o-mini"
PIPELINE = """\
name: shout
inputs: {word: string}
outputs: {said: "{{ loud.result }}"}
steps:
  - {id: loud, kind: transform, template: "{{ word | upper }}!"}
"""
ANSWER = 100
"""Tokens that an answer may have: the greater part of what is reserved."""


def asked(number: int, tag: str) -> dict[str, Any]:
    knobs = {"max_output_tokens": ANSWER}
    return turn(str(number), CHAT, f"Say number {number}.", knobs=knobs, metadata={"project": tag})


async def budget(house: Running, tag: str, limit: Decimal) -> str:
    said = {"scope": "tag", "value": f"project={tag}", "limit": f"{limit:f}", "unit": "usd", "period": "total"}
    async with house.http() as http:
        made = await http.post("/api/budgets", json={"name": tag, **said})
        assert made.status_code == 201, made.text
        return str(made.json()["id"])


async def standing(house: Running, identity: str) -> dict[str, Any]:
    async with house.http() as http:
        told: dict[str, Any] = (await http.get(f"/api/budgets/{identity}/status")).json()
        return told


async def test_budgets_reserve_the_batch_price_and_are_settled(house: Running) -> None:
    # gpt-4o-mini asks 0.6 USD for a million tokens of answer, 0.3 in a batch. Room for five at that price, not at the full one.
    room = Decimal("0.3") * ANSWER * 5 / 1_000_000 + Decimal("0.00002")
    assert room < Decimal("0.6") * ANSWER * 5 / 1_000_000
    identity = await budget(house, "half", room)
    batch, _ = await done(house, [asked(n, "half") for n in range(5)])
    assert batch["counts"]["completed"] == 5
    assert created(house) == 1
    assert all(call["batch"] for call in answers(house))
    told = json.dumps(await standing(house, identity))
    assert batch["cost_usd"] in told


async def test_what_a_budget_has_no_room_for_is_refused_as_turns_are(house: Running) -> None:
    await budget(house, "tiny", Decimal("0.3") * ANSWER * 2 / 1_000_000 + Decimal("0.00001"))
    batch, told = await done(house, [asked(n, "tiny") for n in range(4)])
    assert batch["counts"]["failed"] >= 1
    assert batch["counts"]["completed"] >= 2
    assert {one["error"]["kind"] for one in told.values() if one["error"]} == {"budget_exceeded"}


async def test_runs_are_items_as_well(house: Running) -> None:
    async with house.http() as http:
        stored = await http.post("/api/pipelines", content=PIPELINE)
        assert stored.is_success, stored.text
    words = ["tea", "rain", "snow"]
    lines = [{"custom_id": word, "run": {"pipeline": "shout", "input": {"word": word}}} for word in words]
    batch, told = await done(house, [*lines, turn("turn", CHAT, "Hello.")])
    assert batch["counts"]["completed"] == 4
    assert [told[word]["output"] for word in words] == [{"said": f"{word.upper()}!"} for word in words]
    assert told["turn"]["kind"] == "turn"


async def test_the_command_line(house: Running, tmp_path: Path) -> None:
    here = reaching(house)
    file, out = tmp_path / "lines.jsonl", tmp_path / "results.jsonl"
    file.write_text("\n".join(json.dumps(turn(str(n), CHAT, f"Say {n}.")) for n in range(3)))
    code, shown, told = await perdure("batch", "submit", str(file), "--name", "three", **here)
    assert code == Exit.OK, told
    batch_id = shown.strip()
    async with house.http() as http:
        await ended(http, batch_id)
    code, shown, _ = await perdure("batch", "show", batch_id, **here, COLUMNS="150")
    assert code == Exit.OK
    assert "3 of 3 completed" in shown
    assert "collected" in shown
    code, _, told = await perdure("batch", "results", batch_id, "--to", str(out), **here)
    assert code == Exit.OK, told
    assert [json.loads(line)["custom_id"] for line in out.read_text().splitlines()] == ["0", "1", "2"]
    code, shown, _ = await perdure("batch", "list", **here, COLUMNS="150")
    assert "three" in shown
    file.write_text('{"turn": {"content": "Hello."}\n')
    code, _, told = await perdure("batch", "submit", str(file), **here)
    assert code == Exit.FAILED
    assert "Line 1" in told
