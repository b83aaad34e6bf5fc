"""Waiting for a condition, with a limit."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

from providers.simulator.control import Simulator

LIMIT = 10.0
"""Seconds after which a condition is taken to fail."""


async def until(condition: Callable[[], bool], what: str) -> None:
    """Return as soon as `condition` holds."""
    deadline = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < deadline, f"waited {LIMIT:g} s in vain: {what}"
        await asyncio.sleep(0.01)


async def until_held(simulator: Simulator, number: int) -> None:
    """Return once so many calls are held."""
    await until(lambda: simulator.holding() == number, f"{number} calls are held")


async def ended(simulator: Simulator) -> dict[str, Any]:
    """The first call of the log, once it has ended."""
    await until(lambda: simulator.calls()[0]["outcome"] != "running", "the call ended")
    return simulator.calls()[0]


async def silent(waiting: "asyncio.Future[Any]", seconds: float = 0.2) -> None:
    """Fail if `waiting` is done within so many seconds, then cancel it."""
    done, _ = await asyncio.wait((waiting,), timeout=seconds)
    assert not done, "the stream went on"
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
