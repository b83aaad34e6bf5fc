"""Images and documents as Anthropic takes them."""

import base64
from typing import Any

from contracts.errors import ErrorKind, ProviderError
from contracts.parts import BytesSource, DocumentPart, FileSource, ImagePart, Source, UrlSource

_TEXT_TYPE = "text/plain"


def image(part: ImagePart) -> dict[str, Any]:
    """An image block."""
    return {"type": "image", "source": _source(part.source)}


def document(part: DocumentPart, *, provider: str, field: str) -> dict[str, Any]:
    """A document block. Raises `invalid_request` for what is neither PDF nor text."""
    source = part.source
    if isinstance(source, BytesSource) and source.media_type.startswith("text/"):
        shown: dict[str, Any] = {"type": "text", "media_type": _TEXT_TYPE, "data": _plain(source.content)}
    elif isinstance(source, BytesSource) and source.media_type != "application/pdf":
        raise ProviderError(
            ErrorKind.INVALID_REQUEST,
            f"{provider} takes documents as PDF or text, not as {source.media_type[:60]!r}",
            provider=provider,
            field=field,
        )
    else:
        shown = _source(source)
    block: dict[str, Any] = {"type": "document", "source": shown}
    if title := part.title or part.name:
        block["title"] = title
    if part.context is not None:
        block["context"] = part.context
    if part.citations is not None:
        block["citations"] = {"enabled": part.citations}
    return block


def _source(source: Source) -> dict[str, Any]:
    match source:
        case UrlSource():
            return {"type": "url", "url": source.url}
        case BytesSource():
            return {"type": "base64", "media_type": source.media_type, "data": source.content}
        case FileSource():
            return {"type": "file", "file_id": source.file_id}


def _plain(content: str) -> str:
    return base64.b64decode(content).decode("utf-8", "replace")
