"""How soon a year of use and cost is told, over a ledger of millions of calls."""

import os
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import text

from bench.figures import Figure, milliseconds, quantile
from bench.target import Target
from contracts.reports import UsageAsked
from storage import keys, usage_reports
from storage.database import Database
from storage.migrating import migrate
from workers.embedded.ports import any_free
from workers.embedded.postgres import EmbeddedPostgres
from workers.summing import Summer

ROWS = int(os.environ.get("BENCH_LEDGER_ROWS", "1000000"))
"""Ten million take some ten minutes to be written and four gigabytes."""
A_DAY = 1_000_000
CALLS_OF_A_TURN = 10
USERS, MODELS, PROJECTS = 500, 30, 20
SAMPLES = 10
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ASKED: dict[str, dict[str, Any]] = {
    "a year by day": {"by": ("day",)},
    "a year by month and model": {"by": ("month", "model")},
    "a year by user": {"by": ("user",)},
    "a year by project": {"by": ("tag:project",)},
    "a year of one user by day": {"by": ("day",), "user": "user-7"},
    "a year of one task by model": {"by": ("model",), "task": "code"},
}

_TURNS = text("""
    INSERT INTO turns (id, workspace_id, state, request, request_digest, plan, created_at)
    SELECT ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, :workspace_id, 'completed',
           jsonb_build_object('knobs', jsonb_build_object('user', 'user-' || n % :users),
                              'metadata', jsonb_build_object('project', 'project-' || n % :projects)),
           'x', jsonb_build_object('task', (ARRAY['simple', 'code', 'extraction'])[1 + n % 3]), CAST(:now AS timestamptz)
      FROM generate_series(CAST(:first AS bigint), CAST(:last AS bigint)) AS n
""")
_CALLS = text("""
    INSERT INTO model_usage (workspace_id, turn_id, step, attempt, candidate, provider, model, state, input_uncached, cache_read,
                             output, cost, started_at, finished_at)
    SELECT :workspace_id, ('00000000-0000-7000-8000-' || lpad(to_hex(n / :calls), 12, '0'))::uuid, n % :calls, 1, 0, 'provider',
           'model-' || (n / 7) % :models, CASE WHEN n % 50 = 0 THEN 'failed' ELSE 'completed' END, n % 4000, n % 1000, n % 700,
           (n % 100000) / 10000000.0, CAST(:now AS timestamptz) - n * CAST(:apart AS interval),
           CAST(:now AS timestamptz) - n * CAST(:apart AS interval) + interval '2 seconds'
      FROM generate_series(CAST(:first AS bigint), CAST(:last AS bigint)) AS n
""")
_BATCH = 500_000


async def measure(target: Target) -> list[Figure]:
    """Each question asked ten times, of the sums and, to compare, one of them of the ledger itself."""
    with tempfile.TemporaryDirectory(prefix="perdure-reports-") as folder:
        # PostgreSQL refuses to run as root, and its account has to enter.
        Path(folder).chmod(0o755)
        server = EmbeddedPostgres(Path(folder), any_free())
        await server.start()
        database = Database(server.dsn)
        try:
            await migrate(database)
            async with database.begin() as connection:
                workspace_id = await keys.workspace(connection, now=NOW)
            await _fill(database, workspace_id)
            return await _figures(database, workspace_id)
        finally:
            await database.close()
            server.stop()


async def _fill(database: Database, workspace_id: UUID) -> None:
    given = {"workspace_id": workspace_id, "now": NOW}
    apart = timedelta(days=1) / A_DAY
    for first in range(0, ROWS, _BATCH):
        last = min(first + _BATCH, ROWS) - 1
        async with database.begin() as connection:
            turns = {"first": first // CALLS_OF_A_TURN, "last": last // CALLS_OF_A_TURN}
            await connection.execute(_TURNS, {**given, **turns, "users": USERS, "projects": PROJECTS})
            calls = {"first": first, "last": last, "apart": apart, "calls": CALLS_OF_A_TURN, "models": MODELS}
            await connection.execute(_CALLS, {**given, **calls})
    async with database.engine.connect() as connection:
        alone = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await alone.execute(text("VACUUM ANALYZE"))


async def _figures(database: Database, workspace_id: UUID) -> list[Figure]:
    by_day = UsageAsked(workspace_id, (NOW - timedelta(days=364)).date(), NOW.date(), by=("day",))
    baseline, told = await _asked(database, by_day)
    began = time.perf_counter()
    # Half an hour of the present is never summed: it is read from the ledger in every answer below.
    slices = await Summer(database, lambda: NOW).sum()
    summing = time.perf_counter() - began
    assert (await _asked(database, by_day))[1] == told
    figures = [
        Figure(f"the sums of {ROWS:,} calls, ten minutes of {A_DAY // 144:,}", milliseconds(summing / max(1, slices))),
    ]
    for name, said in ASKED.items():
        asked = UsageAsked(workspace_id, by_day.first, by_day.last, **said)
        samples = [(await _asked(database, asked))[0] for _ in range(SAMPLES)]
        compared = {"baseline": milliseconds(baseline), "ratio": f"{baseline / quantile(samples, 0.5):.0f} times"}
        figures.append(
            Figure(
                f"{name}, p50",
                milliseconds(quantile(samples, 0.5)),
                aim="1 s",
                **(compared if said == {"by": ("day",)} else {}),
            )
        )
    return figures


async def _asked(database: Database, asked: UsageAsked) -> tuple[float, int]:
    """The seconds of an answer, and the calls that it tells of."""
    began = time.perf_counter()
    async with database.begin() as connection:
        lines = await usage_reports.lines(connection, asked)
    return time.perf_counter() - began, sum(line.calls for line in lines)
