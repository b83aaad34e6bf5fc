"""Health as a process runs it: shared with the other processes, probed, and the limiter kept tidy."""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime

import structlog

from activities.health import Health
from activities.limiting import SharedLimiter
from providers.protocol import Provider
from storage.database import Database
from workers.prober import Prober

GIVE_BACK_SECONDS = 0.5

log = structlog.get_logger("perdure.health")


def process_name() -> str:
    """A name for this process that no other has, before or after."""
    return f"{os.getpid()}-{secrets.token_hex(4)}"


@asynccontextmanager
async def running_health(
    health: Health,
    limiter: SharedLimiter,
    database: Database,
    providers: Mapping[str, Provider],
    *,
    process: str,
    clock: Callable[[], datetime],
    probing: bool = True,
) -> AsyncIterator[None]:
    """Share health while the block runs; at its end tell what is left. `probing` False: this process probes nobody."""
    work = [health.run(), _give_back(limiter, clock)]
    if probing:
        work.append(Prober(health, database, providers, process=process, clock=clock).run())
    tasks = [asyncio.create_task(one) for one in work]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        try:
            await health.tell()
            await limiter.aclose(clock())
        except Exception as error:
            log.warning("the last of health could not be told", error=type(error).__name__)


async def _give_back(limiter: SharedLimiter, clock: Callable[[], datetime]) -> None:
    while True:
        await asyncio.sleep(GIVE_BACK_SECONDS)
        try:
            await limiter.give_back(clock())
        except Exception as error:
            log.warning("limits are not given back for the moment", error=type(error).__name__)
