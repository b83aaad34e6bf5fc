"""What a recorded answer says, read from the record alone."""

import json
from dataclasses import dataclass, field
from typing import Any

from tests.conformance.cohere.rows import Row

_FINISH = {"COMPLETE": "stop", "STOP_SEQUENCE": "stop", "MAX_TOKENS": "length", "TOOL_CALL": "tool_calls"}


@dataclass
class Said:
    """An answer in plain words. `failed` says that it was an error; `usage` is by our names."""

    failed: bool = False
    id: str = ""
    text: str = ""
    thinking: str = ""
    plan: str = ""
    calls: list[tuple[str, str, Any]] = field(default_factory=list)
    citations: list[dict[str, Any]] = field(default_factory=list)
    reason: str = ""
    finish: str = ""
    usage: dict[str, int] = field(default_factory=dict)


def read_record(row: Row) -> Said:
    """Read the record. Raises where it holds what this reader does not know."""
    if row["status"] >= 400:
        return Said(failed=True)
    answer = _folded(row["response_body"]) if row["streaming"] else json.loads(row["response_body"])
    message = answer["message"]
    said = Said(id=answer["id"], reason=answer["finish_reason"], finish=_FINISH[answer["finish_reason"]])
    for block in message.get("content") or ():
        match block:
            case {"type": "text", "text": text}:
                said.text += text
            case {"type": "thinking", "thinking": text}:
                said.thinking += text
            case _:
                raise ValueError(f"a block of an unknown kind: {block['type']}")
    said.plan = message.get("tool_plan") or ""
    for call in message.get("tool_calls") or ():
        said.calls.append((call["id"], call["function"]["name"], json.loads(call["function"]["arguments"])))
    said.citations = message.get("citations") or []
    counts = answer["usage"]
    said.usage = {
        "input": counts["tokens"]["input_tokens"],
        "cache_read": min(counts.get("cached_tokens", 0), counts["tokens"]["input_tokens"]),
        "output": counts["tokens"]["output_tokens"],
    }
    return said


def _folded(body: str) -> dict[str, Any]:
    """The whole answer that a recorded stream tells."""
    content: dict[int, dict[str, Any]] = {}
    calls: dict[int, dict[str, Any]] = {}
    message: dict[str, Any] = {"tool_plan": "", "citations": []}
    answer: dict[str, Any] = {"message": message}
    for line in body.splitlines():
        if not line.startswith("data: {"):
            continue
        event = json.loads(line.removeprefix("data: "))
        match event:
            case {"type": "message-start", "id": id_}:
                answer["id"] = id_
            case {"type": "content-start", "index": index, "delta": {"message": {"content": block}}}:
                content[index] = block
            case {"type": "content-delta", "index": index, "delta": {"message": {"content": more}}}:
                for name, text in more.items():
                    content[index][name] += text
            case {"type": "tool-plan-delta", "delta": {"message": {"tool_plan": text}}}:
                message["tool_plan"] += text
            case {"type": "tool-call-start", "index": index, "delta": {"message": {"tool_calls": call}}}:
                calls[index] = call
            case {"type": "tool-call-delta", "index": index, "delta": {"message": {"tool_calls": {"function": more}}}}:
                calls[index]["function"]["arguments"] += more["arguments"]
            case {"type": "citation-start", "delta": {"message": {"citations": citation}}}:
                message["citations"].append(citation)
            case {"type": "message-end", "delta": delta}:
                answer |= delta
            case {"type": "content-end" | "tool-call-end" | "citation-end"}:
                pass
            case _:
                raise ValueError(f"an event of an unknown kind: {event['type']}")
    message["content"] = [content[index] for index in sorted(content)]
    message["tool_calls"] = [calls[index] for index in sorted(calls)]
    return answer
