"""The parts of an answer while it comes: numbers them, remembers what was said, and makes their events."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from contracts.events import PartDelta, PartStarted, PartUpdated
from contracts.parts import Part, ReasoningPart, RefusalPart, TextPart, ToolCallPart
from providers.collect import append_text

_WORDED = (TextPart, RefusalPart, ReasoningPart, ToolCallPart)


@dataclass(slots=True)
class AnswerParts:
    """Every part begun so far, in order. An index is a part's place in the answer, from 0."""

    _parts: list[Part] = field(default_factory=list)
    _said: dict[int, list[str]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self._parts)

    def begin(self, part: Part) -> PartStarted:
        """A new part, after all others."""
        self._parts.append(part)
        return PartStarted(len(self._parts) - 1, part)

    def append(self, index: int, text: str) -> Iterator[PartDelta]:
        """More of a part's text or arguments; nothing for a part that has none, where a server confuses its events."""
        if isinstance(self._parts[index], _WORDED):
            self._said.setdefault(index, []).append(text)
            yield PartDelta(index, text)

    def whole(self, index: int) -> Part:
        """The part with everything that was appended to it."""
        said = self._said.pop(index, None)
        if said:
            self._parts[index] = append_text(self._parts[index], "".join(said))
        return self._parts[index]

    def replace(self, index: int, part: Part) -> PartUpdated | None:
        """The part as now known in full; None where that is no news."""
        if self.whole(index) == part:
            return None
        self._parts[index] = part
        return PartUpdated(index, part)

    def change(self, index: int, **facts: Any) -> PartUpdated | None:
        """The part with `facts` set; None where they are no news."""
        return self.replace(index, self.whole(index).model_copy(update=facts))

    def last_text(self) -> int | None:
        """The index of the last text, or None."""
        return next((n for n in range(len(self._parts) - 1, -1, -1) if isinstance(self._parts[n], TextPart)), None)

    @property
    def has_calls(self) -> bool:
        """Whether the caller is asked to run something."""
        return any(isinstance(part, ToolCallPart) for part in self._parts)
