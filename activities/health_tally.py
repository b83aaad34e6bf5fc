"""What this process has seen and not yet told: sums to keep, and outcomes for the breakers."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from contracts.health import Breaker, BreakerKey, Observed, ProcessSums, Sums
from contracts.policies import Breaker as BreakerPolicy
from domain.health.breaker import absorbed, quiet
from domain.health.judging import Outcome, judge
from domain.health.outcomes import Outcomes, outcomes_of
from domain.health.windows import merged, of_call

_Name = tuple[str, str]


class Tally:
    """Adding is cheap: a call in flight is a number, a call that ended an entry in a list. Folding happens when it is told."""

    def __init__(self, process: str) -> None:
        self._process = process
        self._ended: dict[_Name, list[Sums]] = {}
        self._sums: dict[_Name, Sums] = {}
        self._in_flight: dict[_Name, int] = {}
        self._changed: set[_Name] = set()
        self._outcomes: dict[BreakerKey, Outcomes] = {}

    def began(self, name: _Name) -> None:
        """A call begins."""
        self._in_flight[name] = self._in_flight.get(name, 0) + 1
        self._changed.add(name)

    def ended(self, name: _Name) -> None:
        """A call that began has ended, whatever came of it."""
        left = self._in_flight.get(name, 0) - 1
        if left > 0:
            self._in_flight[name] = left
        else:
            self._in_flight.pop(name, None)
        self._changed.add(name)

    def add(
        self, observed: Observed, known: Callable[[BreakerKey], Breaker], policy: BreakerPolicy, now: datetime
    ) -> bool:
        """Note what a call showed. True: the others should hear it at once."""
        name = observed.model.provider, observed.model.model
        self._ended.setdefault(name, []).append(of_call(observed, now))
        self._changed.add(name)
        verdict = judge(observed)
        urgent = False
        for key, outcome in ((BreakerKey(*name), verdict.model), (BreakerKey(name[0]), verdict.provider)):
            # What a provider asks for one model's sake need not hold for the next.
            wish = observed.retry_after if key.model or outcome == "opens" else None
            urgent |= self._note(known(key), outcome, observed, wish, policy, now)
        return urgent

    def add_for(
        self, known: Breaker, observed: Observed, outcome: Outcome, policy: BreakerPolicy, now: datetime
    ) -> bool:
        """Note what a call showed of one breaker alone (a credential's). True: the others should hear it at once."""
        return self._note(known, outcome, observed, observed.retry_after, policy, now)

    def rows(self, *, half_life: float) -> list[ProcessSums]:
        """This process's sums that changed since the last time, folded, and those with calls in flight."""
        for name, entries in self._ended.items():
            sums = self._sums.get(name)
            for entry in entries:
                sums = entry if sums is None else merged(sums, entry, half_life=half_life)
            if sums is not None:
                self._sums[name] = sums
        self._ended.clear()
        names = self._changed | self._in_flight.keys()
        self._changed = set()
        return [self._row(name) for name in sorted(names)]

    def untold(self, rows: Iterable[ProcessSums]) -> None:
        """Those rows could not be written."""
        self._changed |= {(row.provider, row.model) for row in rows}

    def take(
        self, known: Callable[[BreakerKey], Breaker], *, now: datetime, window: float
    ) -> dict[BreakerKey, Outcomes]:
        """The outcomes that have to be told. Successes of what is well are kept back: they count once something fails."""
        told: dict[BreakerKey, Outcomes] = {}
        since = int(now.timestamp() - window)
        for key, seen in list(self._outcomes.items()):
            if seen.failed or seen.urgent or not quiet(known(key), now=now):
                told[key] = self._outcomes.pop(key)
            else:
                kept = Outcomes().then(seen, since=since)
                if kept.slices:
                    self._outcomes[key] = kept
                else:
                    del self._outcomes[key]
        return told

    def put_back(self, told: dict[BreakerKey, Outcomes]) -> None:
        """Those outcomes could not be told."""
        for key, seen in told.items():
            later = self._outcomes.get(key)
            self._outcomes[key] = seen if later is None else seen.then(later)

    def forget(self, before: datetime) -> None:
        """Drop the sums of models that were not called since."""
        for name, sums in list(self._sums.items()):
            if sums.at < before and name not in self._in_flight:
                del self._sums[name]

    def _row(self, name: _Name) -> ProcessSums:
        sums = self._sums.get(name) or Sums(at=datetime.fromtimestamp(0, tz=UTC))
        return ProcessSums(*name, self._process, self._in_flight.get(name, 0), sums)

    def _note(
        self,
        known: Breaker,
        outcome: Outcome,
        observed: Observed,
        wish: float | None,
        policy: BreakerPolicy,
        now: datetime,
    ) -> bool:
        if outcome in ("failed", "opens") and known.closed_at is not None and observed.began < known.closed_at:
            # It began before the provider was found well again.
            return False
        one = outcomes_of(outcome, kind=observed.kind, began=observed.began, ended=now, retry_after=wish)
        if one == Outcomes():
            return False
        before = self._outcomes.get(known.key, Outcomes())
        seen = self._outcomes[known.key] = before.then(one, since=int(now.timestamp() - policy.window_seconds))
        if known.state == "closed" and not one.failed and not one.urgent:
            return False
        return one.urgent or absorbed(known, seen, policy, now=now).state != known.state
