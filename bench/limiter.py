"""How exact the shared limiter is: two workers, 200 requests a second allowed, more asked for."""

import asyncio
import contextlib
import json
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import text

from activities.limiting import SharedLimiter
from bench.figures import Figure, milliseconds, quantile
from bench.target import Target
from contracts.limiting import RateLimit, Wait
from storage.database import Database
from storage.limits import PostgresBuckets
from storage.migrating import migrate
from workers.embedded.ports import any_free
from workers.embedded.postgres import EmbeddedPostgres

PER_SECOND = 200
WORKERS = 2
ASKERS = 75
"""In each worker; each asks again as soon as it was granted, or when it was told to."""
WARM_SECONDS, SECONDS = 2.0, 10.0
_KEY = "bench/credential"


async def measure(target: Target) -> list[Figure]:
    """Grants of both workers over ten seconds, once the first full bucket is used up; and what an answer costs."""
    with tempfile.TemporaryDirectory(prefix="perdure-limiter-") as folder:
        # PostgreSQL refuses to run as root, and its account has to enter.
        Path(folder).chmod(0o755)
        server = EmbeddedPostgres(Path(folder), any_free())
        await server.start()
        try:
            database = Database(server.dsn, pool_size=2)
            await migrate(database)
            await database.close()
            told = await _together(server.dsn)
        finally:
            server.stop()
    granted = sum(one["granted"] for one in told) / SECONDS
    costs = [cost for one in told for cost in one["costs"]]
    changes = sum(one["changes"] for one in told) / (WARM_SECONDS + SECONDS)
    return [
        Figure("granted a second", f"{granted:.1f}", f"{PER_SECOND}", f"{granted / PER_SECOND - 1:+.2%}", "within 2 %"),
        Figure(
            "least that one worker got",
            f"{min(one['granted'] for one in told) / SECONDS:.1f}",
            f"{granted / WORKERS:.1f}",
        ),
        Figure("changes of the bucket a second", f"{changes:.0f}"),
        Figure("time of an answer, p50", milliseconds(quantile(costs, 0.5))),
        Figure("time of an answer, p99", milliseconds(quantile(costs, 0.99))),
    ]


async def _together(dsn: str) -> list[dict[str, Any]]:
    """What the workers tell. None starts before all are ready: an import that takes long is not what is measured."""
    command, pipe = [sys.executable, "-m", "bench.limiter", dsn], asyncio.subprocess.PIPE
    workers = [await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe) for _ in range(WORKERS)]
    for worker in workers:
        assert worker.stdout is not None
        await worker.stdout.readline()
    start = f"{time.time() + 0.5}\n".encode()
    return [json.loads(out) for out, _ in await asyncio.gather(*(worker.communicate(start) for worker in workers))]


class _Counted(PostgresBuckets):
    """Buckets that count their changes."""

    changes = 0

    async def change(self, key, change):  # type: ignore[no-untyped-def]
        self.changes += 1
        return await super().change(key, change)


async def _worker(dsn: str) -> None:
    database = Database(dsn, pool_size=2)
    async with database.begin() as connection:
        await connection.execute(text("SELECT 1"))
    print("ready", flush=True)
    start = float(await asyncio.to_thread(sys.stdin.readline))
    buckets = _Counted(database)
    limiter = SharedLimiter(buckets, {_KEY: RateLimit(PER_SECOND * 60)})
    granted, costs, end = 0, [], start + WARM_SECONDS + SECONDS

    async def ask() -> None:
        nonlocal granted
        while time.time() < end:
            began = time.perf_counter()
            answer = await limiter.acquire(_KEY, now=datetime.now(UTC))
            costs.append(time.perf_counter() - began)
            if isinstance(answer, Wait):
                await asyncio.sleep(answer.seconds)
            else:
                granted += start + WARM_SECONDS <= time.time() < end
                await asyncio.sleep(0.2)

    await asyncio.sleep(max(0.0, start - time.time()))
    asking = [asyncio.create_task(ask()) for _ in range(ASKERS)]
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(end + 1 - time.time()):
            await asyncio.gather(*asking)
    print(json.dumps({"granted": granted, "costs": costs[::10], "changes": buckets.changes}))
    await database.close()


if __name__ == "__main__":
    asyncio.run(_worker(sys.argv[1]))
