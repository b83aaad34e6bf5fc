"""What a recorded answer says, read from its raw JSON without any code of the adapter."""

import json
from dataclasses import dataclass, field
from typing import Any

from tests.conformance.anthropic.rows import Row

_FINISHES = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "tool_use": "tool_calls",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "pause_turn": "length",
    "compaction": "length",
    "refusal": "content_filter",
}
_BY_STATUS = {400: "invalid_request", 401: "authentication", 403: "authentication", 404: "not_found"}
_BY_STATUS |= {429: "rate_limited", 503: "overloaded", 504: "timeout", 529: "overloaded"}
_BY_TYPE = {"overloaded_error": "overloaded", "rate_limit_error": "rate_limited", "timeout_error": "timeout"}


@dataclass
class Said:
    """An answer in plain values. `failure` is the expected error kind where there is no answer."""

    text: str = ""
    reasoning: str = ""
    signatures: list[str] = field(default_factory=list)
    redacted: list[str] = field(default_factory=list)
    calls: list[tuple[str, str, Any]] = field(default_factory=list)
    server_blocks: list[dict[str, Any]] = field(default_factory=list)
    citations: list[dict[str, Any]] = field(default_factory=list)
    order: list[str] = field(default_factory=list)
    stop_reason: str | None = None
    finish: str | None = None
    id: str | None = None
    model: str | None = None
    usage: dict[str, int] = field(default_factory=dict)
    failure: str | None = None


def read_record(row: Row) -> Said:
    """Read one record."""
    body = row["response_body"] or ""
    if row["status"] != 200:
        return Said(failure=_failure(row["status"], body))
    if body.lstrip().startswith("{"):
        return _read_message(json.loads(body))
    events = [json.loads(line[5:]) for line in body.splitlines() if line.startswith("data:")]
    errors = [event["error"]["type"] for event in events if event["type"] == "error"]
    if errors:
        return Said(failure=_BY_TYPE.get(errors[0], "unavailable"))
    message = _fold(events)
    ended = message.get("stop_reason") or any(event["type"] == "message_stop" for event in events)
    return _read_message(message) if ended else Said(failure="unavailable")


def _fold(events: list[dict[str, Any]]) -> dict[str, Any]:
    """The message that a stream's events tell."""
    message: dict[str, Any] = {}
    blocks: dict[int, dict[str, Any]] = {}
    written: dict[int, str] = {}
    for event in events:
        match event["type"]:
            case "message_start":
                message = event["message"]
            case "content_block_start":
                blocks[event["index"]] = event["content_block"]
            case "content_block_delta":
                _grow(blocks[event["index"]], event["delta"], written, event["index"])
            case "message_delta":
                message |= {name: value for name, value in event["delta"].items() if value is not None}
                message["usage"] |= {name: value for name, value in event["usage"].items() if value is not None}
    for index, text in written.items():
        blocks[index]["input"] = json.loads(text) if text else {}
    return {**message, "content": list(blocks.values())}


def _grow(block: dict[str, Any], delta: dict[str, Any], written: dict[int, str], index: int) -> None:
    match delta["type"]:
        case "text_delta":
            block["text"] += delta["text"]
        case "thinking_delta":
            block["thinking"] += delta["thinking"]
        case "signature_delta":
            block["signature"] = block.get("signature", "") + delta["signature"]
        case "citations_delta":
            block["citations"] = [*(block.get("citations") or []), delta["citation"]]
        case "input_json_delta":
            written[index] = written.get(index, "") + delta["partial_json"]
        case "compaction_delta":
            block["content"] = (block.get("content") or "") + (delta["content"] or "")
        case other:
            raise AssertionError(f"a delta of an unknown kind: {other}")


def _read_message(message: dict[str, Any]) -> Said:
    said = Said(stop_reason=message["stop_reason"], id=message["id"], model=message["model"])
    for block in message["content"]:
        said.order.append(block["type"])
        match block["type"]:
            case "text":
                said.text += block["text"]
                said.citations += block.get("citations") or []
            case "thinking":
                said.reasoning += block["thinking"]
                said.signatures.append(block["signature"])
            case "redacted_thinking":
                said.redacted.append(block["data"])
            case "tool_use":
                said.calls.append((block["id"], block["name"], block["input"]))
            case _:
                said.server_blocks.append(block)
    said.finish = _FINISHES[message["stop_reason"]]
    said.usage = _usage(message["usage"])
    return said


def _usage(counts: dict[str, Any]) -> dict[str, int]:
    read = counts.get("cache_read_input_tokens") or 0
    written = counts.get("cache_creation_input_tokens") or 0
    whole_input = counts["input_tokens"] + read + written
    return {
        "input": whole_input,
        "cache_read": read,
        "cache_write": written,
        "cache_write_1h": (counts.get("cache_creation") or {}).get("ephemeral_1h_input_tokens") or 0,
        "output": counts["output_tokens"],
        "reasoning": (counts.get("output_tokens_details") or {}).get("thinking_tokens") or 0,
        "web_searches": (counts.get("server_tool_use") or {}).get("web_search_requests") or 0,
        "total": whole_input + counts["output_tokens"],
    }


def _failure(status: int, body: str) -> str:
    """The kind that a failed call should be of."""
    if status == 400 and "prompt is too long" in body:
        return "context_overflow"
    if status == 400 and "credit balance" in body:
        return "authentication"
    return _BY_STATUS.get(status, "unavailable")
