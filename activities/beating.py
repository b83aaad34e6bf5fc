"""Temporal is told that a worker lives while it waits for something that tells nothing."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from temporalio import activity

_SECONDS = 1.0


@asynccontextmanager
async def beating() -> AsyncIterator[None]:
    """While the block runs, the activity beats."""
    beats = asyncio.create_task(_beat())
    try:
        yield
    finally:
        beats.cancel()


async def _beat() -> None:
    while True:
        activity.heartbeat()
        await asyncio.sleep(_SECONDS)
