"""Tool calls of the chat wire, which come in pieces, and not from every server with an index or an id."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from contracts.events import ProviderEvent
from contracts.parts import ToolCallPart
from providers.openai.answer_parts import AnswerParts
from providers.openai.shapes import as_dict, as_dicts, as_text


@dataclass(slots=True)
class _Call:
    """A call begun: where its part is, and what the server has named of it."""

    index: int
    id: str
    name: str


@dataclass(slots=True)
class CallsReader:
    """Folds `tool_calls` (and the old `function_call`) into parts of `parts`.

    A call without an id gets one from ours, `call_id`, so that its result can name it.
    """

    provider: str
    call_id: str
    parts: AnswerParts
    _calls: list[_Call] = field(default_factory=list)
    _by_place: dict[int, _Call] = field(default_factory=dict)

    def read(self, delta: dict[str, Any]) -> Iterator[ProviderEvent]:
        """The events of one delta, or of one whole message."""
        for piece in as_dicts(delta.get("tool_calls")):
            yield from self._piece(piece)
        old = as_dict(delta.get("function_call"))
        if old.get("name") or old.get("arguments"):
            # Deprecated in 2023 and answered still: at most one call, with no id.
            yield from self._piece({"index": 0, "type": "function", "function": old})

    def _piece(self, piece: dict[str, Any]) -> Iterator[ProviderEvent]:
        custom = as_dict(piece.get("custom"))
        is_custom = piece.get("type") == "custom" or (bool(custom.get("name")) and not piece.get("function"))
        inner = custom if is_custom or not piece.get("function") else as_dict(piece.get("function"))
        said = inner.get("input") if inner is custom else inner.get("arguments")
        text = said if isinstance(said, str) else "" if said is None else json.dumps(said)
        call_id, name = as_text(piece.get("id")), as_text(inner.get("name"))
        call = self._find(piece.get("index"), call_id, name)
        if call is None:
            call = _Call(len(self.parts), call_id, name)
            self._calls.append(call)
            yield self.parts.begin(
                ToolCallPart(
                    id=call_id or self._own_id(),
                    name=name,
                    arguments="",
                    kind="custom" if is_custom else "function",
                    signature=_signature(piece),
                    provider=self.provider,
                )
            )
        elif (call_id and not call.id) or (name and not call.name):
            call.id, call.name = call_id or call.id, name or call.name
            facts = {"id": call.id} if call_id else {}
            if update := self.parts.change(call.index, name=call.name, **facts):
                yield update
        if isinstance(piece.get("index"), int):
            self._by_place[piece["index"]] = call
        if text:
            yield from self.parts.append(call.index, text)

    def _find(self, place: object, call_id: str, name: str) -> _Call | None:
        """The call that a piece goes on with, or None where it begins one.

        Some servers number every call 0, and some give no number; a new id with a name tells calls apart then.
        """
        known = next((call for call in self._calls if call_id and call.id == call_id), None)
        if known is not None:
            return known
        if isinstance(place, int):
            call = self._by_place.get(place)
            return None if call is not None and call.id and call_id and name else call
        if call_id or name or not self._calls:
            return None
        return self._calls[-1]

    def _own_id(self) -> str:
        # The part before the attempt's own number would repeat, so the whole of our call's name goes in.
        return f"call_{self.call_id}_{len(self._calls)}".replace("/", "_")


def _signature(piece: dict[str, Any]) -> str | None:
    """Gemini's thought signature, behind an OpenAI-shaped door (ai.google.dev/gemini-api/docs/openai)."""
    google = as_dict(as_dict(piece.get("extra_content")).get("google"))
    return as_text(google.get("thought_signature")) or None
