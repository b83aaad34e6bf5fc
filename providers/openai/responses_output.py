"""One output item of the responses wire as parts: while it comes, and when it is whole."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from contracts.events import ProviderEvent
from contracts.parts import Part, ProviderPart, ReasoningPart, RefusalPart, TextPart, ToolCallPart
from providers.openai.answer_parts import AnswerParts
from providers.openai.citations import read_annotation
from providers.openai.responses_items import SUMMARY_GAP
from providers.openai.shapes import as_dict, as_dicts, as_text

_CALLS: dict[str, tuple[Literal["function", "custom"], str]] = {
    "function_call": ("function", "arguments"),
    "custom_tool_call": ("custom", "input"),
}


@dataclass(slots=True)
class ItemReader:
    """Folds one item into parts of `parts`.

    A message is a part for each of its contents, a thought one part with all its summaries, a call one part; any other item is a
    `ProviderPart` that holds it whole.
    """

    provider: str
    parts: AnswerParts
    _item: dict[str, Any] = field(default_factory=dict)
    _by_content: dict[int, int] = field(default_factory=dict)
    _part: int | None = None
    _summary: int | None = None

    def read(self, name: str, event: dict[str, Any]) -> Iterator[ProviderEvent]:
        """The events of one event that belongs to this item."""
        text = as_text(event.get("delta"))
        match name:
            case "response.output_item.added":
                self._item = as_dict(event.get("item"))
                yield from self._begin(self._item)
            case "response.output_item.done":
                yield from self.finish(as_dict(event.get("item")))
            case "response.output_text.delta":
                yield from self._content(event, TextPart(text="", **self._marks()), text)
            case "response.refusal.delta":
                yield from self._content(event, RefusalPart(text=""), text)
            case "response.reasoning_summary_text.delta" | "response.reasoning_text.delta":
                yield from self._think(event, text)
            case "response.function_call_arguments.delta" | "response.custom_tool_call_input.delta":
                if text and self._part is not None:
                    yield from self.parts.append(self._part, text)
            case _:
                # Progress of a server's tool, and ends of contents that the item's own end repeats.
                pass

    def finish(self, item: dict[str, Any]) -> Iterator[ProviderEvent]:
        """Take the item as it is in the end, be it told once or again; what is known already is not told again."""
        self._item = item
        if item.get("type") != "message":
            whole = self._whole(item)
            if self._part is None:
                begun = self.parts.begin(whole)
                self._part = begun.index
                yield begun
            elif update := self.parts.replace(self._part, whole):
                yield update
            return
        for number, content in enumerate(as_dicts(item.get("content"))):
            part = self._whole_content(content)
            index = self._by_content.get(number)
            if index is None:
                begun = self.parts.begin(part)
                self._by_content[number] = begun.index
                yield begun
            elif update := self.parts.replace(index, part):
                yield update

    def _begin(self, item: dict[str, Any]) -> Iterator[ProviderEvent]:
        """Begin what is a part from its first event on. A message begins with its contents, a thought with its text."""
        if item.get("type") not in ("message", "reasoning"):
            begun = self.parts.begin(self._whole(item))
            self._part = begun.index
            yield begun

    def _content(self, event: dict[str, Any], empty: Part, text: str) -> Iterator[ProviderEvent]:
        number = event.get("content_index")
        place = number if isinstance(number, int) else 0
        if not text:
            return
        if place not in self._by_content:
            begun = self.parts.begin(empty)
            self._by_content[place] = begun.index
            yield begun
        yield from self.parts.append(self._by_content[place], text)

    def _think(self, event: dict[str, Any], text: str) -> Iterator[ProviderEvent]:
        if not text:
            return
        number = event.get("summary_index")
        if self._part is None:
            begun = self.parts.begin(ReasoningPart(provider=self.provider, id=self._id()))
            self._part = begun.index
            yield begun
        elif number != self._summary:
            yield from self.parts.append(self._part, SUMMARY_GAP)
        self._summary = number if isinstance(number, int) else None
        yield from self.parts.append(self._part, text)

    def _whole(self, item: dict[str, Any]) -> Part:
        kind = as_text(item.get("type"))
        if kind == "reasoning":
            summaries = tuple(as_text(one.get("text")) for one in as_dicts(item.get("summary")))
            shown = "".join(as_text(one.get("text")) for one in as_dicts(item.get("content")))
            return ReasoningPart(
                text=shown or SUMMARY_GAP.join(summaries),
                redacted=as_text(item.get("encrypted_content")) or None,
                provider=self.provider,
                id=as_text(item.get("id")) or None,
                summaries=summaries,
            )
        if kind in _CALLS:
            call, said = _CALLS[kind]
            return ToolCallPart(
                id=as_text(item.get("call_id")) or as_text(item.get("id")),
                name=as_text(item.get("name")),
                arguments=as_text(item.get(said)),
                kind=call,
                provider=self.provider,
                item_id=as_text(item.get("id")) or None,
                namespace=as_text(item.get("namespace")) or None,
            )
        return ProviderPart(provider=self.provider, payload=item)

    def _whole_content(self, content: dict[str, Any]) -> Part:
        if content.get("type") == "refusal":
            return RefusalPart(text=as_text(content.get("refusal")))
        citations = tuple(read_annotation(one, self.provider) for one in as_dicts(content.get("annotations")))
        return TextPart(text=as_text(content.get("text")), citations=citations, **self._marks())

    def _marks(self) -> dict[str, Any]:
        """What a text keeps of its message, so that it can go back as the same item."""
        return {"provider": self.provider, "id": self._id(), "phase": as_text(self._item.get("phase")) or None}

    def _id(self) -> str | None:
        return as_text(self._item.get("id")) or None
