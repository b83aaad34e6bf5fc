"""Single rules of the translation."""

import json
from typing import Any

import pytest

from contracts.errors import ErrorKind, ProviderError
from contracts.models import ModelRef
from contracts.parts import (
    BytesSource,
    DocumentPart,
    FileSource,
    ImagePart,
    Message,
    ProviderPart,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    UrlSource,
)
from contracts.requests import FunctionTool, JsonSchemaOutput, Knobs, ModelRequest, NamedTool, ProviderTool
from providers.google.encode_parts import SKIP_SIGNATURE
from providers.google.encode_request import EncodedRequest, encode_request

USER = Message(role="user", parts=(TextPart(text="hi"),))


def encode(*messages: Message, model: str = "gemini-3-flash", **more: Any) -> EncodedRequest:
    ref = ModelRef(provider="google", model=model)
    return encode_request(ModelRequest(model=ref, messages=messages or (USER,), **more), provider="google")


def refused(*messages: Message, **more: Any) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        encode(*messages, **more)
    assert caught.value.kind is ErrorKind.INVALID_REQUEST
    return caught.value


def call(call_id: str, **more: Any) -> ToolCallPart:
    return ToolCallPart(**{"id": call_id, "name": "look", "arguments": '{"at": 1}', **more})


def result(call_id: str, *texts: str, **more: Any) -> Message:
    content = tuple(TextPart(text=text) for text in texts)
    return Message(role="tool", parts=(ToolResultPart(**{"call_id": call_id, "content": content, **more}),))


def test_system_and_developer_messages_become_the_instruction() -> None:
    late = Message(role="developer", parts=(TextPart(text="be kind"),))
    body = encode(Message(role="system", parts=(TextPart(text="be brief"),)), USER, late).body
    assert body["systemInstruction"]["parts"] == [{"text": "be brief"}, {"text": "be kind"}]
    assert body["contents"] == [{"role": "user", "parts": [{"text": "hi"}]}]


def test_parallel_results_stand_in_one_turn_and_learn_their_names() -> None:
    asked = Message(role="assistant", parts=(call("a", signature="c2ln", provider="google"), call("b")))
    body = encode(USER, asked, result("a", '{"found": true}'), result("b", "plain")).body
    assert [content["role"] for content in body["contents"]] == ["user", "model", "user"]
    assert [part["functionResponse"] for part in body["contents"][2]["parts"]] == [
        {"id": "a", "name": "look", "response": {"found": True}},
        {"id": "b", "name": "look", "response": {"output": "plain"}},
    ]


def test_a_failed_tool_says_error() -> None:
    asked = Message(role="assistant", parts=(call("a"),))
    body = encode(USER, asked, result("a", "boom", is_error=True)).body
    assert body["contents"][2]["parts"][0]["functionResponse"]["response"] == {"error": "boom"}


def test_a_result_without_its_call_and_name_is_refused() -> None:
    assert refused(USER, result("lost", "x")).field == "messages[1].parts[0].name"


def test_calls_of_other_models_are_signed_for_gemini_3_only() -> None:
    asked = Message(role="assistant", parts=(call("a", signature="theirs", provider="anthropic"), call("b")))
    new = encode(USER, asked, model="gemini-3-flash").body["contents"][1]["parts"]
    assert [part.get("thoughtSignature") for part in new] == [SKIP_SIGNATURE, None]
    old = encode(USER, asked, model="gemini-2.5-flash").body["contents"][1]["parts"]
    assert not any("thoughtSignature" in part for part in old)


@pytest.mark.parametrize("arguments", ['{"broken": ', "[1]", '{"x": NaN}'])
def test_arguments_that_are_no_object_are_still_carried(arguments: str) -> None:
    asked = Message(role="assistant", parts=(call("a", arguments=arguments),))
    wire = encode(USER, asked).body["contents"][1]["parts"][0]["functionCall"]
    assert wire["args"] == {"arguments": arguments}
    json.dumps(wire, allow_nan=False)


def test_foreign_reasoning_and_blocks_are_dropped_and_named() -> None:
    foreign = Message(
        role="assistant",
        parts=(
            ReasoningPart(text="hm", signature="s", provider="anthropic"),
            ProviderPart(provider="openai", payload={"type": "web_search_call"}),
            TextPart(text="yes", signature="s", provider="anthropic"),
        ),
    )
    encoded = encode(USER, foreign)
    assert encoded.body["contents"][1]["parts"] == [{"text": "yes"}]
    assert encoded.dropped == ("reasoning of anthropic", "messages[1].parts[1]: a block of openai")


def test_media_follow_a_result_or_stand_in_it_by_generation() -> None:
    asked = Message(role="assistant", parts=(call("a"),))
    image = ImagePart(source=BytesSource(media_type="image/png", content="AAAA"))
    answered = Message(role="tool", parts=(ToolResultPart(call_id="a", content=(image,)),))
    new = encode(USER, asked, answered, model="gemini-3-flash").body["contents"][2]["parts"]
    assert [list(part) for part in new] == [["functionResponse"]]
    assert new[0]["functionResponse"]["parts"] == [{"inlineData": {"mimeType": "image/png", "data": "AAAA"}}]
    old = encode(USER, asked, answered, model="gemini-2.5-flash").body["contents"][2]["parts"]
    assert [list(part) for part in old] == [["functionResponse"], ["inlineData"]]


def test_sources() -> None:
    parts = (
        ImagePart(source=UrlSource(url="https://example.org/a.png")),
        DocumentPart(source=FileSource(file_id="files/abc", media_type="application/pdf")),
        DocumentPart(source=UrlSource(url="gs://bucket/film", media_type="video/mp4")),
    )
    wires = encode(Message(role="user", parts=parts)).body["contents"][0]["parts"]
    assert [part["fileData"] for part in wires] == [
        {"fileUri": "https://example.org/a.png", "mimeType": "image/png"},
        {"fileUri": "https://generativelanguage.googleapis.com/v1beta/files/abc", "mimeType": "application/pdf"},
        {"fileUri": "gs://bucket/film", "mimeType": "video/mp4"},
    ]


def test_another_vendors_file_is_refused() -> None:
    lost = Message(role="user", parts=(ImagePart(source=FileSource(file_id="file-abc")),))
    assert refused(lost).field == "messages[0].parts[0].source"


def test_another_vendors_tool_is_refused() -> None:
    assert refused(tools=(ProviderTool(provider="openai", payload={"type": "web_search"}),)).field == "tools[0]"


def test_tools_and_choice() -> None:
    schema = {"type": "object", "properties": {"at": {"type": "integer"}}}
    tools = (
        FunctionTool(name="look", description="Look.", parameters=schema),
        ProviderTool(provider="google", payload={"googleSearch": {}}),
    )
    body = encode(tools=tools, tool_choice=NamedTool(name="look")).body
    function = {"name": "look", "description": "Look.", "parametersJsonSchema": schema}
    assert body["tools"] == [{"googleSearch": {}}, {"functionDeclarations": [function]}]
    assert body["toolConfig"] == {
        "functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["look"]},
        "includeServerSideToolInvocations": True,
    }


def test_knobs_output_and_what_is_ignored() -> None:
    knobs = Knobs(
        max_output_tokens=9,
        temperature=0,
        top_p=0.5,
        top_k=3,
        stop=("END",),
        seed=1,
        logit_bias={"1": 2.0},
        parallel_tool_calls=False,
        verbosity="low",
        user="u",
        service_tier="default",
    )
    encoded = encode(knobs=knobs, output=JsonSchemaOutput(definition={"type": "object"}))
    assert encoded.body["generationConfig"] == {
        "maxOutputTokens": 9,
        "temperature": 0.0,
        "topP": 0.5,
        "topK": 3,
        "stopSequences": ["END"],
        "seed": 1,
        "responseMimeType": "application/json",
        "responseJsonSchema": {"type": "object"},
    }
    assert encoded.body["serviceTier"] == "standard"
    assert set(encoded.ignored) == {"logit_bias", "parallel_tool_calls", "verbosity", "user"}


def test_the_vendors_own_options_lie_over_the_translation() -> None:
    own = {"generationConfig": {"temperature": 1, "responseModalities": ["TEXT"]}, "labels": {"a": "b"}}
    body = encode(knobs=Knobs(temperature=0.2, seed=4), provider_options={"google": own, "openai": {"x": 1}}).body
    assert body["generationConfig"] == {"temperature": 1, "seed": 4, "responseModalities": ["TEXT"]}
    assert body["labels"] == {"a": "b"}
    assert "x" not in body


def test_a_lone_system_prompt_gets_an_empty_turn() -> None:
    body = encode(Message(role="system", parts=(TextPart(text="speak"),))).body
    assert body["contents"] == [{"role": "user", "parts": [{"text": ""}]}]
