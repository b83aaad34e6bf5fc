"""Images and documents: our sources and Cohere's."""

import base64
import binascii
from typing import Any, assert_never

from contracts.parts import BytesSource, DocumentPart, FileSource, ImagePart, Source, UrlSource
from providers.cohere.carried import Carried

_TEXTS = ("application/json", "application/xml", "application/yaml")


def encode_image(part: ImagePart, carried: Carried, at: str) -> dict[str, Any]:
    """The `image_url` block. Raises `ProviderError(invalid_request)` for a source that Cohere does not fetch."""
    detail = {"detail": part.detail} if part.detail else {}
    return {"type": "image_url", "image_url": {"url": _url(part.source, carried, at), **detail}}


def encode_document(part: DocumentPart, carried: Carried, at: str) -> dict[str, Any]:
    """A document of text, as Cohere takes and cites it. Raises `ProviderError(invalid_request)` for anything but text."""
    data = {"text": _text(part.source, carried, at), "title": part.title or part.name, "context": part.context}
    named = {"id": part.name} if part.name else {}
    return {**named, "data": {name: value for name, value in data.items() if value is not None}}


def _url(source: Source, carried: Carried, at: str) -> str:
    match source:
        case BytesSource(media_type=media_type, content=content):
            return f"data:{media_type};base64,{content}"
        case UrlSource(url=url) | FileSource(file_id=url):
            if not url.startswith(("https://", "http://", "data:")):
                carried.refuse(f"{at} is not an http(s) address, which is all that {carried.provider} fetches", at)
            return url
        case _:
            assert_never(source)


def _text(source: Source, carried: Carried, at: str) -> str:
    kind = (source.media_type or "").partition(";")[0].strip().lower()
    if not isinstance(source, BytesSource) or not (kind.startswith("text/") or kind in _TEXTS):
        carried.refuse(
            f"{at} is no text that came along; {carried.provider} reads documents of text only: send their text", at
        )
    try:
        return base64.b64decode(source.content, validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        carried.refuse(f"{at} is not base64 of UTF-8 text", at)
