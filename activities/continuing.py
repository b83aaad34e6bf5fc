"""What a new attempt does with the text that an earlier one streamed."""

from collections.abc import Iterable
from dataclasses import dataclass

from contracts.parts import Part, TextPart
from contracts.streams import AttemptOpened, RecordKind, StreamRecord
from contracts.turns import OnNewAttempt


@dataclass(frozen=True, slots=True)
class SaidSoFar:
    """What readers have been shown: the text of part 0, and whether anything else was shown beside it."""

    text: str
    only_text: bool

    @property
    def anything(self) -> bool:
        """Readers saw something of an answer."""
        return bool(self.text) or not self.only_text


def said_so_far(records: Iterable[StreamRecord]) -> SaidSoFar:
    """Fold the records of earlier attempts, in order."""
    text, only_text = "", True
    for record in records:
        match record.kind:
            case RecordKind.START | RecordKind.RESET:
                text, only_text = "", True
            case RecordKind.CONTINUE:
                kept = record.body.keep_chars if isinstance(record.body, AttemptOpened) else 0
                text, only_text = text[:kept], True
            case RecordKind.TEXT:
                text += record.text
            case RecordKind.REASONING | RecordKind.END:
                pass
            case RecordKind.TOOL_ARGUMENTS | RecordKind.PART:
                only_text = False
    return SaidSoFar(text, only_text)


def prefix_to_keep(said: SaidSoFar, policy: OnNewAttempt, *, prefill: bool, from_start: bool) -> str:
    """The text that the next attempt goes on from; empty where it begins anew.

    Vendors refuse a prefill that ends in white space (Anthropic, "Prefill Claude's response"), so that is not kept.
    """
    if policy != "continue" or not prefill or from_start or not said.only_text:
        return ""
    return said.text.rstrip()


def join_continuation(prefix: str, parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """The whole answer: the kept prefix and what the model added to it, as one first text part."""
    if not prefix:
        return parts
    for position, part in enumerate(parts):
        if isinstance(part, TextPart):
            whole = part.model_copy(update={"text": prefix + part.text})
            return (whole, *parts[:position], *parts[position + 1 :])
    return (TextPart(text=prefix), *parts)
