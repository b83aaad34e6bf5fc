"""Our parts on Gemini's wire, one by one."""

import base64
import json
from dataclasses import dataclass, field
from typing import Any, NoReturn, assert_never

from contracts.errors import ErrorKind, ProviderError
from contracts.parts import (
    AudioPart,
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
from providers.google.families import Family
from providers.google.provenance import is_ours
from providers.google.sources import encode_source

SKIP_SIGNATURE = base64.b64encode(b"skip_thought_signature_validator").decode("ascii")
"""What Google asks for in place of a signature on calls that another model made
(https://ai.google.dev/gemini-api/docs/thought-signatures, "How do I handle calls from another model")."""


@dataclass(slots=True)
class Carried:
    """What an encoding needs to know, and what it could not carry so far."""

    provider: str
    family: Family
    call_names: dict[str, str] = field(default_factory=dict)
    ignored: dict[str, None] = field(default_factory=dict)
    dropped: list[str] = field(default_factory=list)

    def ignore(self, name: str, present: object) -> None:
        """Note that the knob `name` has no place on this wire, where it was set."""
        if present is not None and present is not False:
            self.ignored[name] = None

    def refuse(self, message: str, at: str) -> NoReturn:
        """Say before the call that the request cannot be carried, and which field is at fault."""
        raise ProviderError(ErrorKind.INVALID_REQUEST, message, provider=self.provider, field=at)


def encode_part(part: Part, carried: Carried, at: str) -> list[dict[str, Any]]:
    """The wire's parts for one of ours; none where it belongs to another vendor, several where media follow a result.

    `at` is the part's path in the request, for errors.
    """
    match part:
        case TextPart():
            carried.ignore("cache", part.cache)
            return [{"text": part.text, **_signature(part.signature, part.provider, carried)}]
        case RefusalPart():
            return [{"text": part.text}]
        case ImagePart():
            carried.ignore("cache", part.cache)
            carried.ignore("image.detail", part.detail)
            wire = encode_source(part.source, provider=carried.provider, field=f"{at}.source")
            return [{**wire, **_signature(part.signature, part.provider, carried)}]
        case AudioPart():
            return [encode_source(part.source, provider=carried.provider, field=f"{at}.source")]
        case DocumentPart():
            carried.ignore("cache", part.cache)
            for name in ("name", "title", "context", "citations"):
                carried.ignore(f"document.{name}", getattr(part, name))
            return [encode_source(part.source, provider=carried.provider, field=f"{at}.source")]
        case ReasoningPart():
            return _reasoning(part, carried)
        case ToolCallPart():
            return [_call(part, carried)]
        case ToolResultPart():
            return _result(part, carried, at)
        case ProviderPart():
            if is_ours(part.provider, carried.provider):
                return [dict(part.payload)]
            carried.dropped.append(f"{at}: a block of {part.provider}")
            return []
        case _:
            assert_never(part)


def _reasoning(part: ReasoningPart, carried: Carried) -> list[dict[str, Any]]:
    if not is_ours(part.provider, carried.provider):
        carried.dropped.append(f"reasoning of {part.provider or 'an unknown provider'}")
        return []
    if part.redacted is not None:
        return [{"text": "", "thoughtSignature": part.redacted}]
    return [{"text": part.text, "thought": True, **_signature(part.signature, part.provider, carried)}]


def _call(part: ToolCallPart, carried: Carried) -> dict[str, Any]:
    carried.ignore("cache", part.cache)
    carried.call_names[part.id] = part.name
    args = read_object(part.arguments) if part.kind == "function" else {"input": part.arguments}
    if args is None:
        # The wire takes an object only, and a conversation must stay answerable after a model wrote broken JSON.
        args = {"arguments": part.arguments} if part.arguments.strip() else {}
    call = {**({"id": part.id} if part.id else {}), "name": part.name, "args": args}
    return {"functionCall": call, **_signature(part.signature, part.provider, carried)}


def _result(part: ToolResultPart, carried: Carried, at: str) -> list[dict[str, Any]]:
    carried.ignore("cache", part.cache)
    name = part.name or carried.call_names.get(part.call_id)
    if not name:
        carried.refuse(
            f"the tool result for call {part.call_id!r} names no tool, and no earlier message holds that call: "
            "send the call first, or name the tool",
            f"{at}.name",
        )
    texts: list[str] = []
    media: list[dict[str, Any]] = []
    for index, content in enumerate(part.content):
        match content:
            case TextPart(text=text):
                texts.append(text)
            case ImagePart() | AudioPart() | DocumentPart():
                media += encode_part(content, carried, f"{at}.content[{index}]")
            case _:
                assert_never(content)
    response: dict[str, Any] = {
        **({"id": part.call_id} if part.call_id else {}),
        "name": name,
        "response": _response(texts, part.is_error, bool(media)),
    }
    if not carried.family.media_in_results:
        return [{"functionResponse": response}, *media]
    return [{"functionResponse": {**response, **({"parts": media} if media else {})}}]


def _response(texts: list[str], is_error: bool, has_media: bool) -> dict[str, Any]:
    """The result as the object that the wire wants: the tool's own JSON object, else under Google's `output` or `error`."""
    if not texts and has_media and not is_error:
        return {}
    text = "\n".join(texts)
    value = read_object(text)
    if is_error:
        return value if value is not None and "error" in value else {"error": text}
    return value if value is not None else {"output": text}


def read_object(text: str) -> dict[str, Any] | None:
    """The JSON object that `text` is, or None. NaN and infinities, which JSON has not, count as none."""
    if not text.lstrip().startswith("{"):
        return None
    try:
        value = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _signature(signature: str | None, stamp: str | None, carried: Carried) -> dict[str, str]:
    if signature is None or not is_ours(stamp, carried.provider):
        return {}
    return {"thoughtSignature": signature}
