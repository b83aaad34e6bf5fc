"""Our parts as Converse's content blocks, one by one."""

import base64
import binascii
import hashlib
import json
import re
from typing import Any, NoReturn, assert_never

from contracts.parts import (
    AudioPart,
    CacheHint,
    DocumentPart,
    ImagePart,
    Part,
    ProviderPart,
    ReasoningPart,
    RefusalPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
)
from providers.bedrock.carried import Carried
from providers.bedrock.citations import encode_citations
from providers.bedrock.provenance import is_ours
from providers.bedrock.sources import Block, encode_audio, encode_document, encode_image

_NO_ID = re.compile(r"[^a-zA-Z0-9_.:-]")
_LONGEST_ID = 64


def encode_part(part: Part, carried: Carried, at: str) -> list[Block]:
    """The blocks for a part: none where it belongs to another vendor or says nothing, two where the prompt is to be cached up to
    it. `at` is the part's path in the request, for errors.
    """
    match part:
        case TextPart():
            blocks = _text(part, carried)
        case RefusalPart(text=text):
            blocks = [{"text": text}] if text else []
        case ImagePart():
            carried.ignore("image.detail", part.detail)
            blocks = [encode_image(part, carried, at)]
        case AudioPart():
            blocks = [encode_audio(part, carried, at)]
        case DocumentPart():
            blocks = [encode_document(part, carried, at)]
        case ReasoningPart():
            blocks = _reasoning(part, carried, at)
        case ToolCallPart():
            blocks = [_call(part)]
        case ToolResultPart():
            blocks = [_result(part, carried, at)]
        case ProviderPart(provider=provider, payload=payload):
            if not is_ours(provider, carried.provider):
                carried.dropped.append(f"{at}: a block of {provider}")
                return []
            blocks = [dict(payload)]
        case _:
            assert_never(part)
    hint = None if isinstance(part, AudioPart | RefusalPart | ReasoningPart | ProviderPart) else part.cache
    return [*blocks, *cache_point(hint)]


def cache_point(hint: CacheHint | None) -> list[Block]:
    """The block that asks for the prompt to be cached up to where it stands."""
    if hint is None:
        return []
    return [{"cachePoint": {"type": "default", **({"ttl": hint.ttl} if hint.ttl else {})}}]


def wire_id(call_id: str) -> str:
    """A call's id in the characters and the length (64) that the API takes; those of other vendors may hold more."""
    if len(call_id) > _LONGEST_ID:
        return hashlib.sha256(call_id.encode()).hexdigest()
    return _NO_ID.sub("_", call_id) or "_"


def read_object(text: str) -> dict[str, Any] | None:
    """The JSON object that `text` is, or None. NaN and infinities, which JSON has not, count as none."""
    try:
        value = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _text(part: TextPart, carried: Carried) -> list[Block]:
    if not part.text:
        # The API refuses empty blocks.
        return []
    citations, has_others = encode_citations(part.citations, carried.provider)
    if has_others:
        carried.dropped.append("citations of another provider")
    if citations:
        return [{"citationsContent": {"content": [{"text": part.text}], "citations": citations}}]
    return [{"text": part.text}]


def _reasoning(part: ReasoningPart, carried: Carried, at: str) -> list[Block]:
    if not is_ours(part.provider, carried.provider):
        carried.dropped.append(f"reasoning of {part.provider or 'an unknown provider'}")
        return []
    if part.redacted is not None:
        try:
            return [{"reasoningContent": {"redactedContent": base64.b64decode(part.redacted, validate=True)}}]
        except (binascii.Error, ValueError):
            carried.refuse(f"{at} holds redacted reasoning that is not base64, as {carried.provider} gave it", at)
    if part.signature is None:
        # Claude takes signed thoughts only, and the models that do not sign do not want theirs back.
        carried.dropped.append("reasoning without a signature")
        return []
    return [{"reasoningContent": {"reasoningText": {"text": part.text, "signature": part.signature}}}]


def _call(part: ToolCallPart) -> Block:
    given = read_object(part.arguments) if part.kind == "function" else {"input": part.arguments}
    if given is None:
        # The wire takes an object only, and a conversation must stay answerable after a model wrote broken JSON.
        given = {"arguments": part.arguments} if part.arguments.strip() else {}
    return {"toolUse": {"toolUseId": wire_id(part.id), "name": part.name, "input": given}}


def _result(part: ToolResultPart, carried: Carried, at: str) -> Block:
    content: list[Block] = []
    for index, one in enumerate(part.content):
        place = f"{at}.content[{index}]"
        if isinstance(one, AudioPart):
            carried.refuse(
                f"{place} is sound, which {carried.provider} does not take in a tool's result: send its text", place
            )
        if isinstance(one, TextPart):
            content += [{"text": one.text}] if one.text else []
        else:
            content += encode_part(one.model_copy(update={"cache": None}), carried, place)
    status = {"status": "error"} if part.is_error else {}
    return {"toolResult": {"toolUseId": wire_id(part.call_id), "content": content, **status}}


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)
