"""One content block of an answer, as it grows, and the part that it is."""

import json
from dataclasses import dataclass, field
from typing import Any

from contracts.parts import Part, ProviderPart, ReasoningPart, TextPart, ToolCallPart
from providers.anthropic.citations import decode_citation


@dataclass(slots=True)
class OpenBlock:
    """A block whose deltas are still coming. `wire` is the block as it began, completed by its deltas.

    `index` is the part's place in our answer. `grown` says that it holds more than began and its text tell.
    """

    provider: str
    index: int
    wire: dict[str, Any]
    grown: bool = False
    _pieces: list[str] = field(default_factory=list)

    @property
    def kind(self) -> str:
        """The block's type."""
        return str(self.wire.get("type"))

    def begin(self) -> Part:
        """The part as far as it is known when it begins. A call's arguments begin empty, unless they are complete already."""
        if self.kind == "tool_use" and not self.wire.get("input"):
            return self._call("")
        return self.part()

    def add(self, delta: dict[str, Any]) -> str | None:
        """Take a delta. Returns the text that it appends to the part, None where it appends none."""
        match self.kind, delta:
            case ("text", {"type": "text_delta", "text": str() as text}):
                return self._append("text", text)
            case ("thinking", {"type": "thinking_delta", "thinking": str() as text}):
                return self._append("thinking", text)
            case ("tool_use", {"type": "input_json_delta", "partial_json": str() as text}):
                self._pieces.append(text)
                return text
            case (_, {"type": "input_json_delta", "partial_json": str() as text}):
                self._pieces.append(text)
            case (_, {"type": "citations_delta", "citation": citation}):
                self.wire["citations"] = [*(self.wire.get("citations") or ()), citation]
            case _:
                self._merge(delta)
        self.grown = True
        return None

    def end(self) -> Part | None:
        """The part in full, where what was told of it so far is not all."""
        written = "".join(self._pieces)
        if self.kind == "tool_use":
            # A call without arguments is streamed as an empty text.
            return None if written or self.wire.get("input") else self._call("{}")
        if written:
            self.wire["input"] = _object(written)
        elif self._pieces:
            self.wire.setdefault("input", {})
        return self.part() if self.grown else None

    def part(self) -> Part:
        """The part in full."""
        match self.wire:
            case {"type": "text"}:
                citations = tuple(decode_citation(raw, self.provider) for raw in self.wire.get("citations") or ())
                return TextPart(
                    text=self._text("text"), citations=citations, provider=self.provider if citations else None
                )
            case {"type": "thinking"}:
                signature = self.wire.get("signature") or None
                return ReasoningPart(text=self._text("thinking"), signature=signature, provider=self.provider)
            case {"type": "redacted_thinking", "data": str() as data}:
                return ReasoningPart(redacted=data, provider=self.provider)
            case {"type": "tool_use"}:
                return self._call("".join(self._pieces) or json.dumps(self.wire.get("input") or {}, ensure_ascii=False))
            case _:
                return ProviderPart(provider=self.provider, payload=dict(self.wire))

    def _call(self, arguments: str) -> ToolCallPart:
        caller, toolset = self.wire.get("caller"), self.wire.get("toolset_name")
        # Calls made from within code execution name it, and have to keep the name when they go back; `direct` is the default.
        indirect = isinstance(caller, dict) and caller.get("type") != "direct"
        return ToolCallPart(
            id=str(self.wire.get("id") or ""),
            name=str(self.wire.get("name") or ""),
            arguments=arguments,
            signature=json.dumps(caller) if indirect else None,
            namespace=toolset,
            provider=self.provider if indirect or toolset else None,
        )

    def _append(self, name: str, text: str) -> str:
        if not self._pieces:
            self._pieces.append(self._began(name))
        self._pieces.append(text)
        return text

    def _text(self, name: str) -> str:
        return "".join(self._pieces) or self._began(name)

    def _began(self, name: str) -> str:
        value = self.wire.get(name)
        return value if isinstance(value, str) else ""

    def _merge(self, delta: dict[str, Any]) -> None:
        """Lay a delta of another kind (a signature, a compaction) over the block: texts grow, everything else is replaced."""
        for name, value in delta.items():
            if name == "type" or value is None:
                continue
            before = self.wire.get(name)
            self.wire[name] = before + value if isinstance(before, str) and isinstance(value, str) else value


def _object(written: str) -> Any:
    """A server tool's input; what is no JSON is kept as it was written, since the part goes back as it came."""
    try:
        return json.loads(written)
    except ValueError:
        return {"partial_json": written}
