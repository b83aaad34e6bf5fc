"""Gemini's grounding and recitation metadata as citations of the answer's text."""

from collections.abc import Sequence
from typing import Any

from contracts.parts import Citation


def find_citations(texts: Sequence[str], grounding: dict[str, Any], provider: str) -> list[tuple[int, Citation]]:
    """Each citation with the index of the text it belongs to.

    `grounding` is `groundingMetadata` in the wire's names. Segments count bytes of UTF-8, from the start of the answer's text
    (https://ai.google.dev/api/generate-content#Segment); ours count characters of one text. A segment whose own text is
    not where its offsets say is looked up by that text, and keeps no offsets where it is not found.
    """
    if not texts:
        return []
    chunks = grounding.get("groundingChunks") or []
    found: list[tuple[int, Citation]] = []
    for support in grounding.get("groundingSupports") or []:
        segment = support.get("segment") or {}
        index, start, end = _locate(texts, segment)
        for number in support.get("groundingChunkIndices") or []:
            if not 0 <= number < len(chunks):
                continue
            chunk = chunks[number]
            source = next((value for value in chunk.values() if isinstance(value, dict)), {})
            citation = Citation(
                url=source.get("uri") or source.get("sourceUri") or source.get("imageUri"),
                title=source.get("title"),
                quote=segment.get("text"),
                start=start,
                end=end,
                provider=provider,
                raw={"segment": segment, "chunk": chunk},
            )
            found.append((index, citation))
    return found


def find_recitations(texts: Sequence[str], metadata: dict[str, Any], provider: str) -> list[tuple[int, Citation]]:
    """The sources that the model repeated at length (`citationMetadata`), with the index of their text."""
    if not texts:
        return []
    found: list[tuple[int, Citation]] = []
    for source in metadata.get("citations") or []:
        span = {name: source[name] for name in ("startIndex", "endIndex") if name in source}
        index, start, end = _locate(texts, span)
        citation = Citation(
            url=source.get("uri"), title=source.get("title"), start=start, end=end, provider=provider, raw=source
        )
        found.append((index, citation))
    return found


def _locate(texts: Sequence[str], segment: dict[str, Any]) -> tuple[int, int | None, int | None]:
    """(index of the text, start and end in its characters) for a segment in bytes."""
    wanted = segment.get("text")
    first, last = segment.get("startIndex") or 0, segment.get("endIndex")
    if last is not None:
        for base, index, text in _bases(texts):
            raw = text.encode("utf-8")
            if not base <= first < base + max(len(raw), 1):
                continue
            start = len(raw[: first - base].decode("utf-8", errors="ignore"))
            end = len(raw[: last - base].decode("utf-8", errors="ignore"))
            if wanted is None or text[start:end] == wanted or wanted.startswith(text[start:end] or "\0"):
                return index, start, end
    if wanted:
        for index, text in enumerate(texts):
            if (at := text.find(wanted)) >= 0:
                return index, at, at + len(wanted)
    return len(texts) - 1, None, None


def _bases(texts: Sequence[str]) -> list[tuple[int, int, str]]:
    """(bytes before it, index, text): offsets over the whole answer first, then over each text alone."""
    bases: list[tuple[int, int, str]] = []
    before = 0
    for index, text in enumerate(texts):
        bases.append((before, index, text))
        before += len(text.encode("utf-8"))
    return bases + [(0, index, text) for index, text in enumerate(texts) if index]
