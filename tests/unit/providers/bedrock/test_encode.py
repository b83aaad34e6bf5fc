"""Requests as Converse takes them."""

import base64
from typing import Any

import pytest

from contracts.errors import ErrorKind, ProviderError
from contracts.parts import (
    AudioPart,
    BytesSource,
    CacheHint,
    DocumentPart,
    FileSource,
    ImagePart,
    Message,
    Part,
    ProviderPart,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    UrlSource,
)
from contracts.requests import FunctionTool, JsonObjectOutput, JsonSchemaOutput, Knobs, NamedTool, ProviderTool
from providers.bedrock.encode_request import EncodedRequest, encode_request
from tests.unit.providers.bedrock.loopback import MODEL, request

PNG = BytesSource(media_type="image/png", content=base64.b64encode(b"png").decode())
TOOL = FunctionTool(name="look", parameters={"type": "object", "properties": {"at": {"type": "string"}}})
NOVA = "us.amazon.nova-pro-v1:0"


def encode(*messages: Message, model: str = MODEL, **more: Any) -> EncodedRequest:
    if messages:
        more["messages"] = messages
    return encode_request(request(model=model, **more), provider="bedrock")


def user(*parts: Part) -> Message:
    return Message(role="user", parts=parts)


def content(*parts: Part) -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = encode(user(*parts)).parameters["messages"][0]["content"]
    return blocks


def refusal(*messages: Message, **more: Any) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        encode(*messages, **more)
    assert caught.value.kind is ErrorKind.INVALID_REQUEST
    return caught.value


def test_results_stand_first_with_their_cache_points() -> None:
    call = ToolCallPart(id="t1", name="look", arguments='{"at": "x"}')
    result = ToolResultPart(call_id="t1", content=(TextPart(text="y"),), cache=CacheHint(ttl="1h"))
    turns = encode(
        user(TextPart(text="a")),
        Message(role="assistant", parts=(call,)),
        user(TextPart(text="b")),
        Message(role="tool", parts=(result,)),
        tools=(TOOL,),
    ).parameters["messages"]
    assert [turn["role"] for turn in turns] == ["user", "assistant", "user"]
    assert turns[1]["content"] == [{"toolUse": {"toolUseId": "t1", "name": "look", "input": {"at": "x"}}}]
    assert turns[2]["content"] == [
        {"toolResult": {"toolUseId": "t1", "content": [{"text": "y"}]}},
        {"cachePoint": {"type": "default", "ttl": "1h"}},
        {"text": "b"},
    ]


def test_the_prompt_is_gathered_and_alone_becomes_the_users() -> None:
    system = Message(role="system", parts=(TextPart(text="be kind", cache=CacheHint()),))
    gathered = encode(
        system, user(TextPart(text="a")), Message(role="developer", parts=(TextPart(text="b"),))
    ).parameters
    assert gathered["system"] == [{"text": "be kind"}, {"cachePoint": {"type": "default"}}, {"text": "b"}]
    alone = encode(Message(role="system", parts=(TextPart(text="go"),))).parameters
    assert alone["messages"] == [{"role": "user", "content": [{"text": "go"}]}]
    assert "system" not in alone


def test_media() -> None:
    text = base64.b64encode(b"text").decode()
    blocks = content(
        ImagePart(source=PNG),
        ImagePart(source=UrlSource(url=f"data:image/webp;base64,{PNG.content}")),
        ImagePart(source=UrlSource(url="s3://b/photo.JPG?bucketOwner=12")),
        DocumentPart(source=BytesSource(media_type="text/x-python", content=text), name="a_b: c.py"),
        DocumentPart(source=FileSource(file_id="s3://b/report.pdf")),
        DocumentPart(source=BytesSource(media_type="video/mp4", content=text)),
        AudioPart(source=BytesSource(media_type="audio/wav", content=text)),
    )
    assert blocks == [
        {"image": {"format": "png", "source": {"bytes": b"png"}}},
        {"image": {"format": "webp", "source": {"bytes": b"png"}}},
        {"image": {"format": "jpeg", "source": {"s3Location": {"uri": "s3://b/photo.JPG", "bucketOwner": "12"}}}},
        {"document": {"format": "txt", "name": "a b c py", "source": {"bytes": b"text"}}},
        {"document": {"format": "pdf", "name": "Document 2", "source": {"s3Location": {"uri": "s3://b/report.pdf"}}}},
        {"video": {"format": "mp4", "source": {"bytes": b"text"}}},
        {"audio": {"format": "wav", "source": {"bytes": b"text"}}},
    ]


@pytest.mark.parametrize(
    "part",
    [
        ImagePart(source=UrlSource(url="https://x.example/a.png")),
        ImagePart(source=BytesSource(media_type="image/tiff", content="")),
        ImagePart(source=BytesSource(media_type="image/png", content="no base64!")),
        DocumentPart(source=FileSource(file_id="file_1", media_type="application/pdf")),
    ],
    ids=["url", "format", "base64", "file"],
)
def test_media_that_cannot_be_carried_is_named(part: Part) -> None:
    error = refusal(user(TextPart(text="see"), part))
    assert error.field == "messages[0].parts[1]"


def test_reasoning_goes_back_to_its_own_provider_only() -> None:
    redacted = base64.b64encode(b"\x00").decode()
    own = (
        ReasoningPart(text="so", signature="c2ln", provider="bedrock"),
        ReasoningPart(redacted=redacted, provider="bedrock"),
    )
    foreign = (
        ReasoningPart(text="so", signature="c2ln", provider="anthropic"),
        ReasoningPart(text="so", provider="bedrock"),
    )
    answer = Message(
        role="assistant", parts=(*own, *foreign, ProviderPart(provider="google", payload={}), TextPart(text="x"))
    )
    encoded = encode(user(TextPart(text="a")), answer, user(TextPart(text="b")))
    assert encoded.parameters["messages"][1]["content"] == [
        {"reasoningContent": {"reasoningText": {"text": "so", "signature": "c2ln"}}},
        {"reasoningContent": {"redactedContent": b"\x00"}},
        {"text": "x"},
    ]
    assert len(encoded.dropped) == 3


def test_broken_arguments_and_long_ids_stay_answerable() -> None:
    long = "call_" + "x" * 80
    call = ToolCallPart(id=long, name="look", arguments='{"at": ')
    result = ToolResultPart(call_id=long, is_error=True)
    turns = encode(Message(role="assistant", parts=(call,)), Message(role="tool", parts=(result,))).parameters[
        "messages"
    ]
    use, answer = turns[0]["content"][0]["toolUse"], turns[1]["content"][0]["toolResult"]
    assert use["input"] == {"arguments": '{"at": '}
    assert use["toolUseId"] == answer["toolUseId"]
    assert len(use["toolUseId"]) == 64
    assert answer["status"] == "error"


@pytest.mark.parametrize(
    ("choice", "wire"),
    [("auto", {"auto": {}}), ("required", {"any": {}}), (NamedTool(name="look"), {"tool": {"name": "look"}})],
    ids=["auto", "required", "named"],
)
def test_tool_choice(choice: Any, wire: dict[str, Any]) -> None:
    assert encode(tools=(TOOL,), tool_choice=choice).parameters["toolConfig"]["toolChoice"] == wire


def test_tools_that_must_not_be_called_are_left_out_unless_they_were() -> None:
    assert "toolConfig" not in encode(tools=(TOOL,), tool_choice="none").parameters
    called = (Message(role="assistant", parts=(ToolCallPart(id="t", name="look", arguments="{}"),)),)
    encoded = encode(*called, tools=(TOOL,), tool_choice="none")
    assert encoded.parameters["toolConfig"]["tools"][0]["toolSpec"]["name"] == "look"
    assert encoded.ignored == ("tool_choice",)


def test_a_conversation_with_calls_names_its_tools_though_none_is_offered() -> None:
    called = Message(role="assistant", parts=(ToolCallPart(id="t", name="look", arguments="{}"),))
    [tool] = encode(called).parameters["toolConfig"]["tools"]
    assert tool["toolSpec"]["name"] == "look"


def test_tools_strict_cached_and_the_vendors_own() -> None:
    own = ProviderTool(provider="bedrock", payload={"systemTool": {"name": "nova_code_interpreter"}})
    strict = TOOL.model_copy(update={"strict": True, "cache": CacheHint()})
    first, point, last = encode(tools=(strict, own)).parameters["toolConfig"]["tools"]
    assert first["toolSpec"]["strict"] is True
    assert first["toolSpec"]["inputSchema"]["json"]["additionalProperties"] is False
    assert point == {"cachePoint": {"type": "default"}}
    assert last == own.payload
    assert refusal(tools=(ProviderTool(provider="openai", payload={}),)).field == "tools[0]"


def test_one_call_at_a_time_is_claudes_own_field() -> None:
    knobs = Knobs(parallel_tool_calls=False)
    told = encode(tools=(TOOL,), tool_choice="auto", knobs=knobs)
    assert told.parameters["additionalModelRequestFields"] == {
        "tool_choice": {"type": "auto", "disable_parallel_tool_use": True}
    }
    assert "toolChoice" not in told.parameters["toolConfig"]
    assert encode(tools=(TOOL,), knobs=knobs, model=NOVA).ignored == ("parallel_tool_calls",)


def test_knobs_and_the_ones_that_are_missing() -> None:
    knobs = Knobs(
        max_output_tokens=9, temperature=1.5, top_p=0.5, top_k=4, stop=("x", ""), seed=1, user="u", service_tier="flex"
    )
    encoded = encode(knobs=knobs, model=NOVA)
    assert encoded.parameters["inferenceConfig"] == {
        "maxTokens": 9,
        "temperature": 1.0,
        "topP": 0.5,
        "stopSequences": ["x"],
    }
    assert encoded.parameters["additionalModelRequestFields"] == {"inferenceConfig": {"topK": 4}}
    assert encoded.parameters["serviceTier"] == {"type": "flex"}
    assert set(encoded.ignored) == {"temperature", "seed", "user"}


@pytest.mark.parametrize(
    ("model", "knobs", "fields", "ignored"),
    [
        (MODEL, Knobs(reasoning_tokens=2_000), {"thinking": {"type": "enabled", "budget_tokens": 2_000}}, ()),
        (
            "global.anthropic.claude-opus-4-6-v1",
            Knobs(reasoning_effort="high"),
            {"thinking": {"type": "adaptive"}, "output_config": {"effort": "high"}},
            (),
        ),
        ("openai.gpt-oss-20b-1:0", Knobs(reasoning_effort="minimal"), {"reasoning_effort": "low"}, ()),
        ("qwen.qwen3-32b-v1:0", Knobs(reasoning_effort="high"), {"reasoning_config": "high"}, ()),
        (
            "us.amazon.nova-2-lite-v1:0",
            Knobs(reasoning_effort="max"),
            {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "high"}},
            (),
        ),
        ("meta.llama3-1-8b-instruct-v1:0", Knobs(reasoning_effort="low", top_k=3), None, ("reasoning_effort", "top_k")),
    ],
    ids=["claude-budget", "claude-adaptive", "gpt-oss", "qwen", "nova", "llama"],
)
def test_reasoning_in_each_familys_words(
    model: str, knobs: Knobs, fields: dict[str, Any] | None, ignored: tuple[str, ...]
) -> None:
    encoded = encode(model=model, knobs=knobs)
    assert encoded.parameters.get("additionalModelRequestFields") == fields
    assert encoded.ignored == ignored


def test_a_schema_is_a_text_and_any_json_is_not_known() -> None:
    schema = {"type": "object", "properties": {}}
    form = encode(output=JsonSchemaOutput(name="City", definition=schema)).parameters["outputConfig"]["textFormat"]
    assert form["structure"]["jsonSchema"] == {
        "name": "City",
        "schema": '{"type": "object", "properties": {}, "additionalProperties": false}',
    }
    assert encode(output=JsonObjectOutput()).ignored == ("output.json_object",)
    assert (
        refusal(output=JsonSchemaOutput(definition=schema), model="anthropic.claude-3-haiku-20240307-v1:0").field
        == "output"
    )


def test_options_lie_over_the_parameters() -> None:
    options = {
        "bedrock": {
            "additionalModelRequestFields": {"anthropic_beta": ["x"]},
            "performanceConfig": {"latency": "optimized"},
        }
    }
    parameters = encode(knobs=Knobs(top_k=2), provider_options=options).parameters
    assert parameters["additionalModelRequestFields"] == {"top_k": 2, "anthropic_beta": ["x"]}
    assert parameters["performanceConfig"] == {"latency": "optimized"}
