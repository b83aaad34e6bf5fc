"""The breaker as a machine: whatever happens, its promises hold."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from contracts.errors import ErrorKind
from contracts.health import Breaker, BreakerKey, Observed
from contracts.models import ModelRef
from contracts.policies import Breaker as BreakerPolicy
from domain.health.breaker import absorbed, closed, due, probed, probing, quiet, reset
from domain.health.judging import Outcome, judge
from domain.health.outcomes import Outcomes, outcomes_of

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEY = BreakerKey("sim", "sim-fast")
POLICY = BreakerPolicy(failures=5, failure_rate=0.5, minimum=10, window_seconds=60, probe_seconds=15)


def seen(
    outcome: Outcome,
    *,
    at: datetime,
    began: datetime | None = None,
    wish: float | None = None,
    kind: ErrorKind | None = None,
) -> Outcomes:
    if kind is None and outcome in ("failed", "opens"):
        kind = ErrorKind.UNAVAILABLE
    return outcomes_of(outcome, kind=kind, began=began or at, ended=at, retry_after=wish)


def after(*outcomes: Outcome, breaker: Breaker | None = None, policy: BreakerPolicy = POLICY) -> Breaker:
    """The breaker after each was told by itself, a millisecond apart."""
    here = breaker or Breaker(KEY)
    for number, outcome in enumerate(outcomes):
        now = START + timedelta(milliseconds=number)
        here = absorbed(here, seen(outcome, at=now), policy, now=now)
    return here


def failures(count: int) -> list[Outcome]:
    return ["failed"] * count


def test_failures_in_a_row_open_it() -> None:
    assert after(*failures(4)).state == "closed"
    opened = after(*failures(5))
    assert (opened.state, opened.reason) == ("open", ErrorKind.UNAVAILABLE)
    assert opened.open_until == START + timedelta(milliseconds=4, seconds=15)


def test_a_success_between_breaks_the_row() -> None:
    assert after("failed", "failed", "failed", "failed", "ok", "failed").state == "closed"


def test_the_rate_opens_it_once_there_are_calls_enough() -> None:
    mixed: list[Outcome] = ["ok", "failed"] * 4
    assert after(*mixed).state == "closed"
    assert after(*mixed, "ok", "failed").state == "open"


def test_old_outcomes_do_not_count() -> None:
    here = after(*failures(4))
    late = START + timedelta(seconds=100)
    here = absorbed(here, seen("ok", at=late), POLICY, now=late)
    assert sum(part.failed for part in here.slices) == 0
    assert here.state == "closed"


def test_several_processes_together_open_it() -> None:
    """Five failures, of which no process saw more than three."""
    three = seen("failed", at=START).then(seen("failed", at=START)).then(seen("failed", at=START))
    two = seen("failed", at=START).then(seen("failed", at=START))
    here = absorbed(absorbed(Breaker(KEY), three, POLICY, now=START), two, POLICY, now=START)
    assert here.state == "open"


def test_a_late_success_of_a_call_from_before_does_not_close_it() -> None:
    opened = after(*failures(5))
    late = START + timedelta(seconds=5)
    assert absorbed(opened, seen("ok", at=late, began=START - timedelta(seconds=9)), POLICY, now=late).state == "open"
    assert absorbed(opened, seen("ok", at=late, began=START + timedelta(seconds=4)), POLICY, now=late).state == "closed"


def test_an_authentication_failure_opens_at_once_and_a_limit_never() -> None:
    assert after("opens").state == "open"
    limited = seen("neutral", at=START, wish=30, kind=ErrorKind.RATE_LIMITED)
    here = absorbed(Breaker(KEY), limited, POLICY, now=START)
    assert (here.state, here.limited_until) == ("closed", START + timedelta(seconds=30))
    sooner = seen("neutral", at=START, wish=1, kind=ErrorKind.RATE_LIMITED)
    assert absorbed(here, sooner, POLICY, now=START).limited_until == START + timedelta(seconds=30)


def test_only_the_provider_is_to_blame() -> None:
    model = ModelRef(provider="sim", model="sim-fast")

    def verdict(kind: ErrorKind, **facts: object) -> tuple[str, str]:
        found = judge(replace(Observed(model, START, 20.0, kind=kind), **facts))  # type: ignore[arg-type]
        return found.model, found.provider

    for kind in (
        ErrorKind.INVALID_REQUEST,
        ErrorKind.CONTENT_REFUSED,
        ErrorKind.CONTEXT_OVERFLOW,
        ErrorKind.CANCELLED,
        ErrorKind.BUDGET_EXCEEDED,
        ErrorKind.RATE_LIMITED,
        ErrorKind.INTERNAL,
    ):
        assert verdict(kind) == ("neutral", "neutral"), kind
    assert verdict(ErrorKind.AUTHENTICATION, status=401) == ("opens", "opens")
    assert verdict(ErrorKind.AUTHENTICATION, status=403) == ("opens", "failed")
    assert verdict(ErrorKind.UNAVAILABLE) == ("failed", "failed")
    assert verdict(ErrorKind.UNAVAILABLE, status=500) == ("failed", "neutral")
    assert verdict(ErrorKind.UNAVAILABLE, first_token=0.1) == ("failed", "neutral")
    assert verdict(ErrorKind.TIMEOUT) == ("failed", "neutral")
    assert verdict(ErrorKind.TIMEOUT, seconds=0.2) == ("neutral", "neutral")


class BreakerMachine(RuleBasedStateMachine):
    """Processes tell what they saw in any order, probe, die with the lease, and time passes."""

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.breaker = Breaker(KEY)
        self.holder: str | None = None

    @rule(seconds=st.floats(0, 40))
    def pass_time(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    @rule(
        outcome=st.sampled_from(["ok", "failed", "neutral", "opens"]),
        age=st.floats(0, 30),
        wish=st.one_of(st.none(), st.floats(0, 200)),
    )
    def tell(self, outcome: Outcome, age: float, wish: float | None) -> None:
        before, began = self.breaker, self.now - timedelta(seconds=age)
        told = seen(outcome, at=self.now, began=began, wish=wish)
        self.breaker = absorbed(before, told, POLICY, now=self.now)
        match before.state, self.breaker.state:
            case "closed", "open":
                assert outcome in ("failed", "opens")
                assert self.breaker.open_until is not None
                assert self.breaker.open_until >= self.now + timedelta(seconds=POLICY.probe_seconds)
                self.holder = None
            case (("open" | "half_open"), "closed"):
                assert outcome == "ok"
                assert before.opened_at is not None
                assert began > before.opened_at
                self.holder = None
            case one, other:
                assert one == other
                if before.open_until is not None:
                    assert self.breaker.open_until is not None
                    assert self.breaker.open_until >= before.open_until

    @rule(who=st.sampled_from(["a", "b"]))
    def begin_probe(self, who: str) -> None:
        taken = probing(self.breaker, who, now=self.now, seconds=30)
        assert (taken is not None) == due(self.breaker, now=self.now)
        if taken is not None:
            # The one before it is over its time, or there was none.
            assert self.breaker.probe_until is None or self.breaker.probe_until <= self.now
            self.breaker, self.holder = taken, who

    @precondition(lambda self: self.holder is not None)
    @rule(who=st.sampled_from(["a", "b"]), ok=st.sampled_from([True, False, None]))
    def end_probe(self, who: str, ok: bool | None) -> None:
        before = self.breaker
        self.breaker = probed(before, who, ok=ok, policy=POLICY, now=self.now)
        if who != self.holder:
            assert self.breaker == before
            return
        self.holder = None
        assert self.breaker.state == ("closed" if ok else "open")
        if not ok and before.open_until is not None:
            assert self.breaker.open_until is not None
            assert self.breaker.open_until >= before.open_until
        if ok is False:
            assert not due(self.breaker, now=self.now)

    @rule()
    def somebody_resets(self) -> None:
        self.breaker, self.holder = reset(self.breaker, now=self.now), None
        assert quiet(self.breaker, now=self.now)

    @invariant()
    def its_parts_agree(self) -> None:
        breaker = self.breaker
        if breaker.state == "closed":
            assert breaker.failures < POLICY.failures
            assert (breaker.opened_at, breaker.open_until, breaker.probe_holder) == (None, None, None)
        else:
            assert breaker.opened_at is not None
            assert breaker.reason is not None
        assert (breaker.probe_holder is not None) == (breaker.state == "half_open")

    @invariant()
    def recovery_is_always_possible(self) -> None:
        late = max(moment for moment in (self.now, self.breaker.open_until, self.breaker.probe_until) if moment)
        if self.breaker.state != "closed":
            assert probing(self.breaker, "rescue", now=late, seconds=30) is not None
        assert closed(self.breaker, now=self.now).state == "closed"


TestBreakerMachine = BreakerMachine.TestCase
TestBreakerMachine.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
