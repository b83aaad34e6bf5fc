"""Our messages as Converse's turns and system prompt."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from contracts.parts import AudioPart, DocumentPart, ImagePart, Message, ProviderPart, RefusalPart, TextPart
from providers.bedrock.carried import Carried
from providers.bedrock.encode_parts import encode_part
from providers.bedrock.sources import Block

Turn = dict[str, Any]


@dataclass(slots=True)
class _Said:
    """A turn in the making: each group is a part's blocks, so that a cache point stays with its part."""

    role: str
    groups: list[list[Block]] = field(default_factory=list)

    def turn(self) -> Turn:
        # Stable: results first, everything else in its order.
        ordered = sorted(self.groups, key=lambda group: "toolResult" not in group[0] or self.role != "user")
        return {"role": self.role, "content": [block for group in ordered for block in group]}


def encode_messages(messages: Sequence[Message], carried: Carried) -> tuple[list[Turn], list[Block]]:
    """The turns and the system prompt's blocks.

    Speakers have to alternate, and the results of a turn's calls to stand together in the next, so neighbours of one speaker
    become one turn. System and developer messages go to the system prompt, wherever they stood.
    """
    said: list[_Said] = []
    prompt: list[Block] = []
    for number, message in enumerate(messages):
        at = f"messages[{number}]"
        carried.ignore("name", message.name)
        if message.role in ("system", "developer"):
            prompt += _system(message, carried, at)
            continue
        role = "assistant" if message.role == "assistant" else "user"
        groups = _groups(message, carried, at)
        if not groups:
            continue
        if not said or said[-1].role != role:
            said.append(_Said(role))
        said[-1].groups += groups
    if not said and prompt:
        # A system prompt alone is no request; said by the user it is one.
        return [{"role": "user", "content": prompt}], []
    return [one.turn() for one in said], prompt


def has_tool_blocks(turns: Sequence[Turn]) -> bool:
    """Whether calls or results stand in the conversation: the API then insists on a `toolConfig`."""
    return any("toolUse" in block or "toolResult" in block for turn in turns for block in turn["content"])


def _groups(message: Message, carried: Carried, at: str) -> list[list[Block]]:
    groups: list[list[Block]] = []
    for index, part in enumerate(message.parts):
        place = f"{at}.parts[{index}]"
        if message.role == "assistant" and isinstance(part, ImagePart | AudioPart | DocumentPart):
            # Another model drew or said it; the API takes such blocks from users only.
            carried.dropped.append(f"{place}: {part.type} made by a model")
        elif blocks := encode_part(part, carried, place):
            groups.append(blocks)
    return groups


def _system(message: Message, carried: Carried, at: str) -> list[Block]:
    for index, part in enumerate(message.parts):
        if not isinstance(part, TextPart | RefusalPart | ProviderPart):
            carried.refuse(
                f"a {message.role} message holds a part of type {part.type}; a system prompt takes text only",
                f"{at}.parts[{index}]",
            )
    return [block for group in _groups(message, carried, at) for block in group]
