"""How soon the next model is asked after one has failed, by the provider's own log."""

import asyncio

import httpx2

from bench.figures import Figure, milliseconds, quantile
from bench.target import Target
from providers.simulator.control import Simulator

SAMPLES = 40
AT_ONCE = 8
AIM, WORST = "50 ms", "2 s"
FAULTS: dict[str, dict[str, object]] = {
    "an error before the first byte": {"error": {"kind": "unavailable"}},
    "a stream cut after six tokens": {"cut_after": 6},
}


async def measure(target: Target) -> list[Figure]:
    """From the end of the call that fails to the beginning of the next, one turn at a time and several at once."""
    figures = []
    headers = {"Authorization": f"Bearer {target.key}"}
    with Simulator(target.simulator_url) as simulator:
        async with httpx2.AsyncClient(base_url=target.url, headers=headers, timeout=60) as client:
            for number, (name, behaviour) in enumerate(FAULTS.items()):
                for at_once in (1, AT_ONCE):
                    samples = await _samples(client, simulator, behaviour, f"{number}-{at_once}", at_once=at_once)
                    what = f"{name}, {at_once} at once"
                    figures += [
                        Figure(f"{what}, p50", milliseconds(quantile(samples, 0.5)), aim=AIM),
                        Figure(f"{what}, p95", milliseconds(quantile(samples, 0.95)), aim=AIM),
                        Figure(f"{what}, worst", milliseconds(max(samples)), aim=WORST),
                    ]
        simulator.clear_scenarios()
    return figures


async def _samples(
    client: httpx2.AsyncClient, simulator: Simulator, behaviour: dict[str, object], label: str, *, at_once: int
) -> list[float]:
    """Seconds. Every turn has models of its own, so that no breaker opens; the first turns find everything cold."""
    after = max((call["seq"] for call in simulator.calls()), default=0)
    names = [f"sim-away-{label}-{number}" for number in range(SAMPLES + at_once)]
    for name in names:
        simulator.scenario(behaviour, match={"model": name})
    room = asyncio.Semaphore(at_once)
    await asyncio.gather(*(_turn(client, room, name) for name in names))
    calls = {call["model"]: call for call in simulator.calls(after=after)}
    pairs = [(calls[name], calls[_next(name)]) for name in names[at_once:]]
    simulator.clear_scenarios()
    return [following["monotonic"] - failed["ended"] for failed, following in pairs]


async def _turn(client: httpx2.AsyncClient, room: asyncio.Semaphore, name: str) -> None:
    body = {
        "model": f"sim:{name}",
        "models": [f"anthropic:{_next(name)}"],
        "content": "Say something.",
        "limits": {"same_candidate": 1},
    }
    async with room:
        answer = (await client.post("/api/turns?wait=60", json=body)).raise_for_status().json()
        if answer["state"] != "completed":
            raise RuntimeError(f"the turn of {name} ended as {answer['state']}")


def _next(name: str) -> str:
    return name.replace("away", "next")
