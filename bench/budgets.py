"""Reservations a second: one hot budget, many budgets, and, to compare, one row that everybody updates."""

import asyncio
import itertools
import json
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import text

from bench.figures import Figure, milliseconds, quantile
from bench.target import Target
from contracts.budgets import Budget, BudgetTerms, Charge, Claim, Period, Scope, Unit, Want
from domain.budgets.amounts import slice_ahead
from domain.budgets.windows import forgotten_before, slot_end, window_of
from storage import budgets, keys, reservations
from storage.database import Database
from storage.ids import new_id
from storage.migrating import migrate
from storage.reservations import AttemptKey
from storage.verifying import verify
from workers.embedded.ports import any_free
from workers.embedded.postgres import EmbeddedPostgres

WORKERS = 2
SPENDERS = 16
"""In each worker; each reserves and settles, one after the other."""
MANY = 200
SECONDS = 8.0
LIMIT = Decimal(1_000_000)
AMOUNT = Decimal("0.01")
_MODES = ("one", "many", "row")


async def measure(target: Target) -> list[Figure]:
    """What two workers reserve and settle in eight seconds, and how long a reservation takes."""
    with tempfile.TemporaryDirectory(prefix="perdure-budgets-") as folder:
        # PostgreSQL refuses to run as root, and its account has to enter.
        Path(folder).chmod(0o755)
        server = EmbeddedPostgres(Path(folder), any_free())
        await server.start()
        try:
            await _prepare(server.dsn)
            told = {mode: await _together(server.dsn, mode) for mode in _MODES}
            broken = await _broken(server.dsn)
        finally:
            server.stop()
    rate = {mode: sum(one["done"] for one in told[mode]) / SECONDS for mode in _MODES}
    takes = {mode: [took for one in told[mode] for took in one["took"]] for mode in _MODES}
    figures = [
        Figure(
            "one hot budget, a second", f"{rate['one']:.0f}", f"{rate['row']:.0f}", f"{rate['one'] / rate['row']:.1f}"
        ),
        Figure(
            f"{MANY} budgets, a second",
            f"{rate['many']:.0f}",
            f"{rate['row']:.0f}",
            f"{rate['many'] / rate['row']:.1f}",
        ),
    ]
    for mode in ("one", "many"):
        for share in (0.5, 0.99):
            figures.append(
                Figure(
                    f"reserve, {mode}, p{share * 100:.0f}",
                    milliseconds(quantile(takes[mode], share)),
                    milliseconds(quantile(takes["row"], share)),
                )
            )
    return [*figures, Figure("broken invariants", str(broken), aim="0")]


async def _prepare(dsn: str) -> None:
    database, now = Database(dsn, pool_size=2), datetime.now(UTC)
    await migrate(database)
    async with database.begin() as connection:
        workspace = await keys.workspace(connection, now=now)
        for number in range(MANY):
            terms = BudgetTerms(
                f"user {number}", Scope.USER, str(number), Unit.USD, LIMIT, True, Period.TOTAL, False, "UTC", ()
            )
            await budgets.create(connection, workspace, terms, now=now)
        await connection.execute(text("CREATE TABLE one_row (amount numeric, reserved numeric, spent numeric)"))
        await connection.execute(
            text("CREATE TABLE row_reservations (id uuid PRIMARY KEY, amount numeric, charged numeric)")
        )
        await connection.execute(text("INSERT INTO one_row VALUES (:limit, 0, 0)"), {"limit": LIMIT})
    await database.close()


async def _broken(dsn: str) -> int:
    """Exceptions to the sums of accounts; the ledger has no rows here."""
    database = Database(dsn, pool_size=1)
    async with database.begin() as connection:
        verdicts = await verify(connection, now=datetime.now(UTC))
    await database.close()
    return sum(one.broken for one in verdicts if one.invariant.name.startswith("accounts"))


async def _together(dsn: str, mode: str) -> list[dict[str, Any]]:
    command, pipe = [sys.executable, "-m", "bench.budgets", dsn, mode], asyncio.subprocess.PIPE
    workers = [await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe) for _ in range(WORKERS)]
    for worker in workers:
        assert worker.stdout is not None
        await worker.stdout.readline()
    start = f"{time.time() + 0.5}\n".encode()
    return [json.loads(out) for out, _ in await asyncio.gather(*(worker.communicate(start) for worker in workers))]


async def _worker(dsn: str, mode: str) -> None:
    database = Database(dsn, pool_size=SPENDERS)
    async with database.begin() as connection:
        workspace: UUID = (await connection.execute(text("SELECT id FROM workspaces LIMIT 1"))).scalar_one()
        known = await budgets.listed(connection, workspace_id=workspace)
    among = itertools.cycle(known if mode == "many" else known[:1])
    print("ready", flush=True)
    start = float(await asyncio.to_thread(sys.stdin.readline))
    took, done, end = list[float](), 0, start + SECONDS

    async def spend() -> None:
        nonlocal done
        while time.time() < end:
            if mode == "row":
                took.append(await _by_row(database))
            else:
                took.append(await _by_slices(database, next(among)))
            done += time.time() < end

    await asyncio.sleep(max(0.0, start - time.time()))
    await asyncio.gather(*(spend() for _ in range(SPENDERS)))
    print(json.dumps({"done": done, "took": took[::5]}))
    await database.close()


async def _timed(job: Callable[[], Awaitable[None]]) -> float:
    began = time.perf_counter()
    await job()
    return time.perf_counter() - began


async def _by_slices(database: Database, budget: Budget) -> float:
    now, attempt = datetime.now(UTC), AttemptKey(new_id(), 0, 1)
    want = Want(Claim(budget, ""), window_of(budget.terms, now), AMOUNT)

    async def reserve() -> None:
        async with database.begin() as connection:
            short = await reservations.reserve(
                connection,
                attempt,
                [want],
                ahead=slice_ahead,
                forgotten=lambda one: forgotten_before(one.window, now),
                now=now,
            )
            assert short is None

    took = await _timed(reserve)
    async with database.begin() as connection:
        await reservations.settle(connection, attempt, Charge(AMOUNT), slot_of=slot_end, now=now)
    return took


async def _by_row(database: Database) -> float:
    identity = new_id()
    given = {"id": identity, "amount": AMOUNT}

    async def reserve() -> None:
        async with database.begin() as connection:
            taken = await connection.execute(
                text("UPDATE one_row SET reserved = reserved + :amount WHERE spent + reserved + :amount <= amount"),
                given,
            )
            assert taken.rowcount == 1
            await connection.execute(text("INSERT INTO row_reservations VALUES (:id, :amount, NULL)"), given)

    took = await _timed(reserve)
    async with database.begin() as connection:
        await connection.execute(text("UPDATE row_reservations SET charged = :amount WHERE id = :id"), given)
        await connection.execute(
            text("UPDATE one_row SET reserved = reserved - :amount, spent = spent + :amount"), {"amount": AMOUNT}
        )
    return took


if __name__ == "__main__":
    asyncio.run(_worker(sys.argv[1], sys.argv[2]))
