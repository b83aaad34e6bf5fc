"""Writing a response of the responses API: one body, or its numbered events.

Source: platform.openai.com/docs/api-reference/responses-streaming, and streams recorded from the API.
"""

from collections.abc import Iterator
from typing import Any

import orjson

from contracts.errors import ErrorKind
from providers.simulator.answers import Answer, Block
from providers.simulator.asked import Asked
from providers.simulator.frames import FINISH, HEAD, REASONING, TOKEN, Frame
from providers.simulator.openai.errors import told_in_stream
from providers.simulator.replies import Trouble
from providers.simulator.signatures import sign

_dumps = orjson.dumps
_ECHOED: dict[str, Any] = {
    "instructions": None,
    "max_output_tokens": None,
    "max_tool_calls": None,
    "parallel_tool_calls": True,
    "previous_response_id": None,
    "prompt_cache_key": None,
    "safety_identifier": None,
    "store": True,
    "temperature": 1.0,
    "tool_choice": "auto",
    "tools": [],
    "top_logprobs": 0,
    "top_p": 1.0,
    "truncation": "disabled",
    "metadata": {},
}
"""Fields of a request that a response repeats, with what it says where the request has none."""
_FAILURES = {
    ErrorKind.RATE_LIMITED: "rate_limit_exceeded",
    ErrorKind.OVERLOADED: "server_is_overloaded",
    ErrorKind.UNAVAILABLE: "server_error",
    ErrorKind.CONTEXT_OVERFLOW: "context_length_exceeded",
    ErrorKind.CONTENT_REFUSED: "invalid_prompt",
}
"""Kinds that a stream tells with `response.failed`; all others come as an `error` event."""


class ResponsesWriter:
    """One response."""

    closes_with_finish = True

    def __init__(
        self, asked: Asked, answer: Answer, *, identity: str, created: int, reasoning_given: bool = False
    ) -> None:
        self._asked = asked
        self._answer = answer
        self._identity = identity
        self._created = created
        self._seq = 0
        self._shown = reasoning_given or asked.reasoning_shown or not asked.reasoning
        body = asked.body
        self._encrypted = "reasoning.encrypted_content" in (body.get("include") or ())
        self._echo = {name: body[name] if body.get(name) is not None else usual for name, usual in _ECHOED.items()}
        reasoning, text = body.get("reasoning") or {}, body.get("text") or {}
        self._echo["reasoning"] = {"effort": reasoning.get("effort"), "summary": reasoning.get("summary")}
        self._echo["text"] = {
            "format": text.get("format") or {"type": "text"},
            "verbosity": text.get("verbosity") or "medium",
        }

    def frames(self) -> Iterator[Frame]:
        """The events."""
        started = self._response("in_progress", [], None)
        opening = self._event("response.created", {"response": started})
        yield Frame(HEAD, 0, opening + self._event("response.in_progress", {"response": started}))
        items: list[dict[str, Any]] = []
        for index, block in enumerate(self._answer.blocks):
            item = self._item(block, index)
            items.append(item)
            yield Frame(
                HEAD, 0, self._event("response.output_item.added", {"output_index": index, "item": self._empty(item)})
            )
            match block.kind:
                case "reasoning":
                    yield from self._thought(block, item, index)
                case "text" | "refusal":
                    yield from self._message(block, item, index)
                case "tool":
                    yield from self._call(block, item, index)
            yield Frame(HEAD, 0, self._event("response.output_item.done", {"output_index": index, "item": item}))
        name, status = self._finish()
        yield Frame(
            FINISH, 0, self._event(f"response.{name}", {"response": self._response(status, items, self._usage())})
        )

    def whole(self) -> bytes:
        """The body."""
        items = [self._item(block, index) for index, block in enumerate(self._answer.blocks)]
        return _dumps(self._response(self._finish()[1], items, self._usage()))

    def malformed(self) -> bytes:
        """An event that is cut in the middle of its JSON."""
        return b'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","del\n\n'

    def stream_error(self, kind: ErrorKind) -> bytes:
        """`response.failed`, or an `error` event."""
        told = told_in_stream(kind, Trouble(self._asked.model, self._asked.endpoint, input_tokens=self._answer.input))
        if kind in _FAILURES:
            failed = self._response("failed", [], None)
            failed["error"] = {"code": _FAILURES[kind], "message": told["message"]}
            return self._event("response.failed", {"response": failed})
        return self._event("error", {"code": told["code"], "message": told["message"], "param": told["param"]})

    def _event(self, name: str, fields: dict[str, Any]) -> bytes:
        data = _dumps({"type": name, **fields, "sequence_number": self._seq})
        self._seq += 1
        return b"event: " + name.encode() + b"\ndata: " + data + b"\n\n"

    def _deltas(self, kind: int, name: str, place: dict[str, Any], block: Block) -> Iterator[Frame]:
        """A delta event per token; what is the same in all of them is written once."""
        common = _dumps({"type": name, **place})[:-1]
        head = b"event: " + name.encode() + b"\ndata: " + common + b',"delta":'
        for piece in block.pieces:
            data = head + _dumps(piece) + b',"sequence_number":%d}\n\n' % self._seq
            self._seq += 1
            yield Frame(kind, 1, data)

    def _thought(self, block: Block, item: dict[str, Any], index: int) -> Iterator[Frame]:
        if not self._shown:
            for _ in block.pieces:
                yield Frame(REASONING, 1, b"")
            return
        place = {"item_id": item["id"], "output_index": index, "summary_index": 0}
        part = {"type": "summary_text", "text": ""}
        yield Frame(HEAD, 0, self._event("response.reasoning_summary_part.added", {**place, "part": part}))
        yield from self._deltas(REASONING, "response.reasoning_summary_text.delta", place, block)
        done = self._event("response.reasoning_summary_text.done", {**place, "text": block.text})
        part = {"type": "summary_text", "text": block.text}
        yield Frame(HEAD, 0, done + self._event("response.reasoning_summary_part.done", {**place, "part": part}))

    def _message(self, block: Block, item: dict[str, Any], index: int) -> Iterator[Frame]:
        place = {"item_id": item["id"], "output_index": index, "content_index": 0}
        part = item["content"][0]
        field = "refusal" if block.kind == "refusal" else "text"
        logprobs: dict[str, Any] = {} if block.kind == "refusal" else {"logprobs": []}
        word = "refusal" if block.kind == "refusal" else "output_text"
        yield Frame(HEAD, 0, self._event("response.content_part.added", {**place, "part": {**part, field: ""}}))
        yield from self._deltas(TOKEN, f"response.{word}.delta", {**place, **logprobs}, block)
        done = self._event(f"response.{word}.done", {**place, field: block.text, **logprobs})
        yield Frame(HEAD, 0, done + self._event("response.content_part.done", {**place, "part": part}))

    def _call(self, block: Block, item: dict[str, Any], index: int) -> Iterator[Frame]:
        place = {"item_id": item["id"], "output_index": index}
        word, field = ("custom_tool_call_input", "input") if block.custom else ("function_call_arguments", "arguments")
        yield Frame(TOKEN, 1, b"")
        yield from self._deltas(TOKEN, f"response.{word}.delta", place, block)
        yield Frame(HEAD, 0, self._event(f"response.{word}.done", {**place, field: block.text}))

    def _item(self, block: Block, index: int) -> dict[str, Any]:
        identity = f"{self._identity}{index:02d}"
        match block.kind:
            case "reasoning":
                summary = [{"type": "summary_text", "text": block.text}] if self._shown else []
                item = {"id": f"rs_{identity}", "type": "reasoning", "summary": summary}
                return {**item, "encrypted_content": sign(block.text)} if self._encrypted else item
            case "text" | "refusal":
                part: dict[str, Any] = (
                    {"type": "refusal", "refusal": block.text}
                    if block.kind == "refusal"
                    else {"type": "output_text", "annotations": [], "logprobs": [], "text": block.text}
                )
                status = "incomplete" if self._answer.finish == "length" else "completed"
                return {
                    "id": f"msg_{identity}",
                    "type": "message",
                    "status": status,
                    "content": [part],
                    "role": "assistant",
                }
            case "tool":
                kind, field = ("custom_tool_call", "input") if block.custom else ("function_call", "arguments")
                prefix = "ctc" if block.custom else "fc"
                call = {"call_id": f"call_{identity}", "name": block.name, field: block.text}
                return {"id": f"{prefix}_{identity}", "type": kind, "status": "completed", **call}

    def _empty(self, item: dict[str, Any]) -> dict[str, Any]:
        """The item as it is announced, before its content."""
        empty = {**item}
        for field, nothing in (("summary", []), ("content", []), ("arguments", ""), ("input", "")):
            if field in empty:
                empty[field] = nothing
        if "status" in empty:
            empty["status"] = "in_progress"
        return empty

    def _finish(self) -> tuple[str, str]:
        """The last event's name and the response's status."""
        done = self._answer.finish not in ("length", "content_filter")
        return ("completed", "completed") if done else ("incomplete", "incomplete")

    def _response(self, status: str, items: list[dict[str, Any]], usage: dict[str, Any] | None) -> dict[str, Any]:
        reasons = {"length": "max_output_tokens", "content_filter": "content_filter"}
        return {
            "id": f"resp_{self._identity}",
            "object": "response",
            "created_at": self._created,
            "status": status,
            "background": False,
            "completed_at": self._created if status == "completed" else None,
            "error": None,
            "incomplete_details": {"reason": reasons[self._answer.finish]} if status == "incomplete" else None,
            "model": self._asked.model,
            "output": items,
            "service_tier": "default",
            "usage": usage,
            "user": self._asked.body.get("user"),
            **self._echo,
        }

    def _usage(self) -> dict[str, Any]:
        answer = self._answer
        return {
            "input_tokens": answer.input,
            "input_tokens_details": {"cached_tokens": answer.cached, "cache_write_tokens": 0},
            "output_tokens": answer.output,
            "output_tokens_details": {"reasoning_tokens": answer.reasoning},
            "total_tokens": answer.input + answer.output,
        }
