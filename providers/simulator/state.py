"""Everything the simulator remembers between calls."""

import os
from collections.abc import Callable

from contracts.errors import ErrorKind
from providers.simulator.behaviour import Behaviour, Fault
from providers.simulator.calls import Call, CallLog
from providers.simulator.directives import FLAKY, FLAKY_FAILURES, behaviour_of
from providers.simulator.holding import Holding
from providers.simulator.scenarios import Scenarios

_MOST_REMEMBERED = 100_000


class State:
    """One simulator's state. `clock` gives wall time in seconds; `seed` changes every text."""

    def __init__(self, *, seed: int, clock: Callable[[], float]) -> None:
        self.seed = seed
        self.clock = clock
        self.scenarios = Scenarios()
        self.calls = CallLog(clock)
        self.holding = Holding()
        self._flaky: dict[tuple[str, str], int] = {}
        self._cached: set[tuple[str, str]] = set()
        self._boot = os.urandom(5).hex()
        self._made = 0
        self.forgets: list[Callable[[], None]] = []

    def reset(self) -> None:
        """Forget scenarios, calls and failures, and release what is held."""
        self.scenarios.clear()
        self.calls.reset()
        self.holding.release()
        self._flaky.clear()
        self._cached.clear()
        for forget in self.forgets:
            forget()

    def identity(self) -> str:
        """20 hexadecimal digits that no other call has, in this process or another."""
        self._made += 1
        return f"{self._boot}{self._made:010x}"

    def behaviour(self, call: Call, *, key: str, text: str) -> Behaviour:
        """How this call is to behave: what its model's name asks for, overridden by the scenario that matches, which is used."""
        named = behaviour_of(call.model)
        if call.model == FLAKY and call.billable and self._fails_again(call.vendor, text):
            named = Behaviour(error=Fault(kind=ErrorKind.OVERLOADED.value))
        taken = self.scenarios.take(
            vendor=call.vendor, endpoint=call.endpoint, billed=call.billable, model=call.model, key=key, text=text
        )
        if taken is None:
            return named
        call.scenario, behaviour = taken
        return named.overridden_by(behaviour)

    def caches(self, key: str, prefix: str | None) -> bool:
        """True where this key sent this prefix before; it is remembered from now on."""
        if prefix is None:
            return False
        place = (key, prefix)
        if place in self._cached:
            return True
        if len(self._cached) >= _MOST_REMEMBERED:
            self._cached.clear()
        self._cached.add(place)
        return False

    def _fails_again(self, vendor: str, text: str) -> bool:
        failures = self._flaky.get((vendor, text), 0)
        if failures >= FLAKY_FAILURES:
            return False
        if len(self._flaky) >= _MOST_REMEMBERED:
            self._flaky.clear()
        self._flaky[(vendor, text)] = failures + 1
        return True
