"""Telling webhooks, for as long as a worker runs."""

import asyncio

import structlog

from activities.delivering import BATCH, deliver_due
from activities.world import World

LOOK_SECONDS = 1.0

log = structlog.get_logger("perdure.courier")


class Courier:
    """Looks for messages that are due every second, and goes on at once while there are more."""

    def __init__(self, world: World, *, seconds: float = LOOK_SECONDS) -> None:
        self._world = world
        self._seconds = seconds

    async def run(self) -> None:
        """Deliver for ever. What fails is logged and tried again."""
        while True:
            tried = 0
            try:
                tried = await deliver_due(self._world)
            except Exception as error:
                log.warning("delivering failed", error=type(error).__name__, reason=str(error)[:200])
            if tried < BATCH:
                await asyncio.sleep(self._seconds)
