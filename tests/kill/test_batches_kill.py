"""A batch whose worker is killed where it hurts most: each vendor has one batch, each request is answered once."""

import asyncio
import json
from typing import Any

import asyncpg
import pytest

from tests.batches.sending import answers, created, ended, results, send, turn, until_part
from tests.kill.processes import PATIENCE, Processes

pytestmark = [pytest.mark.real, pytest.mark.kill, pytest.mark.long, pytest.mark.timeout(300)]

CHAT, CLAUDE, GEMINI = "openai:gpt-4o-mini", "anthropic:claude-haiku-4-5", "google:gemini-2.5-flash"


async def begin(processes: Processes) -> None:
    processes.environment["PERDURE_BATCH_POLL_SECONDS"] = "0.3"
    processes.start("api", "api", "--migrate")
    await processes.until_ready()


async def accepted(processes: Processes, *models: str, items: int = 10) -> str:
    lines = [turn(f"{model}/{n}", model, f"Say number {n}.") for model in models for n in range(items)]
    async with processes.http() as http:
        return str((await send(http, lines, key="the batch")).raise_for_status().json()["id"])


async def settled(processes: Processes, batch_id: str, items: int) -> dict[str, Any]:
    async with processes.http() as http:
        batch = await ended(http, batch_id, PATIENCE * 2)
        told = await results(http, batch_id)
    assert batch["counts"]["completed"] == items, json.dumps(batch)
    assert all(one["content"] for one in told.values())
    connection = await asyncpg.connect(processes.dsn)
    try:
        rows = await connection.fetch("SELECT state, service_tier, turn_id FROM model_usage")
        held = await connection.fetchval("SELECT count(*) FROM reservations WHERE settled_at IS NULL")
    finally:
        await connection.close()
    # The ledger has each call once, and each was one of a vendor's batch.
    assert [row["state"] for row in rows] == ["completed"] * items
    assert {row["service_tier"] for row in rows} == {"batch"}
    assert held == 0
    return batch


@pytest.mark.parametrize("model", [CHAT, CLAUDE, GEMINI], ids=["openai", "anthropic", "google"])
async def test_the_worker_dies_between_the_submission_and_its_record(processes: Processes, model: str) -> None:
    await begin(processes)
    simulator = processes.simulator
    simulator.scenario({"hold_until_released": True}, match={"endpoint": "batches"}, times=1)
    processes.start("first", "worker")
    batch_id = await accepted(processes, model)
    async with asyncio.timeout(PATIENCE):
        while not simulator.holding():  # noqa: ASYNC110 - the simulator tells nobody
            await asyncio.sleep(0.02)
    # The vendor has made the batch; nobody here knows.
    processes.kill("first")
    simulator.release()
    processes.start("second", "worker")
    await settled(processes, batch_id, 10)
    assert created(processes) == 1
    assert len(answers(processes)) == 10


async def test_workers_die_while_a_batch_waits_and_while_it_is_collected(processes: Processes) -> None:
    await begin(processes)
    processes.simulator.scenario({"batch_seconds": 3}, match={"endpoint": "batches"})
    processes.start("first", "worker")
    batch_id = await accepted(processes, CHAT, CLAUDE, GEMINI, items=100)
    async with processes.http() as http:
        await until_part(http, batch_id, "submitted")
        processes.kill("first")
        processes.start("second", "worker")
        async with asyncio.timeout(PATIENCE):
            while True:
                counts = (await http.get(f"/api/batches/{batch_id}")).json()["counts"]
                if counts["completed"]:
                    break
                await asyncio.sleep(0.02)
    assert counts["completed"] < 300
    processes.kill("second")
    processes.start("third", "worker")
    await settled(processes, batch_id, 300)
    assert created(processes) == 3
    assert len(answers(processes)) == 300
