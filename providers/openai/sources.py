"""Images, sound and files as the two wires take them.

Sources: platform.openai.com/docs/guides/images-vision, /guides/pdf-files, /guides/audio.
"""

import mimetypes
from typing import Any, assert_never

from contracts.parts import AudioPart, BytesSource, DocumentPart, FileSource, ImagePart, UrlSource
from providers.openai.encoding import Encoding

_AUDIO_FORMATS = {
    "audio/mpeg": "mp3",
    "audio/mp3": "mp3",
    "audio/wav": "wav",
    "audio/x-wav": "wav",
    "audio/wave": "wav",
    "audio/vnd.wave": "wav",
}


def data_url(source: BytesSource) -> str:
    """The bytes as a data URL."""
    return f"data:{source.media_type};base64,{source.content}"


def chat_image(part: ImagePart, encoding: Encoding, at: str) -> dict[str, Any]:
    """`image_url` of a chat message. Refuses an uploaded file's id, which that wire has not."""
    match part.source:
        case UrlSource(url=url):
            image = {"url": url}
        case BytesSource() as source:
            image = {"url": data_url(source)}
        case FileSource():
            raise encoding.refusal(
                f"{at}: the chat wire of {encoding.provider} takes an image by URL or bytes, not by file id", at
            )
        case _:
            assert_never(part.source)
    if part.detail is not None:
        image["detail"] = part.detail
    return {"type": "image_url", "image_url": image}


def responses_image(part: ImagePart) -> dict[str, Any]:
    """`input_image` of an input item."""
    match part.source:
        case UrlSource(url=url):
            image = {"image_url": url}
        case BytesSource() as source:
            image = {"image_url": data_url(source)}
        case FileSource(file_id=file_id):
            image = {"file_id": file_id}
        case _:
            assert_never(part.source)
    return {"type": "input_image", **image, "detail": part.detail or "auto"}


def chat_audio(part: AudioPart, encoding: Encoding, at: str) -> dict[str, Any]:
    """`input_audio` of a chat message: mp3 or wav, inline. Refuses anything else."""
    source = part.source
    if not isinstance(source, BytesSource):
        raise encoding.refusal(f"{at}: {encoding.provider} takes sound as bytes only: send it inline", at)
    form = _AUDIO_FORMATS.get(source.media_type.partition(";")[0].strip().lower())
    if form is None and encoding.is_vendor:
        raise encoding.refusal(f"{at}: {encoding.provider} takes mp3 and wav, not {source.media_type}: convert it", at)
    return {
        "type": "input_audio",
        "input_audio": {"data": source.content, "format": form or source.media_type.rpartition("/")[2]},
    }


def chat_file(part: DocumentPart, encoding: Encoding, at: str) -> dict[str, Any]:
    """`file` of a chat message, or what a server has in its place. Refuses a URL where it fetches none.

    Sources of the others: docs.mistral.ai (document_url), openrouter.ai/docs (files by URL, video_url).
    """
    dialect, media_type = encoding.dialect, part.source.media_type or ""
    match part.source:
        case (BytesSource() | UrlSource()) as source if dialect.documents == "document_url":
            name = {"document_name": part.name} if part.name else {}
            return {"type": "document_url", "document_url": _url(source), **name}
        case (BytesSource() | UrlSource()) as source if dialect.fetches_files and media_type.startswith("video/"):
            return {"type": "video_url", "video_url": {"url": _url(source)}}
        case UrlSource(url=url) if dialect.fetches_files:
            return {"type": "file", "file": {"filename": file_name(part), "file_data": url}}
        case BytesSource() as source:
            return {"type": "file", "file": {"filename": file_name(part), "file_data": data_url(source)}}
        case FileSource(file_id=file_id):
            return {"type": "file", "file": {"file_id": file_id}}
        case UrlSource():
            raise encoding.refusal(
                f"{at}: the chat wire of {encoding.provider} takes a document as bytes or file id, not by URL", at
            )
        case _:
            assert_never(part.source)


def _url(source: BytesSource | UrlSource) -> str:
    return source.url if isinstance(source, UrlSource) else data_url(source)


def responses_file(part: DocumentPart) -> dict[str, Any]:
    """`input_file` of an input item."""
    match part.source:
        case BytesSource() as source:
            return {"type": "input_file", "filename": file_name(part), "file_data": data_url(source)}
        case UrlSource(url=url):
            return {"type": "input_file", "file_url": url, **({"filename": part.name} if part.name else {})}
        case FileSource(file_id=file_id):
            return {"type": "input_file", "file_id": file_id}
        case _:
            assert_never(part.source)


def file_name(part: DocumentPart) -> str:
    """The document's name; the wire asks for one, with the ending that its type has."""
    if part.name:
        return part.name
    media_type = part.source.media_type or "application/octet-stream"
    return f"document{mimetypes.guess_extension(media_type.partition(';')[0].strip()) or ''}"
