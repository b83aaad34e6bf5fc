from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.errors import ErrorKind, ProviderError
from contracts.events import FinishReason
from contracts.parts import ImagePart, ReasoningPart, RefusalPart, TextPart, ToolCallPart
from tests.unit.providers.openai.reading import read_chat


def chunk(delta: dict[str, Any], finish: str | None = None, **beside: Any) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "chatcmpl-1", "model": "gpt-4o", "choices": [choice], **beside}


def call(index: int | None, call_id: str | None, name: str | None, arguments: str | None) -> dict[str, Any]:
    fields = {"index": index, "id": call_id, "function": {"name": name, "arguments": arguments}}
    return {"tool_calls": [{name: value for name, value in fields.items() if value is not None}]}


def cut(text: str, places: list[int]) -> list[str]:
    """`text` in pieces, some of them empty."""
    ends = sorted(place % (len(text) + 1) for place in places)
    return [text[a:b] for a, b in zip([0, *ends], [*ends, len(text)], strict=True)]


places = st.lists(st.integers(0, 99), max_size=5)


@settings(deadline=None)
@given(st.text(max_size=30), st.lists(st.tuples(st.text(min_size=1), st.text(max_size=20)), max_size=3), places)
def test_a_stream_says_what_its_body_says_however_it_is_cut(
    text: str, calls: list[tuple[str, str]], where: list[int]
) -> None:
    asked = [
        {"id": f"call_{n}", "type": "function", "function": {"name": name, "arguments": arguments}}
        for n, (name, arguments) in enumerate(calls)
    ]
    message = {"role": "assistant", "content": text, "tool_calls": asked}
    body = {"id": "1", "model": "m", "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}
    chunks = [chunk({"role": "assistant", "content": piece}) for piece in cut(text, where)]
    for n, (name, arguments) in enumerate(calls):
        first, *rest = cut(arguments, where)
        chunks += [chunk(call(n, f"call_{n}", name, first)), *(chunk(call(n, None, None, more)) for more in rest)]
    streamed = read_chat([*chunks, chunk({}, "stop")])
    assert streamed.parts == read_chat([body], whole=True).parts
    assert [p.arguments for p in streamed.parts if isinstance(p, ToolCallPart)] == [one[1] for one in calls]


@pytest.mark.parametrize(
    "chunks",
    [
        [call(0, "a", "f", "{}"), call(1, "b", "g", "[]")],
        [call(None, "a", "f", "{"), call(None, None, None, "}"), call(None, "b", "g", "[]")],
        [call(0, "a", "f", "{}"), call(0, "b", "g", "[]")],
        [call(0, "a", "f", "{"), call(0, "a", "f", "}"), call(1, "b", "g", "[]")],
        [call(0, "a", None, None), call(0, None, "f", "{}"), call(1, "b", "g", "[]")],
    ],
    ids=["plain", "no index", "every index 0", "id and name repeated", "name later"],
)
def test_tool_calls_as_servers_number_them(chunks: list[dict[str, Any]]) -> None:
    answer = read_chat([*(chunk(one) for one in chunks), chunk({}, "tool_calls")])
    calls = [part for part in answer.parts if isinstance(part, ToolCallPart)]
    assert [(one.id, one.name, one.arguments) for one in calls] == [("a", "f", "{}"), ("b", "g", "[]")]
    assert answer.finished.finish_reason is FinishReason.TOOL_CALLS


def test_calls_without_an_id_get_one_each() -> None:
    answer = read_chat([chunk(call(0, None, "f", "{}")), chunk(call(1, "", "g", "[]")), chunk({}, "tool_calls")])
    ids = [part.id for part in answer.parts if isinstance(part, ToolCallPart)]
    assert len(set(ids)) == 2
    assert all(ids)


def test_a_custom_call_keeps_its_kind() -> None:
    first = {"tool_calls": [{"index": 0, "id": "a", "type": "custom", "custom": {"name": "f", "input": "x"}}]}
    more = {"tool_calls": [{"index": 0, "custom": {"input": "y"}}]}
    (part,) = read_chat([chunk(first), chunk(more), chunk({}, "tool_calls")]).parts
    assert isinstance(part, ToolCallPart)
    assert (part.kind, part.arguments) == ("custom", "xy")


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_shown_thought_keeps_the_field_it_came_in(field: str) -> None:
    answer = read_chat([chunk({field: "let "}), chunk({field: "me", "content": ""}), chunk({"content": "42"}, "stop")])
    assert answer.parts == (
        ReasoningPart(text="let me", provider="openai", id=field),
        TextPart(text="42"),
    )


def test_reasoning_details_are_kept_whole_and_shown_once() -> None:
    def detail(**fields: Any) -> dict[str, Any]:
        return {"type": "reasoning.text", "index": 0, **fields}

    answer = read_chat(
        [
            chunk({"reasoning": "let ", "reasoning_details": [detail(text="let ")]}),
            chunk({"reasoning": "me", "reasoning_details": [detail(text="me", signature="s")]}),
            chunk({"content": "42"}, "stop"),
        ]
    )
    thought = answer.parts[0]
    assert isinstance(thought, ReasoningPart)
    assert thought.text == "let me"
    assert thought.redacted == '[{"type":"reasoning.text","index":0,"text":"let me","signature":"s"}]'


def test_mistral_thinks_among_the_contents() -> None:
    thinking = [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, {"type": "text", "text": "42"}]
    answer = read_chat([chunk({"content": thinking}, "stop")])
    assert [(part.type, part.text) for part in answer.parts if isinstance(part, ReasoningPart | TextPart)] == [
        ("reasoning", "hm"),
        ("text", "42"),
    ]


def test_refusals_images_and_citations() -> None:
    cited = {"type": "url_citation", "url_citation": {"url": "u", "title": "t", "start_index": 0, "end_index": 2}}
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    answer = read_chat(
        [chunk({"content": "so", "annotations": [cited]}), chunk({"refusal": "no"}), chunk({"images": [image]}, "stop")]
    )
    text, refusal, picture = answer.parts
    assert isinstance(text, TextPart)
    assert (text.citations[0].url, text.citations[0].end, text.citations[0].raw) == ("u", 2, cited)
    assert refusal == RefusalPart(text="no")
    assert isinstance(picture, ImagePart)


def test_usage_in_every_chunk_and_beside_the_chunk() -> None:
    first, last = ({"prompt_tokens": 5, "completion_tokens": n, "total_tokens": 5 + n} for n in (1, 2))
    answer = read_chat([chunk({"content": "a"}, usage=first), chunk({}, "stop", x_groq={"usage": last})])
    assert answer.finished.usage is not None
    assert answer.finished.usage.total == 7


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("stop", FinishReason.STOP),
        ("length", FinishReason.LENGTH),
        ("function_call", FinishReason.TOOL_CALLS),
        ("content_filter", FinishReason.CONTENT_FILTER),
        ("MAX_TOKENS", FinishReason.LENGTH),
        ("something new", FinishReason.STOP),
    ],
)
def test_finish_reasons(word: str, reason: FinishReason) -> None:
    finished = read_chat([chunk({"content": "a"}, word)]).finished
    assert (finished.finish_reason, finished.raw_finish_reason) == (reason, word)


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("error", ErrorKind.UNAVAILABLE),
        ("insufficient_system_resource", ErrorKind.OVERLOADED),
        ("", ErrorKind.UNAVAILABLE),
    ],
)
def test_failures_that_look_like_an_end(word: str, kind: ErrorKind) -> None:
    with pytest.raises(ProviderError) as raised:
        read_chat([chunk({"content": "a"}, word)])
    assert raised.value.kind is kind


def test_a_whole_body_without_a_finish_reason_is_not_cut() -> None:
    body = {"choices": [{"index": 0, "message": {"content": "a"}, "finish_reason": ""}]}
    assert read_chat([body], whole=True).finished.finish_reason is FinishReason.STOP


def test_only_the_first_choice_is_read() -> None:
    other = {"index": 1, "delta": {"content": "b"}, "finish_reason": "length"}
    answer = read_chat([chunk({"content": "a"}, "stop"), {"choices": [other]}])
    assert (answer.text, answer.finished.finish_reason) == ("a", FinishReason.STOP)
