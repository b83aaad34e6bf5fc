"""What budgets add to a turn: none, one, and four that count it, in turns, so that the machine's noise falls on all."""

import time
from collections.abc import Sequence

import httpx2
from openai import AsyncOpenAI

from bench.figures import Figure, milliseconds, quantile
from bench.target import Target

SAMPLES = 50
WARM_UP = 10
MODEL = "sim:sim-fast"
_WORKSPACE = {"scope": "workspace", "limit": "1000000"}
COUNTING: dict[int, Sequence[dict[str, str]]] = {
    0: (),
    1: (_WORKSPACE,),
    4: (
        _WORKSPACE,
        {"scope": "key", "value": "*", "limit": "1000000"},
        {"scope": "user", "value": "*", "limit": "1000000", "period": "day"},
        {"scope": "model", "value": "sim:*", "limit": "1000000000", "unit": "tokens"},
    ),
}
"""How many budgets count the turn, and which."""


async def measure(target: Target) -> list[Figure]:
    """Whole turns, one after the other, in rounds: the budgets of each kind are set, and ended, before and after its turn."""
    client, took = target.client(), {count: list[float]() for count in COUNTING}
    headers = {"Authorization": f"Bearer {target.key}"}
    async with httpx2.AsyncClient(base_url=target.url, headers=headers, timeout=60) as http:
        for number in range(WARM_UP + SAMPLES):
            for count, budgets in COUNTING.items():
                made = [(await http.post("/api/budgets", json=one)).raise_for_status().json()["id"] for one in budgets]
                # The first call under a budget opens its account.
                await turn(client, number)
                one = await turn(client, number)
                for budget in made:
                    (await http.delete(f"/api/budgets/{budget}")).raise_for_status()
                if number >= WARM_UP:
                    took[count].append(one)
    figures = []
    for name, share in (("p50", 0.5), ("p95", 0.95)):
        base = quantile(took[0], share)
        for count in (1, 4):
            whole = quantile(took[count], share)
            added = f"added {milliseconds(whole - base)}"
            label = f"a turn under {count} budget{'s' if count > 1 else ''}, {name}"
            figures.append(Figure(label, milliseconds(whole), milliseconds(base), added))
    return figures


async def turn(client: AsyncOpenAI, number: int) -> float:
    """Seconds that a whole turn takes."""
    began = time.perf_counter()
    await client.chat.completions.create(
        model=MODEL, messages=[{"role": "user", "content": f"Say something about {number}."}], user="ada"
    )
    return time.perf_counter() - began
