"""Rows hold exactly the records that were put in."""

from decimal import Decimal
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from contracts.models import ModelRef
from contracts.parts import TextPart, ToolCallPart
from contracts.streams import AttemptOpened, PartShown, RecordKind, StreamRecord
from contracts.turns import TurnResult, TurnState
from contracts.usage import Cost, Usage
from storage.streams.codec import decode, encode
from storage.streams.log import RecordBody

_TURN = uuid4()
_ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=20)
"""With NUL and lone surrogates."""


def _texts() -> st.SearchStrategy[tuple[RecordKind, int, str, RecordBody | None]]:
    kinds = st.sampled_from([RecordKind.TEXT, RecordKind.REASONING, RecordKind.TOOL_ARGUMENTS])
    return st.tuples(kinds, st.integers(0, 3), _ANY_TEXT, st.none())


def _bodies() -> st.SearchStrategy[tuple[RecordKind, int, str, RecordBody | None]]:
    opened = st.builds(AttemptOpened, step=st.integers(0, 9), model=st.just(ModelRef.parse("openai:gpt-5")))
    shown = st.builds(PartShown, part=st.builds(TextPart, text=_ANY_TEXT))
    return st.one_of(
        st.tuples(st.sampled_from([RecordKind.START, RecordKind.RESET]), st.just(0), st.just(""), opened),
        st.tuples(st.just(RecordKind.PART), st.integers(0, 3), st.just(""), shown),
    )


@given(st.lists(_texts() | _bodies(), min_size=1, max_size=30), st.integers(1, 9), st.integers(1, 1000))
def test_rows_give_back_the_records(
    said: list[tuple[RecordKind, int, str, RecordBody | None]], attempt: int, first: int
) -> None:
    records = [
        StreamRecord(attempt, first + place, kind, index, text, body)
        for place, (kind, index, text, body) in enumerate(said)
    ]
    row = encode(_TURN, records)
    assert (row.turn_id, row.attempt, row.seq_first) == (_TURN, attempt, first)
    assert row.seq_last == first + len(records) - 1
    assert decode(row) == records


def test_a_result_keeps_its_money() -> None:
    result = TurnResult(
        turn_id=_TURN,
        state=TurnState.COMPLETED,
        message_id=uuid4(),
        model=ModelRef.parse("openai:gpt-5"),
        usage=Usage(input_uncached=3, output=5),
        cost=Cost(total=Decimal("0.000000123456"), unit_prices={"output": Decimal("0.00001")}),
    )
    record = StreamRecord(2, 7, RecordKind.END, body=result)
    assert decode(encode(_TURN, [record])) == [record]


def test_a_tool_call_keeps_its_index() -> None:
    call = PartShown(part=ToolCallPart(id="c1", name="look", arguments='{"a": 1}'))
    record = StreamRecord(1, 1, RecordKind.PART, index=2, body=call)
    assert decode(encode(_TURN, [record])) == [record]


def test_tokens_are_small() -> None:
    records = [StreamRecord(1, seq, RecordKind.TEXT, 0, " word") for seq in range(1, 101)]
    assert len(encode(_TURN, records).records) < 100 * (len(" word") + 4)
