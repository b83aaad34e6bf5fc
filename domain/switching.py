"""What a conversation loses when another model goes on with it."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import assert_never

from contracts.parts import (
    AudioPart,
    DocumentPart,
    ImagePart,
    Message,
    Part,
    ProviderPart,
    ReasoningPart,
    RefusalPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from contracts.routing import Capability
from domain.catalog.entry import ModelEntry

_NAMES = {"image": "image", "audio": "recording", "document": "document"}


def taken_by(entry: ModelEntry) -> frozenset[Capability]:
    """What may be sent to a model; everything where its abilities are guessed, since the model itself knows better."""
    return frozenset(Capability) if entry.guessed else entry.capabilities


def lost_at(messages: Sequence[Message], *, provider: str, capabilities: frozenset[Capability]) -> tuple[str, ...]:
    """What the new model will not be sent, in words: what it cannot take, and what only another vendor understands.

    Text, tool calls and their results always go along.
    """
    counts: Counter[str] = Counter()
    for message in messages:
        for part in message.parts:
            _count(part, counts, provider, capabilities)
    return tuple(how_many(number, name) for name, number in sorted(counts.items()) if number)


def how_many(number: int, name: str) -> str:
    """So many of a thing: `2 images`, `1 piece of reasoning by openai`."""
    noun, space, rest = name.partition(" ")
    return f"{number} {noun}{'' if number == 1 else 's'}{space}{rest}"


def _count(part: Part, counts: Counter[str], provider: str, capabilities: frozenset[Capability]) -> None:
    match part:
        case TextPart() | ToolCallPart() | RefusalPart():
            return
        case ImagePart():
            counts["image"] += Capability.IMAGES not in capabilities
        case DocumentPart():
            counts["document"] += Capability.DOCUMENTS not in capabilities
        case AudioPart():
            counts["recording"] += Capability.AUDIO not in capabilities
        case ReasoningPart():
            counts[f"piece of reasoning by {part.provider}"] += part.provider != provider
        case ProviderPart():
            counts[f"part of a kind that only {part.provider} understands"] += part.provider != provider
        case ToolResultPart():
            for inner in part.content:
                _count(inner, counts, provider, capabilities)
        case _:
            assert_never(part)


def without(messages: Sequence[Message], unfit: Callable[[Part], bool]) -> tuple[tuple[Message, ...], Counter[str]]:
    """The messages without their unfit parts, and how many of each kind (`image`, `recording`, ...) were left out.

    A message whose every part would go keeps its place with a note, so that no exchange loses a side.
    """
    left_out: Counter[str] = Counter()
    kept: list[Message] = []
    for message in messages:
        parts = tuple(part for part in message.parts if not unfit(part))
        if len(parts) < len(message.parts):
            left_out.update(_NAMES.get(part.type, part.type) for part in message.parts if unfit(part))
            note = TextPart(text="(left out: this model cannot take it)")
            message = message.model_copy(update={"parts": parts or (note,)})
        kept.append(message)
    return tuple(kept), left_out
