"""What a recorded answer says, read from the record alone."""

import base64
import json
from dataclasses import dataclass, field
from typing import Any

from tests.conformance.bedrock.rows import Row

_FINISH = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "tool_use": "tool_calls",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "guardrail_intervened": "content_filter",
    "content_filtered": "content_filter",
}


@dataclass
class Said:
    """An answer in plain words. `failed` says that it was an error; `usage` is by our names."""

    failed: bool = False
    text: str = ""
    reasoning: str = ""
    signatures: list[str] = field(default_factory=list)
    redacted: list[str] = field(default_factory=list)
    calls: list[tuple[str, str, Any]] = field(default_factory=list)
    server_blocks: list[dict[str, Any]] = field(default_factory=list)
    order: list[str] = field(default_factory=list)
    stop_reason: str = ""
    finish: str = ""
    usage: dict[str, int] = field(default_factory=dict)


def read_record(row: Row) -> Said:
    """Read the record. Raises where it holds what this reader does not know."""
    if row["status"] >= 400:
        return Said(failed=True)
    streamed = "eventstream" in row["response_headers"].get("content-type", "")
    answer = _folded(row["response_body"]) if streamed else json.loads(row["response_body"])
    said = Said(stop_reason=answer["stopReason"], finish=_FINISH[answer["stopReason"]])
    for block in answer["output"]["message"]["content"]:
        _read_block(block, said)
    counts = answer["usage"]
    said.usage = {
        "input_uncached": counts["inputTokens"],
        "cache_read": counts.get("cacheReadInputTokens", 0),
        "cache_write": counts.get("cacheWriteInputTokens", 0),
        "output": counts["outputTokens"],
        "total": counts["totalTokens"],
    }
    return said


def _read_block(block: dict[str, Any], said: Said) -> None:
    match block:
        case {"text": ""}:
            pass
        case {"text": text}:
            said.text += text
            said.order.append("text")
        case {"reasoningContent": {"reasoningText": thought}}:
            said.reasoning += thought.get("text", "")
            said.signatures.append(thought.get("signature", ""))
            said.order.append("reasoning")
        case {"reasoningContent": {"redactedContent": content}}:
            said.redacted.append(content)
            said.order.append("redacted")
        case {"toolUse": {"type": "server_tool_use"}} | {"toolResult": _}:
            said.server_blocks.append(block)
            said.order.append("provider")
        case {"toolUse": call}:
            said.calls.append((call["toolUseId"], call["name"], call["input"]))
            said.order.append("tool_call")
        case _:
            raise ValueError(f"a block of an unknown kind: {sorted(block)}")


def _folded(body: str) -> dict[str, Any]:
    """The whole answer that a recorded stream tells."""
    blocks: dict[int, dict[str, Any]] = {}
    answer: dict[str, Any] = {}
    for line in body.splitlines():
        record = json.loads(line)
        payload = record["payload"]
        match record["event"]:
            case "contentBlockStart":
                blocks[payload["contentBlockIndex"]] = {"start": payload["start"]}
            case "contentBlockDelta":
                _fold(blocks.setdefault(payload["contentBlockIndex"], {}), payload["delta"])
            case "messageStop":
                answer["stopReason"] = payload["stopReason"]
            case "metadata":
                answer["usage"] = payload["usage"]
            case "messageStart" | "contentBlockStop":
                pass
            case other:
                raise ValueError(f"an event of an unknown kind: {other}")
    content = [_closed(blocks[index]) for index in sorted(blocks)]
    return {**answer, "output": {"message": {"content": content}}}


def _fold(block: dict[str, Any], delta: dict[str, Any]) -> None:
    for name, value in delta.items():
        if isinstance(value, dict):
            _fold(block.setdefault(name, {}), value)
        elif name == "redactedContent":
            block[name] = base64.b64encode(base64.b64decode(block.get(name, "")) + base64.b64decode(value)).decode()
        else:
            block[name] = block[name] + value if name in block else value


def _closed(block: dict[str, Any]) -> dict[str, Any]:
    start = block.get("start", {})
    if "toolUse" in start:
        return {"toolUse": {**start["toolUse"], "input": json.loads(block.get("toolUse", {}).get("input") or "{}")}}
    if "toolResult" in start:
        return {"toolResult": {**start["toolResult"], "content": block["toolResult"]}}
    thought = block.get("reasoningContent")
    if thought is not None and "redactedContent" not in thought:
        return {"reasoningContent": {"reasoningText": thought}}
    return block
