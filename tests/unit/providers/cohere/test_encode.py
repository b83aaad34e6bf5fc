"""Requests as Cohere takes them."""

import base64
from typing import Any

import pytest

from contracts.errors import ErrorKind, ProviderError
from contracts.parts import (
    AudioPart,
    BytesSource,
    Citation,
    DocumentPart,
    ImagePart,
    Message,
    Part,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    UrlSource,
)
from contracts.requests import FunctionTool, JsonSchemaOutput, Knobs, NamedTool, ProviderTool
from providers.cohere.encode_request import EncodedRequest, encode_request
from tests.unit.providers.cohere.loopback import MODEL, request

TEXT = base64.b64encode(b"facts").decode()
TOOLS = (FunctionTool(name="look", parameters={"type": "object"}), FunctionTool(name="leave"))


def encode(*messages: Message, model: str = MODEL, **more: Any) -> EncodedRequest:
    if messages:
        more["messages"] = messages
    return encode_request(request(model=model, **more), provider="cohere")


def user(*parts: Part) -> Message:
    return Message(role="user", parts=parts)


def test_an_answer_goes_back_as_it_came() -> None:
    raw = {"start": 0, "end": 2, "text": "so"}
    answer = Message(
        role="assistant",
        parts=(
            ReasoningPart(text="plan", provider="cohere", id="tool_plan"),
            ReasoningPart(text="hm", provider="cohere"),
            ReasoningPart(text="foreign", provider="openai"),
            TextPart(text="so", citations=(Citation(provider="cohere", raw=raw),)),
            ToolCallPart(id="c1", name="look", arguments=""),
        ),
    )
    result = Message(role="tool", parts=(ToolResultPart(call_id="c1", content=(TextPart(text="seen"),)),))
    encoded = encode(user(TextPart(text="a")), answer, result)
    assert encoded.body["messages"][1:] == [
        {
            "role": "assistant",
            "content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "so"}],
            "tool_plan": "plan",
            "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}],
            "citations": [raw],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "seen"},
    ]
    assert encoded.dropped == ("reasoning of openai",)


def test_images_and_documents() -> None:
    document = DocumentPart(source=BytesSource(media_type="text/plain", content=TEXT), name="d1", title="T")
    image = ImagePart(source=BytesSource(media_type="image/png", content="cG5n"), detail="low")
    body = encode(user(TextPart(text="see"), image, document)).body
    assert body["messages"][0]["content"][1] == {
        "type": "image_url",
        "image_url": {"url": "data:image/png;base64,cG5n", "detail": "low"},
    }
    assert body["documents"] == [{"id": "d1", "data": {"text": "facts", "title": "T"}}]


@pytest.mark.parametrize(
    "part",
    [
        AudioPart(source=BytesSource(media_type="audio/wav", content="")),
        ImagePart(source=UrlSource(url="gs://b/a.png")),
        DocumentPart(source=BytesSource(media_type="application/pdf", content="")),
    ],
    ids=["sound", "address", "pdf"],
)
def test_what_cannot_be_carried_is_named(part: Part) -> None:
    with pytest.raises(ProviderError) as caught:
        encode(user(TextPart(text="see"), part))
    assert (caught.value.kind, caught.value.field) == (ErrorKind.INVALID_REQUEST, "messages[0].parts[1]")


@pytest.mark.parametrize(
    ("choice", "word", "names"),
    [
        (None, None, ["look", "leave"]),
        ("auto", None, ["look", "leave"]),
        ("none", "NONE", ["look", "leave"]),
        ("required", "REQUIRED", ["look", "leave"]),
        (NamedTool(name="leave"), "REQUIRED", ["leave"]),
    ],
    ids=["unsaid", "auto", "none", "required", "named"],
)
def test_tool_choice(choice: Any, word: str | None, names: list[str]) -> None:
    body = encode(tools=TOOLS, tool_choice=choice).body
    assert body.get("tool_choice") == word
    assert [tool["function"]["name"] for tool in body["tools"]] == names


def test_strict_tools_are_all_or_none() -> None:
    strict = TOOLS[0].model_copy(update={"strict": True})
    assert encode(tools=(strict,)).body["strict_tools"] is True
    mixed = encode(tools=(strict, TOOLS[1]))
    assert "strict_tools" not in mixed.body
    assert mixed.ignored == ("tools.strict",)
    with pytest.raises(ProviderError, match="google"):
        encode(tools=(ProviderTool(provider="google", payload={}),))


def test_knobs_in_the_ranges_that_cohere_takes() -> None:
    knobs = Knobs(
        max_output_tokens=9,
        temperature=2,
        top_p=1,
        top_k=4,
        stop=("x",),
        seed=1,
        presence_penalty=-1,
        user="u",
        verbosity="low",
    )
    encoded = encode(knobs=knobs)
    wanted = {
        "max_tokens": 9,
        "temperature": 1,
        "p": 0.99,
        "k": 4,
        "stop_sequences": ["x"],
        "seed": 1,
        "presence_penalty": 0,
    }
    assert {name: encoded.body[name] for name in wanted} == wanted
    assert set(encoded.ignored) == {"temperature", "presence_penalty", "user", "verbosity"}


@pytest.mark.parametrize(
    ("model", "knobs", "thinking", "ignored"),
    [
        (MODEL, Knobs(reasoning_effort="low"), {"type": "enabled", "token_budget": 2_048}, ()),
        (MODEL, Knobs(reasoning_effort="high"), {"type": "enabled"}, ()),
        (MODEL, Knobs(reasoning_tokens=700), {"type": "enabled", "token_budget": 700}, ()),
        (MODEL, Knobs(reasoning_effort="none"), {"type": "disabled"}, ()),
        ("command-r7b-12-2024", Knobs(reasoning_effort="none"), None, ()),
        ("command-r7b-12-2024", Knobs(reasoning_effort="low"), None, ("reasoning_effort",)),
    ],
    ids=["low", "high", "tokens", "none", "none-anyway", "cannot"],
)
def test_reasoning(model: str, knobs: Knobs, thinking: dict[str, Any] | None, ignored: tuple[str, ...]) -> None:
    encoded = encode(model=model, knobs=knobs)
    assert (encoded.body.get("thinking"), encoded.ignored) == (thinking, ignored)


def test_a_schema_and_options() -> None:
    options = {"cohere": {"safety_mode": "STRICT"}}
    body = encode(output=JsonSchemaOutput(definition={"type": "object"}), provider_options=options).body
    assert body["response_format"] == {"type": "json_object", "json_schema": {"type": "object"}}
    assert body["safety_mode"] == "STRICT"
