"""Images, documents, videos and sounds: our sources as Converse's blocks."""

import base64
import binascii
import re
from typing import Any, assert_never

from contracts.parts import AudioPart, BytesSource, DocumentPart, FileSource, ImagePart, Source, UrlSource
from providers.bedrock.carried import Carried

Block = dict[str, Any]

_IMAGES = {"image/png": "png", "image/jpeg": "jpeg", "image/jpg": "jpeg", "image/gif": "gif", "image/webp": "webp"}
_DOCUMENTS = {
    "application/pdf": "pdf",
    "text/csv": "csv",
    "application/msword": "doc",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.ms-excel": "xls",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "text/html": "html",
    "text/plain": "txt",
    "text/markdown": "md",
}
_VIDEOS = {
    "video/x-matroska": "mkv",
    "video/quicktime": "mov",
    "video/mp4": "mp4",
    "video/webm": "webm",
    "video/x-flv": "flv",
    "video/mpeg": "mpeg",
    "video/x-ms-wmv": "wmv",
    "video/3gpp": "three_gp",
}
_SOUNDS = {
    "audio/mpeg": "mp3",
    "audio/mp3": "mp3",
    "audio/opus": "opus",
    "audio/wav": "wav",
    "audio/x-wav": "wav",
    "audio/aac": "aac",
    "audio/flac": "flac",
    "audio/mp4": "mp4",
    "audio/ogg": "ogg",
    "audio/webm": "webm",
    "audio/m4a": "m4a",
}
"""The formats that Converse knows, by media type (botocore's model of `ImageFormat`, `DocumentFormat` and so on)."""

_BY_ENDING = {"jpg": "jpeg", "htm": "html", "3gp": "three_gp"}
_UNNAMEABLE = re.compile(r"[^a-zA-Z0-9 \-()\[\]]+")


def encode_image(part: ImagePart, carried: Carried, at: str) -> Block:
    """The `image` block. Raises `ProviderError(invalid_request)` for a source or a format that Converse does not take."""
    return {
        "image": {
            "format": _format(part.source, _IMAGES, "image", carried, at),
            "source": _source(part.source, carried, at),
        }
    }


def encode_audio(part: AudioPart, carried: Carried, at: str) -> Block:
    """The `audio` block. Raises as `encode_image` does."""
    return {
        "audio": {
            "format": _format(part.source, _SOUNDS, "sound", carried, at),
            "source": _source(part.source, carried, at),
        }
    }


def encode_document(part: DocumentPart, carried: Carried, at: str) -> Block:
    """The `document` block, or `video` for a video. Raises as `encode_image` does."""
    if (_media_type(part.source) or "").startswith("video/") or _ending(part.source) in _VIDEOS.values():
        carried.ignore("document.title", part.title)
        return {
            "video": {
                "format": _format(part.source, _VIDEOS, "video", carried, at),
                "source": _source(part.source, carried, at),
            }
        }
    carried.documents += 1
    fields = {
        "format": _format(part.source, _DOCUMENTS, "document", carried, at),
        "name": _name(part, carried.documents),
        "source": _source(part.source, carried, at),
        "context": part.context,
        "citations": None if part.citations is None else {"enabled": part.citations},
    }
    return {"document": {name: value for name, value in fields.items() if value is not None}}


def _name(part: DocumentPart, number: int) -> str:
    """A name in the characters that the API takes, which insists on one and tells documents apart by it."""
    given = _UNNAMEABLE.sub(" ", part.name or part.title or "")
    return " ".join(given.split())[:200] or f"Document {number}"


def _format(source: Source, known: dict[str, str], what: str, carried: Carried, at: str) -> str:
    media_type = _media_type(source)
    found = known.get(media_type or "")
    if found is None and media_type is not None and what == "document":
        # Whatever else is text reads as such.
        text = media_type.startswith("text/") or media_type in (
            "application/json",
            "application/xml",
            "application/yaml",
        )
        found = "txt" if text else None
    ending = _ending(source)
    if found is None and media_type is None and ending in known.values():
        found = ending
    if found is None:
        taken = ", ".join(sorted(set(known.values())))
        carried.refuse(f"{at} is a {what} of type {media_type or 'unknown'}; {carried.provider} takes {taken}", at)
    return found


def _source(source: Source, carried: Carried, at: str) -> Block:
    match source:
        case BytesSource(content=content):
            return {"bytes": _bytes(content, carried, at)}
        case UrlSource(url=url):
            return _place(url, carried, at)
        case FileSource(file_id=file_id):
            return _place(file_id, carried, at)
        case _:
            assert_never(source)


def _place(url: str, carried: Carried, at: str) -> Block:
    if url.startswith("s3://"):
        # An owner may ride along as a query, since our sources have no field for it.
        uri, _, owner = url.partition("?bucketOwner=")
        return {"s3Location": {"uri": uri, **({"bucketOwner": owner} if owner else {})}}
    if not (url.startswith("data:") and ";base64," in url):
        carried.refuse(
            f"{at} is content that {carried.provider} does not fetch: send its bytes, or an s3:// address", at
        )
    return {"bytes": _bytes(url.partition(";base64,")[2], carried, at)}


def _bytes(content: str, carried: Carried, at: str) -> bytes:
    try:
        return base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError):
        carried.refuse(f"{at} is not base64", at)


def _media_type(source: Source) -> str | None:
    given = source.media_type
    if given is None and isinstance(source, UrlSource) and source.url.startswith("data:"):
        given = source.url[5:].partition(",")[0]
    return given.partition(";")[0].strip().lower() if given else None


def _ending(source: Source) -> str:
    match source:
        case UrlSource(url=place) | FileSource(file_id=place):
            ending = place.partition("?")[0].rpartition(".")[2].lower()
            return _BY_ENDING.get(ending, ending)
        case BytesSource():
            return ""
        case _:
            assert_never(source)
