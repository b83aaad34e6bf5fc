"""Sources that an answer names."""

from typing import Any

from contracts.parts import Citation


def read_annotation(annotation: dict[str, Any], provider: str) -> Citation:
    """One annotation of either wire as a citation; `raw` keeps it whole.

    Chat nests its facts (`url_citation`), responses does not; both count characters of the text
    (platform.openai.com/docs/guides/tools-web-search, /guides/tools-file-search).
    """
    nested = annotation.get(str(annotation.get("type")))
    facts: dict[str, Any] = nested if isinstance(nested, dict) else annotation
    return Citation(
        url=_text(facts, "url"),
        title=_text(facts, "title") or _text(facts, "filename") or _text(facts, "name"),
        quote=_text(facts, "quote") or _text(facts, "content"),
        start=_offset(facts, "start_index"),
        end=_offset(facts, "end_index"),
        provider=provider,
        raw=annotation,
    )


def read_links(links: list[Any], provider: str) -> tuple[Citation, ...]:
    """Citations beside the message, as xAI and Perplexity give them: URLs for the text as a whole."""
    return tuple(Citation(url=link, provider=provider) for link in links if isinstance(link, str))


def _text(facts: dict[str, Any], name: str) -> str | None:
    value = facts.get(name)
    return value if isinstance(value, str) else None


def _offset(facts: dict[str, Any], name: str) -> int | None:
    value = facts.get(name)
    return value if isinstance(value, int) else None
