"""What a record holds, in plain values: written apart from the adapter, so that the two can disagree."""

import json
from dataclasses import dataclass, field
from typing import Any

from tests.conformance.openai.rows import Row, events_of


@dataclass(slots=True)
class Said:
    """One recorded answer. `fails`: it is an error, or has no end, so that the adapter has to raise.

    `calls` are (id or None where the record has none, name, arguments). `usage` is the vendor's own object.
    """

    fails: bool = False
    text: str = ""
    reasoning: str = ""
    refusal: str = ""
    calls: list[tuple[str | None, str, str]] = field(default_factory=list)
    server_items: list[str] = field(default_factory=list)
    encrypted: list[str] = field(default_factory=list)
    citations: int = 0
    finish: str = ""
    usage: dict[str, Any] | None = None


_SERVED_FINISH = {
    "function_call": "tool_calls",
    "eos": "stop",
    "max_tokens": "length",
    "stop_sequence": "stop",
}


def read_chat(row: Row) -> Said:
    """A chat completion, plain or streamed: its first choice."""
    if row["status"] != 200:
        return Said(fails=True)
    said = Said()
    chunks = events_of(row["response_body"]) if row["streaming"] else [json.loads(row["response_body"])]
    calls: dict[Any, list[Any]] = {}
    for chunk in chunks:
        if chunk.get("error"):
            return Said(fails=True)
        groq = chunk.get("x_groq") or {}
        said.usage = chunk.get("usage") or groq.get("usage") or said.usage
        for choice in chunk.get("choices") or []:
            if choice.get("index", 0) == 0:
                said.finish = choice.get("finish_reason") or said.finish
                _read_message(choice.get("delta") or choice.get("message") or {}, said, calls, row["streaming"])
    said.calls = [(call[0] or None, call[1], call[2]) for call in calls.values()]
    said.fails = row["streaming"] and not said.finish
    if not said.finish:
        said.finish = "tool_calls" if said.calls else "stop"
    said.finish = _SERVED_FINISH.get(said.finish, said.finish)
    return said


def _read_message(message: dict[str, Any], said: Said, calls: dict[Any, list[Any]], streamed: bool) -> None:
    content = message.get("content")
    if isinstance(content, str):
        said.text += content
    elif isinstance(content, list):
        for piece in content:
            if piece["type"] == "text":
                said.text += piece["text"]
            elif piece["type"] == "thinking":
                said.reasoning += "".join(one["text"] for one in piece["thinking"])
    details = message.get("reasoning_details") or []
    shown = "".join(one.get("text") or one.get("summary") or "" for one in details)
    said.reasoning += message.get("reasoning_content") or message.get("reasoning") or shown
    said.refusal += message.get("refusal") or ""
    said.citations += len(message.get("annotations") or [])
    for number, call in enumerate(message.get("tool_calls") or []):
        key = call["index"] if streamed else number
        kept = calls.setdefault(key, ["", "", ""])
        kept[0] = kept[0] or call.get("id")
        kept[1] = kept[1] or call["function"].get("name")
        kept[2] += call["function"].get("arguments") or ""
    old = message.get("function_call") or {}
    if old.get("name") or old.get("arguments"):
        kept = calls.setdefault("old", ["", "", ""])
        kept[1] += old.get("name") or ""
        kept[2] += old.get("arguments") or ""


def read_responses(row: Row) -> Said:
    """A response, plain or streamed: the whole that the last event holds."""
    if row["status"] != 200:
        return Said(fails=True)
    if row["streaming"]:
        ends = ("response.completed", "response.incomplete", "response.failed")
        bodies = [event["response"] for event in events_of(row["response_body"]) if event.get("type") in ends]
        if not bodies:
            return Said(fails=True)
        body = bodies[-1]
    else:
        body = json.loads(row["response_body"])
    status = body.get("status", "completed")
    if status not in ("completed", "complete", "incomplete"):
        return Said(fails=True)
    said = Said(usage=body.get("usage"))
    summaries: list[str] = []
    for item in body["output"]:
        match item["type"]:
            case "message":
                _read_contents(item["content"], said)
            case "reasoning":
                shown = "".join(one["text"] for one in item.get("content") or [])
                said.encrypted += [item["encrypted_content"]] if item.get("encrypted_content") else []
                summaries.append(shown or "\n\n".join(one["text"] for one in item["summary"]))
            case "function_call":
                said.calls.append((item["call_id"], item["name"], item["arguments"]))
            case "custom_tool_call":
                said.calls.append((item["call_id"], item["name"], item["input"]))
            case other:
                said.server_items.append(other)
    said.reasoning = "".join(summaries)
    if status == "incomplete":
        reason = (body.get("incomplete_details") or {}).get("reason")
        said.finish = "content_filter" if reason == "content_filter" else "length"
    else:
        said.finish = "tool_calls" if said.calls else "stop"
    return said


def _read_contents(contents: list[dict[str, Any]], said: Said) -> None:
    for content in contents:
        if content["type"] == "refusal":
            said.refusal += content["refusal"]
        else:
            said.text += content["text"]
            said.citations += len(content.get("annotations") or [])


def usage_of(said: Said) -> dict[str, int]:
    """The vendor's usage in the names of ours, computed by hand from the raw object."""
    raw = said.usage
    if not raw:
        return {}
    given = raw.get("prompt_tokens_details") or raw.get("input_tokens_details") or {}
    made = raw.get("completion_tokens_details") or raw.get("output_tokens_details") or {}
    total = raw["total_tokens"]
    whole_input = raw["prompt_tokens"] if "prompt_tokens" in raw else raw["input_tokens"]
    whole_output = raw["completion_tokens"] if "completion_tokens" in raw else raw["output_tokens"]
    thought = made.get("reasoning_tokens") or 0
    read = given.get("cached_tokens") or raw.get("prompt_cache_hit_tokens") or raw.get("cached_tokens") or 0
    return {
        "total": total,
        "input": whole_input,
        "cache_read": read,
        "cache_write": min(given.get("cache_write_tokens") or 0, whole_input - read),
        "reasoning": min(max(thought, total - whole_input - whole_output), total - whole_input),
    }
