"""Several processes spend one budget at once, with cancels, failovers and kill -9: never above the limit, nothing left over."""

import asyncio
import os
import random
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text

from contracts.budgets import Budget, Period, Scope
from contracts.models import ModelRef
from contracts.parts import Message, TextPart
from contracts.requests import Knobs
from contracts.turns import TurnRequest
from providers.simulator.control import Simulator
from storage.accepting import accept_turn
from storage.database import Database
from storage.ids import new_id
from storage.verifying import verify
from tests.budgets.spender import ANSWERING, DOWN
from tests.budgets.spending import new_budget, totals
from tests.fixtures.forked import Forked

pytestmark = [pytest.mark.real, pytest.mark.kill, pytest.mark.timeout(300)]

TURNS, MANY_TURNS = 160, 1000
PROCESSES = 3
KILLS = 3
DIME = Decimal("0.10")


async def accept(database: Database, workspace_id: UUID, number: int, *, keys: Sequence[UUID]) -> None:
    """Turns of three kinds, some of a run, some of a key, one in nine to be stopped."""
    models = (DOWN, ANSWERING) if number % 3 == 0 else (ANSWERING,)
    request = TurnRequest(
        models=tuple(ModelRef.parse(model) for model in models),
        messages=(Message(role="user", parts=(TextPart(text="Say something."),)),),
        knobs=Knobs(max_output_tokens=10),
        run="run-1" if number % 4 == 0 else None,
        metadata={"cancel": "yes"} if number % 9 == 0 else {},
    )
    async with database.begin() as connection:
        await accept_turn(
            connection,
            request,
            turn_id=new_id(),
            workspace_id=workspace_id,
            conversation_id=None,
            idempotency_key=None,
            now=datetime.now(UTC),
            key_id=keys[number % len(keys)],
        )


async def start(database: Database, simulator: Simulator, part: int, log: Path) -> Forked:
    """A process that has begun with its part."""
    log.unlink(missing_ok=True)
    words = (database.dsn, simulator.url, str(part), str(PROCESSES))
    process = Forked("tests.budgets.spender", *words, environment=os.environ, out=log, err=log)
    while not log.exists() or (not log.read_text() and process.poll() is None):  # noqa: ASYNC110  another process writes it
        await asyncio.sleep(0.02)
    return process


async def work_off(database: Database, simulator: Simulator, folder: Path, *, kills: int) -> None:
    """All processes to their ends; of each that is killed another takes the place, as long as there is something left."""
    draw, left = random.Random(11), kills

    async def part(number: int) -> None:
        nonlocal left
        while True:
            log = folder / f"spender-{number}.log"
            process = await start(database, simulator, number, log)
            ending = asyncio.create_task(asyncio.to_thread(process.wait, 240))
            if left > 0:
                left -= 1
                await asyncio.wait([ending], timeout=draw.uniform(0.15, 1.2))
                if not ending.done():
                    process.kill()
                    await ending
                    continue
            assert await ending == 0, log.read_text()[-3000:]
            return

    await asyncio.gather(*(part(number) for number in range(PROCESSES)))


async def test_many_dimes_against_five_dollars(
    database: Database, workspace_id: UUID, simulator: Simulator, tmp_path: Path
) -> None:
    await spend_dimes(database, workspace_id, simulator, tmp_path, turns=TURNS, kills=KILLS)


@pytest.mark.long
@pytest.mark.timeout(900)
async def test_a_thousand_dimes_against_five_dollars(
    database: Database, workspace_id: UUID, simulator: Simulator, tmp_path: Path
) -> None:
    await spend_dimes(database, workspace_id, simulator, tmp_path, turns=MANY_TURNS, kills=4 * KILLS)


async def spend_dimes(
    database: Database, workspace_id: UUID, simulator: Simulator, folder: Path, *, turns: int, kills: int
) -> None:
    """Turns of ten cents against five dollars, nested in what a key and a run may spend; what holds at the end."""
    keys = [new_id(), new_id()]
    made: dict[str, Budget] = {
        "workspace": await new_budget(database, workspace_id, "5.00", period=Period.TOTAL),
        "key": await new_budget(database, workspace_id, "3.00", scope=Scope.KEY, value="*", period=Period.MONTH),
        "run": await new_budget(database, workspace_id, "1.05", scope=Scope.RUN, value="run-1"),
    }
    gate = asyncio.Semaphore(16)

    async def one(number: int) -> None:
        async with gate:
            await accept(database, workspace_id, number, keys=keys)

    async def together(numbers: Iterable[int], kills: int) -> None:
        await asyncio.gather(*(one(number) for number in numbers))
        await work_off(database, simulator, folder, kills=kills)

    await together((number for number in range(turns) if number % 4 == 0), kills // 3)
    # What a killed process held is free again once its turn is taken up: somebody has to be left to whom that is of use.
    await together([4] * 12, 0)
    assert (
        Decimal("1.05") - DIME < (await totals(database, made["run"], now=datetime.now(UTC))).spent <= Decimal("1.05")
    )
    await together((number for number in range(turns) if number % 4), kills - kills // 3)
    await together([1] * 12, 0)

    now = datetime.now(UTC)
    async with database.begin() as connection:
        verdicts = await verify(connection, now=now + timedelta(hours=1))
        states = (await connection.execute(text("SELECT DISTINCT state FROM turns"))).scalars().all()
        ledger = (await connection.execute(text("SELECT * FROM model_usage"))).all()
    assert [(one.invariant.name, one.examples) for one in verdicts if one.broken] == []
    assert set(states) <= {"completed", "cancelled", "failed"}

    whole = await totals(database, made["workspace"], now=now)
    assert whole.reserved == 0
    assert whole.spent == sum(row.cost for row in ledger)
    assert whole.spent <= Decimal("5.00")
    # All that fits was accepted: what is left would not pay for another.
    assert Decimal("5.00") - whole.spent < DIME
    for key in keys:
        assert (await totals(database, made["key"], subject=str(key), now=now)).spent <= Decimal("3.00")

    rows = {f"{row.turn_id}/{row.step}/{row.attempt}": row for row in ledger}
    calls = {call["client_request_id"]: call for call in simulator.calls() if call["billable"]}
    assert len(calls) == sum(call["billable"] for call in simulator.calls()), "an attempt called twice"
    assert calls.keys() <= rows.keys(), "a call has no row"
    # A kill or a stop can fall between the row, which is written first, and the call.
    assert {rows[name].state for name in rows.keys() - calls.keys()} <= {"interrupted", "cancelled"}
    for name, call in calls.items():
        row = rows[name]
        if row.state == "completed":
            counted = (row.input_uncached + row.cache_read, row.output)
            assert (counted, row.estimated) == ((call["input"], call["output"]), False)
        if row.state == "failed":
            assert (row.cost, call["output"]) == (0, 0)
    assert {row.state for row in ledger} >= {"completed", "failed"}
