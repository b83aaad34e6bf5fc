"""A whole answer, as Converse gives it without streaming, told as the events that a stream would have."""

import json
from collections.abc import Iterator
from typing import Any

_FACTS = ("usage", "metrics", "trace", "performanceConfig", "serviceTier")


def events_of(answer: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The stream's events for a Converse answer: `output.message`, `stopReason`, `usage` and the facts beside them."""
    message = (answer.get("output") or {}).get("message") or {}
    yield {"messageStart": {"role": message.get("role")}}
    for index, block in enumerate(message.get("content") or ()):
        for kind, value in _told(block):
            yield {kind: {**value, "contentBlockIndex": index}}
        yield {"contentBlockStop": {"contentBlockIndex": index}}
    yield {
        "messageStop": {
            "stopReason": answer.get("stopReason"),
            "additionalModelResponseFields": answer.get("additionalModelResponseFields"),
        }
    }
    yield {"metadata": {name: answer[name] for name in _FACTS if answer.get(name) is not None}}


def _told(block: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    match block:
        case {"text": str()}:
            yield _delta({"text": block["text"]})
        case {"reasoningContent": {"reasoningText": dict() as thought}}:
            yield _delta({"reasoningContent": thought})
        case {"reasoningContent": dict() as thought}:
            yield _delta({"reasoningContent": thought})
        case {"toolUse": dict() as call}:
            yield "contentBlockStart", {"start": {"toolUse": {name: call[name] for name in call if name != "input"}}}
            yield _delta({"toolUse": {"input": json.dumps(call.get("input") or {}, ensure_ascii=False)}})
        case {"toolResult": dict() as result}:
            yield (
                "contentBlockStart",
                {"start": {"toolResult": {name: result[name] for name in result if name != "content"}}},
            )
            yield _delta({"toolResult": list(result.get("content") or ())})
        case {"citationsContent": dict() as cited}:
            yield _delta({"text": "".join(str(one.get("text") or "") for one in cited.get("content") or ())})
            for citation in cited.get("citations") or ():
                yield _delta({"citation": citation})
        case {"image": dict() as image}:
            yield "contentBlockStart", {"start": {"image": {"format": image.get("format")}}}
            yield _delta({"image": {"source": image.get("source") or {}}})
        case _:
            pass


def _delta(delta: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    return "contentBlockDelta", {"delta": delta}
