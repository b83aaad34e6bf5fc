"""How long an answer a limit pays for."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from domain.budgets.amounts import SHORTEST_ANSWER, longest_within

PROMPT, TOKEN = Decimal("0.001"), Decimal("0.000002")


def worst(tokens: int) -> Decimal:
    return PROMPT + TOKEN * tokens


def test_an_answer_that_is_paid_for_stays() -> None:
    assert longest_within(500, Decimal("0.002"), worst) == 500


def test_a_longer_one_is_cut_to_what_is_paid_for() -> None:
    assert longest_within(8192, Decimal("0.002"), worst) == 500


def test_one_too_short_to_be_of_use_is_not_made() -> None:
    left = worst(SHORTEST_ANSWER) - TOKEN
    assert longest_within(8192, left, worst) == 8192


@given(st.integers(1, 200_000), st.decimals(0, 1, allow_nan=False, places=9))
def test_it_is_the_longest(answer: int, left: Decimal) -> None:
    found = longest_within(answer, left, worst)
    if found < answer:
        assert worst(found) <= left < worst(found + 1)
    else:
        assert worst(answer) <= left or worst(SHORTEST_ANSWER) > left or answer <= SHORTEST_ANSWER
