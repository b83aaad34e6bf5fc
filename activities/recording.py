"""From a provider's events to the records of the turn's stream."""

from typing import assert_never

from contracts.events import Finished, PartDelta, PartStarted, PartUpdated, ProviderEvent, Started, UsageReported
from contracts.parts import Part, ReasoningPart, TextPart, ToolCallPart
from contracts.streams import PartShown, RecordKind
from storage.streams.log import StreamWriter


class Recorder:
    """Writes one attempt's events. `continuing`: the kept text is part 0, and the first new text part goes on from it."""

    def __init__(self, writer: StreamWriter, *, continuing: bool = False) -> None:
        self._writer = writer
        self._continuing = continuing
        self._continued: int | None = None
        self._kinds: dict[int, RecordKind] = {}

    def add(self, event: ProviderEvent) -> None:
        """Append what readers are to see of the event."""
        match event:
            case PartStarted(index, part):
                self._begin(index, part)
            case PartDelta(index, text):
                self._writer.append(self._kinds[index], index=self._shown_index(index), text=text)
            case PartUpdated(index, part):
                # A text that only grew has been shown already, and a continued one is longer than the part says.
                grown = isinstance(part, TextPart) and not part.citations and not part.signature
                if not grown and index != self._continued:
                    self._show(index, part)
            case Started() | UsageReported() | Finished():
                pass
            case _:
                assert_never(event)

    def _begin(self, index: int, part: Part) -> None:
        match part:
            case TextPart():
                if self._continuing and self._continued is None:
                    self._continued = index
                self._kinds[index] = RecordKind.TEXT
                if part.text:
                    self._writer.append(RecordKind.TEXT, index=self._shown_index(index), text=part.text)
            case ReasoningPart():
                self._kinds[index] = RecordKind.REASONING
                if part.text:
                    self._writer.append(RecordKind.REASONING, index=self._shown_index(index), text=part.text)
            case ToolCallPart():
                self._kinds[index] = RecordKind.TOOL_ARGUMENTS
                self._show(index, part)
            case _:
                self._kinds[index] = RecordKind.TEXT
                self._show(index, part)

    def _show(self, index: int, part: Part) -> None:
        self._writer.append(RecordKind.PART, index=self._shown_index(index), body=PartShown(part=part))

    def _shown_index(self, index: int) -> int:
        if not self._continuing:
            return index
        return 0 if index == self._continued else index + 1
