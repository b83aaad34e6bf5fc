"""What OpenAI's clients send, as a turn."""

import base64
from typing import Any

import pytest

from api.openai.bodies import ChatBody
from api.openai.decode import ignored_fields
from contracts.errors import ErrorKind, PerdureError
from contracts.parts import (
    AudioPart,
    BytesSource,
    DocumentPart,
    FileSource,
    ImagePart,
    RefusalPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    UrlSource,
)
from contracts.requests import FunctionTool, JsonObjectOutput, JsonSchemaOutput, NamedTool, ProviderTool
from tests.unit.api.openai.asking import asked

CONTENT = base64.b64encode(b"content").decode()
CALL = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Paris"}'}}


def parts_of(content: Any, role: str = "user") -> tuple[Any, ...]:
    return asked(messages=[{"role": role, "content": content}]).messages[0].parts


@pytest.mark.parametrize("role", ["system", "developer", "user", "assistant"])
def test_roles_and_plain_text(role: str) -> None:
    (message,) = asked(messages=[{"role": role, "content": "Hi", "name": "ann"}]).messages
    assert (message.role, message.name, message.parts) == (role, "ann", (TextPart(text="Hi"),))


@pytest.mark.parametrize(
    ("part", "meant"),
    [
        ({"type": "text", "text": "Hi"}, TextPart(text="Hi")),
        (
            {"type": "image_url", "image_url": {"url": "https://example.org/a.png", "detail": "low"}},
            ImagePart(source=UrlSource(url="https://example.org/a.png"), detail="low"),
        ),
        (
            {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{CONTENT}"}},
            ImagePart(source=BytesSource(media_type="image/png", content=CONTENT)),
        ),
        (
            {"type": "image_url", "image_url": {"url": f"data:image/svg+xml;charset=utf-8;base64,{CONTENT}"}},
            ImagePart(source=BytesSource(media_type="image/svg+xml", content=CONTENT)),
        ),
        (
            {"type": "input_audio", "input_audio": {"data": CONTENT, "format": "wav"}},
            AudioPart(source=BytesSource(media_type="audio/wav", content=CONTENT)),
        ),
        ({"type": "file", "file": {"file_id": "file-1"}}, DocumentPart(source=FileSource(file_id="file-1"))),
        (
            {"type": "file", "file": {"file_data": f"data:text/plain;base64,{CONTENT}", "filename": "a.txt"}},
            DocumentPart(source=BytesSource(media_type="text/plain", content=CONTENT), name="a.txt"),
        ),
        (
            {"type": "file", "file": {"file_data": CONTENT, "filename": "a.csv"}},
            DocumentPart(source=BytesSource(media_type="text/csv", content=CONTENT), name="a.csv"),
        ),
        (
            {"type": "file", "file": {"file_data": CONTENT}},
            DocumentPart(source=BytesSource(media_type="application/pdf", content=CONTENT)),
        ),
    ],
)
def test_parts(part: dict[str, Any], meant: Any) -> None:
    assert parts_of([part]) == (meant,)


def test_a_tool_call_and_its_result() -> None:
    said = [
        {"role": "user", "content": "Weather?"},
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "call_1", "content": [{"type": "text", "text": "Rain."}]},
    ]
    _, call, answer = asked(messages=said).messages
    assert call.parts == (ToolCallPart(id="call_1", name="weather", arguments='{"city": "Paris"}'),)
    assert answer.parts == (ToolResultPart(call_id="call_1", content=(TextPart(text="Rain."),)),)


def test_an_empty_result_is_a_result() -> None:
    said = [
        {"role": "assistant", "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "call_1", "content": ""},
    ]
    assert asked(messages=said).messages[1].parts == (ToolResultPart(call_id="call_1"),)


def test_custom_calls() -> None:
    call = {"id": "call_1", "type": "custom", "custom": {"name": "shell", "input": "ls"}}
    (message,) = asked(messages=[{"role": "assistant", "content": "", "tool_calls": [call]}]).messages
    assert message.parts == (ToolCallPart(id="call_1", name="shell", arguments="ls", kind="custom"),)


def test_the_old_function_form_becomes_calls_with_ids() -> None:
    said = [
        {"role": "user", "content": "Weather?"},
        {"role": "assistant", "content": None, "function_call": {"name": "weather", "arguments": "{}"}},
        {"role": "function", "name": "weather", "content": "Rain."},
    ]
    _, call, answer = asked(messages=said).messages
    assert isinstance(call.parts[0], ToolCallPart)
    assert answer.role == "tool"
    assert answer.parts[0].call_id == call.parts[0].id  # type: ignore[union-attr]


def test_a_refusal_in_the_history() -> None:
    (message,) = asked(messages=[{"role": "assistant", "content": None, "refusal": "No."}]).messages
    assert message.parts == (RefusalPart(text="No."),)


def test_system_and_assistant_messages_that_say_nothing_are_left_out() -> None:
    said = [{"role": "system", "content": ""}, {"role": "user", "content": "Hi"}, {"role": "assistant", "content": ""}]
    assert [message.role for message in asked(messages=said).messages] == ["user"]


def test_tools_and_choice() -> None:
    function = {"name": "weather", "description": "d", "parameters": {"type": "object"}, "strict": True}
    custom = {"name": "shell", "format": {"type": "grammar"}}
    request = asked(
        tools=[{"type": "function", "function": function}, {"type": "custom", "custom": custom}],
        tool_choice={"type": "function", "function": {"name": "weather"}},
    )
    assert request.tools == (
        FunctionTool(name="weather", description="d", parameters={"type": "object"}, strict=True),
        ProviderTool(provider="openai", payload={"type": "custom", "custom": custom}),
    )
    assert request.tool_choice == NamedTool(name="weather")
    assert asked(tool_choice="required").tool_choice == "required"
    assert asked(tool_choice={"type": "custom", "custom": {"name": "shell"}}).tool_choice == NamedTool(name="shell")


def test_the_form_of_the_answer() -> None:
    assert asked(response_format={"type": "text"}).output is None
    assert asked(response_format={"type": "json_object"}).output == JsonObjectOutput()
    schema = {"name": "n", "schema": {"type": "object"}, "strict": True}
    wanted = asked(response_format={"type": "json_schema", "json_schema": schema}).output
    assert wanted == JsonSchemaOutput(name="n", definition={"type": "object"}, strict=True)


def test_knobs() -> None:
    knobs = asked(
        max_tokens=5,
        max_completion_tokens=7,
        temperature=0.5,
        stop="END",
        seed=1,
        reasoning_effort="low",
        user="u",
        top_k=3,
    ).knobs
    assert (knobs.max_output_tokens, knobs.temperature, knobs.stop, knobs.seed) == (7, 0.5, ("END",), 1)
    assert (knobs.reasoning_effort, knobs.user, knobs.top_k) == ("low", "u", 3)
    assert asked(max_tokens=5, stop=["a", "b"]).knobs.stop == ("a", "b")


def test_fallbacks_follow_the_model_each_once() -> None:
    request = asked(model="gpt-4o-mini", models=["claude-sonnet-4-5", "openai:gpt-4o-mini"])
    assert [str(model) for model in request.models] == ["openai:gpt-4o-mini", "anthropic:claude-sonnet-4-5"]


def test_the_default_model_serves_where_none_is_named() -> None:
    assert str(asked("sim:sim-echo", model=None).models[0]) == "sim:sim-echo"


def test_unknown_fields_are_reported() -> None:
    body = ChatBody.model_validate({"messages": [], "store": True, "prediction": {}})
    assert ignored_fields(body) == ("prediction", "store")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"n": 2}, "n"),
        ({"functions": [{"name": "f"}]}, "functions"),
        ({"modalities": ["text", "audio"]}, "modalities"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "system", "content": ""}]}, "messages"),
        ({"messages": [{"role": "user", "content": ""}]}, "messages.0"),
        ({"messages": [{"role": "user", "content": " \n"}]}, "messages.0"),
        ({"messages": [{"role": "user"}]}, "messages.0"),
        ({"messages": [{"role": "user", "content": [{"type": "text", "text": ""}]}]}, "messages.0"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages.0.tool_call_id"),
        ({"messages": [{"role": "tool", "content": "x", "tool_call_id": "call_1"}]}, "messages.0"),
        ({"messages": [{"role": "function", "content": "x", "name": "f"}]}, "messages.0.name"),
        ({"messages": [{"role": "user", "content": "x", "tool_calls": [CALL]}]}, "messages.0"),
        (
            {"messages": [{"role": "assistant", "tool_calls": [{"id": "1", "type": "custom"}]}]},
            "messages.0.tool_calls.0.custom",
        ),
        ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, "messages.0.content.0.text"),
        ({"messages": [{"role": "user", "content": [{"type": "file", "file": {}}]}]}, "messages.0.content.0.file"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:x"}}]}]},
            "messages.0.content.0.image_url.url",
        ),
        (
            {
                "messages": [
                    {
                        "role": "user",
                        "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,%"}}],
                    }
                ]
            },
            "messages.0.content.0.image_url.url",
        ),
        (
            {
                "messages": [
                    {"role": "user", "content": [{"type": "input_audio", "input_audio": {"data": "", "format": "wav"}}]}
                ]
            },
            "messages.0.content.0.input_audio.data",
        ),
        ({"tools": [{"type": "function"}]}, "tools.0.function"),
        ({"tool_choice": {"type": "function"}}, "tool_choice.function"),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema"),
    ],
)
def test_what_is_wrong_is_named(body: dict[str, Any], field: str) -> None:
    with pytest.raises(PerdureError) as raised:
        asked(**body)
    assert (raised.value.kind, raised.value.field) == (ErrorKind.INVALID_REQUEST, field)


@pytest.mark.parametrize(("body", "field"), [({"model": "gpt-5o-mni"}, "model"), ({"models": ["nope"]}, "models.0")])
def test_an_unknown_model_is_not_found(body: dict[str, Any], field: str) -> None:
    with pytest.raises(PerdureError) as raised:
        asked(**body)
    assert (raised.value.kind, raised.value.field) == (ErrorKind.NOT_FOUND, field)
