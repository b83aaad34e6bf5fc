"""A step's cost limit is kept, whatever is asked for in it: long answers, corrections, samples."""

import json
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from tests.fixtures.house import Running
from tests.steps.asking import ENDPOINT, GOOD

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="module")]

LIMIT = Decimal("0.0012")
"""Pays for some 600 tokens of an answer by the simulator's models."""


async def step(house: Running, limit: Decimal = LIMIT, **body: Any) -> dict[str, Any]:
    async with house.http() as http:
        given = {"prompt": "Hi", "wait": 60, "cost_limit": str(limit), **body}
        answer = await http.post("/api/steps", json=given)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    assert Decimal(found["cost_usd"]) <= limit
    return found


async def at_rest(house: Running) -> None:
    """No step keeps a budget, and nothing is reserved."""
    async with house.house.database.begin() as connection:
        kept = await connection.execute(text("SELECT count(*) FROM budgets WHERE deleted_at IS NULL"))
        held = await connection.execute(text("SELECT count(*) FROM reservations WHERE settled_at IS NULL"))
        assert (kept.scalar_one(), held.scalar_one()) == (0, 0)


async def test_no_longer_answer_is_asked_for_than_the_limit_pays(house: Running) -> None:
    found = await step(house, model="sim:sim-tokens-1500-rate-100000")
    assert (found["state"], found["finish_reason"]) == ("completed", "length")
    assert Decimal(found["cost_usd"]) > LIMIT * 3 / 4
    await at_rest(house)


async def test_an_answer_that_fits_is_whole(house: Running) -> None:
    found = await step(house, model="sim:sim-tokens-300-rate-100000")
    assert (found["state"], found["finish_reason"]) == ("completed", "stop")
    await at_rest(house)


async def test_corrections_end_before_the_limit_does(house: Running) -> None:
    house.simulator.scenario({"text": "This is no data at all, but many words. " * 12})
    found = await step(house, model="sim:sim-fast", output_schema=ENDPOINT, corrections=5)
    assert found["state"] == "failed"
    assert found["error"]["kind"] in ("unfit_answer", "budget_exceeded")
    # All six would have come to more than the limit.
    assert 2 <= found["attempts"] < 6
    assert Decimal(found["cost_usd"]) * 6 / found["attempts"] > LIMIT
    await at_rest(house)


async def test_samples_share_the_limit(house: Running) -> None:
    house.simulator.scenario({"text": json.dumps(GOOD)})
    most = LIMIT * 4
    found = await step(house, limit=most, model="sim:sim-fast", output_schema=ENDPOINT, samples=3)
    assert (found["state"], found["confidence"]) == ("completed", 1.0)
    assert len(house.asked()) == 3
    await at_rest(house)


async def test_a_limit_that_pays_for_no_answer_ends_the_step(house: Running) -> None:
    """The model is free to be asked by what is likely; at worst the prompt alone is beyond the limit."""
    limit, knobs = Decimal("0.0013"), {"max_output_tokens": 20}
    found = await step(house, prompt="word " * 1900, model="sim:sim-fast", knobs=knobs, limit=limit)
    assert (found["state"], found["error"]["kind"]) == ("failed", "budget_exceeded"), found
    assert "cost_limit" in found["error"]["message"]
    assert house.asked() == []
    await at_rest(house)
