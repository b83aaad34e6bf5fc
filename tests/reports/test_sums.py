"""What is summed by day and what is not yet tell together what the ledger tells, however far the sums go."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from contracts.reports import UsageAsked, UsageLine
from storage import usage_days, usage_reports
from storage.database import Database
from storage.ids import new_id
from tests.reports.calls import Call, some_calls, write
from tests.storage.scenes import NOW
from workers.summing import Summer

pytestmark = pytest.mark.real

FIRST, LAST = (NOW - timedelta(days=9)).date(), NOW.date()
Label = Callable[[Call], Any]
LABELS: dict[str, Label] = {
    "day": lambda call: call.at.date(),
    "week": lambda call: call.at.date() - timedelta(days=call.at.weekday()),
    "month": lambda call: call.at.date().replace(day=1),
    "provider": lambda call: call.provider,
    "model": lambda call: f"{call.provider}:{call.model}",
    "task": lambda call: call.task,
    "user": lambda call: call.user,
    "key": lambda call: str(call.key) if call.key else None,
}
ASKED: list[dict[str, Any]] = [
    {},
    {"by": ("day",)},
    {"by": ("week", "provider")},
    {"by": ("month", "task", "model")},
    {"by": ("user",)},
    {"by": ("key", "day")},
    {"by": ("day", "model"), "model": "gpt-4o"},
    {"by": ("task",), "model": "openai:gpt-4o-mini", "provider": "openai"},
    {"by": ("day",), "user": "ada", "task": "code"},
    {"by": ("user", "key")},
    {"by": ("model",), "tags": (("project", "site"),)},
    {"by": ("day",), "tags": (("project", "site"), ("team", "red"))},
    {"by": ("day",), "user": "nobody"},
]


def told(
    calls: list[Call], asked: dict[str, Any], first: date = FIRST, last: date = LAST
) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """What the calls themselves say."""
    sums: dict[tuple[Any, ...], list[Any]] = defaultdict(lambda: [0, 0, 0, 0, Decimal(0), Decimal(0)])
    for call in calls:
        if any(
            (
                not first <= call.at.date() <= last,
                asked.get("user") not in (None, call.user),
                asked.get("provider") not in (None, call.provider),
                asked.get("task") not in (None, call.task),
                asked.get("model") not in (None, call.model, f"{call.provider}:{call.model}"),
                not set(asked.get("tags", ())) <= set(call.tags),
            )
        ):
            continue
        line = sums[tuple(LABELS[name](call) for name in asked.get("by", ()))]
        done = call.state == "completed"
        for at, amount in enumerate(
            (1, done, call.input_uncached + call.cache_read, call.output, call.cost, Decimal(0) if done else call.cost)
        ):
            line[at] += amount
    return {labels: tuple(line) for labels, line in sums.items()}


def shown(lines: list[UsageLine]) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    return {
        line.labels: (line.calls, line.completed, line.input, line.output, line.cost, line.cost_lost) for line in lines
    }


async def asks(
    database: Database, workspace_id: UUID, first: date = FIRST, last: date = LAST, **asked: Any
) -> list[UsageLine]:
    async with database.begin() as connection:
        return await usage_reports.lines(connection, UsageAsked(workspace_id, first, last, **asked))


async def test_sums_and_ledger_tell_the_same(database: Database, workspace_id: UUID) -> None:
    calls = some_calls(400, seed=1, key=new_id())
    await write(database, workspace_id, calls)

    async def check() -> None:
        for asked in ASKED:
            assert shown(await asks(database, workspace_id, **asked)) == told(calls, asked), asked

    await check()
    for days in (4, 2, 0):
        await Summer(database, lambda back=timedelta(days=days): NOW - back).sum()
        await check()
    # Sums are made once: another round finds nothing to do.
    assert await Summer(database, lambda: NOW).sum() == 0
    late = [replace(call, at=NOW - timedelta(minutes=5)) for call in some_calls(20, seed=2)]
    calls += late
    await write(database, workspace_id, late)
    await check()


TIMES = [
    (date(2025, 11, 1), date(2026, 3, 1)),
    (date(2025, 12, 1), date(2025, 12, 31)),
    (date(2025, 12, 2), date(2026, 2, 27)),
    (date(2026, 1, 31), date(2026, 2, 28)),
    (date(2026, 2, 2), date(2026, 2, 20)),
    (date(2025, 12, 15), date(2026, 1, 14)),
]
"""Months from their first days to their last, and times that begin and end within them."""


async def test_months_days_and_ledger_tell_the_same(database: Database, workspace_id: UUID) -> None:
    calls = [
        replace(call, at=call.at - timedelta(days=11 * (number % 11)))
        for number, call in enumerate(some_calls(500, seed=6))
    ]
    calls.append(Call(NOW - timedelta(hours=2), "openai", "gpt-4o"))
    await write(database, workspace_id, calls)

    async def check() -> None:
        for first, last in TIMES:
            for asked in ASKED:
                said = shown(await asks(database, workspace_id, first, last, **asked))
                assert said == told(calls, asked, first, last), (first, last, asked)

    await check()
    # Up to the middle of a month, to the end of one, and to the present.
    for now, months in ((datetime(2026, 1, 20, tzinfo=UTC), 2), (datetime(2026, 2, 10, tzinfo=UTC), 3), (NOW, 4)):
        await Summer(database, lambda until=now: until).sum()
        async with database.begin() as connection:
            summed = await connection.execute(text("SELECT count(DISTINCT month) FROM usage_months"))
            assert summed.scalar_one() == months
        await check()
    day, whole = date(2026, 1, 7), {"by": ("user",)}
    for table, name in (("usage_days", "day = '2026-01-07'"), ("usage_months", "month = '2026-01-01'")):
        async with database.begin() as connection:
            await connection.exec_driver_sql(f"UPDATE {table} SET cost = cost + 1 WHERE {name}")
    # It is the months that are read.
    assert shown(await asks(database, workspace_id, *TIMES[0], **whole)) != told(calls, whole, *TIMES[0])
    assert shown(await asks(database, workspace_id, *TIMES[4], **whole)) == told(calls, whole, *TIMES[4])
    async with database.begin() as connection:
        assert await usage_days.sum_again(connection, workspace_id, day)
    await check()


async def test_tags_are_told_apart_by_name(database: Database, workspace_id: UUID) -> None:
    calls = some_calls(200, seed=3)
    await write(database, workspace_id, calls)
    for _ in range(2):
        lines = await asks(database, workspace_id, by=("tag:project", "provider"))
        expected = told([call for call in calls if dict(call.tags).get("project")], {"by": ("provider",)})
        for (provider,), line in expected.items():
            mine = [one for one in lines if one.labels[1] == provider and one.labels[0] is not None]
            assert sum(one.calls for one in mine) == line[0]
            assert sum(one.cost for one in mine) == line[4]
        assert {one.labels[0] for one in lines} == {"site", "shop"}
        await Summer(database, lambda: NOW).sum()


async def test_an_open_call_holds_the_sums_back(database: Database, workspace_id: UUID) -> None:
    calls = some_calls(50, seed=4)
    began = min(call.at for call in calls) + timedelta(hours=30)
    await write(database, workspace_id, [*calls, Call(began, "openai", "gpt-4o", state="open")])
    await Summer(database, lambda: NOW).sum()
    async with database.begin() as connection:
        until = (await connection.execute(text("SELECT until FROM usage_summed"))).scalar_one()
        assert until <= began
        # It ends, with a cost that counts.
        await connection.execute(text("UPDATE model_usage SET state = 'interrupted', cost = 1 WHERE state = 'open'"))
    before = sum((call.cost for call in calls), Decimal(0))
    for _ in range(2):
        (line,) = await asks(database, workspace_id)
        assert (line.calls, line.cost) == (51, before + 1)
        await Summer(database, lambda: NOW).sum()


async def test_a_crash_amid_a_slice_repeats_nothing(database: Database, workspace_id: UUID) -> None:
    calls = some_calls(100, seed=5)
    await write(database, workspace_id, calls)
    async with database.engine.connect() as connection:
        assert await usage_days.sum_slice(connection, workspace_id, now=NOW)
        await connection.rollback()
    await Summer(database, lambda: NOW).sum()
    assert shown(await asks(database, workspace_id)) == told(calls, {})


async def test_what_caches_saved(database: Database, workspace_id: UUID) -> None:
    call = Call(NOW - timedelta(days=1), "openai", "gpt-4o", cache_read=1_000_000)
    await write(database, workspace_id, [call])
    (line,) = await asks(database, workspace_id)
    # At $2 and $0.50 a million.
    assert line.cache_saved == Decimal("1.5")
    assert line.labels == ()
