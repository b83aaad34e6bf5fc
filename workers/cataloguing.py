"""The catalogs of a process, kept up with what workers discover and with the day's prices."""

import asyncio
from collections.abc import Callable
from datetime import datetime

import structlog
from sqlalchemy.exc import DBAPIError

from domain.catalog import Catalogs
from settings import Settings
from storage import discovered
from storage.database import Database
from workers.offering import offer_of

LOOK_SECONDS = 2.0
"""How often a process looks whether something new was discovered: one row is read."""

log = structlog.get_logger("perdure.catalog")


def build_catalogs(settings: Settings, now: datetime) -> Catalogs:
    """The catalogs of the configured providers, at the prices of the day."""
    offers = [offer_of(config) for config in settings.provider_configs()]
    return Catalogs(offers, allow_unlisted=settings.allow_unlisted_models, on=now.date())


class CatalogWatch:
    """Takes over into a process's catalogs what is in the database."""

    def __init__(self, database: Database, catalogs: Catalogs, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._catalogs = catalogs
        self._clock = clock
        self._seen: int | None = None

    async def run(self) -> None:
        """Look for ever. A look that fails is logged once and tried again at the next."""
        failing = False
        while True:
            try:
                await self.look()
                failing = False
            except (DBAPIError, OSError) as error:
                if not failing:
                    log.warning("the catalog cannot be brought up to date", error=type(error).__name__)
                failing = True
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> bool:
        """Take over what is new; whether there was anything."""
        found = None
        async with self._database.begin() as connection:
            revision = await discovered.revision(connection)
            if revision != self._seen:
                found = await discovered.models(connection)
        before = self._catalogs.plain
        # Merging some thousands of names takes tenths of a second, in which streams must go on.
        await asyncio.to_thread(self._catalogs.update, found=found, on=self._clock().date())
        self._seen = revision
        return self._catalogs.plain is not before
