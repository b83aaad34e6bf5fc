"""One content block of an answer, as it grows, and the part that it is."""

import base64
import json
from dataclasses import dataclass, field
from typing import Any, Literal

from contracts.parts import BytesSource, ImagePart, Part, ProviderPart, ReasoningPart, TextPart, ToolCallPart
from providers.bedrock.citations import decode_citation

Kind = Literal["text", "reasoning", "call", "server", "image"]


@dataclass(slots=True)
class OpenBlock:
    """A block whose deltas are still coming. `index` is the part's place in our answer.

    `wire` is what a block that only Bedrock understands (a server tool's call or result) held when it began. `grown` says that
    the part holds more than its beginning and its deltas tell.
    """

    provider: str
    index: int
    kind: Kind
    wire: dict[str, Any] = field(default_factory=dict)
    grown: bool = False
    _text: list[str] = field(default_factory=list)
    _signature: str = ""
    _redacted: list[bytes] = field(default_factory=list)
    _citations: list[dict[str, Any]] = field(default_factory=list)
    _content: list[Any] = field(default_factory=list)

    def say(self, text: str) -> str | None:
        """Append text, or the JSON text of a call's input. Returns what the part's delta is, None where it has none."""
        self._text.append(text)
        if self.kind in ("text", "reasoning", "call"):
            return text or None
        self.grown = True
        return None

    def sign(self, signature: str) -> None:
        """Append to the signature of a thought."""
        self._signature += signature
        self.grown = True

    def redact(self, content: Any) -> None:
        """Append encrypted thought: bytes, or their base64 text where the answer was not streamed."""
        self._redacted.append(content if isinstance(content, bytes) else base64.b64decode(str(content)))
        self.grown = True

    def cite(self, citation: dict[str, Any]) -> None:
        """Add a citation."""
        self._citations.append(citation)
        self.grown = True

    def hold(self, content: list[Any]) -> None:
        """Add what a server's tool answered."""
        self._content += content
        self.grown = True

    def draw(self, content: Any) -> None:
        """Append bytes of an image."""
        self.redact(content)

    def part(self, *, begun: bool = False) -> Part:
        """The part in full, or as it is known when it begins (a call's arguments are empty then)."""
        text = "".join(self._text)
        match self.kind:
            case "text":
                citations = tuple(decode_citation(raw, self.provider) for raw in self._citations)
                return TextPart(text=text, citations=citations, provider=self.provider if citations else None)
            case "reasoning":
                redacted = base64.b64encode(b"".join(self._redacted)).decode() if self._redacted else None
                return ReasoningPart(
                    text=text, signature=self._signature or None, redacted=redacted, provider=self.provider
                )
            case "call":
                return ToolCallPart(
                    id=str(self.wire.get("toolUseId") or ""),
                    name=str(self.wire.get("name") or ""),
                    # A call without arguments is streamed as an empty text.
                    arguments=text if begun or text.strip() else "{}",
                )
            case "image":
                media_type = f"image/{self.wire.get('format') or 'png'}"
                content = base64.b64encode(b"".join(self._redacted)).decode()
                return ImagePart(source=BytesSource(media_type=media_type, content=content), provider=self.provider)
            case "server":
                return ProviderPart(provider=self.provider, payload=self._payload(text))

    def end(self) -> Part | None:
        """The part in full, where what was told of it so far is not all."""
        empty_call = self.kind == "call" and not "".join(self._text).strip()
        return self.part() if self.grown or empty_call else None

    def _payload(self, text: str) -> dict[str, Any]:
        [(name, began)] = self.wire.items()
        if name == "toolUse":
            return {name: {**began, "input": _object(text)}} if text else dict(self.wire)
        return {name: {**began, "content": self._content}} if name == "toolResult" else dict(self.wire)


def _object(written: str) -> Any:
    """A server tool's input; what is no JSON is kept as it was written, since the part goes back as it came."""
    try:
        return json.loads(written)
    except ValueError:
        return {"partial_json": written}
