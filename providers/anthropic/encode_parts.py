"""Our parts as Claude's content blocks, one by one."""

import json
import re
from dataclasses import dataclass, field
from typing import Any, NoReturn, assert_never

from contracts.errors import ErrorKind, ProviderError
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
from providers.anthropic.citations import encode_citations
from providers.anthropic.provenance import is_ours
from providers.anthropic.sources import encode_document, encode_image

_NO_ID = re.compile(r"[^a-zA-Z0-9_-]")


@dataclass(slots=True)
class Carried:
    """What an encoding needs to know, and what it could not carry so far."""

    provider: str
    ignored: dict[str, None] = field(default_factory=dict)
    dropped: list[str] = field(default_factory=list)

    def ignore(self, name: str, present: object) -> None:
        """Note that the knob `name` has no place on this wire, where it was set."""
        if present is not None and present is not False:
            self.ignored[name] = None

    def refuse(self, message: str, at: str) -> NoReturn:
        """Say before the call that the request cannot be carried, and which field is at fault."""
        raise ProviderError(ErrorKind.INVALID_REQUEST, message, provider=self.provider, field=at)


def encode_part(part: Part, carried: Carried, at: str) -> dict[str, Any] | None:
    """The block for a part, or None where it belongs to another vendor or says nothing.

    `at` is the part's path in the request, for errors.
    """
    if isinstance(part, AudioPart):
        carried.refuse(f"{at} is sound, which {carried.provider} does not take: send its text", at)
    match part:
        case TextPart():
            return _text(part, carried)
        case RefusalPart(text=text):
            return {"type": "text", "text": text} if text else None
        case ImagePart():
            carried.ignore("image.detail", part.detail)
            source = encode_image(part.source, provider=carried.provider, field=f"{at}.source")
            return {"type": "image", "source": source, **cache_control(part.cache)}
        case DocumentPart():
            return _document(part, carried, at)
        case ReasoningPart():
            return _reasoning(part, carried)
        case ToolCallPart():
            return _call(part, carried)
        case ToolResultPart():
            return _result(part, carried, at)
        case ProviderPart(provider=provider, payload=payload):
            if is_ours(provider, carried.provider):
                return dict(payload)
            carried.dropped.append(f"{at}: a block of {provider}")
            return None
        case _:
            assert_never(part)


def cache_control(hint: CacheHint | None) -> dict[str, Any]:
    """The field that asks for the prompt to be cached up to its block."""
    if hint is None:
        return {}
    return {"cache_control": {"type": "ephemeral", **({"ttl": hint.ttl} if hint.ttl else {})}}


def _text(part: TextPart, carried: Carried) -> dict[str, Any] | None:
    if not part.text:
        # The API refuses empty blocks.
        carried.ignore("cache", part.cache)
        return None
    citations, has_others = encode_citations(part.citations, carried.provider)
    if has_others:
        carried.dropped.append("citations of another provider")
    cited = {"citations": citations} if citations else {}
    return {"type": "text", "text": part.text, **cited, **cache_control(part.cache)}


def _document(part: DocumentPart, carried: Carried, at: str) -> dict[str, Any]:
    carried.ignore("document.name", part.name if part.title else None)
    fields = {
        "source": encode_document(part.source, provider=carried.provider, field=f"{at}.source"),
        "title": part.title or part.name,
        "context": part.context,
        "citations": None if part.citations is None else {"enabled": part.citations},
    }
    present = {name: value for name, value in fields.items() if value is not None}
    return {"type": "document", **present, **cache_control(part.cache)}


def _reasoning(part: ReasoningPart, carried: Carried) -> dict[str, Any] | None:
    if not is_ours(part.provider, carried.provider):
        carried.dropped.append(f"reasoning of {part.provider or 'an unknown provider'}")
        return None
    if part.redacted is not None:
        return {"type": "redacted_thinking", "data": part.redacted}
    if part.signature is None:
        # An answer that was cut while it thought; the API takes signed thoughts only.
        carried.dropped.append("reasoning without a signature")
        return None
    return {"type": "thinking", "thinking": part.text, "signature": part.signature}


def _call(part: ToolCallPart, carried: Carried) -> dict[str, Any]:
    given = read_object(part.arguments) if part.kind == "function" else {"input": part.arguments}
    if given is None:
        # The wire takes an object only, and a conversation must stay answerable after a model wrote broken JSON.
        given = {"arguments": part.arguments} if part.arguments.strip() else {}
    own = is_ours(part.provider, carried.provider)
    caller = read_object(part.signature) if own and part.signature else None
    return {
        "type": "tool_use",
        "id": wire_id(part.id),
        "name": part.name,
        "input": given,
        **({"caller": caller} if caller else {}),
        **({"toolset_name": part.namespace} if own and part.namespace else {}),
        **cache_control(part.cache),
    }


def _result(part: ToolResultPart, carried: Carried, at: str) -> dict[str, Any]:
    content = [
        block
        for index, one in enumerate(part.content)
        if (block := encode_part(one, carried, f"{at}.content[{index}]")) is not None
    ]
    return {
        "type": "tool_result",
        "tool_use_id": wire_id(part.call_id),
        **({"content": content} if content else {}),
        **({"is_error": True} if part.is_error else {}),
        **cache_control(part.cache),
    }


def wire_id(call_id: str) -> str:
    """A call's id in the characters that the API takes; those of other vendors may hold more."""
    return _NO_ID.sub("_", call_id) or "_"


def read_object(text: str) -> dict[str, Any] | None:
    """The JSON object that `text` is, or None. NaN and infinities, which JSON has not, count as none."""
    try:
        value = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)
