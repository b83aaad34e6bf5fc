"""Tool calls that cannot be taken back."""

from collections.abc import Iterator
from typing import Any

from api.openai.splice import DivergedError, Telling
from contracts.parts import ToolCallPart


class CallsTold:
    """The tool calls as a client holds them, in the order in which it got them, while attempts come and go."""

    def __init__(self) -> None:
        self._calls: list[tuple[ToolCallPart, Telling]] = []
        self._places: dict[int, int] = {}
        """Where the present attempt's part of an index stands among the calls."""

    def again(self) -> None:
        """A new attempt begins."""
        self._places.clear()
        for _, telling in self._calls:
            telling.again()

    def part(self, index: int, part: ToolCallPart) -> Iterator[dict[str, Any]]:
        """The deltas for a call that begins or is shown in full. Raises `DivergedError`."""
        if index not in self._places:
            place = self._places[index] = len(self._places)
            if place == len(self._calls):
                self._calls.append((part, Telling()))
                yield {"index": place, "id": part.id, "type": part.kind, **_inner(part, name=part.name)}
            elif (self._calls[place][0].name, self._calls[place][0].kind) != (part.name, part.kind):
                raise DivergedError
        if part.arguments:
            sent, telling = self._calls[self._places[index]]
            if new := telling.whole(part.arguments):
                yield {"index": self._places[index], **_inner(sent, arguments=new)}

    def arguments(self, index: int, text: str) -> dict[str, Any] | None:
        """The delta for more of a call's arguments, where it goes beyond what was sent. Raises `DivergedError`."""
        place = self._places[index]
        sent, telling = self._calls[place]
        new = telling.add(text)
        return {"index": place, **_inner(sent, arguments=new)} if new else None

    @property
    def complete(self) -> bool:
        """The attempt has made every call that was sent, to its end."""
        return len(self._places) == len(self._calls) and all(telling.complete for _, telling in self._calls)


def _inner(call: ToolCallPart, *, name: str | None = None, arguments: str = "") -> dict[str, Any]:
    word = "input" if call.kind == "custom" else "arguments"
    return {call.kind: {"name": name, word: arguments} if name is not None else {word: arguments}}
