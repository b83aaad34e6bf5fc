"""Thought on the chat wire: OpenAI shows none, compatible servers do, each in its own field.

Sources: api-docs.deepseek.com (`reasoning_content`), console.groq.com/docs/reasoning and openrouter.ai/docs (`reasoning`,
`reasoning_details`), docs.mistral.ai (`thinking` among the contents).
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from contracts.events import ProviderEvent
from contracts.parts import ReasoningPart
from providers.openai.answer_parts import AnswerParts
from providers.openai.shapes import as_dicts, as_text

_FIELDS = ("reasoning_content", "reasoning")
_GROWING = ("text", "summary", "data")


@dataclass(slots=True)
class ReasoningReader:
    """Folds shown thought into reasoning parts. A part's `id` is the field that it came in, and goes back in.

    `reasoning_details` are kept whole, as JSON in `redacted`: OpenRouter wants them back unchanged.
    """

    provider: str
    parts: AnswerParts
    _open: int | None = None
    _details: list[dict[str, Any]] = field(default_factory=list)
    _last: int | None = None

    def read(self, delta: dict[str, Any]) -> Iterator[ProviderEvent]:
        """The events of one delta, or of one whole message."""
        details = as_dicts(delta.get("reasoning_details"))
        for detail in details:
            self._merge(detail)
        for name in _FIELDS:
            if text := as_text(delta.get(name)):
                yield from self.think("reasoning_details" if self._details else name, text)
                return
        shown = "".join(as_text(detail.get("text")) or as_text(detail.get("summary")) for detail in details)
        if shown:
            yield from self.think("reasoning_details", shown)

    def think(self, name: str, text: str) -> Iterator[ProviderEvent]:
        """More thought, which came in the field `name`."""
        if not text:
            return
        if self._open is None:
            begun = self.parts.begin(ReasoningPart(provider=self.provider, id=name))
            self._open = self._last = begun.index
            yield begun
        yield from self.parts.append(self._open, text)

    def pause(self) -> None:
        """Something else was said: further thought is a new part."""
        self._open = None

    def close(self) -> Iterator[ProviderEvent]:
        """Hand on the details, which are whole only now, with the last thought."""
        if not self._details:
            return
        facts = {"id": "reasoning_details", "redacted": json.dumps(self._details, separators=(",", ":"))}
        if self._last is None:
            yield self.parts.begin(ReasoningPart(provider=self.provider, **facts))
        elif update := self.parts.change(self._last, **facts):
            yield update

    def _merge(self, detail: dict[str, Any]) -> None:
        """A detail comes in pieces with one index and type; its texts grow, its other fields are set."""
        last = self._details[-1] if self._details else None
        same = last is not None and all(last.get(name) == detail.get(name) for name in ("index", "type"))
        if last is None or not same or "index" not in detail:
            self._details.append(dict(detail))
            return
        for name, value in detail.items():
            if name in _GROWING and isinstance(value, str) and isinstance(last.get(name), str):
                last[name] += value
            elif value is not None:
                last[name] = value
