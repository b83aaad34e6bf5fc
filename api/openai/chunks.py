"""A turn's stream as chat completion chunks, in which nothing that was sent is ever taken back."""

from collections.abc import Iterator
from typing import Any, assert_never
from uuid import UUID

from api.openai.encode import annotations, completion_id, finish_reason, perdure, usage
from api.openai.splice import DivergedError, Musing, Telling
from api.openai.tellings import CallsTold
from contracts.parts import Part, ReasoningPart, RefusalPart, TextPart, ToolCallPart
from contracts.streams import AttemptOpened, PartShown, RecordKind, StreamRecord
from contracts.turns import TurnResult
from contracts.usage import Usage

_OPENINGS = (RecordKind.START, RecordKind.RESET, RecordKind.CONTINUE)


class Chunks:
    """Turns records into chunks. Raises `DivergedError` where a new attempt contradicts what was sent.

    Text, refusals and tool calls are matched; a call that is made anew keeps the id that was sent. Reasoning is only shown.
    """

    def __init__(
        self, turn_id: UUID, *, model: str | None, created: int, include_usage: bool, ignored: tuple[str, ...]
    ) -> None:
        """`model` None: the chunks name the model that is asked."""
        self._names_asked = model is None
        self._head = {
            "id": completion_id(turn_id),
            "object": "chat.completion.chunk",
            "created": created,
            "model": model or "",
        }
        self._include_usage = include_usage
        self._ignored = ignored
        self._attempt = 0
        self._text = Telling()
        self._refusal = Telling()
        self._thought = Musing()
        self._calls = CallsTold()
        self._told: dict[int, str] = {}
        """What the attempt has said of each text or refusal so far."""
        self._refusals: set[int] = set()
        self._cited: set[int] = set()

    def add(self, record: StreamRecord) -> Iterator[dict[str, Any]]:
        """The chunks that a record makes."""
        if self._names_asked and isinstance(record.body, AttemptOpened | TurnResult) and record.body.model:
            self._head["model"] = record.body.model.model
        if self._attempt == 0:
            yield self._chunk({"role": "assistant", "content": ""})
        if record.attempt != self._attempt:
            # Without an opening of its own, an attempt that comes after another shows its answer whole.
            if self._attempt and record.kind not in _OPENINGS:
                self._again(0)
            self._attempt = record.attempt
        match record.kind:
            case RecordKind.START:
                return
            case RecordKind.RESET | RecordKind.CONTINUE:
                self._again(record.body.keep_chars if isinstance(record.body, AttemptOpened) else 0)
            case RecordKind.TEXT:
                yield from self._say(record.index, record.text)
            case RecordKind.REASONING:
                if new := self._thought.add(record.text):
                    yield self._chunk({"reasoning_content": new})
            case RecordKind.TOOL_ARGUMENTS:
                if (call := self._calls.arguments(record.index, record.text)) is not None:
                    yield self._chunk({"tool_calls": [call]})
            case RecordKind.PART:
                if isinstance(record.body, PartShown):
                    yield from self._part(record.index, record.body.part)
            case RecordKind.END:
                if isinstance(record.body, TurnResult) and record.body.message_id is not None:
                    yield from self._end(record.body)
            case _:
                assert_never(record.kind)

    def _again(self, keep: int) -> None:
        self._text.again(keep)
        self._refusal.again()
        self._thought.again()
        self._calls.again()
        self._told.clear()
        self._refusals.clear()

    def _say(self, index: int, text: str) -> Iterator[dict[str, Any]]:
        self._told[index] = self._told.get(index, "") + text
        telling, field = (self._refusal, "refusal") if index in self._refusals else (self._text, "content")
        if new := telling.add(text):
            yield self._chunk({field: new})

    def _part(self, index: int, part: Part) -> Iterator[dict[str, Any]]:
        match part:
            case ToolCallPart():
                for call in self._calls.part(index, part):
                    yield self._chunk({"tool_calls": [call]})
            case TextPart():
                yield from self._grown(index, part.text)
                if (cited := annotations((part,))) and index not in self._cited:
                    self._cited.add(index)
                    yield self._chunk({"annotations": cited})
            case RefusalPart():
                self._refusals.add(index)
                yield from self._grown(index, part.text)
            case ReasoningPart():
                return
            case _:
                return

    def _grown(self, index: int, text: str) -> Iterator[dict[str, Any]]:
        """A text in full: what it has beyond what was said of it."""
        told = self._told.get(index, "")
        if not text.startswith(told):
            raise DivergedError
        yield from self._say(index, text[len(told) :])

    def _end(self, result: TurnResult) -> Iterator[dict[str, Any]]:
        if not (self._text.complete and self._refusal.complete and self._calls.complete):
            raise DivergedError
        last = self._chunk({}, finish_reason(result))
        last["perdure"] = perdure(result, self._ignored)
        yield last
        if self._include_usage:
            yield {**self._chunk({}), "choices": [], "usage": usage(result.usage or Usage())}

    def _chunk(self, delta: dict[str, Any], reason: str | None = None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
        return {**self._head, "choices": [choice]}
