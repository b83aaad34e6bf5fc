"""Short requests for tests."""

from typing import Any

from contracts.models import ModelRef
from contracts.parts import Message, Part, TextPart
from contracts.requests import Knobs, ModelRequest


def ask(text: str = "hello", model: str = "gpt-4o", **fields: Any) -> ModelRequest:
    """A request of one user's message; keywords are fields of the request, or knobs where they name one."""
    knobs = {name: fields.pop(name) for name in list(fields) if name in Knobs.model_fields}
    messages = fields.pop("messages", (Message(role="user", parts=(TextPart(text=text),)),))
    return ModelRequest(
        model=ModelRef(provider="openai", model=model), messages=messages, knobs=Knobs(**knobs), **fields
    )


def said(*parts: Part) -> Message:
    """What an assistant said."""
    return Message(role="assistant", parts=parts)


def heard(*parts: Part) -> Message:
    """What a user said."""
    return Message(role="user", parts=parts)
