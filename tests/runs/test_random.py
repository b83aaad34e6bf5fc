"""Random definitions, run durably and replayed at every step, come to what the reference interpreter comes to."""

import asyncio
import json
import random
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from contracts.ids import step_key
from domain.pipelines.reading import judged
from domain.runs.program import program_of
from tests.pipelines.walking import FailedError, Walk
from tests.pipelines.written import definitions
from tests.runs.acting import Document, Runs
from tests.runs.tools import SAID

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="module")]

REPLAYED = True
COUNT = 24
AT_ONCE = 8
ANSWER = '{"n": 7, "t": "x"}'
ASKING = ("agent", "generate", "parallel", "handoff")


def documents(count: int) -> list[Document]:
    """Definitions in which some of the steps that ask a model may not ask any, and so fail."""
    found: list[Document] = []

    @seed(20260301)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(definitions(), st.lists(st.integers(0, 20), max_size=2))
    def collect(document: Document, failing: list[int]) -> None:
        asking = [one for one in _steps(document["steps"]) if one["kind"] in ASKING]
        for at in failing:
            if asking:
                asking[at % len(asking)]["budget"] = {"calls": 0}
        found.append({**document, "name": f"random-{len(found)}"})

    collect()
    return found


def _steps(steps: list[Document]) -> Iterator[Document]:
    for one in steps:
        yield one
        yield from _steps(one.get("steps", []))
        for case in one.get("cases", []):
            yield from _steps(case.get("steps", []))


def walked(document: Document) -> Any:
    """What the reference interpreter comes to."""
    plan = judged(document, source="x")
    tools = {one["id"] for one in _steps(document["steps"]) if one["kind"] == "tool"}

    def answer(step: str, schema: dict[str, Any] | None) -> Any:
        if step in tools:
            return SAID
        return json.loads(ANSWER) if schema and "properties" in schema else ANSWER

    failing = frozenset(one["id"] for one in _steps(document["steps"]) if one.get("budget") == {"calls": 0})
    try:
        walk = Walk(plan, answer=answer, failing=failing, shuffle=random.Random(1))
        return walk.run({"topic": "tea"})
    except FailedError:
        return "failed"


async def ran(runs: Runs, document: Document, limit: asyncio.Semaphore) -> Document:
    async with limit:
        await runs.store({**document, "defaults": {"model": "sim:sim-fast"}})
        run_id = await runs.start(document["name"], {"topic": "tea"})
        async with asyncio.timeout(60):
            while True:
                run = await runs.get(run_id)
                if run["finished_at"]:
                    return run
                for one in run["waiting"]:
                    if one["what"] == "approval":
                        await runs.http.post(f"/api/runs/{run_id}/approve", json={"step": one["step"]})
                await asyncio.sleep(0.1)


@pytest.mark.long
async def test_random_definitions_come_to_the_same(runs: Runs) -> None:
    runs.house.simulator.scenario({"text": ANSWER})
    given_ones, limit = documents(COUNT), asyncio.Semaphore(AT_ONCE)
    every = await asyncio.gather(*(ran(runs, one, limit) for one in given_ones))
    failed = 0
    for document, run in zip(given_ones, every, strict=True):
        expected = walked(document)
        if expected == "failed":
            failed += 1
            assert run["state"] == "failed", (document, run)
            assert run["error"]["kind"] == "budget_exceeded"
        else:
            assert run["state"] == "completed", run
            said = (
                json.dumps(run["output"]).replace('\\"bootstrap\\"', '\\"somebody\\"').replace("bootstrap", "somebody")
            )
            assert json.loads(said) == expected, document
        await _in_order(runs, document, run["id"])
    assert 0 < failed < COUNT


async def _in_order(runs: Runs, document: Document, run_id: str) -> None:
    """Each step began after what it needs had ended, in its own item and round."""
    program = program_of(judged(document, source="x"))
    dsn = runs.house.house.database.dsn
    connection = await asyncpg.connect(dsn)
    try:
        query = "SELECT step_id, place, started_at, finished_at FROM steps WHERE run_id = $1"
        rows = await connection.fetch(query, run_id)
    finally:
        await connection.close()
    ends: dict[str, datetime] = {step_key(row["step_id"], tuple(row["place"])): row["finished_at"] for row in rows}
    for row in rows:
        for need in program.steps[row["step_id"]].planned.needs:
            if row["started_at"] is not None:
                assert ends[step_key(need, tuple(row["place"]))] <= row["started_at"]
