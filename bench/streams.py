"""A thousand streams, all in flight at once for twenty seconds."""

import asyncio
import time

import psutil

from bench.figures import Figure
from bench.target import Target

STREAMS = 1_000
SECONDS = 20
"""How long all of them are in flight together."""
RAMP_SECONDS = 25.0
TOKENS_A_SECOND = 1
TOKENS = int(SECONDS + RAMP_SECONDS) * TOKENS_A_SECOND


async def measure(target: Target) -> list[Figure]:
    """Start them over a ramp, read all of them to the end, count failures and memory."""
    client = target.client(timeout=300)
    model = f"sim:sim-tokens-{TOKENS}-rate-{TOKENS_A_SECOND}"
    failures: list[str] = []
    open_now = most = 0

    async def one(number: int) -> None:
        nonlocal open_now, most
        await asyncio.sleep(number / STREAMS * RAMP_SECONDS)
        finished = False
        try:
            stream = await client.chat.completions.create(
                model=model, messages=[{"role": "user", "content": f"stream {number}"}], stream=True
            )
            open_now += 1
            most = max(most, open_now)
            async for chunk in stream:
                finished = finished or bool(chunk.choices and chunk.choices[0].finish_reason)
            open_now -= 1
        except Exception as error:
            failures.append(f"{type(error).__name__}: {error}")
            return
        if not finished:
            failures.append("no finish reason")

    began = time.perf_counter()
    peak = 0
    gathering = asyncio.ensure_future(asyncio.gather(*(one(number) for number in range(STREAMS))))
    while not gathering.done():
        peak = max(peak, sum(psutil.Process(pid).memory_info().rss for pid in target.own_pids))
        await asyncio.wait([gathering], timeout=0.5)
    elapsed = time.perf_counter() - began
    return [
        Figure(f"{STREAMS} streams at once for {SECONDS} s: failures", str(len(failures)), aim="0"),
        Figure("most in flight at once", str(most), aim=str(STREAMS)),
        Figure("memory of our processes", f"{peak / 2**20:.0f} MiB"),
        Figure("all finished after", f"{elapsed:.1f} s", f"{SECONDS + 2 * RAMP_SECONDS:.1f} s without us"),
        *(Figure("failure", text[:100]) for text in sorted(set(failures))[:3]),
    ]
