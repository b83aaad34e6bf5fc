"""How soon a policy that was changed is in force in another process, and what asking for it costs."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID, uuid4

import httpx2
import structlog

from bench.figures import Figure, milliseconds, quantile
from bench.target import Target
from domain.policies.reading import read
from storage import keys
from storage.database import Database
from workers.compose import utc_now
from workers.policies.file import PolicyFile
from workers.policies.live import LivePolicies

SAMPLES = 40
CALLS = 200_000
AIM = "100 ms"
_EXAMPLE = Path(__file__).parents[1] / "examples" / "policies.yaml"
_PATIENCE = 30.0


async def measure(target: Target) -> list[Figure]:
    """This process follows the target's database and a file of its own, as a worker would."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    async with _following(target) as (live, file, workspace_id):
        headers = {"Authorization": f"Bearer {target.key}", "Content-Type": "application/yaml"}
        async with httpx2.AsyncClient(base_url=target.url, headers=headers, timeout=60) as client:

            async def put(seconds: float) -> None:
                (await client.put("/api/policies", content=f"limits: {{step: {seconds}}}")).raise_for_status()

            async def write(seconds: float) -> None:
                file.write_text(
                    f"{_EXAMPLE.read_text()}# {seconds}\n".replace("  idle:", f"  attempt: {seconds}\n  idle:")
                )

            stored = await _switches(put, lambda: live.effective(workspace_id).policy.limits.step)
            asked = _per_call(live, workspace_id), _per_call(live, uuid4())
            written = await _switches(write, lambda: live.effective(workspace_id).policy.limits.attempt)
            (await client.put("/api/policies", content="{}")).raise_for_status()
    return [
        Figure("a PUT to force in another process, p50", milliseconds(quantile(stored, 0.5)), aim=AIM),
        Figure("a PUT to force in another process, worst", milliseconds(max(stored)), aim=AIM),
        Figure("a file written to force, p50", milliseconds(quantile(written, 0.5)), aim=AIM),
        Figure("a file written to force, worst", milliseconds(max(written)), aim=AIM),
        Figure("asking, a workspace with a policy of its own", f"{asked[0] * 1e6:.2f} µs"),
        Figure("asking, a workspace without", f"{asked[1] * 1e6:.2f} µs"),
        Figure("reading the example's text", milliseconds(_reading())),
    ]


@asynccontextmanager
async def _following(target: Target) -> AsyncIterator[tuple[LivePolicies, Path, UUID]]:
    """Policies that follow, their file, and the workspace of the target's key."""
    database = Database(target.database_url, pool_size=2)
    with TemporaryDirectory(prefix="perdure-bench-policies-") as folder:
        file = Path(folder) / "policies.yaml"
        file.write_bytes(_EXAMPLE.read_bytes())
        live = LivePolicies(database, PolicyFile(file, copies=Path(folder) / "copies"), required=True, clock=utc_now)
        try:
            async with database.begin() as connection:
                key = await keys.find(connection, target.key)
            if key is None:
                raise RuntimeError("the target's key is not in its database")
            await live.start()
            yield live, file, key.workspace_id
        finally:
            await live.aclose()
            await database.close()


async def _switches(change: Callable[[float], Awaitable[None]], seen: Callable[[], float | None]) -> list[float]:
    """Seconds from each change's beginning until it is seen. The first, which finds everything cold, does not count."""
    samples = []
    for number in range(1, SAMPLES + 2):
        began = time.perf_counter()
        changing = asyncio.ensure_future(change(number))
        async with asyncio.timeout(_PATIENCE):
            while seen() != number:  # noqa: ASYNC110  a policy calls nobody
                await asyncio.sleep(0.0005)
        samples.append(time.perf_counter() - began)
        await changing
    return samples[1:]


def _per_call(live: LivePolicies, workspace_id: UUID) -> float:
    began = time.perf_counter()
    for _ in range(CALLS):
        live.effective(workspace_id)
    return (time.perf_counter() - began) / CALLS


def _reading() -> float:
    text = _EXAMPLE.read_bytes()
    samples = []
    for _ in range(SAMPLES):
        began = time.perf_counter()
        read(text, source="example")
        samples.append(time.perf_counter() - began)
    return quantile(samples, 0.5)
