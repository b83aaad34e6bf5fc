"""Images, sound and documents: our sources and Gemini's `inlineData` and `fileData`."""

import base64
import mimetypes
from typing import TYPE_CHECKING, Any, assert_never

from contracts.errors import ErrorKind, ProviderError
from contracts.parts import AudioPart, BytesSource, DocumentPart, FileSource, ImagePart, Source, UrlSource

if TYPE_CHECKING:
    from google.genai import types

FILES_URL = "https://generativelanguage.googleapis.com/v1beta/"
"""Where an uploaded file's short name (`files/abc`) lives; `fileData` takes the whole URI."""


def encode_source(source: Source, *, provider: str, field: str) -> dict[str, Any]:
    """The wire's part for a source. Raises `ProviderError(invalid_request)` for another vendor's file id."""
    match source:
        case BytesSource(media_type=media_type, content=content):
            return {"inlineData": {"mimeType": media_type, "data": content}}
        case UrlSource(url=url, media_type=media_type):
            return {"fileData": _file(url if _has_scheme(url) else FILES_URL + url, media_type)}
        case FileSource(file_id=file_id, media_type=media_type):
            if file_id.startswith("files/"):
                return {"fileData": _file(FILES_URL + file_id, media_type)}
            if _has_scheme(file_id):
                return {"fileData": _file(file_id, media_type)}
            raise ProviderError(
                ErrorKind.INVALID_REQUEST,
                f"{field} names the uploaded file {file_id!r}, which is not one of {provider}'s: "
                "upload it there (files/…), or send a URL or the bytes",
                provider=provider,
                field=field,
            )
        case _:
            assert_never(source)


def decode_blob(blob: "types.Blob", signature: str | None, provider: str) -> ImagePart | AudioPart | DocumentPart:
    """What the model drew or said, as a part by its media type."""
    media_type = blob.mime_type or "application/octet-stream"
    source = BytesSource(media_type=media_type, content=base64.b64encode(blob.data or b"").decode("ascii"))
    return _by_media_type(source, media_type, signature, provider)


def decode_file(file: "types.FileData", signature: str | None, provider: str) -> ImagePart | AudioPart | DocumentPart:
    """A file that the model points to."""
    source = UrlSource(url=file.file_uri or "", media_type=file.mime_type)
    return _by_media_type(source, file.mime_type or "", signature, provider)


def _by_media_type(
    source: Source, media_type: str, signature: str | None, provider: str
) -> ImagePart | AudioPart | DocumentPart:
    if media_type.startswith("image/"):
        return ImagePart(source=source, signature=signature, provider=provider if signature else None)
    if media_type.startswith("audio/"):
        return AudioPart(source=source)
    return DocumentPart(source=source)


def _file(uri: str, media_type: str | None) -> dict[str, str]:
    known = media_type or mimetypes.guess_type(uri.partition("?")[0])[0]
    return {"fileUri": uri, **({"mimeType": known} if known else {})}


def _has_scheme(uri: str) -> bool:
    return "://" in uri
