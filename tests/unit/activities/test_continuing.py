"""What a new attempt may go on from."""

import pytest

from activities.continuing import join_continuation, prefix_to_keep, said_so_far
from contracts.models import ModelRef
from contracts.parts import ReasoningPart, TextPart, ToolCallPart
from contracts.streams import AttemptOpened, PartShown, RecordKind, StreamRecord

MODEL = ModelRef(provider="sim", model="sim-fast")


def opened(attempt: int, kind: RecordKind, keep: int = 0) -> StreamRecord:
    return StreamRecord(attempt, 1, kind, body=AttemptOpened(step=0, model=MODEL, keep_chars=keep))


def text(attempt: int, seq: int, value: str) -> StreamRecord:
    return StreamRecord(attempt, seq, RecordKind.TEXT, text=value)


def test_a_reset_voids_and_a_continue_keeps_its_prefix() -> None:
    records = [
        opened(1, RecordKind.START),
        text(1, 2, "gone"),
        opened(2, RecordKind.RESET),
        text(2, 2, "one two"),
        opened(3, RecordKind.CONTINUE, keep=3),
        text(3, 2, " three"),
    ]
    assert said_so_far(records).text == "one three"


def test_tool_calls_cannot_be_continued() -> None:
    call = PartShown(part=ToolCallPart(id="1", name="look", arguments=""))
    said = said_so_far([opened(1, RecordKind.START), text(1, 2, "so"), StreamRecord(1, 3, RecordKind.PART, body=call)])
    assert said.anything
    assert prefix_to_keep(said, "continue", prefill=True, from_start=False) == ""


@pytest.mark.parametrize(
    ("policy", "prefill", "from_start", "kept"),
    [
        ("continue", True, False, "one two"),
        ("continue", False, False, ""),
        ("continue", True, True, ""),
        ("reset", True, False, ""),
    ],
)
def test_only_a_model_that_can_go_on_is_asked_to(policy: str, prefill: bool, from_start: bool, kept: str) -> None:
    said = said_so_far([opened(1, RecordKind.START), text(1, 2, "one two \n")])
    assert prefix_to_keep(said, policy, prefill=prefill, from_start=from_start) == kept  # type: ignore[arg-type]


def test_the_whole_answer_begins_with_what_was_kept() -> None:
    parts = join_continuation("one ", (ReasoningPart(text="hm"), TextPart(text="two")))
    assert parts == (TextPart(text="one two"), ReasoningPart(text="hm"))
    assert join_continuation("one", ()) == (TextPart(text="one"),)
