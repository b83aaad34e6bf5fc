"""What a request asks of a model before anything is compared."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from contracts.parts import AudioPart, DocumentPart, ImagePart, Message, Part, ToolResultPart
from contracts.requests import JsonSchemaOutput, OutputFormat, ProviderTool, Tool
from contracts.routing import Capability
from domain.fitting import DEFAULT_ANSWER_ROOM

LIKELY_ANSWER = 500
"""Tokens that an answer is taken to have when prices and times are compared."""


@dataclass(frozen=True, slots=True)
class Needs:
    """What one request needs. Tokens are counted ones.

    `least_input_tokens` is what stays of the prompt when as much of the conversation is left out as `domain.fitting.fit` may
    leave out; None where nothing may be.
    `answer_room` is the longest answer that the request allows, None where it says nothing. `tool_owners` are the providers
    or wires (`openai`, `anthropic`, ...) whose own tools the request holds.
    """

    input_tokens: int = 0
    answer_room: int | None = None
    least_input_tokens: int | None = None
    capabilities: frozenset[Capability] = frozenset()
    tool_owners: frozenset[str] = frozenset()

    @property
    def likely_answer(self) -> int:
        """Tokens of a usual answer, never more than the request allows."""
        return LIKELY_ANSWER if self.answer_room is None else min(self.answer_room, LIKELY_ANSWER)

    def room_in(self, window: int) -> int:
        """Tokens to keep free in `window` for the answer, as `domain.fitting.fit` keeps them."""
        return self.answer_room or min(DEFAULT_ANSWER_ROOM, window // 4)

    def worst_answer(self, max_output: int | None) -> int:
        """The most tokens that a model may answer with, for what has to be reserved."""
        room = self.answer_room or DEFAULT_ANSWER_ROOM
        return room if max_output is None else min(room, max_output)


def needs_of(
    messages: Iterable[Message],
    *,
    input_tokens: int,
    least_input_tokens: int | None = None,
    tools: Sequence[Tool] = (),
    output: OutputFormat | None = None,
    answer_room: int | None = None,
) -> Needs:
    """The needs of a request. Knobs ask for nothing, since an adapter that has not one ignores and reports it."""
    wanted = {capability for message in messages for part in _parts(message.parts) if (capability := _of_part(part))}
    if tools:
        wanted.add(Capability.TOOLS)
    if isinstance(output, JsonSchemaOutput):
        wanted.add(Capability.JSON_SCHEMA)
    return Needs(
        input_tokens=input_tokens,
        answer_room=answer_room,
        least_input_tokens=least_input_tokens,
        capabilities=frozenset(wanted),
        tool_owners=frozenset(tool.provider for tool in tools if isinstance(tool, ProviderTool)),
    )


def _parts(parts: Sequence[Part]) -> Iterator[Part]:
    for part in parts:
        yield part
        if isinstance(part, ToolResultPart):
            yield from part.content


def _of_part(part: Part) -> Capability | None:
    match part:
        case ImagePart():
            return Capability.IMAGES
        case DocumentPart():
            return Capability.DOCUMENTS
        case AudioPart():
            return Capability.AUDIO
        case _:
            return None
