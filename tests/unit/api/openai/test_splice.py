"""Whatever attempts say, what a client holds only grows, and is what the last attempt said, or the stream ends."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.openai.splice import DivergedError, Musing, Telling

WORDS = st.text(alphabet="ab", max_size=8)


@st.composite
def attempts(draw: st.DrawFn) -> list[tuple[int, list[str]]]:
    """Attempts as (kept characters, pieces); what is kept is never more than the attempt before said."""
    made: list[tuple[int, list[str]]] = []
    said = 0
    for number in range(draw(st.integers(1, 4))):
        keep = draw(st.integers(0, said)) if number else 0
        pieces = draw(st.lists(WORDS, max_size=5))
        made.append((keep, pieces))
        said = keep + sum(len(piece) for piece in pieces)
    return made


@given(attempts())
def test_the_client_holds_the_last_attempts_text_or_is_told(made: list[tuple[int, list[str]]]) -> None:
    telling, received, said = Telling(), "", ""
    for number, (keep, pieces) in enumerate(made):
        if number:
            telling.again(keep)
            said = said[:keep]
        for piece in pieces:
            said += piece
            agrees = received.startswith(said) or said.startswith(received)
            if not agrees:
                with pytest.raises(DivergedError):
                    telling.add(piece)
                return
            received += telling.add(piece)
            assert received.startswith(said)
    assert received == telling.sent
    assert (received == said) == telling.complete


@given(st.text(alphabet="ab", max_size=30), st.integers(0, 30), st.lists(st.integers(1, 5), max_size=30))
def test_a_repeated_answer_is_told_once_however_it_is_cut(answer: str, cut: int, sizes: list[int]) -> None:
    telling = Telling()
    received = telling.add(answer[:cut])
    telling.again()
    at = 0
    for size in [*sizes, len(answer)]:
        received += telling.add(answer[at : at + size])
        at += size
    assert received == answer
    assert telling.complete


@given(st.text(alphabet="ab", max_size=20), st.text(alphabet="ab", max_size=20))
def test_wholes_grow_or_diverge(first: str, second: str) -> None:
    telling = Telling()
    assert telling.whole(first) == first
    telling.again()
    if second.startswith(first) or first.startswith(second):
        assert first + telling.whole(second) == max(first, second, key=len)
    else:
        with pytest.raises(DivergedError):
            telling.whole(second)


def test_a_whole_never_shrinks() -> None:
    telling = Telling()
    telling.add("abc")
    with pytest.raises(DivergedError):
        telling.whole("ab")


def test_going_on_from_more_than_was_sent_is_refused() -> None:
    telling = Telling()
    telling.add("abc")
    with pytest.raises(DivergedError):
        telling.again(4)


def test_an_attempt_that_ends_early_is_not_complete() -> None:
    telling = Telling()
    telling.add("abc")
    telling.again()
    telling.add("ab")
    assert not telling.complete


@given(st.lists(WORDS, max_size=5), st.lists(WORDS, max_size=5))
def test_reasoning_is_shown_whole_or_as_a_continuation(first: list[str], second: list[str]) -> None:
    musing = Musing()
    shown = "".join(musing.add(piece) for piece in first)
    assert shown == "".join(first)
    musing.again()
    again = "".join(musing.add(piece) for piece in second)
    thought = "".join(second)
    assert thought in (shown[: len(thought)], shown + again, again)
