"""Asking the providers which models they have: at a worker's start, every hour, and whenever somebody wishes."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import structlog

from contracts.errors import ErrorKind, PerdureError, ProviderError
from providers.discovery import discover, listing
from providers.protocol import Listing, Provider
from storage import discovered
from storage.database import Database

FRESH = timedelta(hours=1)
"""How long what a provider listed is believed."""
FRESH_AT_START = timedelta(minutes=1)
"""The same for a worker that starts: a restart asks again, but ten workers that start together ask once."""
RETRY = timedelta(minutes=5)
"""How long after a failure a provider is asked again."""
LOOK_SECONDS = 2.0
"""How often wishes are looked for."""

log = structlog.get_logger("perdure.discovery")


class Discoverer:
    """Asks providers that are due. Workers share the database, and so does what they found: each provider is asked by one."""

    def __init__(
        self,
        database: Database,
        providers: Mapping[str, Provider],
        clock: Callable[[], datetime],
        *,
        wanted: Callable[[], bool] = lambda: True,
    ) -> None:
        """`wanted` says whether the policy in force wants discovery at all. Simulated providers are not asked: what they have is
        known, and what they count as calls are to be the callers' own.
        """
        self._database = database
        asked = {name: provider for name, provider in providers.items() if not provider.config.simulated}
        self._names = tuple(asked)
        self._listing: dict[str, Listing] = listing(asked)
        self._clock = clock
        self._wanted = wanted

    async def run(self) -> None:
        """Discover for ever. What fails is logged and tried again at the next look."""
        fresh = FRESH_AT_START
        while True:
            try:
                if self._wanted():
                    await self.discover(fresh=fresh)
                    fresh = FRESH
            except Exception as error:
                log.warning("discovery failed", error=type(error).__name__, reason=str(error)[:200])
            await asyncio.sleep(LOOK_SECONDS)

    async def discover(self, *, fresh: timedelta = FRESH) -> tuple[str, ...]:
        """Ask the providers that are due, all at once; their names."""
        if not self._names:
            return ()
        began = self._clock()
        async with self._database.begin() as connection:
            due = await discovered.claim(connection, self._names, now=began, fresh=fresh, retry=RETRY)
        await asyncio.gather(*(self._ask(name, began) for name in due))
        return tuple(due)

    async def _ask(self, name: str, began: datetime) -> None:
        try:
            if name not in self._listing:
                raise ProviderError(
                    ErrorKind.INVALID_REQUEST, f"{name} has no list of models that we can read", provider=name
                )
            models = await discover(name, self._listing[name])
        except PerdureError as error:
            log.warning("a provider did not list its models", provider=name, kind=error.kind.value)
            async with self._database.begin() as connection:
                await discovered.store_failure(connection, name, error, checked_at=began)
            return
        async with self._database.begin() as connection:
            await discovered.store(connection, name, models, checked_at=began)
        log.info("a provider listed its models", provider=name, models=len(models))
