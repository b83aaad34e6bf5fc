"""Kill -9 at the worst moments: nothing is lost, paid twice or said twice."""

import asyncio
import random
import signal

import asyncpg
import pytest

from tests.fixtures.postgres import PostgresServer
from tests.kill.processes import Processes, Reader
from workers.embedded.temporal import EmbeddedTemporal

pytestmark = [pytest.mark.real, pytest.mark.kill, pytest.mark.timeout(300)]

SLOW = "sim:sim-tokens-80-rate-20"


async def started(processes: Processes, *workers: str) -> None:
    processes.start("api", "api", "--migrate")
    for worker in workers:
        processes.start(worker, "worker", "--migrate")
    await processes.until_ready()


def stored_text(turn: dict[str, object]) -> str:
    parts = turn["message"]["parts"]  # type: ignore[index]
    return "".join(part["text"] for part in parts if part["type"] == "text")


async def test_a_worker_dies_mid_stream_and_another_takes_over(processes: Processes) -> None:
    await started(processes, "first")
    turn_id = await processes.ask(SLOW, "Say something long.")
    reader = Reader(processes, turn_id)
    following = asyncio.create_task(reader.follow())
    await reader.until(40)
    processes.kill("first")
    processes.start("second", "worker")
    await following
    turn = await processes.finished(turn_id)
    assert turn["state"] == "completed"
    assert reader.text == stored_text(turn)
    assert "reset" in reader.kinds
    assert [attempt["state"] for attempt in turn["attempts"]] == ["interrupted", "completed"]
    assert len(processes.simulator.calls()) == 2
    await processes.at_rest()


async def test_the_api_dies_mid_stream_and_the_reader_holds_exactly_the_answer(processes: Processes) -> None:
    await started(processes, "worker")
    turn_id = await processes.ask(SLOW, "Say something long.")
    reader = Reader(processes, turn_id)
    following = asyncio.create_task(reader.follow())
    await reader.until(40)
    processes.kill("api")
    processes.start("api again", "api")
    await following
    turn = await processes.finished(turn_id)
    assert reader.text == stored_text(turn)
    assert "reset" not in reader.kinds
    assert len(processes.simulator.calls()) == 1
    await processes.at_rest()


async def test_postgres_dies_mid_stream(processes: Processes, private_postgres: PostgresServer) -> None:
    await started(processes, "worker")
    turn_id = await processes.ask(SLOW, "Say something long.")
    reader = Reader(processes, turn_id)
    following = asyncio.create_task(reader.follow())
    await reader.until(40)
    await private_postgres.kill()
    await private_postgres.start()
    await following
    turn = await processes.finished(turn_id)
    assert turn["state"] == "completed"
    assert reader.text == stored_text(turn)
    await processes.at_rest()


async def test_temporal_dies_mid_stream(processes: Processes, temporal: EmbeddedTemporal) -> None:
    await started(processes, "worker")
    turn_id = await processes.ask(SLOW, "Say something long.")
    reader = Reader(processes, turn_id)
    following = asyncio.create_task(reader.follow())
    await reader.until(40)
    temporal.child.stop(signal.SIGKILL, 10)
    await temporal.start()
    await following
    turn = await processes.finished(turn_id)
    assert turn["state"] == "completed"
    assert reader.text == stored_text(turn)
    await processes.at_rest()


async def test_an_answer_that_was_stored_before_the_worker_died_is_not_bought_again(processes: Processes) -> None:
    await started(processes, "first")
    turn_id = await processes.ask(SLOW, "Say something long.")
    reader = Reader(processes, turn_id)
    following = asyncio.create_task(reader.follow())
    await reader.until(40)
    connection = await asyncpg.connect(processes.dsn)
    try:
        # With the log locked the worker commits the answer and then cannot tell the readers: there it is killed.
        async with connection.transaction():
            await connection.execute("LOCK TABLE stream_log IN EXCLUSIVE MODE")
            state = "SELECT state FROM turns WHERE id = $1"
            while await connection.fetchval(state, turn_id) != "completed":  # noqa: ASYNC110 - only the row tells
                await asyncio.sleep(0.05)
            processes.kill("first")
    finally:
        await connection.close()
    processes.start("second", "worker")
    await following
    turn = await processes.finished(turn_id)
    assert reader.text == stored_text(turn)
    assert reader.end is not None
    assert len(processes.simulator.calls()) == 1
    assert [attempt["state"] for attempt in turn["attempts"]] == ["completed"]
    await processes.at_rest()


@pytest.mark.long
async def test_fifty_turns_under_random_kills(processes: Processes) -> None:
    await started(processes, "worker 0", "worker 1")
    draw = random.Random(20)
    turn_ids = await asyncio.gather(
        *(processes.ask("sim:sim-tokens-40-rate-20", f"Say number {n}.", key=f"turn-{n}") for n in range(25))
    )
    for kill in range(4):
        victim = draw.choice(sorted(processes.live))
        processes.kill(victim)
        processes.start(f"{victim.split()[0]} {kill + 2}", victim.split()[0])
        turn_ids += await asyncio.gather(
            *(
                processes.ask("sim:sim-tokens-40-rate-20", f"Say number {n}.", key=f"turn-{n}")
                for n in range(25 + kill * 6, 31 + kill * 6 + (kill == 3))
            )
        )
        await asyncio.sleep(draw.uniform(0.2, 1.0))
    turns = await asyncio.gather(*(processes.finished(turn_id) for turn_id in turn_ids))
    assert len({turn["id"] for turn in turns}) == 50
    assert {turn["state"] for turn in turns} == {"completed"}
    assert all(stored_text(turn) for turn in turns)
    await processes.at_rest()
