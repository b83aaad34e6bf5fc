"""Steps: AI steps a second, what a step adds to its call, and how fast a map works, each against the simulator asked directly."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from uuid import uuid4

import httpx2
import yaml

from bench.figures import Figure, milliseconds, quantile
from bench.target import Target

SECONDS = 8.0
AT_ONCE = 16
ALONE = 60
ITEMS = 200
_MODEL = "sim-fast"


async def measure(target: Target) -> list[Figure]:
    """Each figure beside its baseline, which is measured right before it."""
    direct = target.direct_client()
    headers = {"Authorization": f"Bearer {target.key}"}
    limits = httpx2.Limits(max_connections=AT_ONCE * 2)
    async with httpx2.AsyncClient(base_url=target.url, headers=headers, timeout=120, limits=limits) as http:

        async def call(said: str) -> None:
            await direct.chat.completions.create(model=_MODEL, messages=[{"role": "user", "content": said}])

        async def step(said: str) -> None:
            body = {"prompt": said, "model": f"sim:{_MODEL}", "wait": 60}
            answer = (await http.post("/api/steps", json=body)).raise_for_status().json()
            if answer["state"] != "completed":
                raise RuntimeError(f"a step ended as {answer['state']}: {answer['error']}")

        await _each(step, 5)
        alone = await _each(call, ALONE), await _each(step, ALONE)
        rates = await _rate(call), await _rate(step)
        began = time.perf_counter()
        await _beside(call, ITEMS)
        mapped = ITEMS / (time.perf_counter() - began), await _map(http)
    typical = quantile(alone[0], 0.5), quantile(alone[1], 0.5)
    added = typical[1] - typical[0]
    return [
        _rates(f"AI steps a second, {AT_ONCE} at once", rates),
        Figure("an AI step alone, p50", milliseconds(typical[1]), milliseconds(typical[0]), _ratio(*typical)),
        Figure("added by a step, p50", milliseconds(added), milliseconds(typical[0]), f"{added / typical[0]:.2f}"),
        Figure("an AI step alone, p95", milliseconds(quantile(alone[1], 0.95)), milliseconds(quantile(alone[0], 0.95))),
        _rates(f"items of a map a second, {AT_ONCE} of {ITEMS} at once", mapped),
    ]


async def _each(asked: Callable[[str], Awaitable[None]], count: int) -> list[float]:
    """Seconds of each, one after another."""
    taken = []
    for number in range(count):
        began = time.perf_counter()
        await asked(f"alone {number}")
        taken.append(time.perf_counter() - began)
    return taken


async def _rate(asked: Callable[[str], Awaitable[None]]) -> float:
    """How many a second, by so many callers."""
    began, done = time.perf_counter(), 0

    async def caller(number: int) -> None:
        nonlocal done
        while time.perf_counter() - began < SECONDS:
            await asked(f"{number} asks {done}")
            done += 1

    await asyncio.gather(*(caller(number) for number in range(AT_ONCE)))
    return done / (time.perf_counter() - began)


async def _beside(asked: Callable[[str], Awaitable[None]], count: int) -> None:
    """So many calls, with as many at once as the map has."""
    room = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> None:
        async with room:
            await asked(f"item {number}")

    await asyncio.gather(*(one(number) for number in range(count)))


async def _map(http: httpx2.AsyncClient) -> float:
    """Items a second of a run that is one map, from its start to its end."""
    name = f"bench-{uuid4().hex[:8]}"
    asks = {"id": "ask", "kind": "agent", "prompt": "item {{ item }}"}
    over = {"id": "each", "kind": "map", "over": "{{ items }}", "concurrency": AT_ONCE, "steps": [asks]}
    document = {
        "name": name,
        "defaults": {"model": f"sim:{_MODEL}"},
        "inputs": {"items": {"type": "array"}},
        "steps": [over],
    }
    (await http.post("/api/pipelines", content=yaml.safe_dump(document, sort_keys=False))).raise_for_status()
    began = time.perf_counter()
    begun = await http.post(
        f"/api/pipelines/{name}/runs", params={"wait": 110}, json={"input": {"items": list(range(ITEMS))}}
    )
    run = begun.raise_for_status().json()
    if run["state"] != "completed":
        raise RuntimeError(f"the map's run is {run['state']}: {run['error']}")
    return ITEMS / (time.perf_counter() - began)


def _rates(name: str, pair: tuple[float, float]) -> Figure:
    return Figure(name, f"{pair[1]:.1f}/s", f"{pair[0]:.1f}/s", _ratio(*pair))


def _ratio(baseline: float, measured: float) -> str:
    return f"{measured / baseline:.2f}"
