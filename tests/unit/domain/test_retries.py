"""The retry rules, as judged by what a caller would feel."""

from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import RULES, ErrorKind
from contracts.turns import Limits
from domain.retries import LONGEST_PAUSE, Again, GiveUp, after_failure

LIMITS = Limits()


def decide(kind: ErrorKind, **changes: object) -> Again | GiveUp:
    facts: dict[str, object] = {
        "retry_after": None,
        "failures": 1,
        "has_sibling": False,
        "limits": LIMITS,
        "remaining": 600.0,
    }
    return after_failure(kind, **{**facts, **changes})  # type: ignore[arg-type]


def test_a_permanent_kind_is_never_asked_again() -> None:
    for kind, rule in RULES.items():
        if not rule.retry_same:
            assert isinstance(decide(kind), GiveUp)


def test_a_short_retry_after_is_honoured_and_a_long_one_means_the_sibling() -> None:
    assert decide(ErrorKind.RATE_LIMITED, retry_after=3.0, has_sibling=True) == Again(3.0)
    assert isinstance(decide(ErrorKind.RATE_LIMITED, retry_after=11.0, has_sibling=True), GiveUp)
    assert decide(ErrorKind.RATE_LIMITED, retry_after=11.0) == Again(11.0)


def test_a_wish_beyond_the_step_is_not_waited_for() -> None:
    assert isinstance(decide(ErrorKind.RATE_LIMITED, retry_after=120.0, remaining=60.0), GiveUp)


def test_a_silent_provider_is_asked_twice_only_where_nobody_else_is() -> None:
    assert isinstance(decide(ErrorKind.TIMEOUT, has_sibling=True), GiveUp)
    assert isinstance(decide(ErrorKind.TIMEOUT), Again)


def test_the_number_of_calls_is_bounded_by_the_limits() -> None:
    assert isinstance(decide(ErrorKind.OVERLOADED, failures=LIMITS.same_candidate, has_sibling=True), GiveUp)
    assert isinstance(decide(ErrorKind.OVERLOADED, failures=LIMITS.only_candidate), GiveUp)
    assert isinstance(decide(ErrorKind.OVERLOADED, failures=LIMITS.only_candidate - 1), Again)


@given(
    kind=st.sampled_from(list(ErrorKind)),
    retry_after=st.none() | st.floats(0, 1e6),
    failures=st.integers(1, 100),
    has_sibling=st.booleans(),
    remaining=st.floats(-10, 1e6),
)
def test_a_pause_always_fits_the_step_and_honours_the_wish(
    kind: ErrorKind, retry_after: float | None, failures: int, has_sibling: bool, remaining: float
) -> None:
    verdict = decide(kind, retry_after=retry_after, failures=failures, has_sibling=has_sibling, remaining=remaining)
    if isinstance(verdict, Again):
        assert 0 < verdict.delay < remaining
        assert verdict.delay >= (retry_after or 0)
        assert verdict.delay <= max(LONGEST_PAUSE, retry_after or 0)
