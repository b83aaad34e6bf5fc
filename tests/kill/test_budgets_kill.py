"""Whole processes spend one budget; workers are killed and turns cancelled meanwhile."""

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import asyncpg
import pytest

from storage.database import Database
from storage.verifying import verify
from tests.kill.processes import PATIENCE, Processes
from tests.kill.test_kill import started

pytestmark = [pytest.mark.real, pytest.mark.kill, pytest.mark.timeout(300)]

ANSWERING = "sim:sim-tokens-10-rate-10"
"""A second for each answer: long enough to be killed and cancelled in it."""
DOWN = "sim:sim-down"
POLICY = f"""
models:
  {ANSWERING}: {{price: {{input: 0, output: 10000}}}}
  {DOWN}: {{price: {{input: 0, output: 5000}}}}
"""
DIME, CAP = Decimal("0.10"), Decimal("1.00")
TURNS = 24


async def at_rest(processes: Processes, budget: str) -> dict[str, str]:
    """The budget's status, once nothing is reserved."""
    async with asyncio.timeout(PATIENCE), processes.http() as http:
        while True:
            status: dict[str, str] = (await http.get(f"/api/budgets/{budget}/status")).raise_for_status().json()
            if Decimal(status["reserved"]) == 0:
                return status
            await asyncio.sleep(0.2)


async def ask(processes: Processes, number: int) -> str:
    models = [DOWN, ANSWERING] if number % 4 == 0 else [ANSWERING]
    return await processes.ask(
        models[0], "Say something.", key=f"turn-{number}", models=models[1:], knobs={"max_output_tokens": 10}
    )


@pytest.mark.long
async def test_workers_that_die_spend_no_more_than_there_is(processes: Processes) -> None:
    await started(processes, "first", "second")
    async with processes.http() as http:
        (await http.put("/api/policies", content=POLICY)).raise_for_status()
        said = {"scope": "workspace", "limit": str(CAP), "period": "total"}
        budget = (await http.post("/api/budgets", json=said)).raise_for_status().json()["id"]
        turn_ids = await asyncio.gather(*(ask(processes, number) for number in range(TURNS)))
        async with asyncio.timeout(PATIENCE):
            while len(processes.simulator.calls()) < 4:  # noqa: ASYNC110 - only the provider's log tells
                await asyncio.sleep(0.02)
        processes.kill("first")
        processes.start("third", "worker")
        for turn_id in turn_ids[::5]:
            await http.post(f"/api/turns/{turn_id}/cancel")
        processes.kill("second")
        processes.start("fourth", "worker")
    turns = await asyncio.gather(*(processes.finished(turn_id) for turn_id in turn_ids))
    status = await at_rest(processes, budget)
    spent = Decimal(status["spent"])
    assert spent <= CAP

    # What the cancelled and the killed left over is still there to be spent, to the last dime.
    more = 0
    while CAP - spent >= DIME:
        more += 1
        await processes.finished(await ask(processes, TURNS + 4 * more + 1))
        spent = Decimal((await at_rest(processes, budget))["spent"])
    assert spent <= CAP
    assert {turn["state"] for turn in turns} <= {"completed", "cancelled", "failed"}
    refused = [turn["result"]["error_kind"] for turn in turns if turn["state"] == "failed"]
    # Where workers come back slowly the step's own time may be over.
    assert "budget_exceeded" in refused
    assert set(refused) <= {"budget_exceeded", "timeout"}

    database = Database(processes.dsn, pool_size=1)
    async with database.begin() as snapshot:
        verdicts = await verify(snapshot, now=datetime.now(UTC) + timedelta(hours=1))
    await database.close()
    assert [(one.invariant.name, one.examples) for one in verdicts if one.broken] == []
    connection = await asyncpg.connect(processes.dsn)
    try:
        rows = await connection.fetch("""
            SELECT u.turn_id, u.attempt, u.model, u.state, u.cost, u.output, r.amount, r.charged, u.started_at, u.finished_at
              FROM model_usage u LEFT JOIN reservations r USING (turn_id, step, attempt) WHERE u.cost > 0 ORDER BY u.started_at
        """)
        assert sum(row["cost"] for row in rows) == spent, "\n".join(str(dict(row)) for row in rows)
    finally:
        await connection.close()
    await processes.at_rest()
