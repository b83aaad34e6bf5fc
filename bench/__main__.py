"""`make bench`: every figure, or those that are named."""

import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from rich.console import Console

from bench import (
    budgeted_turns,
    budgets,
    failover,
    first_token,
    history,
    limiter,
    long_maps,
    planning,
    reports,
    steps,
    stopping,
    streams,
    switching,
    throughput,
)
from bench.figures import Figure, show
from bench.target import Target, running

MEASURES: dict[str, tuple[str, Callable[[Target], Awaitable[list[Figure]]]]] = {
    "first-token": ("Time to the first token", first_token.measure),
    "throughput": ("Turns a second", throughput.measure),
    "steps": ("AI steps and maps", steps.measure),
    "long-maps": ("A map of ten thousand items", long_maps.measure),
    "history": ("Temporal's history", history.measure),
    "failover": ("Failing over", failover.measure),
    "stopping": ("Stopping", stopping.measure),
    "budgets": ("Reservations of budgets", budgets.measure),
    "budgeted-turns": ("Turns under budgets", budgeted_turns.measure),
    "reports": ("Reports over a large ledger", reports.measure),
    "limiter": ("The shared limiter", limiter.measure),
    "switching": ("Policies that change", switching.measure),
    "planning": ("Planning", planning.measure),
    "streams": ("Streams in flight", streams.measure),
}


def main(names: list[str]) -> int:
    """Run the measures that are named, or all. 2 for a name that is not known."""
    unknown = [name for name in names if name not in MEASURES]
    console = Console()
    if unknown:
        console.print(f"Unknown: {', '.join(unknown)}. There are: {', '.join(MEASURES)}.")
        return 2
    with tempfile.TemporaryDirectory(prefix="perdure-bench-") as folder, running(Path(folder)) as target:
        for name in names or MEASURES:
            title, measure = MEASURES[name]
            show(title, asyncio.run(_one(measure, target)), console)
    return 0


async def _one(measure: Callable[[Target], Awaitable[list[Figure]]], target: Target) -> list[Figure]:
    try:
        return await measure(target)
    finally:
        await target.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
