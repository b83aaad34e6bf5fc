"""What a model is told of a schema, and what its vendor is asked."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from contracts.ai_steps import AnswerWish
from contracts.parts import Message, TextPart
from contracts.requests import JsonSchemaOutput

_INSTRUCTION = (
    "Answer with one JSON value that follows the JSON Schema below, and with nothing else: no explanation, no Markdown."
)


def instructed(messages: Sequence[Message], schema: Mapping[str, Any]) -> tuple[Message, ...]:
    """The messages with the schema as an instruction, after whatever instructions there are."""
    told = Message(role="system", parts=(TextPart(text=f"{_INSTRUCTION}\n{json.dumps(schema, ensure_ascii=False)}"),))
    first = next((at for at, one in enumerate(messages) if one.role not in ("system", "developer")), len(messages))
    return (*messages[:first], told, *messages[first:])


def native_output(wish: AnswerWish) -> JsonSchemaOutput:
    """The schema as vendors take it."""
    return JsonSchemaOutput(name=wish.name, definition=wish.definition, strict=strict_enough(wish.definition) or None)


def strict_enough(schema: Any) -> bool:
    """Whether vendors can hold a model to it strictly: its objects name all their fields and allow no others.

    https://platform.openai.com/docs/guides/structured-outputs#supported-schemas
    """
    if isinstance(schema, Mapping):
        properties = schema.get("properties")
        if isinstance(properties, Mapping) and (
            schema.get("additionalProperties") is not False or set(schema.get("required", ())) != set(properties)
        ):
            return False
        if schema.get("type") == "object" and properties is None:
            return False
        return all(strict_enough(inner) for inner in schema.values())
    if isinstance(schema, list):
        return all(strict_enough(inner) for inner in schema)
    return True


def corrected(messages: Sequence[Message], answer: str, correction: str) -> tuple[Message, ...]:
    """The messages of the next attempt: what was said, the answer, and what was wrong with it."""
    said = Message(role="assistant", parts=(TextPart(text=answer or "(no answer)"),))
    return (*messages, said, Message(role="user", parts=(TextPart(text=correction),)))
