"""From the parts of OpenAI's message content to ours."""

import base64
import binascii
import mimetypes
import re
from typing import assert_never

from api.openai.bodies import ContentPart, File
from api.openai.refusing import invalid
from contracts.parts import (
    AudioPart,
    BytesSource,
    DocumentPart,
    FileSource,
    ImagePart,
    Part,
    RefusalPart,
    Source,
    TextPart,
    UrlSource,
)

_DATA_URL = re.compile(r"data:(?P<type>[\w.+-]+/[\w.+-]+)(?:;[\w=.+-]+)*;base64,(?P<content>.*)", re.DOTALL)
_PDF = "application/pdf"


def decode_part(part: ContentPart, field: str) -> Part:
    """One part; `field` is its path in the request. Raises `invalid_request`."""
    match part.type:
        case "text" if part.text is not None:
            return TextPart(text=part.text)
        case "refusal" if part.refusal is not None:
            return RefusalPart(text=part.refusal)
        case "image_url" if part.image_url is not None:
            return ImagePart(source=_by_url(part.image_url.url, f"{field}.image_url.url"), detail=part.image_url.detail)
        case "input_audio" if part.input_audio is not None:
            sound = part.input_audio
            _check_base64(sound.data, f"{field}.input_audio.data")
            return AudioPart(source=BytesSource(media_type=f"audio/{sound.format}", content=sound.data))
        case "file" if part.file is not None:
            return DocumentPart(source=_file(part.file, f"{field}.file"), name=part.file.filename)
        case "text" | "refusal" | "image_url" | "input_audio" | "file":
            raise invalid(f"{field}.{part.type}", f"a part of type {part.type} has a {part.type}")
        case _:
            assert_never(part.type)


def _by_url(url: str, field: str) -> Source:
    if not url.startswith("data:"):
        if not url.strip():
            raise invalid(field, "the URL is empty")
        return UrlSource(url=url)
    found = _DATA_URL.fullmatch(url)
    if found is None:
        raise invalid(field, "a data URL is of the form data:TYPE;base64,CONTENT")
    _check_base64(found["content"], field)
    return BytesSource(media_type=found["type"], content=found["content"])


def _file(file: File, field: str) -> Source:
    match file:
        case File(file_id=str(file_id)):
            return FileSource(file_id=file_id)
        case File(file_data=str(content)) if content.startswith("data:"):
            return _by_url(content, f"{field}.file_data")
        case File(file_data=str(content)):
            # OpenAI takes bare base64 as well; the name alone says what it is.
            _check_base64(content, f"{field}.file_data")
            return BytesSource(media_type=mimetypes.guess_type(file.filename or "")[0] or _PDF, content=content)
        case _:
            raise invalid(field, "a file has file_data or file_id")


def _check_base64(content: str, field: str) -> None:
    try:
        if base64.b64decode(content, validate=True):
            return
    except (binascii.Error, ValueError):
        raise invalid(field, "the content is not base64") from None
    raise invalid(field, "the content is empty")
