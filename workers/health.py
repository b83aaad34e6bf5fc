"""Health as a process runs it: shared with the other processes, probed, and the limiter kept tidy."""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import structlog

from activities.credentials import SharedCredentials
from activities.health import Health
from activities.limiting import SharedLimiter
from contracts.policies import Policy
from providers.protocol import Provider
from storage.database import Database
from storage.limits import BucketStore, PostgresBuckets
from storage.limits_redis import RedisBuckets
from workers.prober import Prober

GIVE_BACK_SECONDS = 0.5

log = structlog.get_logger("perdure.health")


@dataclass(frozen=True, slots=True)
class SharedHealth:
    """This process's part of what all know about models, credentials and limits. `keeper` is for the providers' pools."""

    process: str
    database: Database
    health: Health
    limiter: SharedLimiter
    keeper: SharedCredentials
    clock: Callable[[], datetime]

    def running(self, providers: Mapping[str, Provider], *, probing: bool = True) -> AbstractAsyncContextManager[None]:
        """`running_health` of these parts. To be entered before the worker polls, and left when its calls have ended."""
        return running_health(
            self.health,
            self.limiter,
            self.database,
            providers,
            process=self.process,
            clock=self.clock,
            probing=probing,
        )


@asynccontextmanager
async def shared_health(
    database: Database, *, redis_url: str | None, clock: Callable[[], datetime], policy: Callable[[], Policy]
) -> AsyncIterator[SharedHealth]:
    """Build this process's part. Limits are kept in Redis or Valkey where there is a URL, else in the database."""
    process = process_name()
    health = Health(database, process=process, clock=clock, policy=policy)
    buckets: BucketStore = RedisBuckets(redis_url) if redis_url else PostgresBuckets(database)
    limiter = SharedLimiter(buckets)
    try:
        yield SharedHealth(process, database, health, limiter, SharedCredentials(health, limiter, clock), clock)
    finally:
        await buckets.aclose()


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
