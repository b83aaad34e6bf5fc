"""A worker keeps the sums of the ledger up to the last hour."""

import asyncio
from collections.abc import Callable
from datetime import datetime

import structlog

from storage import usage_days, usage_months
from storage.database import Database

EVERY_SECONDS = 300.0

log = structlog.get_logger("perdure.summing")


class Summer:
    """Sums what has settled, every `EVERY_SECONDS`."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def run(self) -> None:
        """Sum for ever. What fails is logged and tried again at the next."""
        while True:
            try:
                await self.sum()
            except Exception as error:
                log.warning("the ledger could not be summed", error=type(error).__name__, reason=str(error)[:200])
            await asyncio.sleep(EVERY_SECONDS)

    async def sum(self) -> int:
        """Sum every settled slice and whole month of every workspace, each in its own transaction; how many slices there were."""
        async with self._database.begin() as connection:
            found = await usage_days.workspaces(connection)
        slices = 0
        for workspace_id in found:
            more = True
            while more:
                async with self._database.begin() as connection:
                    more = await usage_days.sum_slice(connection, workspace_id, now=self._clock())
                slices += more
            more = True
            while more:
                async with self._database.begin() as connection:
                    more = await usage_months.sum_month(connection, workspace_id)
        return slices
