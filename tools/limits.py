"""What a tool says is cut to what its effects let through."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from contracts.parts import BytesSource, ResultPart, TextPart
from contracts.tools import ToolEffects
from tools.protocol import ToolOutput


@dataclass(frozen=True, slots=True)
class Bounded:
    """An output within its limits."""

    content: tuple[ResultPart, ...]
    data: Any
    truncated: bool


def bounded(output: ToolOutput, effects: ToolEffects) -> Bounded:
    """The output within the limits of `effects`; what was left out is said in the text."""
    encoded = json.dumps(output.data, ensure_ascii=False, default=str, separators=(",", ":"))
    whole = encoded if output.text is None else output.text
    text = whole
    if len(text) > effects.max_chars:
        text = (
            f"{text[: effects.max_chars]}\n[Cut: the first {effects.max_chars} of {len(whole)} characters. "
            "Ask for less, or for a part of it.]"
        )
    keeps_data = len(encoded.encode("utf-8", "surrogatepass")) <= effects.max_bytes
    media, dropped = _media_within(output.media, effects.max_bytes)
    if dropped:
        text += f"\n[Left out: {dropped} attachments beyond {effects.max_bytes} bytes together.]"
    # Through JSON, so that what pipelines see is what will be stored; lone surrogates cannot be stored.
    data = json.loads(_storable(encoded)) if keeps_data else None
    cut = output.truncated or text is not whole or not keeps_data
    parts: tuple[ResultPart, ...] = (TextPart(text=_storable(text)),) if text or not media else ()
    return Bounded((*parts, *media), data, cut)


def _media_within(media: Sequence[ResultPart], limit: int) -> tuple[tuple[ResultPart, ...], int]:
    kept: list[ResultPart] = []
    left = limit
    for part in media:
        left -= _size(part)
        if left >= 0:
            kept.append(part)
    return tuple(kept), len(media) - len(kept)


def _size(part: ResultPart) -> int:
    if isinstance(part, TextPart):
        return len(part.text.encode("utf-8", "surrogatepass"))
    return len(part.source.content) if isinstance(part.source, BytesSource) else 0


def _storable(text: str) -> str:
    """Text that PostgreSQL can hold: no NUL, no lone surrogates."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")
