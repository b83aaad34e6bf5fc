"""Any conversation of parts goes to each of OpenAI's wires and back without loss of what the wire can carry."""

import json
from typing import Any

from hypothesis import given, settings

from contracts.models import ModelRef
from contracts.parts import ImagePart, Message, Part
from contracts.requests import ModelRequest
from providers.openai.chat_request import encode_chat
from providers.openai.encoding import Encoded
from providers.openai.responses_request import encode_responses
from tests.conformance.openai.read_chat import read_chat_request
from tests.conformance.openai.read_responses import read_responses_request
from tests.unit.providers.openai.conversations import OPENAI, chat_conversations, responses_conversations


def request_of(messages: list[Message]) -> ModelRequest:
    return ModelRequest(model=ModelRef(provider=OPENAI, model="gpt-5.2"), messages=tuple(messages))


def wire(encoded: Encoded) -> dict[str, Any]:
    assert encoded.dropped == ()
    body = json.loads(json.dumps(encoded.body))
    assert isinstance(body, dict)
    return body


def spoken(messages: tuple[Message, ...]) -> list[tuple[str, Part]]:
    """Who says which part; the responses wire has no other bounds between an assistant's messages."""
    return [(message.role, _plain(part)) for message in messages for part in message.parts]


def _plain(part: Part) -> Part:
    """`auto` is what an image without a detail is sent with."""
    if isinstance(part, ImagePart) and part.detail == "auto":
        return part.model_copy(update={"detail": None})
    return part


@settings(deadline=None)
@given(chat_conversations)
def test_chat(messages: list[Message]) -> None:
    back = read_chat_request(wire(encode_chat(request_of(messages), provider=OPENAI, is_vendor=True)))
    assert back.messages == tuple(messages)


@settings(deadline=None)
@given(responses_conversations)
def test_responses(messages: list[Message]) -> None:
    back = read_responses_request(wire(encode_responses(request_of(messages), provider=OPENAI, is_vendor=True)))
    assert spoken(back.messages) == spoken(tuple(messages))
