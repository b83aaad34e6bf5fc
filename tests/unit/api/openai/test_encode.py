"""A finished turn as a chat completion, which OpenAI's own types can read."""

from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from api.openai.encode import assistant_message, completion
from contracts.events import FinishReason
from contracts.models import ModelRef
from contracts.parts import Citation, Part, ReasoningPart, RefusalPart, TextPart, ToolCallPart
from contracts.turns import TurnResult, TurnState
from contracts.usage import Cost, Usage

PARTS: tuple[Part, ...] = (
    ReasoningPart(text="hm"),
    TextPart(text="Hello ", citations=(Citation(url="https://example.org"),)),
    TextPart(text="world"),
    ToolCallPart(id="call_1", name="weather", arguments="{}"),
    ToolCallPart(id="call_2", name="shell", arguments="ls", kind="custom"),
)


def result(reason: FinishReason = FinishReason.STOP) -> TurnResult:
    return TurnResult(
        turn_id=uuid4(),
        state=TurnState.COMPLETED,
        message_id=UUID(int=1),
        finish_reason=reason,
        model=ModelRef(provider="openai", model="gpt-4o-mini"),
        served_model="gpt-4o-mini-2024-07-18",
        attempts=2,
        usage=Usage(input_uncached=7, cache_read=3, output=5, reasoning=2),
        cost=Cost(total=Decimal("0.000012")),
    )


def test_openais_types_read_it() -> None:
    from openai.types.chat import ChatCompletion

    ended = result(FinishReason.TOOL_CALLS)
    made = completion(ended, PARTS, created=1, model="gpt-4o-mini", ignored=("store",))
    read = ChatCompletion.model_validate(made, strict=True)
    message = read.choices[0].message
    assert (read.model, read.choices[0].finish_reason) == ("gpt-4o-mini-2024-07-18", "tool_calls")
    assert message.content == "Hello world"
    assert [call.type for call in message.tool_calls or ()] == ["function", "custom"]
    assert message.annotations is not None
    assert message.annotations[0].url_citation.url == "https://example.org"
    assert read.usage is not None
    assert (read.usage.prompt_tokens, read.usage.completion_tokens, read.usage.total_tokens) == (10, 5, 15)
    assert made["perdure"]["cost_usd"] == "0.000012"
    assert made["perdure"]["ignored"] == ["store"]


@pytest.mark.parametrize(
    ("reason", "word"),
    [
        (FinishReason.STOP, "stop"),
        (FinishReason.LENGTH, "length"),
        (FinishReason.TOOL_CALLS, "tool_calls"),
        (FinishReason.CONTENT_FILTER, "content_filter"),
        (FinishReason.CANCELLED, "length"),
    ],
)
def test_finish_reasons(reason: FinishReason, word: str) -> None:
    made = completion(result(reason), (TextPart(text="Hi"),), created=1, model="m", ignored=())
    assert made["choices"][0]["finish_reason"] == word


def test_a_message_of_calls_alone_has_no_content() -> None:
    message = assistant_message((ToolCallPart(id="1", name="f", arguments="{}"),))
    assert message["content"] is None
    assert assistant_message(())["content"] == ""
    assert assistant_message((RefusalPart(text="No."),))["refusal"] == "No."
