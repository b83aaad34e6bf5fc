"""Running a worker with its sweeper until it is told to stop."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import structlog
from temporalio.common import WorkerDeploymentVersion

from providers.registry import warm
from workers.compose import House, utc_now
from workers.courier import Courier
from workers.deploying import announce_build
from workers.discovering import Discoverer
from workers.nexus_endpoint import ensure_endpoint
from workers.summing import Summer
from workers.sweep_schedule import ensure_sweeping
from workers.sweeper import Sweeper
from workers.worker import build_worker

log = structlog.get_logger("perdure.worker")


@asynccontextmanager
async def running_worker(house: House) -> AsyncIterator[None]:
    """A worker polls while the block runs. At its end calls in flight have the shutdown time to finish."""
    settings = house.settings
    build = None
    if settings.build_id:
        build = WorkerDeploymentVersion(settings.deployment, settings.build_id)
    worker = build_worker(
        house.temporal, house.world, concurrency=settings.worker_concurrency, shutdown=settings.shutdown, build=build
    )
    sweeper = Sweeper(house.world, house.temporal, interval=settings.sweep_seconds, keep_streams=settings.keep_streams)
    discoverer = Discoverer(
        house.database,
        house.providers,
        utc_now,
        wanted=lambda: house.policies.deployment.policy.policy.switches.discovery,
    )
    warming = asyncio.create_task(_warm(house) if settings.warm else asyncio.sleep(0))
    async with worker:
        sweeping = asyncio.create_task(sweeper.run())
        discovering = asyncio.create_task(discoverer.run())
        summing = asyncio.create_task(Summer(house.database, utc_now).run())
        if build is not None:
            await announce_build(house.temporal, build)
        await ensure_sweeping(house.temporal, timedelta(seconds=settings.settle_seconds))
        if settings.nexus_endpoint:
            await ensure_endpoint(house.temporal, settings.nexus_endpoint)
        delivering = asyncio.create_task(Courier(house.world).run())
        log.info("worker polls", providers=sorted(house.providers), concurrency=settings.worker_concurrency)
        try:
            yield
        finally:
            for task in (delivering, summing, discovering, sweeping, warming):
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task


async def _warm(house: House) -> None:
    """What the first turns would else wait for: the SDKs first, since every turn needs one."""
    await warm(house.providers.values())
    try:
        await house.planner.warm()
    except Exception as error:
        log.warning("planning could not be warmed; the first turn will say why", exc_info=error)
