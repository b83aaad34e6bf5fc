"""Single rules of the translation of messages and tools."""

import base64
from typing import Any

import pytest

from contracts.errors import ErrorKind, ProviderError
from contracts.models import ModelRef
from contracts.parts import (
    AudioPart,
    BytesSource,
    CacheHint,
    Citation,
    DocumentPart,
    FileSource,
    ImagePart,
    Message,
    ProviderPart,
    ReasoningPart,
    RefusalPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    UrlSource,
)
from contracts.requests import FunctionTool, Knobs, ModelRequest, NamedTool, ProviderTool
from providers.anthropic.encode_request import EncodedRequest, encode_request
from tests.unit.providers.anthropic.loopback import MODEL

LATE = "claude-opus-4-8"
LOOK = FunctionTool(name="look")


def said(role: Any, *parts: Any) -> Message:
    return Message(role=role, parts=tuple(TextPart(text=part) if isinstance(part, str) else part for part in parts))


USER = said("user", "hi")


def encode(*messages: Message, model: str = MODEL, **more: Any) -> EncodedRequest:
    ref = ModelRef(provider="anthropic", model=model)
    return encode_request(ModelRequest(model=ref, messages=messages or (USER,), **more), provider="anthropic")


def refused(*messages: Message, **more: Any) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        encode(*messages, **more)
    assert caught.value.kind is ErrorKind.INVALID_REQUEST
    return caught.value


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


def turns(*messages: Message, **more: Any) -> list[tuple[str, list[Any]]]:
    return [(turn["role"], turn["content"]) for turn in encode(*messages, **more).body["messages"]]


def test_neighbours_of_one_speaker_become_one_turn_with_results_first() -> None:
    call = ToolCallPart(id="a", name="look", arguments='{"at": 1}')
    result = ToolResultPart(call_id="a", content=(TextPart(text="found"),), is_error=True)
    got = turns(USER, said("user", "there"), said("assistant", call), said("user", "and?"), said("tool", result))
    assert got == [
        ("user", [text("hi"), text("there")]),
        ("assistant", [{"type": "tool_use", "id": "a", "name": "look", "input": {"at": 1}}]),
        (
            "user",
            [
                {"type": "tool_result", "tool_use_id": "a", "content": [text("found")], "is_error": True},
                text("and?"),
            ],
        ),
    ]


def test_system_messages_go_to_the_prompt_where_elder_models_take_no_other() -> None:
    body = encode(said("system", "brief"), USER, said("developer", "kind")).body
    assert body["system"] == [text("brief"), text("kind")]
    assert [turn["role"] for turn in body["messages"]] == ["user"]


def test_later_system_messages_stand_behind_the_users_turn_where_newer_models_take_them() -> None:
    body = encode(said("system", "brief"), USER, said("developer", "kind"), said("user", "ho"), model=LATE).body
    assert body["system"] == [text("brief")]
    assert [(turn["role"], turn["content"]) for turn in body["messages"]] == [
        ("user", [text("hi"), text("ho")]),
        ("system", [text("kind")]),
    ]
    after = encode(USER, said("assistant", "yes"), said("system", "kind"), said("assistant", "so"), model=LATE).body
    assert after["system"] == [text("kind")]
    assert [turn["role"] for turn in after["messages"]] == ["user", "assistant"]


def test_a_system_prompt_alone_is_said_by_the_user() -> None:
    body = encode(said("system", "brief")).body
    assert "system" not in body
    assert body["messages"] == [{"role": "user", "content": [text("brief")]}]


def test_blank_texts_are_left_out_unless_the_user_said_nothing_else() -> None:
    assert turns(said("user", " ", "hi"), said("assistant", "\n"), said("assistant", "ok ")) == [
        ("user", [text("hi")]),
        ("assistant", [text("ok")]),
    ]
    assert turns(said("user", " ")) == [("user", [text(" ")])]


def test_what_the_wire_cannot_carry_is_refused_with_its_field() -> None:
    audio = AudioPart(source=BytesSource(media_type="audio/wav", content=""))
    assert refused(said("user", audio)).field == "messages[0].parts[0]"
    film = DocumentPart(source=UrlSource(url="https://a/b", media_type="video/mp4"))
    assert refused(said("user", "x", film)).field == "messages[0].parts[1].source"
    for source in (FileSource(file_id="files/abc"), UrlSource(url="gs://a/b")):
        assert refused(said("user", ImagePart(source=source))).field == "messages[0].parts[0].source"
    torn = DocumentPart(source=BytesSource(media_type="text/plain", content="!"))
    assert refused(said("user", torn)).field == "messages[0].parts[0].source"
    assert refused(said("system", ImagePart(source=UrlSource(url="https://a")))).field == "messages[0].parts[0]"
    assert refused(tools=(ProviderTool(provider="google", payload={}),)).field == "tools[0]"


def test_documents_by_kind() -> None:
    pdf = DocumentPart(source=BytesSource(media_type="application/pdf", content="JVBERg=="), name="n.pdf", context="c")
    plain = base64.b64encode("é".encode()).decode()
    note = DocumentPart(source=BytesSource(media_type="text/markdown", content=plain), title="t", citations=True)
    ((_, (first, second)),) = turns(said("user", pdf, note))
    assert first == {
        "type": "document",
        "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERg=="},
        "title": "n.pdf",
        "context": "c",
    }
    assert second["source"] == {"type": "text", "media_type": "text/plain", "data": "é"}
    assert second["citations"] == {"enabled": True}


def test_a_data_url_goes_inline_and_a_file_asks_for_its_beta() -> None:
    inline = ImagePart(source=UrlSource(url="data:image/png;base64,iVBORw=="))
    filed = ImagePart(source=FileSource(file_id="file_011"))
    encoded = encode(said("user", inline, filed))
    sources = [block["source"] for block in encoded.body["messages"][0]["content"]]
    assert sources == [
        {"type": "base64", "media_type": "image/png", "data": "iVBORw=="},
        {"type": "file", "file_id": "file_011"},
    ]
    assert encoded.betas == ("files-api-2025-04-14",)


def test_foreign_thoughts_blocks_and_citations_are_dropped_and_named() -> None:
    foreign = TextPart(text="so", citations=(Citation(url="https://a", provider="google", raw={}),))
    unsigned = ReasoningPart(text="hm", provider="anthropic")
    spoken = said(
        "assistant",
        ReasoningPart(text="hm", signature="s", provider="google"),
        ProviderPart(provider="openai", payload={"type": "x"}),
        unsigned,
        RefusalPart(text="no"),
        foreign,
        ImagePart(source=UrlSource(url="https://a/drawn.png")),
    )
    encoded = encode(USER, spoken)
    assert encoded.body["messages"][1]["content"] == [text("no"), text("so")]
    assert encoded.dropped == (
        "reasoning of google",
        "messages[1].parts[1]: a block of openai",
        "reasoning without a signature",
        "citations of another provider",
        "messages[1].parts[5]: image made by a model",
    )


def test_broken_arguments_and_foreign_ids_stay_answerable() -> None:
    calls = said(
        "assistant",
        ToolCallPart(id="call.1:x", name="look", arguments='{"at": '),
        ToolCallPart(id="b", name="run", arguments="ls", kind="custom"),
        ToolCallPart(id="c", name="look", arguments=""),
    )
    results = said("tool", ToolResultPart(call_id="call.1:x"))
    (_, (_, blocks), (_, (answer,))) = turns(USER, calls, results)
    assert [block["input"] for block in blocks] == [{"arguments": '{"at": '}, {"input": "ls"}, {}]
    assert blocks[0]["id"] == answer["tool_use_id"] == "call_1_x"


def test_caching_is_asked_for_where_the_caller_says() -> None:
    hint = CacheHint(ttl="1h")
    tool = FunctionTool(name="look", cache=CacheHint())
    body = encode(said("system", TextPart(text="s", cache=hint)), USER, tools=(tool,)).body
    assert body["system"][0]["cache_control"] == {"type": "ephemeral", "ttl": "1h"}
    assert body["tools"][0] == {
        "name": "look",
        "input_schema": {"type": "object", "properties": {}},
        "cache_control": {"type": "ephemeral"},
    }


@pytest.mark.parametrize(
    ("choice", "parallel", "wire"),
    [
        (None, None, None),
        (None, False, {"type": "auto", "disable_parallel_tool_use": True}),
        ("auto", True, {"type": "auto"}),
        ("none", False, {"type": "none"}),
        ("required", False, {"type": "any", "disable_parallel_tool_use": True}),
        (NamedTool(name="look"), None, {"type": "tool", "name": "look"}),
    ],
)
def test_tool_choices(choice: Any, parallel: bool | None, wire: dict[str, Any] | None) -> None:
    knobs = Knobs(parallel_tool_calls=parallel)
    assert encode(tools=(LOOK,), tool_choice=choice, knobs=knobs).body.get("tool_choice") == wire


def test_a_choice_without_tools_is_ignored() -> None:
    encoded = encode(tool_choice="required", knobs=Knobs(parallel_tool_calls=False))
    assert "tool_choice" not in encoded.body
    assert encoded.ignored == ("tool_choice", "parallel_tool_calls")


def test_strict_tools_are_closed_and_elder_models_take_none() -> None:
    tool = FunctionTool(name="look", parameters={"properties": {"at": {"type": "object"}}}, strict=True)
    (wire,) = encode(tools=(tool,)).body["tools"]
    assert wire["strict"] is True
    assert wire["input_schema"] == {
        "type": "object",
        "properties": {"at": {"type": "object", "additionalProperties": False}},
        "additionalProperties": False,
    }
    encoded = encode(tools=(tool,), model="claude-3-5-haiku-latest")
    assert "strict" not in encoded.body["tools"][0]
    assert encoded.ignored == ("tools.strict",)


def test_server_tools_and_options_go_verbatim_with_their_betas() -> None:
    search = {"type": "web_search_20250305", "name": "web_search", "max_uses": 1}
    edits = [{"type": "compact_20260112"}]
    encoded = encode(
        tools=(ProviderTool(provider="anthropic", payload=search),),
        provider_options={"anthropic": {"context_management": {"edits": edits}, "betas": ["mine"]}},
    )
    assert encoded.body["tools"] == [search]
    assert encoded.body["context_management"] == {"edits": edits}
    assert encoded.betas == ("mine", "context-management-2025-06-27", "compact-2026-01-12")
