"""Finding out whether what was away is back: one worker asks, all learn it."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping
from contextlib import aclosing
from datetime import datetime, timedelta
from typing import cast

import structlog

from activities.health import Health
from contracts.errors import ErrorKind, ProviderError
from contracts.events import Finished, PartDelta, PartStarted, ProviderEvent
from contracts.health import BreakerKey
from contracts.models import ModelRef
from contracts.parts import Message, TextPart
from contracts.requests import Knobs, ModelRequest
from domain.health.breaker import due
from domain.health.judging import shows_life
from providers.pool import PooledProvider
from providers.protocol import Health as Probed
from providers.protocol import Provider
from storage import provider_checks
from storage.database import Database
from storage.provider_checks import Check

EVERY = timedelta(seconds=60)
"""How often a provider is asked whether it is there, which bills nothing."""
NEVER = timedelta(days=36_500)
"""A simulated provider is asked only when somebody wants it: its log of calls is to be the callers' own."""
AHEAD = 1.0
"""Seconds by which a breaker's probe comes early, so that it comes in time."""
LOOK_SECONDS = 0.5
FIRST_TOKEN_SECONDS = 12.0
_SMALLEST_ANSWER = 16
"""Tokens: OpenAI's responses refuse less."""

log = structlog.get_logger("perdure.prober")


class Prober:
    """Probes breakers that are due, and checks providers every minute or when somebody asks.

    A provider's own breaker and a credential's are probed by listing models. A model's is probed by a question of two words,
    since no list tells whether a model answers; `ask_models` False leaves that to the callers' own calls.
    """

    def __init__(
        self,
        health: Health,
        database: Database,
        providers: Mapping[str, Provider],
        *,
        process: str,
        clock: Callable[[], datetime],
        ask_models: bool = True,
    ) -> None:
        self._health = health
        self._database = database
        self._providers = providers
        self._process = process
        self._clock = clock
        self._ask_models = ask_models
        self._asking: set[asyncio.Task[None]] = set()
        self._entered = False

    async def run(self) -> None:
        """Probe and check for ever. What fails is logged and tried again."""
        try:
            while True:
                try:
                    await self.look()
                except Exception as error:
                    log.warning("providers cannot be probed for the moment", error=type(error).__name__)
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            for task in self._asking:
                task.cancel()
            await asyncio.gather(*self._asking, return_exceptions=True)

    async def look(self) -> None:
        """Begin every probe and check that is due and nobody else's."""
        soon = self._clock() + timedelta(seconds=AHEAD)
        waiting = [
            breaker.key
            for breaker in self._health.view.breakers()
            if due(breaker, now=soon) and self._can_ask(breaker.key)
        ]
        for key in await self._health.take_probes(waiting, ahead=AHEAD):
            self._begin(self._probe(key))
        pairs = self._pairs()
        async with self._database.begin() as connection:
            if not self._entered:
                for simulated in (False, True):
                    named = [pair for pair, one in pairs.items() if one.config.simulated == simulated]
                    first = self._clock() + (NEVER if simulated else timedelta())
                    await provider_checks.enter(connection, named, due_at=first)
                self._entered = True
            taken = await provider_checks.take(connection, list(pairs), holder=self._process, now=self._clock())
        for provider, credential in taken:
            self._begin(self._check(provider, credential, pairs[provider, credential]))

    async def settled(self) -> None:
        """Wait until everything that was begun has ended."""
        await asyncio.gather(*self._asking)

    def _begin(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(self._logged(work))
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)

    async def _logged(self, work: Coroutine[object, object, None]) -> None:
        try:
            await work
        except Exception as error:
            log.warning("a probe failed on our side", error=type(error).__name__)

    def _can_ask(self, key: BreakerKey) -> bool:
        provider = self._providers.get(key.provider)
        if provider is None or (key.model and not self._ask_models):
            return False
        return not key.credential or (isinstance(provider, PooledProvider) and key.credential in provider.members)

    def _pairs(self) -> dict[tuple[str, str], Provider]:
        pairs: dict[tuple[str, str], Provider] = {}
        for name, provider in self._providers.items():
            if isinstance(provider, PooledProvider):
                pairs |= {(name, credential): member for credential, member in provider.members.items()}
            else:
                pairs[name, ""] = provider
        return pairs

    async def _probe(self, key: BreakerKey) -> None:
        provider = self._providers[key.provider]
        if key.credential and isinstance(provider, PooledProvider):
            provider = provider.members[key.credential]
        found = await provider.check_health()
        ok, kind = found.ok, _kind(found)
        if ok and key.model:
            kind = await self._ask(provider, key)
            ok = bool(shows_life(kind))
        await self._health.probed([key], ok=ok, kind=kind)

    async def _ask(self, provider: Provider, key: BreakerKey) -> ErrorKind | None:
        """Ask the model for its first word; the kind of its failure, if it fails."""
        request = ModelRequest(
            model=ModelRef(provider=key.provider, model=key.model),
            messages=(Message(role="user", parts=(TextPart(text="Say ok."),)),),
            knobs=Knobs(max_output_tokens=_SMALLEST_ANSWER),
        )
        stream = provider.stream(request, call_id=f"probe/{self._process}")
        try:
            async with (
                asyncio.timeout(FIRST_TOKEN_SECONDS),
                aclosing(cast(AsyncGenerator[ProviderEvent, None], stream)) as events,
            ):
                async for event in events:
                    if isinstance(event, PartStarted | PartDelta | Finished):
                        return None
        except TimeoutError:
            return ErrorKind.TIMEOUT
        except ProviderError as error:
            return error.kind
        return ErrorKind.UNAVAILABLE

    async def _check(self, name: str, credential: str, provider: Provider) -> None:
        found = await provider.check_health()
        now = self._clock()
        check = Check(name, credential, found.ok, found.kind, found.message, found.latency, now)
        async with self._database.begin() as connection:
            later = now + (NEVER if provider.config.simulated else EVERY)
            await provider_checks.keep(connection, check, holder=self._process, now=now, due_at=later)


def _kind(found: Probed) -> ErrorKind | None:
    return None if found.kind is None else ErrorKind(found.kind)
