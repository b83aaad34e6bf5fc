"""Health, shared: what calls show is gathered here, told to the other processes in batches, and read back from them."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from activities.health_tally import Tally
from activities.health_view import HealthView
from contracts.errors import ErrorKind
from contracts.health import Breaker, BreakerKey, Observed
from contracts.models import ModelRef
from contracts.policies import Policy
from domain.health.breaker import absorbed, due, probed, probing, reset
from domain.health.outcomes import latest
from storage import breakers, performance
from storage.breakers import Locked
from storage.database import Database

TELL_SECONDS = 1.0
"""How often sums are told, and the others' read. What opens a breaker is told at once."""
LOOK_SECONDS = 0.5
"""How often breakers are read."""
PROBE_SECONDS = 30.0
"""How long a probe may take before another process may begin one."""
_KEPT_HALF_LIVES = 20
_KEPT_BREAKERS = timedelta(days=1)
_TIDY_SECONDS = 600.0
_PAUSE_SECONDS = 0.05

log = structlog.get_logger("perdure.health")


@dataclass(frozen=True, slots=True)
class Admitted:
    """The call may go through. `probes`: breakers of which it holds the lease; hand them to `probed` when it has ended."""

    probes: tuple[BreakerKey, ...] = ()


@dataclass(frozen=True, slots=True)
class Held:
    """The breaker is open, until `until` where that is known. `reason` is what opened it."""

    until: datetime | None
    reason: ErrorKind | None


class Health:
    """One per process. `process` names it among the others; `policy` gives the policy in force."""

    def __init__(
        self, database: Database, *, process: str, clock: Callable[[], datetime], policy: Callable[[], Policy]
    ) -> None:
        self._database = database
        self._process = process
        self._clock = clock
        self._policy = policy
        self._tally = Tally(process)
        self._woken = asyncio.Event()
        self._since: datetime | None = None
        self._telling = asyncio.Lock()
        self.view = HealthView(clock, self._half_life)

    def began(self, model: ModelRef) -> None:
        """A call of the model begins; `observe` or `left` ends it."""
        self._tally.began((model.provider, model.model))

    def left(self, model: ModelRef) -> None:
        """A call that began ended on our side, and showed nothing."""
        self._tally.ended((model.provider, model.model))

    def observe(self, observed: Observed, *, counted: bool = True) -> None:
        """A call ended. `counted`: `began` was called for it. Costs microseconds; others hear of it within a second."""
        if counted:
            self._tally.ended((observed.model.provider, observed.model.model))
        if self._tally.add(observed, self.view.breaker, self._policy().breaker, self._clock()):
            self._woken.set()

    def observe_credential(self, credential: str, observed: Observed) -> None:
        """A call showed something about one of a provider's credentials: `authentication` takes it out, a limit is noted."""
        known = self.view.breaker(BreakerKey(observed.model.provider, "", credential))
        match observed.kind:
            case None:
                urgent = self._tally.add_for(known, observed, "ok", self._policy().breaker, self._clock())
            case ErrorKind.AUTHENTICATION:
                urgent = self._tally.add_for(known, observed, "opens", self._policy().breaker, self._clock())
            case _:
                urgent = self._tally.add_for(known, observed, "neutral", self._policy().breaker, self._clock())
        if urgent:
            self._woken.set()

    async def admit(self, model: ModelRef) -> Admitted | Held:
        """Whether a call may go through. Where the breaker is due, this process takes the lease and the call is the probe.

        A closed breaker costs no query.
        """
        keys = (BreakerKey(model.provider), BreakerKey(model.provider, model.model))
        shut = [breaker for key in keys if (breaker := self.view.breaker(key)).state != "closed"]
        if not shut:
            return Admitted()
        now = self._clock()
        if all(due(breaker, now=now) for breaker in shut):
            taken = await self.take_probes([breaker.key for breaker in shut])
            if len(taken) == len(shut):
                return Admitted(tuple(taken))
            await self.probed(taken, ok=None)
        until = None
        for breaker in shut:
            until = latest(until, breaker.probe_until if breaker.state == "half_open" else breaker.open_until)
        return Held(until, shut[-1].reason)

    async def take_probes(self, keys: Sequence[BreakerKey], *, ahead: float = 0) -> list[BreakerKey]:
        """Those of the breakers whose probe is due, or will be within `ahead` seconds, and whose lease is this process's now."""
        now = self._clock()

        def begin(breaker: Breaker) -> Breaker | None:
            return probing(breaker, self._process, now=now + timedelta(seconds=ahead), seconds=PROBE_SECONDS)

        return [breaker.key for breaker in await self._change(keys, begin)]

    async def probed(self, keys: Sequence[BreakerKey], *, ok: bool | None, kind: ErrorKind | None = None) -> None:
        """The probe of these breakers has ended. `ok` None: it found nothing out, another may begin."""
        now, policy = self._clock(), self._policy().breaker

        def end(breaker: Breaker) -> Breaker | None:
            after = probed(breaker, self._process, ok=ok, policy=policy, now=now, kind=kind)
            return None if after == breaker else after

        for breaker in await self._change(keys, end):
            log.info("breaker probed", **_named(breaker), ok=ok)

    async def reset(self, keys: Sequence[BreakerKey]) -> None:
        """Close these breakers, because somebody says so."""
        now = self._clock()
        await self._change(keys, lambda breaker: reset(breaker, now=now))

    async def tell(self) -> None:
        """Write what was seen since the last time: one statement for the sums, one transaction for the breakers."""
        async with self._telling:
            policy, now = self._policy(), self._clock()
            rows = self._tally.rows(half_life=self._half_life())
            told = self._tally.take(self.view.breaker, now=now, window=policy.breaker.window_seconds)
            if not rows and not told:
                return
            try:
                async with self._database.begin() as connection:
                    await performance.write(connection, rows)
                    locked = await breakers.lock(connection, told) if told else Locked({})
                    after = {
                        key: absorbed(locked.breakers[key], seen, policy.breaker, now=now) for key, seen in told.items()
                    }
                    await breakers.save(connection, locked, list(after.values()))
            except BaseException:
                self._tally.untold(rows)
                self._tally.put_back(told)
                raise
            self.view.put_rows(rows)
            self.view.put_breakers(after)
            for key, breaker in after.items():
                if breaker.state != locked.breakers[key].state:
                    log.warning("breaker changed", **_named(breaker), reason=breaker.reason)

    async def look(self, *, sums: bool = True) -> None:
        """Read the breakers, and with `sums` what the other processes measured."""
        async with self._database.begin() as connection:
            found = await breakers.read(connection)
            rows, since = await performance.read(connection, since=self._since) if sums else ([], self._since)
        self._since = since
        self.view.put_breakers(found, whole=True)
        self.view.put_rows(row for row in rows if row.process != self._process)

    async def tidy(self) -> None:
        """Drop what has decayed to nothing, here and in the database."""
        now = self._clock()
        before = now - timedelta(seconds=_KEPT_HALF_LIVES * self._half_life())
        async with self._database.begin() as connection:
            await performance.purge(connection, before=before)
            await breakers.purge(connection, before=now - _KEPT_BREAKERS)
        self.view.forget(before)
        self._tally.forget(before)

    async def run(self) -> None:
        """Tell and look for ever. What fails is logged and tried again."""
        loop = asyncio.get_running_loop()
        tell_at = tidy_at = loop.time()
        while True:
            urgent, now = self._woken.is_set(), loop.time()
            self._woken.clear()
            try:
                if urgent or now >= tell_at:
                    await self.tell()
                await self.look(sums=now >= tell_at)
                if now >= tidy_at:
                    await self.tidy()
                    tidy_at = now + _TIDY_SECONDS
            except Exception as error:
                log.warning("health is not shared for the moment", error=type(error).__name__)
            if now >= tell_at:
                tell_at = now + TELL_SECONDS
            # Urgent things come in crowds: what is seen within this pause is told together.
            await asyncio.sleep(_PAUSE_SECONDS)
            try:
                async with asyncio.timeout(LOOK_SECONDS - _PAUSE_SECONDS):
                    await self._woken.wait()
            except TimeoutError:
                pass

    async def _change(self, keys: Sequence[BreakerKey], change: Callable[[Breaker], Breaker | None]) -> list[Breaker]:
        """Change breakers under their lock; which were changed."""
        if not keys:
            return []
        async with self._database.begin() as connection:
            locked = await breakers.lock(connection, keys, make=False)
            changed = [after for breaker in locked.breakers.values() if (after := change(breaker)) is not None]
            await breakers.save(connection, locked, changed)
        self.view.put_breakers({breaker.key: breaker for breaker in changed})
        return changed

    def _half_life(self) -> float:
        return self._policy().routing_rules.learning.half_life_minutes * 60


def _named(breaker: Breaker) -> dict[str, str]:
    named = {"provider": breaker.key.provider, "model": breaker.key.model, "credential": breaker.key.credential}
    return {"state": breaker.state} | {name: value for name, value in named.items() if value}
