"""A primary that goes and comes back under steady load: everybody is served, it is left alone, and it gets its traffic back."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.faults.asking import Caller, Told, at_once, set_breaker
from tests.fixtures.house import Running

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="module")]

FAILURES = 3
PROBE_SECONDS = 3.0
EARLY = 1.0
"""A probe may come so much before its time."""
DOWN_SECONDS = 7.0
EVERY = 0.15
SETTLING = 2.0
"""Seconds in which processes learn what one of them saw, and those who wait to ask again have asked."""
OPENING = 12
"""Calls at most until the breaker is open: those under way, each with its one repeat."""
RETURNED = 20
"""Calls that the primary answers when it is back."""
PATIENCE = 30.0
AWAY: dict[str, dict[str, Any]] = {"chat": {"error": {"kind": "unavailable"}}, "claude": {"drop_connection": True}}
"""How each primary is away: its model fails, or nobody can reach its provider."""
BACKUP = {"chat": "gemini", "claude": "responses"}
"""Who answers meanwhile: a provider that is nobody else's primary, since a whole provider is left alone where it is gone."""


@pytest.mark.long
async def test_a_flapping_primary(module_house: Running, caller: Caller) -> None:
    await set_breaker(module_house, failures=FAILURES, probe_seconds=PROBE_SECONDS)
    await at_once(*((wire, _flap(caller, wire)) for wire in AWAY))


async def _flap(caller: Caller, wire: str) -> None:
    # Without a scenario of its own, whose place would be before the outage's.
    primary, backup = f"{wire}:sim-flapping-{wire}", caller.model(BACKUP[wire])
    simulator = caller.house.simulator
    # The first call of each wire imports its SDK, for which many would wait and then call at once.
    for model in (primary, backup):
        assert (await caller.ask("whole", [model])).error is None
    asked: list[tuple[float, asyncio.Task[Told]]] = []
    loading = asyncio.create_task(_load(caller, [primary, backup], asked))
    try:
        await _until(lambda: len(caller.calls(primary)) >= FAILURES)
        outage = simulator.scenario(AWAY[wire], match={"model": primary.partition(":")[2]})
        down = time.monotonic()
        await asyncio.sleep(SETTLING)
        state = await _breaker(caller, primary)
        await asyncio.sleep(DOWN_SECONDS - SETTLING)
        simulator.remove_scenario(outage)
        up = time.monotonic()
        await _until(lambda: bool(_answered(caller, primary, up)))
        back = _answered(caller, primary, up)[0]
        await _until(lambda: len(_answered(caller, primary, up)) >= RETURNED)
    finally:
        loading.cancel()
    served = await asyncio.gather(*(one for _, one in asked))
    assert {(told.error, told.finish) for told in served} == {(None, "stop")}
    while_away = [call["monotonic"] for call in caller.calls(primary) if down <= call["monotonic"] < up]
    probes = [at for at in while_away if at >= down + SETTLING]
    assert state in ("open", "half_open")
    assert FAILURES <= len(while_away) - len(probes) <= OPENING
    assert 1 <= len(probes) <= DOWN_SECONDS / (PROBE_SECONDS - EARLY) + 1
    assert back - up <= PROBE_SECONDS + SETTLING
    # Those who asked before may still go to the fallback.
    late = {one.result().turn_id for at, one in asked if at > back + SETTLING}
    assert late
    assert late & {call["client_request_id"].partition("/")[0] for call in caller.calls(backup)} == set()
    assert await _breaker(caller, primary) is None


async def _load(caller: Caller, models: list[str], asked: list[tuple[float, asyncio.Task[Told]]]) -> None:
    """One request every `EVERY` seconds, whatever became of those before."""
    while True:
        asked.append((time.monotonic(), asyncio.create_task(caller.ask("whole", models))))
        await asyncio.sleep(EVERY)


async def _breaker(caller: Caller, model: str) -> str | None:
    """The state of the model's breaker, as the API shows it; None for one at rest."""
    stats = (await caller.http.get("/api/models/stats")).raise_for_status().json()
    provider, _, name = model.partition(":")
    states = [one["state"] for one in stats["breakers"] if (one["provider"], one["model"]) == (provider, name)]
    return next((state for state in states if state != "closed"), None)


def _answered(caller: Caller, model: str, since: float) -> list[float]:
    """When the calls that were answered began."""
    return [
        call["monotonic"]
        for call in caller.calls(model)
        if call["outcome"] == "completed" and call["monotonic"] >= since
    ]


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not holds():  # noqa: ASYNC110 - only the provider's log tells
            await asyncio.sleep(0.05)
