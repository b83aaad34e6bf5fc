"""Our messages as Gemini's `contents` and `systemInstruction`."""

from collections.abc import Sequence
from typing import Any

from contracts.parts import Message, RefusalPart, TextPart
from providers.google.encode_parts import SKIP_SIGNATURE, Carried, encode_part


def encode_messages(
    messages: Sequence[Message], carried: Carried
) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
    """The turns and the system instruction (None where there is none).

    Gemini knows two speakers, and wants the results of parallel calls in one turn, so neighbours of one speaker become one
    turn. System and developer messages have no place between turns; all of them go to the instruction, in order.
    """
    contents: list[dict[str, Any]] = []
    instruction: list[dict[str, Any]] = []
    for number, message in enumerate(messages):
        at = f"messages[{number}]"
        carried.ignore("name", message.name)
        if message.role in ("system", "developer"):
            instruction += _instruction(message, carried, at)
            continue
        role = "model" if message.role == "assistant" else "user"
        parts = [
            wire
            for index, part in enumerate(message.parts)
            for wire in encode_part(part, carried, f"{at}.parts[{index}]")
        ]
        if not parts:
            continue
        if contents and contents[-1]["role"] == role:
            contents[-1]["parts"] += parts
        else:
            contents.append({"role": role, "parts": parts})
    if not contents:
        # The API refuses a request without a turn; an empty one lets a lone system prompt speak.
        contents.append({"role": "user", "parts": [{"text": ""}]})
    if carried.family.checks_signatures:
        _sign_foreign_calls(contents)
    return contents, ({"role": "user", "parts": instruction} if instruction else None)


def _instruction(message: Message, carried: Carried, at: str) -> list[dict[str, Any]]:
    wires: list[dict[str, Any]] = []
    for index, part in enumerate(message.parts):
        if not isinstance(part, TextPart | RefusalPart):
            carried.refuse(
                f"a {message.role} message holds a part of type {part.type}; Gemini's instruction takes text only",
                f"{at}.parts[{index}]",
            )
        wires += encode_part(part, carried, f"{at}.parts[{index}]")
    return wires


def _sign_foreign_calls(contents: list[dict[str, Any]]) -> None:
    """The first call of a turn must be signed; one that another model made has no signature of Google's."""
    for content in contents:
        calls = [part for part in content["parts"] if "functionCall" in part]
        if content["role"] == "model" and calls and "thoughtSignature" not in calls[0]:
            calls[0]["thoughtSignature"] = SKIP_SIGNATURE
