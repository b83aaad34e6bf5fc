"""Cohere's citations as ours."""

from typing import Any

from contracts.parts import Citation


def decode_citation(raw: dict[str, Any], provider: str) -> Citation:
    """One citation: the span of the answer from `start` to `end`, and of its sources the first that has an address or a title."""
    documents = [
        document
        for source in raw.get("sources") or ()
        if isinstance(source, dict) and isinstance(document := source.get("document"), dict)
    ]
    return Citation(
        url=_first(documents, "url"),
        title=_first(documents, "title"),
        start=raw.get("start"),
        end=raw.get("end"),
        provider=provider,
        raw=raw,
    )


def _first(documents: list[dict[str, Any]], name: str) -> str | None:
    return next((value for one in documents if isinstance(value := one.get(name), str) and value), None)
