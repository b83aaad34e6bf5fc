"""What a request asks of a model."""

from typing import Any

import pytest

from contracts.parts import AudioPart, BytesSource, DocumentPart, ImagePart, Message, TextPart, ToolResultPart
from contracts.requests import FunctionTool, JsonObjectOutput, JsonSchemaOutput, ProviderTool
from contracts.routing import Capability
from domain.fitting import DEFAULT_ANSWER_ROOM
from domain.routing import Needs, needs_of

_FILE = BytesSource(media_type="application/octet-stream", content="AAAA")
_TEXT = TextPart(text="hello")


@pytest.mark.parametrize(
    ("parts", "wanted"),
    [
        ((_TEXT,), set()),
        ((_TEXT, ImagePart(source=_FILE)), {Capability.IMAGES}),
        ((DocumentPart(source=_FILE), AudioPart(source=_FILE)), {Capability.DOCUMENTS, Capability.AUDIO}),
        ((ToolResultPart(call_id="1", content=(ImagePart(source=_FILE),)),), {Capability.IMAGES}),
    ],
    ids=["text", "image", "document and sound", "image in a tool's result"],
)
def test_parts_ask_for_what_reads_them(parts: tuple[Any, ...], wanted: set[Capability]) -> None:
    needs = needs_of([Message(role="user", parts=(_TEXT,)), Message(role="user", parts=parts)], input_tokens=7)
    assert (needs.capabilities, needs.input_tokens) == (wanted, 7)


def test_tools_and_schemas_are_asked_for() -> None:
    needs = needs_of([], input_tokens=1, tools=[FunctionTool(name="look")], output=JsonSchemaOutput(definition={}))
    assert needs.capabilities == {Capability.TOOLS, Capability.JSON_SCHEMA}
    assert needs.tool_owners == frozenset()
    assert needs_of([], input_tokens=1, output=JsonObjectOutput()).capabilities == frozenset()


def test_a_vendors_own_tools_run_only_there() -> None:
    needs = needs_of([], input_tokens=1, tools=[ProviderTool(provider="anthropic", payload={})])
    assert needs.tool_owners == {"anthropic"}


def test_room_for_the_answer() -> None:
    assert Needs(answer_room=900).room_in(1_000) == 900
    assert Needs().room_in(1_000) == 250
    assert Needs().room_in(1_000_000) == DEFAULT_ANSWER_ROOM
    assert (Needs().likely_answer, Needs(answer_room=20).likely_answer) == (500, 20)
    assert (Needs(answer_room=900).worst_answer(None), Needs(answer_room=900).worst_answer(600)) == (900, 600)
