"""Recorded turns and system prompts as our messages."""

import json
from typing import Any

from contracts.parts import (
    BytesSource,
    CacheHint,
    DocumentPart,
    ImagePart,
    Message,
    Part,
    ProviderPart,
    ReasoningPart,
    Source,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    UrlSource,
)

BEDROCK = "bedrock"

_DOCUMENTS = {
    "pdf": "application/pdf",
    "csv": "text/csv",
    "doc": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xls": "application/vnd.ms-excel",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "html": "text/html",
    "txt": "text/plain",
    "md": "text/markdown",
}
_VIDEOS = {
    "mkv": "x-matroska",
    "mov": "quicktime",
    "flv": "x-flv",
    "wmv": "x-ms-wmv",
    "three_gp": "3gpp",
    "mpg": "mpeg",
}


def read_messages(body: dict[str, Any]) -> tuple[Message, ...]:
    """The system prompt and the turns. Raises `AssertionError` for a block that this reader does not know in full."""
    system = _parts(body.get("system", ()))
    prompt = [Message(role="system", parts=system)] if system else []
    return (*prompt, *(Message(role=turn["role"], parts=_parts(turn["content"])) for turn in body["messages"]))


def read_cache(block: dict[str, Any]) -> CacheHint:
    """The hint that a cache point is."""
    point = block["cachePoint"]
    assert point["type"] == "default"
    return CacheHint(ttl=point.get("ttl"))


def _parts(blocks: Any) -> tuple[Part, ...]:
    parts: list[Part] = []
    for block in blocks:
        last = parts[-1] if parts else None
        if "cachePoint" in block and last is not None and getattr(last, "cache", 0) is None:
            parts[-1] = last.model_copy(update={"cache": read_cache(block)})
        else:
            parts.append(_part(block))
    return tuple(parts)


def _part(block: dict[str, Any]) -> Part:
    match block:
        case {"text": text, **rest} if not rest:
            return TextPart(text=text)
        case {"image": {"format": form, "source": source}}:
            return ImagePart(source=_source(source, f"image/{form}"))
        case {"document": {"format": form, "name": name, "source": source, **rest}} if not rest:
            return DocumentPart(name=name, source=_source(source, _DOCUMENTS[form]))
        case {"video": {"format": form, "source": source}}:
            bare = form.removeprefix("video/")
            return DocumentPart(source=_source(source, f"video/{_VIDEOS.get(bare, bare)}"))
        case {"reasoningContent": {"reasoningText": {"text": text, **rest}}}:
            return ReasoningPart(text=text, signature=rest.get("signature"), provider=BEDROCK)
        case {"reasoningContent": {"redactedContent": content}}:
            return ReasoningPart(redacted=content, provider=BEDROCK)
        case {"toolUse": {"toolUseId": id_, "name": name, "input": given, **rest}} if not rest:
            return ToolCallPart(id=id_, name=name, arguments=json.dumps(given))
        case {"toolResult": {"toolUseId": id_, "content": content, **rest}} if rest.keys() <= {"status"}:
            parts: Any = tuple(_part(one) for one in content)
            return ToolResultPart(call_id=id_, content=parts, is_error=rest.get("status") == "error")
        case {"toolUse": {"type": "server_tool_use"}} | {"toolResult": {"type": _}} | {"guardContent": _}:
            # What only Bedrock understands.
            return ProviderPart(provider=BEDROCK, payload=block)
        case _:
            raise AssertionError(f"a block that is not known in full: {sorted(block)}")


def _source(source: dict[str, Any], media_type: str) -> Source:
    if "s3Location" in source:
        owner = source["s3Location"].get("bucketOwner")
        uri = source["s3Location"]["uri"]
        return UrlSource(url=f"{uri}?bucketOwner={owner}" if owner else uri, media_type=media_type)
    return BytesSource(media_type=media_type, content=source["bytes"])
