"""Records become chunks that OpenAI's client folds into the answer, through every kind of new attempt."""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID, uuid4

import pytest

from api.openai.chunks import Chunks
from api.openai.splice import DivergedError
from contracts.events import FinishReason
from contracts.models import ModelRef
from contracts.parts import Citation, Part, ReasoningPart, RefusalPart, TextPart, ToolCallPart
from contracts.streams import AttemptOpened, PartShown, RecordKind, StreamRecord
from contracts.turns import TurnResult, TurnState
from contracts.usage import Usage

TURN = uuid4()
MODEL = ModelRef(provider="sim", model="sim-fast")
Said = tuple[RecordKind, int, str] | tuple[RecordKind, int, Part] | tuple[RecordKind, int, int]


def opened(kind: RecordKind, keep: int = 0) -> Said:
    return kind, 0, keep


def text(said: str, index: int = 0) -> Said:
    return RecordKind.TEXT, index, said


def arguments(said: str, index: int = 0) -> Said:
    return RecordKind.TOOL_ARGUMENTS, index, said


def part(shown: Part, index: int = 0) -> Said:
    return RecordKind.PART, index, shown


def call(arguments: str = "", *, name: str = "weather", id: str = "call_1", kind: str = "function") -> ToolCallPart:
    return ToolCallPart(id=id, name=name, arguments=arguments, kind=kind)


END: Said = (RecordKind.END, 0, 0)
RESET = opened(RecordKind.RESET)


def result(**changes: Any) -> TurnResult:
    known: dict[str, Any] = {
        "turn_id": TURN,
        "state": TurnState.COMPLETED,
        "message_id": UUID(int=1),
        "finish_reason": FinishReason.STOP,
        "model": MODEL,
        "attempts": 1,
        "usage": Usage(input_uncached=7, cache_read=3, output=5, reasoning=2),
    }
    return TurnResult(**known | changes)


def records(attempts: Sequence[Sequence[Said]], ended: TurnResult | None = None) -> Iterator[StreamRecord]:
    for number, attempt in enumerate(attempts, 1):
        for seq, (kind, index, what) in enumerate(attempt, 1):
            match what:
                case str():
                    yield StreamRecord(number, seq, kind, index=index, text=what)
                case int() if kind is RecordKind.END:
                    yield StreamRecord(number, seq, kind, body=ended or result())
                case int():
                    yield StreamRecord(number, seq, kind, body=AttemptOpened(step=0, model=MODEL, keep_chars=what))
                case _:
                    yield StreamRecord(number, seq, kind, index=index, body=PartShown(part=what))


class Client:
    """What a client folds from chunks."""

    def __init__(self) -> None:
        self.fields: dict[str, str] = {}
        self.calls: dict[int, dict[str, Any]] = {}
        self.chunks: list[dict[str, Any]] = []

    def take(self, chunk: dict[str, Any]) -> None:
        self.chunks.append(chunk)
        for choice in chunk["choices"]:
            for name, value in choice["delta"].items():
                if name == "tool_calls":
                    for piece in value:
                        self._fold(piece)
                elif isinstance(value, str):
                    self.fields[name] = self.fields.get(name, "") + value

    def _fold(self, piece: dict[str, Any]) -> None:
        held = self.calls.setdefault(piece["index"], {"said": ""})
        held |= {name: piece[name] for name in ("id", "type") if name in piece}
        inner = piece.get("function") or piece["custom"]
        held |= {"name": inner["name"]} if "name" in inner else {}
        held["said"] += inner.get("arguments", "") + inner.get("input", "")

    @property
    def reasons(self) -> list[str]:
        reasons = [choice["finish_reason"] for chunk in self.chunks for choice in chunk["choices"]]
        return [reason for reason in reasons if reason]


def told(*attempts: Sequence[Said], ended: TurnResult | None = None, include_usage: bool = False) -> Client:
    chunks = Chunks(TURN, model="sim-fast", created=1, include_usage=include_usage, ignored=("store",))
    client = Client()
    for record in records(attempts, ended):
        for chunk in chunks.add(record):
            client.take(chunk)
    return client


START = opened(RecordKind.START)


def test_the_role_comes_first_and_the_reason_last() -> None:
    client = told([START, text("Hel"), text("lo"), END])
    assert client.chunks[0]["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert (client.fields["content"], client.reasons) == ("Hello", ["stop"])
    assert client.chunks[-1]["perdure"]["turn_id"] == str(TURN)
    assert client.chunks[-1]["perdure"]["ignored"] == ["store"]
    assert {chunk["id"] for chunk in client.chunks} == {f"chatcmpl-{TURN}"}


def test_usage_comes_in_a_last_chunk_where_it_is_asked_for() -> None:
    last = told([START, text("Hi"), END], include_usage=True).chunks[-1]
    assert last["choices"] == []
    assert (last["usage"]["prompt_tokens"], last["usage"]["completion_tokens"], last["usage"]["total_tokens"]) == (
        10,
        5,
        15,
    )
    assert last["usage"]["prompt_tokens_details"]["cached_tokens"] == 3
    assert last["usage"]["completion_tokens_details"]["reasoning_tokens"] == 2
    assert all("usage" not in chunk for chunk in told([START, text("Hi"), END]).chunks)


def test_a_repeated_beginning_is_passed_over() -> None:
    assert (
        told([START, text("Hello wor")], [RESET, text("He"), text("llo world!"), END]).fields["content"]
        == "Hello world!"
    )


def test_going_on_sends_what_is_new() -> None:
    going_on = opened(RecordKind.CONTINUE, 5)
    assert told([START, text("Hello")], [going_on, text(" world"), END]).fields["content"] == "Hello world"


def test_going_on_from_less_must_repeat_the_rest() -> None:
    going_on = opened(RecordKind.CONTINUE, 5)
    assert told([START, text("Hello ")], [going_on, text(" world"), END]).fields["content"] == "Hello world"
    with pytest.raises(DivergedError):
        told([START, text("Hello ")], [going_on, text("world")])


@pytest.mark.parametrize(
    "attempts",
    [
        ([START, text("Hello")], [RESET, text("Good day")]),
        ([START, text("Hello")], [RESET, text("Hell"), END]),
        ([START, text("Hello")], [RESET, part(TextPart(text="Good day"))]),
        ([START, text("Hello")], [RESET, part(call()), END]),
        ([START, part(call("{}"))], [RESET, text("Hello"), END]),
        ([START, part(call()), arguments('{"city": "P')], [RESET, part(call()), arguments('{"city": "R')]),
        ([START, part(call()), arguments('{"a": 1}')], [RESET, part(call()), arguments('{"a"'), END]),
        ([START, part(call())], [RESET, part(call(name="time"))]),
        ([START, part(call()), part(call(id="call_2"), 1)], [RESET, part(call()), END]),
        ([START, part(RefusalPart(text="I will not"))], [RESET, text("Of course"), END]),
        ([START, text("Hello")], [part(TextPart(text="Good day"))]),
        ([START, text("Hello")], [part(ReasoningPart(text="hm")), part(TextPart(text="Good day"), 1)]),
        ([START, text("Hello")], [opened(RecordKind.CONTINUE, 9)]),
    ],
)
def test_a_contradiction_ends_the_stream(attempts: Sequence[Sequence[Said]]) -> None:
    with pytest.raises(DivergedError):
        told(*attempts)


def test_a_failed_turn_has_no_last_chunk_and_no_contradiction() -> None:
    failed = result(state=TurnState.FAILED, message_id=None, finish_reason=None)
    client = told([START, text("Hello")], [END], ended=failed)
    assert (client.fields["content"], client.reasons) == ("Hello", [])


def test_a_stored_answer_shown_whole_after_a_lost_worker() -> None:
    thought, answer = ReasoningPart(text="hm"), TextPart(text="Hello world")
    client = told([START, text("Hello")], [part(thought), part(answer, 1), END])
    assert (client.fields["content"], client.reasons) == ("Hello world", ["stop"])


def test_a_text_shown_in_full_adds_what_was_not_said() -> None:
    client = told([START, text("Hel"), part(TextPart(text="Hello")), END])
    assert client.fields["content"] == "Hello"
    with pytest.raises(DivergedError):
        told([START, text("Hello"), part(TextPart(text="Hel"))])


def test_several_texts_are_one() -> None:
    client = told([START, text("One. ", 0), text("Two.", 2)], [RESET, text("One. ", 1), text("Two. Three.", 2), END])
    assert client.fields["content"] == "One. Two. Three."


def test_calls_keep_the_id_that_was_sent() -> None:
    first = [START, part(call()), arguments('{"city"')]
    second = [RESET, part(call("{", id="call_9")), arguments('"city": "Paris"}'), part(call(id="call_8"), 1), END]
    client = told(first, second)
    assert client.calls[0] == {"id": "call_1", "type": "function", "name": "weather", "said": '{"city": "Paris"}'}
    assert client.calls[1] == {"id": "call_8", "type": "function", "name": "weather", "said": ""}


def test_a_call_shown_in_full_is_not_sent_twice() -> None:
    client = told([START, part(call()), arguments('{"a": 1}'), part(call('{"a": 1}')), END])
    assert client.calls[0]["said"] == '{"a": 1}'


def test_custom_calls_have_input() -> None:
    custom = call(name="shell", kind="custom")
    client = told([START, part(custom), arguments("ls"), END], ended=result(finish_reason=FinishReason.TOOL_CALLS))
    assert client.calls[0] == {"id": "call_1", "type": "custom", "name": "shell", "said": "ls"}
    assert client.reasons == ["tool_calls"]


def test_reasoning_may_change_its_mind() -> None:
    thinking: Said = (RecordKind.REASONING, 0, "Let me see. ")
    other: Said = (RecordKind.REASONING, 0, "Well. ")
    again = told([START, thinking], [RESET, thinking, text("Hi", 1), END])
    assert again.fields["reasoning_content"] == "Let me see. "
    changed = told([START, thinking], [RESET, other, text("Hi", 1), END])
    assert changed.fields["reasoning_content"] == "Let me see. Well. "


def test_refusals_are_apart_from_text() -> None:
    client = told([START, part(RefusalPart(text="I ")), text("will not."), END])
    assert (client.fields["refusal"], client.fields["content"]) == ("I will not.", "")


def test_sources_come_as_annotations() -> None:
    sources = (Citation(url="https://example.org", title="E", start=0, end=2), Citation(title="no URL"))
    cited = TextPart(text="Hi", citations=sources)
    client = told([START, text("Hi"), part(cited), part(cited), END])
    found = [chunk["choices"][0]["delta"].get("annotations") for chunk in client.chunks]
    assert [one for one in found if one] == [
        [
            {
                "type": "url_citation",
                "url_citation": {"url": "https://example.org", "title": "E", "start_index": 0, "end_index": 2},
            }
        ]
    ]
