"""Fitting a conversation: newest first, whole exchanges, instructions always."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from contracts.models import ModelRef
from contracts.parts import Message, Role, TextPart, ToolCallPart, ToolResultPart
from domain.fitting import fit
from domain.windows import context_window


def said(role: Role, text: str) -> Message:
    return Message(role=role, parts=(TextPart(text=text),))


def letters(messages: Sequence[Message]) -> int:
    return sum(len(part.text) for message in messages for part in message.parts if isinstance(part, TextPart))


def test_the_oldest_exchange_goes_first_and_instructions_stay() -> None:
    talk = [
        said("system", "s" * 10),
        said("user", "a" * 40),
        said("assistant", "b" * 40),
        said("user", "c" * 40),
        said("assistant", "d" * 40),
        said("user", "e" * 10),
    ]
    fitted = fit(talk, window=120, answer_room=10, count=letters)
    assert [message.parts[0].text[0] for message in fitted.messages] == ["s", "c", "d", "e"]  # type: ignore[union-attr]
    assert fitted.left_out == 2


def test_a_tool_result_never_loses_its_call() -> None:
    call = Message(role="assistant", parts=(TextPart(text="x" * 50), ToolCallPart(id="1", name="f", arguments="{}")))
    result = Message(role="tool", parts=(ToolResultPart(call_id="1", content=(TextPart(text="r"),)),))
    talk = [said("user", "a" * 50), call, result, said("user", "b" * 50)]
    assert fit(talk, window=130, answer_room=10, count=letters).messages == (talk[3],)


def test_an_unknown_window_and_a_fitting_talk_change_nothing() -> None:
    talk = (said("user", "hello"),)
    assert fit(talk, window=None, answer_room=None, count=letters).messages == talk
    assert fit(talk, window=100, answer_room=10, count=letters).left_out == 0


roles = st.sampled_from(["system", "user", "assistant", "developer"])


@given(
    talk=st.lists(st.builds(said, roles, st.text("abc", max_size=60)), min_size=1, max_size=30),
    window=st.integers(1, 2_000),
    room=st.none() | st.integers(1, 500),
)
def test_what_is_kept_is_the_tail_in_order_with_every_instruction(
    talk: list[Message], window: int, room: int | None
) -> None:
    fitted = fit(talk, window=window, answer_room=room, count=letters)
    assert len(fitted.messages) + fitted.left_out == len(talk)
    if not fitted.left_out:
        assert list(fitted.messages) == talk
        return
    instructions = [message for message in talk if message.role in ("system", "developer")]
    others = [message for message in talk if message.role in ("user", "assistant")]
    kept = [message for message in fitted.messages if message.role in ("user", "assistant")]
    assert [message for message in fitted.messages if message.role in ("system", "developer")] == instructions
    assert kept
    assert kept == others[len(others) - len(kept) :]


def test_windows_are_known_from_the_price_list() -> None:
    assert context_window(ModelRef.parse("openai:gpt-4o-mini")) == 128_000
    assert context_window(ModelRef.parse("openai:no-such-model")) is None
    assert context_window(ModelRef.parse("no-such-provider:x")) is None
