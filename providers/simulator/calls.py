"""The log of every call and the sums of what it would bill: the ground truth for money and for exactly once."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import lru_cache
from hashlib import sha256
from itertools import islice
from typing import Any, Literal

Outcome = Literal["running", "completed", "cut", "stalled", "error", "disconnected"]
LONGEST_LOG = 200_000


@lru_cache(maxsize=256)
def key_name(key: str) -> str:
    """A name for an API key that does not tell it: a short hash and, of a key of twelve characters or more, its last four."""
    name = sha256(key.encode()).hexdigest()[:12]
    return f"{name}…{key[-4:]}" if len(key) >= 12 else name


@dataclass(slots=True)
class Call:
    """One request. Tokens are those billed: `output` includes `reasoning`, `input` includes `cached` and `cache_write`.

    `at` is wall time and `monotonic` the monotonic clock at acceptance, `ended` the monotonic clock at the end, in seconds.
    `status` is the HTTP status sent, 0 where none was. `billable` is False for lists of models and counting of tokens.
    `batch` is the id of the batch that the request was of.
    """

    seq: int
    vendor: str
    endpoint: str
    model: str
    key: str
    client_request_id: str | None
    at: float
    monotonic: float
    stream: bool
    billable: bool
    batch: str | None = None
    status: int = 0
    input: int = 0
    output: int = 0
    cached: int = 0
    cache_write: int = 0
    reasoning: int = 0
    outcome: Outcome = "running"
    scenario: str | None = None
    ended: float | None = None


@dataclass(slots=True)
class Total:
    """Sums for one model and key over the calls that have ended, and how many are running."""

    vendor: str
    model: str
    key: str
    requests: int = 0
    running: int = 0
    completed: int = 0
    failed: int = 0
    input: int = 0
    output: int = 0
    cached: int = 0
    cache_write: int = 0
    reasoning: int = 0


class CallLog:
    """All calls since the last reset, the oldest dropped beyond `LONGEST_LOG`; the totals keep counting."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._calls: deque[Call] = deque(maxlen=LONGEST_LOG)
        self._totals: dict[tuple[str, str, str], Total] = {}
        self._seq = 0

    def open(
        self,
        *,
        vendor: str,
        endpoint: str,
        model: str,
        key: str,
        client_request_id: str | None,
        stream: bool,
        billable: bool,
    ) -> Call:
        """Note a call that was accepted."""
        self._seq += 1
        name = key_name(key)
        call = Call(
            self._seq,
            vendor,
            endpoint,
            model,
            name,
            client_request_id,
            self._clock(),
            time.monotonic(),
            stream,
            billable,
        )
        self._calls.append(call)
        if billable:
            total = self._total(call)
            total.requests += 1
            total.running += 1
        return call

    def close(self, call: Call, outcome: Outcome) -> None:
        """Note how a call ended; once."""
        if call.outcome != "running":
            return
        call.outcome = outcome
        call.ended = time.monotonic()
        if not call.billable:
            return
        total = self._total(call)
        total.running -= 1
        if outcome == "completed":
            total.completed += 1
        else:
            total.failed += 1
        total.input += call.input
        total.output += call.output
        total.cached += call.cached
        total.cache_write += call.cache_write
        total.reasoning += call.reasoning

    def reset(self) -> None:
        """Forget everything. Calls that are still running are counted nowhere when they end."""
        for call in self._calls:
            if call.outcome == "running":
                call.billable = False
        self._calls.clear()
        self._totals.clear()

    def rows(self, *, after: int = 0, limit: int = LONGEST_LOG) -> list[dict[str, Any]]:
        """Up to `limit` calls with a `seq` above `after`, in order."""
        return [asdict(call) for call in islice((call for call in self._calls if call.seq > after), limit)]

    def totals(self) -> list[dict[str, Any]]:
        """The sums per vendor, model and key."""
        return [asdict(total) for total in self._totals.values()]

    def _total(self, call: Call) -> Total:
        place = (call.vendor, call.model, call.key)
        found = self._totals.get(place)
        if found is None:
            found = self._totals[place] = Total(*place)
        return found
