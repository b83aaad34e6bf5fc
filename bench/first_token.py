"""Added time to the first token: the official client through Perdure against the same client at the simulator."""

import time

from openai import AsyncOpenAI

from bench.figures import Figure, milliseconds, quantile
from bench.target import Target

SAMPLES = 150
WARM_UP = 20
MODEL = "sim-fast"


async def first_token(client: AsyncOpenAI, model: str, prompt: str) -> float:
    """Seconds from the request to the first piece of text."""
    began = time.perf_counter()
    stream = await client.chat.completions.create(
        model=model, messages=[{"role": "user", "content": prompt}], stream=True
    )
    first = 0.0
    async for chunk in stream:
        if not first and chunk.choices and chunk.choices[0].delta.content:
            first = time.perf_counter() - began
    return first


async def measure(target: Target) -> list[Figure]:
    """Direct and through, in turns, so that the machine's noise falls on both."""
    direct, through = target.direct_client(), target.client()
    samples: dict[str, list[float]] = {"direct": [], "through": []}
    for number in range(WARM_UP + SAMPLES):
        one = await first_token(direct, MODEL, f"Say something about the number {number}.")
        other = await first_token(through, f"sim:{MODEL}", f"Say something about the number {number}.")
        if number >= WARM_UP:
            samples["direct"].append(one)
            samples["through"].append(other)
    figures = []
    for name, share, aim in (("p50", 0.50, 0.020), ("p95", 0.95, 0.040)):
        base, whole = quantile(samples["direct"], share), quantile(samples["through"], share)
        figures.append(
            Figure(
                f"time to the first token, {name}",
                milliseconds(whole),
                milliseconds(base),
                f"added {milliseconds(whole - base)}",
                f"added {milliseconds(aim)}",
            )
        )
    return figures
