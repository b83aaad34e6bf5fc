"""A worker is killed while a turn fails over, and while turns wait for a limit: nothing is lost or paid twice."""

import asyncio
import itertools
import json
from collections.abc import Callable

import asyncpg
import pytest

from tests.kill.processes import PATIENCE, Processes, Reader
from tests.kill.test_kill import SLOW, started, stored_text

pytestmark = [pytest.mark.real, pytest.mark.kill, pytest.mark.timeout(300)]

AWAY = "sim:sim-down"
PER_MINUTE = 15
"""One call in four seconds: long enough to be killed in between."""
SECONDS_EACH = 60 / PER_MINUTE


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not holds():  # noqa: ASYNC110 - only the provider's log tells
            await asyncio.sleep(0.02)


def calls(processes: Processes, model: str) -> list[float]:
    """When the calls of a model began."""
    name = model.partition(":")[2]
    return [call["monotonic"] for call in processes.simulator.calls() if call["model"] == name and call["billable"]]


async def test_a_worker_dies_while_the_second_model_answers(processes: Processes) -> None:
    await started(processes, "first")
    turn_id = await processes.ask(AWAY, "Say something long.", models=[SLOW])
    reader = Reader(processes, turn_id)
    following = asyncio.create_task(reader.follow())
    await reader.until(40)
    processes.kill("first")
    processes.start("second", "worker")
    await following
    turn = await processes.finished(turn_id)
    assert turn["state"] == "completed"
    assert reader.text == stored_text(turn)
    assert [(attempt["model"], attempt["state"]) for attempt in turn["attempts"]] == [
        (AWAY, "failed"),
        (AWAY, "failed"),
        (SLOW, "interrupted"),
        (SLOW, "completed"),
    ]
    assert (len(calls(processes, AWAY)), len(calls(processes, SLOW))) == (2, 2)
    await processes.at_rest()


@pytest.mark.long
async def test_a_worker_dies_between_the_first_failure_and_what_follows(processes: Processes) -> None:
    """The first model asks to be left alone for a while; Temporal keeps the appointment, whoever is there."""
    wish = {"error": {"kind": "overloaded", "retry_after": 3}}
    processes.simulator.scenario(wish, match={"model": "sim-fast"})
    await started(processes, "first")
    turn_id = await processes.ask("sim:sim-fast", "Say something.", models=["sim:sim-echo"])
    await until(lambda: len(calls(processes, "sim:sim-fast")) == 1)
    connection = await asyncpg.connect(processes.dsn)
    try:
        failed = "SELECT count(*) FROM model_usage WHERE turn_id = $1 AND state = 'failed'"
        while not await connection.fetchval(failed, turn_id):  # noqa: ASYNC110 - only the row tells
            await asyncio.sleep(0.02)
    finally:
        await connection.close()
    # Temporal has the failure once the worker has told it; either way it is asked no sooner than it wished.
    processes.kill("first")
    processes.start("second", "worker")
    turn = await processes.finished(turn_id)
    assert turn["state"] == "completed"
    assert stored_text(turn)
    rows = [(attempt["model"], attempt["state"]) for attempt in turn["attempts"]]
    assert rows == [("sim:sim-fast", "failed")] * 2 + [("sim:sim-echo", "completed")]
    first, second = calls(processes, "sim:sim-fast")
    assert second - first >= 3
    assert len(calls(processes, "sim:sim-echo")) == 1
    await processes.at_rest()


@pytest.mark.long
async def test_a_worker_dies_while_turns_wait_for_a_limit(processes: Processes) -> None:
    credential = {"name": "one", "api_key": "limited-key", "requests_per_minute": PER_MINUTE}
    stanza = {
        "name": "limited",
        "wire": "openai-chat",
        "base_url": processes.simulator.openai_url,
        "credentials": [credential],
    }
    processes.environment["PERDURE_PROVIDERS"] = json.dumps([stanza])
    await started(processes, "first")
    turn_ids = [await processes.ask("limited:sim-fast", f"Say number {n}.") for n in range(4)]
    await until(lambda: len(calls(processes, "limited:sim-fast")) >= 1)
    processes.kill("first")
    before = len(calls(processes, "limited:sim-fast"))
    assert before < len(turn_ids)
    processes.start("second", "worker")
    turns = await asyncio.gather(*(processes.finished(turn_id) for turn_id in turn_ids))
    assert {turn["state"] for turn in turns} == {"completed"}
    assert all(stored_text(turn) for turn in turns)
    begun = calls(processes, "limited:sim-fast")
    rows = [attempt["state"] for turn in turns for attempt in turn["attempts"]]
    # The kill may fall into the first call, which then is made twice; and between the opening of another's row and its call.
    assert rows.count("completed") == len(turn_ids)
    assert len(begun) <= min(len(rows), len(turn_ids) + 1)
    assert set(rows) <= {"completed", "interrupted"}
    assert begun[-1] - begun[0] >= (len(begun) - 2) * SECONDS_EACH
    assert all(after - before > 1 for before, after in itertools.pairwise(begun[1:]))
    await processes.at_rest()
