"""Converse's citations and ours."""

from collections.abc import Sequence
from typing import Any

from contracts.parts import Citation
from providers.bedrock.provenance import is_ours


def decode_citation(raw: dict[str, Any], provider: str) -> Citation:
    """One citation. It covers the whole text block it stands at, so it has no offsets; those of `raw` count in the source."""
    location = raw.get("location") or {}
    web = location.get("web") or {}
    quotes = [one.get("text") or "" for one in raw.get("sourceContent") or () if isinstance(one, dict)]
    return Citation(
        url=web.get("url") or raw.get("source"),
        title=raw.get("title"),
        quote=" ".join(quotes) or None,
        provider=provider,
        raw=raw,
    )


def encode_citations(citations: Sequence[Citation], provider: str) -> tuple[list[dict[str, Any]], bool]:
    """The vendor's own objects among `citations`, and whether others had to be left out."""
    own = [one.raw for one in citations if one.raw is not None and is_ours(one.provider, provider)]
    return own, len(own) < len(citations)
