"""A turn's stream as chat completion chunks, in which nothing that was sent is ever taken back."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from api.openai.encode import completion_id, finish_reason, perdure, usage
from api.openai.splice import DivergedError, Telling
from contracts.parts import Part, ReasoningPart, RefusalPart, TextPart, ToolCallPart
from contracts.streams import AttemptOpened, PartShown, RecordKind, StreamRecord
from contracts.turns import TurnResult
from contracts.usage import Usage


class Chunks:
    """Turns records into chunks. Raises `DivergedError` where a new attempt contradicts what was sent.

    Reasoning is shown as it comes and may come again: it is no part of the answer. Text and tool calls are matched.
    """

    def __init__(
        self, turn_id: UUID, *, model: str, created: int, include_usage: bool, ignored: tuple[str, ...]
    ) -> None:
        self._turn_id = turn_id
        self._model = model
        self._created = created
        self._include_usage = include_usage
        self._ignored = ignored
        self._begun = False
        self._text = Telling()
        self._refusal = Telling()
        self._refusals: set[int] = set()
        self._wholes: dict[int, str] = {}
        self._calls: list[tuple[ToolCallPart, Telling]] = []
        self._at: dict[int, int] = {}

    def add(self, record: StreamRecord) -> Iterator[dict[str, Any]]:
        """The chunks that a record makes."""
        if not self._begun:
            self._begun = True
            yield self._chunk({"role": "assistant", "content": ""})
        match record.kind:
            case RecordKind.START:
                return
            case RecordKind.RESET | RecordKind.CONTINUE:
                keep = record.body.keep_chars if isinstance(record.body, AttemptOpened) else 0
                self._again(keep)
            case RecordKind.TEXT:
                refused = record.index in self._refusals
                telling, field = (self._refusal, "refusal") if refused else (self._text, "content")
                self._wholes[record.index] = self._wholes.get(record.index, "") + record.text
                if new := telling.add(record.text):
                    yield self._chunk({field: new})
            case RecordKind.REASONING:
                yield self._chunk({"reasoning_content": record.text})
            case RecordKind.TOOL_ARGUMENTS:
                place = self._at[record.index]
                if new := self._calls[place][1].add(record.text):
                    yield self._chunk({"tool_calls": [{"index": place, "function": {"arguments": new}}]})
            case RecordKind.PART:
                if isinstance(record.body, PartShown):
                    yield from self._part(record.index, record.body.part)
            case RecordKind.END:
                if isinstance(record.body, TurnResult) and record.body.message_id is not None:
                    yield from self._end(record.body)

    def _again(self, keep: int) -> None:
        self._text.again(keep)
        self._refusal.again()
        for _, telling in self._calls:
            telling.again()
        self._at.clear()
        self._refusals.clear()
        self._wholes.clear()

    def _part(self, index: int, part: Part) -> Iterator[dict[str, Any]]:
        match part:
            case ToolCallPart():
                yield from self._call(index, part)
            case TextPart():
                yield from self._grown(index, part.text, self._text, "content")
            case RefusalPart():
                self._refusals.add(index)
                yield from self._grown(index, part.text, self._refusal, "refusal")
            case ReasoningPart() if index not in self._wholes and part.text:
                return
            case _:
                return

    def _grown(self, index: int, text: str, telling: Telling, field: str) -> Iterator[dict[str, Any]]:
        """A part in full: what it has beyond what was said of it."""
        said = self._wholes.get(index, "")
        if not text.startswith(said):
            raise DivergedError
        self._wholes[index] = text
        if new := telling.add(text[len(said) :]):
            yield self._chunk({field: new})

    def _call(self, index: int, part: ToolCallPart) -> Iterator[dict[str, Any]]:
        if index not in self._at:
            place = len(self._at)
            self._at[index] = place
            if place < len(self._calls):
                # A new attempt makes the call anew, under an id of its own: the same call keeps the id that was sent.
                if self._calls[place][0].name != part.name:
                    raise DivergedError
            else:
                self._calls.append((part, Telling()))
                call = {
                    "index": place,
                    "id": part.id,
                    "type": "function",
                    "function": {"name": part.name, "arguments": ""},
                }
                yield self._chunk({"tool_calls": [call]})
        place = self._at[index]
        if part.arguments and (new := self._calls[place][1].whole(part.arguments)):
            yield self._chunk({"tool_calls": [{"index": place, "function": {"arguments": new}}]})

    def _end(self, result: TurnResult) -> Iterator[dict[str, Any]]:
        complete = self._text.complete and self._refusal.complete and len(self._at) == len(self._calls)
        if not complete or not all(telling.complete for _, telling in self._calls):
            raise DivergedError
        last = self._chunk({}, finish_reason(result))
        last["perdure"] = perdure(result, self._ignored)
        yield last
        if self._include_usage:
            counted = self._chunk({})
            counted["choices"] = []
            counted["usage"] = usage(result.usage or Usage())
            yield counted

    def _chunk(self, delta: dict[str, Any], reason: str | None = None) -> dict[str, Any]:
        return {
            "id": completion_id(self._turn_id),
            "object": "chat.completion.chunk",
            "created": self._created,
            "model": self._model,
            "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}],
        }
