"""Images and documents: our sources and Anthropic's."""

import base64
import binascii
from typing import Any, NoReturn, assert_never

from contracts.errors import ErrorKind, ProviderError
from contracts.parts import BytesSource, FileSource, Source, UrlSource

_PDF = "application/pdf"


def encode_image(source: Source, *, provider: str, field: str) -> dict[str, Any]:
    """The wire's source of an image. Raises `ProviderError(invalid_request)` for one that it cannot carry."""
    match source:
        case BytesSource(media_type=media_type, content=content):
            return _base64(media_type, content)
        case UrlSource() | FileSource():
            return _reference(source, provider, field)
        case _:
            assert_never(source)


def encode_document(source: Source, *, provider: str, field: str) -> dict[str, Any]:
    """The wire's source of a document: PDF or plain text. Raises as `encode_image` does."""
    kind = (source.media_type or _PDF).partition(";")[0].strip().lower()
    if kind != _PDF and not _is_text(kind):
        _refuse(f"{field} is of type {kind}; {provider} reads PDF and plain text", provider, field)
    match source:
        case BytesSource(content=content):
            if kind == _PDF:
                return _base64(_PDF, content)
            return {"type": "text", "media_type": "text/plain", "data": _plain(content, provider, field)}
        case UrlSource() | FileSource():
            return _reference(source, provider, field)
        case _:
            assert_never(source)


def _reference(source: UrlSource | FileSource, provider: str, field: str) -> dict[str, Any]:
    match source:
        case UrlSource(url=url):
            if url.startswith("data:"):
                head, _, content = url[5:].partition(",")
                media_type, _, encoding = head.partition(";")
                if encoding == "base64":
                    return _base64(media_type, content)
            if not url.startswith(("https://", "http://")):
                _refuse(f"{field} is not an http(s) address, which is all that {provider} fetches", provider, field)
            return {"type": "url", "url": url}
        case FileSource(file_id=file_id):
            if not file_id.startswith("file_"):
                _refuse(
                    f"{field} names the uploaded file {file_id!r}, which is not one of {provider}'s: "
                    "upload it there (file_…), or send a URL or the bytes",
                    provider,
                    field,
                )
            return {"type": "file", "file_id": file_id}
        case _:
            assert_never(source)


def _base64(media_type: str, content: str) -> dict[str, Any]:
    return {"type": "base64", "media_type": media_type, "data": content}


def _is_text(kind: str) -> bool:
    return kind.startswith("text/") or kind in ("application/json", "application/xml", "application/yaml")


def _plain(content: str, provider: str, field: str) -> str:
    try:
        return base64.b64decode(content, validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        _refuse(f"{field} is not base64 of UTF-8 text", provider, field)


def _refuse(message: str, provider: str, field: str) -> NoReturn:
    raise ProviderError(ErrorKind.INVALID_REQUEST, message, provider=provider, field=field)
