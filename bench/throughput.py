"""Turns a second, and processor time per turn, with everything on this machine."""

import asyncio
import time

import psutil

from bench.figures import Figure
from bench.target import Target

SECONDS = 8.0
AIMS = {64: "50 turns/s"}


async def turns_per_second(target: Target, concurrency: int) -> tuple[float, float]:
    """(turns a second, processor milliseconds of our processes per turn) at a concurrency."""
    client = target.client()
    processes = [psutil.Process(pid) for pid in target.own_pids]
    before = sum(_spent(process) for process in processes)
    began = time.perf_counter()
    done = 0

    async def caller(number: int) -> None:
        nonlocal done
        while time.perf_counter() - began < SECONDS:
            await client.chat.completions.create(
                model="sim:sim-fast", messages=[{"role": "user", "content": f"{number} asks {done}"}]
            )
            done += 1

    await asyncio.gather(*(caller(number) for number in range(concurrency)))
    elapsed = time.perf_counter() - began
    spent = sum(_spent(process) for process in processes) - before
    return done / elapsed, spent / done * 1000


async def measure(target: Target) -> list[Figure]:
    """Concurrency 1, 16 and 64."""
    figures = []
    for concurrency in (1, 16, 64):
        rate, milliseconds = await turns_per_second(target, concurrency)
        figures.append(Figure(f"turns a second, {concurrency} at once", f"{rate:.1f}", aim=AIMS.get(concurrency, "")))
        figures.append(Figure(f"our CPU per turn, {concurrency} at once", f"{milliseconds:.1f} ms", aim="20 ms"))
    return figures


def _spent(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
