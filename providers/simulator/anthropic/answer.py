"""Writing a message: one body, or `message_start` … `message_stop`.

Source: docs.claude.com/en/docs/build-with-claude/streaming, and streams recorded from the API. Thought is signed; with
`display: omitted` its text is left out and its tokens are billed all the same.
"""

from collections.abc import Iterator
from typing import Any

import orjson

from contracts.errors import ErrorKind
from providers.simulator.answers import Answer, Block
from providers.simulator.anthropic.errors import told_in_stream
from providers.simulator.asked import Asked
from providers.simulator.frames import FINISH, HEAD, LAST, REASONING, TOKEN, Frame
from providers.simulator.replies import Trouble
from providers.simulator.signatures import sign

_dumps = orjson.dumps
_STOPS = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "content_filter": "refusal",
}
_PING = b'event: ping\ndata: {"type": "ping"}\n\n'
_STOP = Frame(LAST, 0, b'event: message_stop\ndata: {"type":"message_stop"}\n\n')


def _event(name: str, fields: dict[str, Any]) -> bytes:
    return b"event: " + name.encode() + b"\ndata: " + _dumps({"type": name, **fields}) + b"\n\n"


class MessageWriter:
    """One message."""

    closes_with_finish = False

    def __init__(
        self, asked: Asked, answer: Answer, *, identity: str, created: int, reasoning_given: bool = False
    ) -> None:
        self._asked = asked
        self._answer = answer
        self._identity = identity
        self._hidden = asked.reasoning and not asked.reasoning_shown and not reasoning_given

    def frames(self) -> Iterator[Frame]:
        """The events. A refusal has no block: its tokens pass in silence."""
        started = self._message([], None, None, self._usage(output=1 if self._answer.output else 0))
        yield Frame(HEAD, 0, _event("message_start", {"message": started}))
        index = 0
        for block in self._answer.blocks:
            if block.kind == "refusal":
                for _ in block.pieces:
                    yield Frame(TOKEN, 1, b"")
                continue
            ping = _PING if index == 0 else b""
            opening = _event("content_block_start", {"index": index, "content_block": self._empty(block, index)})
            yield Frame(HEAD, 0, opening + ping)
            yield from self._deltas(block, index)
            yield Frame(HEAD, 0, _event("content_block_stop", {"index": index}))
            index += 1
        delta = self._end()
        yield Frame(FINISH, 0, _event("message_delta", {"delta": delta, "usage": self._usage()}))
        yield _STOP

    def whole(self) -> bytes:
        """The body."""
        content = [self._block(block, index) for index, block in enumerate(self._shown())]
        end = self._end()
        message = self._message(content, end["stop_reason"], end["stop_sequence"], self._usage(), end["stop_details"])
        return _dumps(message)

    def malformed(self) -> bytes:
        """An event that is cut in the middle of its JSON."""
        return b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"del\n\n'

    def stream_error(self, kind: ErrorKind) -> bytes:
        """An `error` event."""
        trouble = Trouble(self._asked.model, self._asked.endpoint, input_tokens=self._answer.input)
        return b"event: error\ndata: " + _dumps(told_in_stream(kind, trouble)) + b"\n\n"

    def _shown(self) -> list[Block]:
        return [block for block in self._answer.blocks if block.kind != "refusal"]

    def _deltas(self, block: Block, index: int) -> Iterator[Frame]:
        kind = REASONING if block.kind == "reasoning" else TOKEN
        word, field = {
            "reasoning": ("thinking_delta", "thinking"),
            "text": ("text_delta", "text"),
            "tool": ("input_json_delta", "partial_json"),
        }[block.kind]
        start = f'event: content_block_delta\ndata: {{"type":"content_block_delta","index":{index},"delta":'.encode()
        head = start + f'{{"type":"{word}","{field}":'.encode()
        if block.kind == "tool":
            yield Frame(TOKEN, 1, head + b'""}}\n\n')
        hidden = block.kind == "reasoning" and self._hidden
        for piece in block.pieces:
            yield Frame(kind, 1, b"" if hidden else head + _dumps(piece) + b"}}\n\n")
        if block.kind == "reasoning":
            signature = _dumps({"type": "signature_delta", "signature": sign(block.text)})
            yield Frame(HEAD, 0, start + signature + b"}\n\n")

    def _empty(self, block: Block, index: int) -> dict[str, Any]:
        match block.kind:
            case "reasoning":
                return {"type": "thinking", "thinking": "", "signature": ""}
            case "tool":
                return {"type": "tool_use", "id": self._call_id(index), "name": block.name, "input": {}}
            case _:
                return {"type": "text", "text": ""}

    def _block(self, block: Block, index: int) -> dict[str, Any]:
        match block.kind:
            case "reasoning":
                thinking = "" if self._hidden else block.text
                return {"type": "thinking", "thinking": thinking, "signature": sign(block.text)}
            case "tool":
                return {**self._empty(block, index), "input": _object(block.text)}
            case _:
                return {"type": "text", "text": block.text}

    def _call_id(self, index: int) -> str:
        return f"toolu_01{self._identity}{index:02d}"

    def _end(self) -> dict[str, Any]:
        answer = self._answer
        refused = answer.finish == "refusal"
        details = {"type": "refusal", "category": None, "explanation": "Simulated refusal."} if refused else None
        stop = _STOPS.get(answer.finish, answer.finish)
        return {"stop_reason": stop, "stop_sequence": answer.stop_sequence, "stop_details": details}

    def _message(
        self,
        content: list[dict[str, Any]],
        stop: str | None,
        sequence: str | None,
        usage: dict[str, Any],
        details: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        return {
            "model": self._asked.model,
            "id": f"msg_01{self._identity}",
            "type": "message",
            "role": "assistant",
            "content": content,
            "stop_reason": stop,
            "stop_sequence": sequence,
            "stop_details": details,
            "usage": usage,
        }

    def _usage(self, output: int | None = None) -> dict[str, Any]:
        """Usage; `input_tokens` is what was neither read from nor written to the cache."""
        answer, hour = self._answer, self._asked.cache_hour
        usage: dict[str, Any] = {
            "input_tokens": answer.input - answer.cached - answer.cache_write,
            "cache_creation_input_tokens": answer.cache_write,
            "cache_read_input_tokens": answer.cached,
            "cache_creation": {
                "ephemeral_5m_input_tokens": 0 if hour else answer.cache_write,
                "ephemeral_1h_input_tokens": answer.cache_write if hour else 0,
            },
            "output_tokens": answer.output if output is None else output,
            "service_tier": "standard",
        }
        if output is None and answer.reasoning:
            usage["output_tokens_details"] = {"thinking_tokens": answer.reasoning}
        return usage


def _object(text: str) -> Any:
    """The arguments as an object; a text that was cut is no object, and the API then gives an empty one."""
    try:
        return orjson.loads(text or "{}")
    except orjson.JSONDecodeError:
        return {}
