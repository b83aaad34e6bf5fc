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
    ProviderPart,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    UrlSource,
)
from contracts.requests import FunctionTool, JsonSchemaOutput, ModelRequest, NamedTool, ProviderTool
from providers.openai.chat_request import encode_chat
from providers.openai.encoding import Encoded
from providers.openai.responses_request import encode_responses
from providers.openai.wire_choice import choose_wire
from tests.unit.providers.openai.asking import ask, heard, said

WEATHER = FunctionTool(name="weather", parameters={"type": "object", "properties": {}})
SEARCH = ProviderTool(provider="openai", payload={"type": "web_search"})
PNG = BytesSource(media_type="image/png", content="AAAA")


def chat(request: ModelRequest, *, is_vendor: bool = True) -> Encoded:
    return encode_chat(request, provider="openai", is_vendor=is_vendor)


def responses(request: ModelRequest) -> Encoded:
    return encode_responses(request, provider="openai", is_vendor=True)


def test_knobs_that_the_wire_has_not_are_ignored_and_named() -> None:
    asked = ask(top_k=4, reasoning_tokens=100, seed=1, stop=("x",), temperature=0.5)
    assert chat(asked).ignored == ("top_k", "reasoning_tokens")
    assert responses(asked).ignored == ("top_k", "stop", "seed", "reasoning_tokens")


@pytest.mark.parametrize("model", ["o3-mini", "gpt-5", "gpt-5-mini-2025-08-07", "openai/gpt-5-nano"])
@pytest.mark.parametrize("encode", [chat, responses])
def test_models_that_always_think_take_no_temperature(model: str, encode: Any) -> None:
    encoded = encode(ask(model=model, temperature=0.5, top_p=0.5))
    assert encoded.ignored == ("temperature", "top_p")
    assert "temperature" not in encoded.body


@pytest.mark.parametrize(
    ("effort", "ignored"), [(None, ()), ("none", ()), ("high", ("temperature",))], ids=["unset", "none", "high"]
)
def test_newer_models_take_a_temperature_unless_they_think(effort: str | None, ignored: tuple[str, ...]) -> None:
    assert responses(ask(model="gpt-5.2", temperature=0.5, reasoning_effort=effort)).ignored == ignored


def test_the_limit_has_the_name_that_the_server_knows() -> None:
    assert chat(ask(max_output_tokens=5)).body["max_completion_tokens"] == 5
    assert chat(ask(max_output_tokens=5), is_vendor=False).body["max_tokens"] == 5
    assert responses(ask(max_output_tokens=5)).body["max_output_tokens"] == 5


def test_only_the_vendor_knows_developers() -> None:
    asked = ask(messages=(Message(role="developer", parts=(TextPart(text="be kind"),)), heard(TextPart(text="hi"))))
    assert [message["role"] for message in chat(asked).body["messages"]] == ["developer", "user"]
    assert [message["role"] for message in chat(asked, is_vendor=False).body["messages"]] == ["system", "user"]


def test_thought_is_asked_for_encrypted_and_only_of_models_that_think() -> None:
    body = responses(ask(model="gpt-5")).body
    assert body["include"] == ["reasoning.encrypted_content"]
    assert body["store"] is False
    assert "include" not in responses(ask(model="gpt-4o")).body
    stored = ask(model="gpt-5", provider_options={"openai": {"store": True}})
    assert "include" not in responses(stored).body


def test_options_of_the_wire_go_over_ours() -> None:
    options = {"openai": {"reasoning": {"summary": "auto"}, "truncation": "auto"}, "anthropic": {"mcp": 1}}
    body = responses(ask(model="gpt-5", reasoning_effort="low", provider_options=options)).body
    assert body["reasoning"] == {"effort": "low", "summary": "auto"}
    assert body["truncation"] == "auto"
    assert "mcp" not in body


def test_what_is_another_vendors_is_dropped_and_named() -> None:
    foreign = said(
        ReasoningPart(text="hm", signature="s", provider="anthropic"),
        ProviderPart(provider="google", payload={"a": 1}),
        TextPart(text="42", id="theirs", provider="anthropic"),
    )
    for encode in (chat, responses):
        encoded = encode(ask(messages=(heard(TextPart(text="q")), foreign)))
        assert encoded.dropped == ("messages[1].parts[0].reasoning", "messages[1].parts[1].provider")
        assert {"role": "assistant", "content": "42"} in (encoded.body.get("messages") or encoded.body["input"])


def test_a_message_of_which_nothing_is_left_is_left_out() -> None:
    foreign = said(ReasoningPart(text="hm", provider="anthropic"))
    assert len(chat(ask(messages=(heard(TextPart(text="q")), foreign))).body["messages"]) == 1


@pytest.mark.parametrize(
    ("encode", "fields", "field"),
    [
        (chat, {"tools": (ProviderTool(provider="anthropic", payload={}),)}, "tools[0]"),
        (responses, {"tools": (ProviderTool(provider="google", payload={}),)}, "tools[0]"),
        (chat, {"messages": (said(ImagePart(source=PNG)),)}, "messages[0].parts[0]"),
        (responses, {"messages": (said(ImagePart(source=PNG)),)}, "messages[0].parts[0]"),
        (chat, {"messages": (heard(DocumentPart(source=UrlSource(url="u"))),)}, "messages[0].parts[0]"),
        (chat, {"messages": (heard(ImagePart(source=FileSource(file_id="f"))),)}, "messages[0].parts[0]"),
        (responses, {"messages": (heard(AudioPart(source=PNG)),)}, "messages[0].parts[0]"),
        (
            chat,
            {"messages": (heard(AudioPart(source=BytesSource(media_type="audio/ogg", content=""))),)},
            "messages[0].parts[0]",
        ),
        (chat, {"messages": (heard(ToolCallPart(id="a", name="f", arguments="")),)}, "messages[0].parts[0]"),
        (responses, {"prefill": "The answer"}, "prefill"),
    ],
)
def test_what_the_wire_cannot_carry_is_refused_before_the_call(encode: Any, fields: dict[str, Any], field: str) -> None:
    with pytest.raises(ProviderError) as raised:
        encode(ask(**fields))
    assert (raised.value.kind, raised.value.field) == (ErrorKind.INVALID_REQUEST, field)


def test_media_in_results_wait_until_all_results_are_told() -> None:
    def result(call_id: str, *content: Any) -> Message:
        return Message(role="tool", parts=(ToolResultPart(call_id=call_id, content=content),))

    asked = said(*(ToolCallPart(id=one, name="f", arguments="{}") for one in "ab"))
    body = chat(ask(messages=(asked, result("a", ImagePart(source=PNG)), result("b", TextPart(text="ok"))))).body
    roles = [message["role"] for message in body["messages"]]
    assert roles == ["assistant", "tool", "tool", "user"]
    assert body["messages"][3]["content"][1]["type"] == "image_url"


def test_ids_too_long_for_the_wire_are_shortened_alike() -> None:
    long = "call_" + "0" * 60
    messages = (
        said(ToolCallPart(id=long, name="f", arguments="{}")),
        Message(role="tool", parts=(ToolResultPart(call_id=long, content=()),)),
    )
    first, second = chat(ask(messages=messages)).body["messages"]
    assert first["tool_calls"][0]["id"] == second["tool_call_id"]
    assert len(second["tool_call_id"]) <= 40


def test_cache_hints_mark_breakpoints_where_the_model_has_them() -> None:
    message = (heard(TextPart(text="long", cache=CacheHint())),)
    marked = chat(ask(messages=message, model="gpt-5.6"))
    assert marked.body["messages"][0]["content"][0]["prompt_cache_breakpoint"] == {"mode": "explicit"}
    plain = chat(ask(messages=message))
    assert (plain.body["messages"][0]["content"], plain.ignored) == ("long", ("cache",))


def test_tools_choices_and_formats() -> None:
    asked = ask(tools=(WEATHER, SEARCH), tool_choice=NamedTool(name="weather"), output=JsonSchemaOutput(definition={}))
    body = responses(asked).body
    assert body["tool_choice"] == {"type": "function", "name": "weather"}
    assert body["text"]["format"]["name"] == "answer"
    by_type = ask(tools=(SEARCH,), tool_choice=NamedTool(name="web_search"))
    assert responses(by_type).body["tool_choice"] == {"type": "web_search"}
    assert chat(asked).body["tool_choice"] == {"type": "function", "function": {"name": "weather"}}
    assert chat(ask(tool_choice="auto")).ignored == ("tool_choice",)


def test_who_did_not_choose_the_wire_gets_functions_as_chat_has_them() -> None:
    asked = ask(tools=(WEATHER,))
    assert "strict" not in responses(asked).body["tools"][0]
    assert encode_responses(asked, provider="p", is_vendor=True, strict=False).body["tools"][0]["strict"] is False


@pytest.mark.parametrize(
    ("request_", "wire"),
    [
        (ask(), "chat"),
        (ask(model="gpt-5"), "responses"),
        (ask(model="o4-mini"), "responses"),
        (ask(model="gpt-5-chat-latest"), "chat"),
        (ask(model="gpt-5", seed=1), "chat"),
        (ask(model="gpt-5", prefill="The"), "chat"),
        (ask(tools=(SEARCH,)), "responses"),
        (ask(tools=(SEARCH,), seed=1), "responses"),
        (ask(tools=(ProviderTool(provider="openai", payload={"type": "custom", "custom": {}}),)), "chat"),
        (ask(messages=(said(ReasoningPart(provider="openai", id="rs_1")),)), "responses"),
        (ask(messages=(said(ReasoningPart(provider="openai", id="reasoning_content")),)), "chat"),
        (ask(messages=(said(ReasoningPart(provider="anthropic", id="rs_1")),)), "chat"),
        (ask(messages=(heard(DocumentPart(source=UrlSource(url="u"))),)), "responses"),
        (ask(model="gpt-5", messages=(heard(AudioPart(source=PNG)),)), "chat"),
    ],
)
def test_the_wire_is_chosen_by_what_it_has_to_carry(request_: ModelRequest, wire: str) -> None:
    assert choose_wire(request_, "openai") == wire
