"""What this process knows of every model's health: in memory, read on the way to a plan, renewed from the database."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta

from contracts.health import UNMEASURED, Breaker, BreakerKey, Measured, ProcessSums, Sums
from contracts.models import ModelRef
from domain.health.measuring import measured
from domain.health.windows import all_merged

_NO_BREAKERS: Mapping[BreakerKey, Breaker] = {}
_Name = tuple[str, str]
_SHOWN_FOR = timedelta(seconds=0.25)
"""How long a model's figures are shown again rather than worked out anew."""


class HealthView:
    """The merged measurements of all processes, and the breakers. `half_life` gives the policy's, in seconds."""

    def __init__(self, clock: Callable[[], datetime], half_life: Callable[[], float]) -> None:
        self._clock = clock
        self._half_life = half_life
        self._rows: dict[_Name, dict[str, ProcessSums]] = {}
        self._merged: dict[_Name, Sums | None] = {}
        self._shown: dict[_Name, tuple[datetime, Measured]] = {}
        self._breakers = _NO_BREAKERS

    def of(self, ref: ModelRef) -> Measured:
        """What is known of a model now. Reads memory alone; costs microseconds, and less where nothing is known."""
        return self._of((ref.provider, ref.model))

    def all(self) -> dict[ModelRef, Measured]:
        """Every model of which anything is known."""
        guarded = {(key.provider, key.model) for key in self._breakers if key.model}
        names = sorted(self._rows.keys() | guarded)
        return {ModelRef(provider=name[0], model=name[1]): self._of(name) for name in names}

    def breaker(self, key: BreakerKey) -> Breaker:
        """A breaker; one that was never told of is closed."""
        return self._breakers.get(key) or Breaker(key)

    def breakers(self) -> Iterable[Breaker]:
        """All breakers that were told of."""
        return self._breakers.values()

    def put_rows(self, rows: Iterable[ProcessSums]) -> None:
        """Take over what was read or written."""
        for row in rows:
            name = row.provider, row.model
            self._rows.setdefault(name, {})[row.process] = row
            self._merged.pop(name, None)
            self._shown.pop(name, None)

    def put_breakers(self, breakers: Mapping[BreakerKey, Breaker], *, whole: bool = False) -> None:
        """Take over breakers; `whole`: there are no others."""
        after = dict(breakers) if whole else {**self._breakers, **breakers}
        if after != self._breakers:
            self._breakers = after
            self._shown.clear()

    def forget(self, before: datetime) -> None:
        """Drop measurements that are older."""
        self._shown.clear()
        for name, rows in list(self._rows.items()):
            kept = {process: row for process, row in rows.items() if row.sums.at >= before}
            if len(kept) < len(rows):
                self._merged.pop(name, None)
                if kept:
                    self._rows[name] = kept
                else:
                    del self._rows[name]

    def _of(self, name: _Name) -> Measured:
        now = self._clock()
        at, shown = self._shown.get(name, (None, UNMEASURED))
        if at is None or not at <= now < at + _SHOWN_FOR:
            shown = self._work_out(name, now)
            if shown is not UNMEASURED:
                self._shown[name] = now, shown
        return shown

    def _work_out(self, name: _Name, now: datetime) -> Measured:
        rows = self._rows.get(name)
        guards = [
            breaker
            for key in (BreakerKey(name[0]), BreakerKey(*name))
            if (breaker := self._breakers.get(key)) is not None
        ]
        if rows is None and not guards:
            return UNMEASURED
        half_life = self._half_life()
        if name not in self._merged:
            self._merged[name] = all_merged((row.sums for row in (rows or {}).values()), half_life=half_life)
        return measured(
            self._merged[name],
            guards,
            in_flight=sum(row.in_flight for row in (rows or {}).values()),
            now=now,
            half_life=half_life,
        )
