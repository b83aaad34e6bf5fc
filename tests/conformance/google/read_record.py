"""What a recorded answer says, read from its raw JSON without any code of the adapter."""

import base64
import json
from dataclasses import dataclass, field
from typing import Any

_ENDS = {"STOP": "stop", "UNEXPECTED_TOOL_CALL": "stop", "MAX_TOKENS": "length", "CONTINUATION": "length"}
_FILTERS = {
    *("SAFETY", "RECITATION", "LANGUAGE", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "MODEL_ARMOR", "ESCALATION"),
    *("IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION"),
}
_BROKEN = ("MALFORMED_FUNCTION_CALL", "MALFORMED_RESPONSE")


@dataclass
class Said:
    """An answer in plain values. `failure` is the expected error kind where there is no answer."""

    text: str = ""
    reasoning: str = ""
    calls: list[tuple[str, Any, str | None]] = field(default_factory=list)
    media: list[tuple[str, bytes]] = field(default_factory=list)
    server_parts: list[str] = field(default_factory=list)
    signatures: list[bytes] = field(default_factory=list)
    citations: int = 0
    finish: str | None = None
    usage: dict[str, int] = field(default_factory=dict)
    failure: str | None = None


def chunks_of(row: dict[str, Any]) -> list[dict[str, Any]]:
    """The JSON objects of a body, plain or streamed."""
    body = row["response_body"]
    if body.lstrip().startswith("data:"):
        return [json.loads(line[5:]) for line in body.splitlines() if line.startswith("data:")]
    value = json.loads(body)
    return value if isinstance(value, list) else [value]


def read_record(row: dict[str, Any]) -> Said:
    """Read one record."""
    said = Said()
    if row["status"] != 200:
        said.failure = _failure(row["status"], row["response_body"])
        return said
    counts: dict[str, Any] = {}
    word = block = None
    supports: list[dict[str, Any]] = []
    sources: list[Any] = []
    for chunk in chunks_of(row):
        counts.update(chunk.get("usageMetadata") or {})
        block = (chunk.get("promptFeedback") or {}).get("blockReason") or block
        for candidate in chunk.get("candidates") or []:
            if candidate.get("index", 0):
                continue
            word = candidate.get("finishReason") or word
            grounding = candidate.get("groundingMetadata") or {}
            supports = grounding.get("groundingSupports") or supports
            sources = grounding.get("groundingChunks") or sources
            for part in (candidate.get("content") or {}).get("parts") or []:
                _read_part(part, said)
    if said.text:
        indices = [number for support in supports for number in support.get("groundingChunkIndices", [])]
        said.citations = sum(number < len(sources) for number in indices)
    said.usage = _usage(counts)
    if word is None:
        said.failure = "content_refused" if block else "unavailable"
    elif word in _BROKEN:
        said.failure = "unavailable"
    else:
        said.finish = "content_filter" if word in _FILTERS else _ENDS.get(word, word)
        if said.finish == "stop" and said.calls:
            said.finish = "tool_calls"
    return said


def _failure(status: int, body: str) -> str:
    """The kind that a failed call should be of."""
    if status == 400 and "API key" in body:
        return "authentication"
    if status == 400 and "token" in body and "exceeds" in body:
        return "context_overflow"
    by_status = {400: "invalid_request", 401: "authentication", 403: "authentication", 404: "not_found"}
    by_status |= {429: "rate_limited", 503: "overloaded", 504: "timeout"}
    return by_status.get(status, "unavailable")


def _read_part(part: dict[str, Any], said: Said) -> None:
    if signature := part.get("thoughtSignature"):
        said.signatures.append(unbase64(signature))
    if "text" in part:
        if part.get("thought"):
            said.reasoning += part["text"]
        else:
            said.text += part["text"]
    elif call := part.get("functionCall"):
        said.calls.append((call["name"], call.get("args") or {}, call.get("id")))
    elif blob := part.get("inlineData"):
        said.media.append((blob.get("mimeType", "application/octet-stream"), unbase64(blob["data"])))
    else:
        said.server_parts += [name for name in part if name not in ("thought", "thoughtSignature")]


def _usage(counts: dict[str, Any]) -> dict[str, int]:
    cached = counts.get("cachedContentTokenCount", 0)
    thoughts = counts.get("thoughtsTokenCount", 0)
    whole_input = counts.get("promptTokenCount", 0) + counts.get("toolUsePromptTokenCount", 0)
    output = counts.get("candidatesTokenCount", 0) + thoughts
    # Over a stream, the last total may leave out what an earlier chunk counted; the parts are what is billed.
    total = max(counts.get("totalTokenCount", 0), whole_input + output)
    return {"input": whole_input, "cache_read": cached, "output": output, "reasoning": thoughts, "total": total}


def unbase64(text: str) -> bytes:
    """Bytes of either alphabet, padded or not."""
    plain = text.replace("-", "+").replace("_", "/").rstrip("=")
    return base64.b64decode(plain + "=" * (-len(plain) % 4))
