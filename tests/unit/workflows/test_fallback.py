"""Who is asked after a failure."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.activities import FailureDetail
from contracts.errors import ErrorKind
from contracts.models import ModelRef
from contracts.turns import Candidate, Limits, RoutePlan
from workflows.fallback import Ask, Exhausted, next_ask


def plan(*models: str, windows: tuple[int | None, ...] = (), fallback_on_refusal: bool = False) -> RoutePlan:
    sizes = windows or (None,) * len(models)
    return RoutePlan(
        candidates=tuple(
            Candidate(index=index, model=ModelRef.parse(model), reason="test", window=window)
            for index, (model, window) in enumerate(zip(models, sizes, strict=True))
        ),
        limits=Limits(),
        on_new_attempt="reset",
        fallback_on_refusal=fallback_on_refusal,
    )


def failed(kind: ErrorKind, *, squeezable: bool = False, final: bool = False) -> FailureDetail:
    return FailureDetail(kind=kind, squeezable=squeezable, final=final)


def test_what_does_not_fit_goes_to_a_larger_window() -> None:
    three = plan("a:1", "a:2", "b:3", windows=(8_000, 8_000, 128_000))
    assert next_ask(three, Ask(0), failed(ErrorKind.CONTEXT_OVERFLOW, squeezable=True)) == Ask(2)


def test_without_a_larger_window_less_is_sent_once() -> None:
    two = plan("a:1", "a:2", windows=(8_000, 4_000))
    overflow = failed(ErrorKind.CONTEXT_OVERFLOW, squeezable=True)
    assert next_ask(two, Ask(0), overflow) == Ask(0, squeezed=True)
    assert next_ask(two, Ask(0, squeezed=True), overflow) == Exhausted()
    assert next_ask(two, Ask(0), failed(ErrorKind.CONTEXT_OVERFLOW)) == Exhausted()


def test_an_unknown_window_is_tried() -> None:
    assert next_ask(plan("a:1", "b:2", windows=(8_000, None)), Ask(0), failed(ErrorKind.CONTEXT_OVERFLOW)) == Ask(1)


@pytest.mark.parametrize("kind", [ErrorKind.TIMEOUT, ErrorKind.AUTHENTICATION])
def test_a_silent_provider_or_one_that_knows_us_not_is_left_for_another(kind: ErrorKind) -> None:
    assert next_ask(plan("a:1", "a:2", "b:3"), Ask(0), failed(kind)) == Ask(2)
    assert next_ask(plan("a:1", "a:2"), Ask(0), failed(kind)) == Ask(1)


def test_a_refusal_is_final_unless_the_policy_routes_it_on() -> None:
    refused = failed(ErrorKind.CONTENT_REFUSED)
    assert next_ask(plan("a:1", "b:2"), Ask(0), refused) == Exhausted()
    assert next_ask(plan("a:1", "b:2", fallback_on_refusal=True), Ask(0), refused) == Ask(1, from_start=True)
    assert next_ask(plan("a:1", fallback_on_refusal=True), Ask(0), refused) == Exhausted()


@given(
    windows=st.lists(st.none() | st.integers(1, 1_000_000), min_size=1, max_size=6),
    providers=st.lists(st.sampled_from("abc"), min_size=6, max_size=6),
    failures=st.lists(
        st.builds(
            FailureDetail,
            kind=st.sampled_from(ErrorKind),
            prefill_refused=st.booleans(),
            final=st.booleans(),
            squeezable=st.booleans(),
        ),
        min_size=40,
        max_size=40,
    ),
    on_refusal=st.booleans(),
)
def test_the_walk_ends_and_never_goes_back(
    windows: list[int | None], providers: list[str], failures: list[FailureDetail], on_refusal: bool
) -> None:
    models = [f"{provider}:{number}" for number, provider in enumerate(providers[: len(windows)])]
    made = plan(*models, windows=tuple(windows), fallback_on_refusal=on_refusal)
    current, asked = Ask(0), [Ask(0)]
    for failure in failures:
        match next_ask(made, current, failure):
            case Exhausted():
                break
            case Ask() as following:
                assert following.index >= current.index
                assert following not in asked
                current = following
                asked.append(following)
    else:
        pytest.fail("the walk did not end")
    assert len(asked) <= 4 * len(windows)
