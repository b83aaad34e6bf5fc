"""A map over ten thousand items: as fast as a short one, its histories bounded and its memory with them."""

import asyncio
import os
import time
from dataclasses import dataclass
from uuid import UUID, uuid4

import httpx2
import psutil
import yaml
from temporalio.client import Client

from bench.figures import Figure
from bench.target import Target
from contracts.ids import run_workflow_id

SHORT, LONG = 500, int(os.environ.get("BENCH_MAP_ITEMS", "10000"))
CONCURRENCY = 32
_LOOK = 0.25
_LONGEST = 3_600.0


@dataclass(frozen=True, slots=True)
class _Mapped:
    """A map that has come to its end. `longest` counts the events of its longest history, `grown` is in bytes."""

    rate: float
    longest: int
    histories: int
    grown: int


async def measure(target: Target) -> list[Figure]:
    """A long map beside a short one. `BENCH_MAP_ITEMS` says how long."""
    temporal = await Client.connect(target.temporal_address)
    headers = {"Authorization": f"Bearer {target.key}"}
    async with httpx2.AsyncClient(base_url=target.url, headers=headers, timeout=60) as http:
        short = await _map(http, temporal, target, SHORT)
        long = await _map(http, temporal, target, LONG)
    return [
        Figure(
            f"items of a map of {LONG} a second",
            f"{long.rate:.1f}/s",
            f"{short.rate:.1f}/s",
            _times(long, short, "rate"),
        ),
        Figure(
            f"the longest of its {long.histories} histories",
            f"{long.longest} events",
            f"{short.longest} events",
            _times(long, short, "longest"),
        ),
        Figure("memory grown meanwhile", f"{long.grown / 2**20:.0f} MiB", f"{short.grown / 2**20:.0f} MiB"),
    ]


async def _map(http: httpx2.AsyncClient, temporal: Client, target: Target, items: int) -> _Mapped:
    name = f"bench-{uuid4().hex[:8]}"
    inner = [{"id": "x", "kind": "transform", "cel": "item * 2"}]
    over = {"id": "m", "kind": "map", "over": "{{ range(count) | list }}", "max_items": items, "steps": inner}
    document = {"name": name, "inputs": {"count": "integer"}, "steps": [{**over, "concurrency": CONCURRENCY}]}
    (await http.post("/api/pipelines", content=yaml.safe_dump(document, sort_keys=False))).raise_for_status()
    before, began = _memory(target), time.perf_counter()
    begun = await http.post(f"/api/pipelines/{name}/runs", json={"input": {"count": items}})
    run = begun.raise_for_status().json()
    while run["finished_at"] is None and time.perf_counter() - began < _LONGEST:
        await asyncio.sleep(_LOOK)
        run = (await http.get(f"/api/runs/{run['id']}")).raise_for_status().json()
    took = time.perf_counter() - began
    if run["state"] != "completed":
        raise RuntimeError(f"the map's run is {run['state']}: {run['error']}")
    query = f'WorkflowId = "{run_workflow_id(UUID(run["id"]), "m")}"'
    lengths = [one.history_length async for one in temporal.list_workflows(query)]
    return _Mapped(items / took, max(lengths), len(lengths), _memory(target) - before)


def _memory(target: Target) -> int:
    return sum(psutil.Process(pid).memory_info().rss for pid in target.own_pids)


def _times(one: _Mapped, other: _Mapped, what: str) -> str:
    return f"{getattr(one, what) / getattr(other, what):.2f} x"
