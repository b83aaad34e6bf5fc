"""Claude's citations and ours."""

from collections.abc import Sequence
from typing import Any

from contracts.parts import Citation
from providers.anthropic.provenance import is_ours


def decode_citation(raw: dict[str, Any], provider: str) -> Citation:
    """One citation. It covers the whole text block it stands at, so it has no offsets; those of `raw` count in the source."""
    return Citation(
        url=_text(raw, "url") or _text(raw, "source"),
        title=_text(raw, "title") or _text(raw, "document_title"),
        quote=_text(raw, "cited_text"),
        provider=provider,
        raw=raw,
    )


def encode_citations(citations: Sequence[Citation], provider: str) -> tuple[list[dict[str, Any]], bool]:
    """The vendor's own objects among `citations`, and whether others had to be left out."""
    own = [one.raw for one in citations if one.raw is not None and is_ours(one.provider, provider)]
    return own, len(own) < len(citations)


def _text(raw: dict[str, Any], name: str) -> str | None:
    value = raw.get(name)
    return value if isinstance(value, str) else None
