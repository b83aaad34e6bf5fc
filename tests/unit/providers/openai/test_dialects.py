"""What each service's chat wire takes, and what is left out and said so."""

from typing import Any

import pytest

from contracts.models import ModelRef
from contracts.parts import (
    BytesSource,
    CacheHint,
    DocumentPart,
    Message,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    UrlSource,
)
from contracts.requests import FunctionTool, Knobs, ModelRequest
from providers.openai.chat_request import encode_chat
from providers.openai.encoding import Encoded
from providers.openai.families import capabilities_of

HELLO = Message(role="user", parts=(TextPart(text="hello"),), name="Ada")
TOOL = FunctionTool(name="look", parameters={"type": "object"})


def encode(vendor: str, *messages: Message, model: str = "m", **fields: Any) -> Encoded:
    knobs = {name: fields.pop(name) for name in list(fields) if name in Knobs.model_fields}
    request = ModelRequest(
        model=ModelRef(provider="p", model=model), messages=messages or (HELLO,), knobs=Knobs(**knobs), **fields
    )
    return encode_chat(request, provider="p", is_vendor=vendor == "azure", vendor=vendor)


def test_mistral_has_its_own_words() -> None:
    encoded = encode("mistral", tools=(TOOL,), tool_choice="required", seed=7, user="u", prefill="It is")
    body = encoded.body
    assert (body["tool_choice"], body["random_seed"]) == ("any", 7)
    assert body["messages"][-1] == {"role": "assistant", "content": "It is", "prefix": True}
    assert not {"stream_options", "seed", "user", "name"} & {*body, *body["messages"][0]}
    assert set(encoded.ignored) == {"user", "message.name"}


def test_mistral_takes_ids_of_nine() -> None:
    messages = (
        Message(role="assistant", parts=(ToolCallPart(id="call_from_elsewhere", name="look", arguments="{}"),)),
        Message(role="tool", parts=(ToolResultPart(call_id="call_from_elsewhere", content=(TextPart(text="a"),)),)),
        Message(role="assistant", parts=(ToolCallPart(id="FI5qQGzDE", name="look", arguments="{}"),)),
    )
    first, result, second = encode("mistral", *messages).body["messages"]
    given = first["tool_calls"][0]["id"]
    assert (len(given), given.isalnum(), result["tool_call_id"]) == (9, True, given)
    assert second["tool_calls"][0]["id"] == "FI5qQGzDE"


def test_documents_go_where_the_server_looks_for_them() -> None:
    pdf = DocumentPart(source=BytesSource(media_type="application/pdf", content="QQ=="), name="a.pdf")
    linked = DocumentPart(source=UrlSource(url="https://a/b.pdf", media_type="application/pdf"))
    film = DocumentPart(source=BytesSource(media_type="video/mp4", content="QQ=="))

    def contents(vendor: str, *parts: DocumentPart) -> Any:
        return encode(vendor, Message(role="user", parts=parts)).body["messages"][0]["content"]

    mistral, url = contents("mistral", pdf, linked)
    assert (mistral["document_url"], mistral["document_name"]) == ("data:application/pdf;base64,QQ==", "a.pdf")
    assert url == {"type": "document_url", "document_url": "https://a/b.pdf"}
    file, video = contents("openrouter", linked, film)
    assert file["file"] == {"filename": "document.pdf", "file_data": "https://a/b.pdf"}
    assert video == {"type": "video_url", "video_url": {"url": "data:video/mp4;base64,QQ=="}}
    assert contents("", pdf)[0]["type"] == "file"


def test_openrouter_marks_its_cache_and_budgets_its_thought() -> None:
    marked = Message(role="system", parts=(TextPart(text="long", cache=CacheHint(ttl="1h")),))
    body = encode("openrouter", marked, reasoning_tokens=2000, top_k=4).body
    assert body["messages"][0]["content"][0]["cache_control"] == {"type": "ephemeral", "ttl": "1h"}
    assert (body["reasoning"], body["top_k"]) == ({"max_tokens": 2000}, 4)
    assert encode("openrouter", reasoning_effort="high").body["reasoning"] == {"effort": "high"}
    assert encode("together", marked).ignored == ("cache",)


def test_deepseek_gets_its_thought_back_with_every_call() -> None:
    call = ToolCallPart(id="a", name="look", arguments="{}")
    thought = ReasoningPart(text="hm", provider="p", id="reasoning_content")
    messages = (Message(role="assistant", parts=(call,)), Message(role="assistant", parts=(thought, call)))
    first, second = encode("deepseek", *messages).body["messages"]
    assert (first["reasoning_content"], second["reasoning_content"]) == ("", "hm")
    assert "reasoning_content" not in encode("groq", messages[0]).body["messages"][0]


@pytest.mark.parametrize(
    ("vendor", "field"),
    [("zai", {"thinking": {"type": "disabled"}}), ("groq", {"reasoning_effort": "none"})],
    ids=["zai", "groq"],
)
def test_thought_is_switched_off(vendor: str, field: dict[str, Any]) -> None:
    body = encode(vendor, reasoning_effort="none").body
    assert {name: body[name] for name in ("thinking", "reasoning_effort") if name in body} == field


@pytest.mark.parametrize(
    ("vendor", "knobs"),
    [
        ("groq", {"logit_bias": {"1": 2.0}, "top_logprobs": 1}),
        ("cerebras", {"presence_penalty": 0.5, "frequency_penalty": 0.5}),
        ("xai", {"presence_penalty": 0.5}),
        ("ollama", {"logit_bias": {"1": 2.0}, "service_tier": "flex"}),
        ("", {"top_k": 3, "reasoning_tokens": 100}),
    ],
    ids=["groq", "cerebras", "xai", "ollama", "unknown"],
)
def test_what_a_server_has_not_is_left_out_and_said(vendor: str, knobs: dict[str, Any]) -> None:
    encoded = encode(vendor, Message(role="user", parts=(TextPart(text="hello"),)), **knobs)
    assert set(encoded.ignored) == set(knobs)
    assert not knobs.keys() & encoded.body.keys()


def test_grok_takes_no_stops_while_it_thinks() -> None:
    assert encode("xai", model="grok-4", stop=("a",)).ignored == ("stop",)
    assert encode("xai", model="grok-4-fast-non-reasoning", stop=("a",)).body["stop"] == ["a"]


@pytest.mark.parametrize(
    ("vendor", "goes_on"), [("mistral", True), ("groq", True), ("openrouter", False), ("xai", False), ("", True)]
)
def test_only_some_go_on_from_a_begun_answer(vendor: str, goes_on: bool) -> None:
    assert capabilities_of("m", "openai-chat", is_vendor=False, vendor=vendor).prefill is goes_on


def test_the_limit_of_tokens_has_two_names() -> None:
    assert encode("azure", max_output_tokens=5).body["max_completion_tokens"] == 5
    assert encode("groq", max_output_tokens=5).body["max_completion_tokens"] == 5
    assert encode("mistral", max_output_tokens=5).body["max_tokens"] == 5
    assert encode("", max_output_tokens=5).body["max_tokens"] == 5
