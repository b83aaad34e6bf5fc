"""Writing a chat completion: one body, or chunks with `[DONE]` at the end.

Source: platform.openai.com/docs/api-reference/chat-streaming, and streams recorded from the API. Thought is counted and
not shown; only a scenario's own `reasoning` text is, in `reasoning_content`, as compatible servers (DeepSeek) do.
"""

from collections.abc import Iterator
from typing import Any

import orjson

from contracts.errors import ErrorKind
from providers.simulator.answers import Answer
from providers.simulator.asked import Asked
from providers.simulator.frames import FINISH, HEAD, LAST, REASONING, TOKEN, USAGE, Frame
from providers.simulator.openai.errors import told_in_stream
from providers.simulator.replies import Trouble

_FINISH = {"stop_sequence": "stop", "refusal": "stop"}
_DONE = Frame(LAST, 0, b"data: [DONE]\n\n")
_dumps = orjson.dumps


class ChatWriter:
    """One chat completion."""

    closes_with_finish = False

    def __init__(
        self, asked: Asked, answer: Answer, *, identity: str, created: int, reasoning_given: bool = False
    ) -> None:
        self._asked = asked
        self._answer = answer
        self._show_reasoning = reasoning_given
        self._identity = identity
        self._common: dict[str, Any] = {
            "id": f"chatcmpl-{identity}",
            "created": created,
            "model": asked.model,
            "service_tier": "default",
            "system_fingerprint": "fp_simulated",
        }
        self._with_usage = bool((asked.body.get("stream_options") or {}).get("include_usage"))

    def frames(self) -> Iterator[Frame]:
        """The chunks."""
        head, tail = self._envelope()
        yield Frame(HEAD, 0, head + b'{"role":"assistant","content":' + self._opening() + b',"refusal":null}' + tail)
        calls = 0
        for block in self._answer.blocks:
            match block.kind:
                case "reasoning":
                    start = head + b'{"reasoning_content":'
                    for piece in block.pieces:
                        yield Frame(REASONING, 1, start + _dumps(piece) + b"}" + tail if self._show_reasoning else b"")
                case "text" | "refusal":
                    start = head + (b'{"content":' if block.kind == "text" else b'{"refusal":')
                    end = b"}" + tail
                    for piece in block.pieces:
                        yield Frame(TOKEN, 1, start + _dumps(piece) + end)
                case "tool":
                    field = "input" if block.custom else "arguments"
                    kind = "custom" if block.custom else "function"
                    opened = {
                        "index": calls,
                        "id": self._call_id(calls),
                        "type": kind,
                        kind: {"name": block.name, field: ""},
                    }
                    yield Frame(TOKEN, 1, head + _dumps({"tool_calls": [opened]}) + tail)
                    start = head + f'{{"tool_calls":[{{"index":{calls},"{kind}":{{"{field}":'.encode()
                    for piece in block.pieces:
                        yield Frame(TOKEN, 1, start + _dumps(piece) + b"}}]}" + tail)
                    calls += 1
        yield Frame(
            FINISH,
            0,
            head + b"{}" + tail.replace(b'"finish_reason":null', b'"finish_reason":' + _dumps(self._finish()), 1),
        )
        if self._with_usage:
            chunk = {**self._common, "object": "chat.completion.chunk", "choices": [], "usage": self._usage()}
            yield Frame(USAGE, 0, b"data: " + _dumps(chunk) + b"\n\n")
        yield _DONE

    def whole(self) -> bytes:
        """The body."""
        message: dict[str, Any] = {"role": "assistant", "content": None, "refusal": None, "annotations": []}
        for block in self._answer.blocks:
            match block.kind:
                case "reasoning":
                    if self._show_reasoning:
                        message["reasoning_content"] = block.text
                case "text":
                    message["content"] = block.text
                case "refusal":
                    message["refusal"] = block.text
                case "tool":
                    calls = message.setdefault("tool_calls", [])
                    inner = {"name": block.name, "input" if block.custom else "arguments": block.text}
                    kind = "custom" if block.custom else "function"
                    calls.append({"id": self._call_id(len(calls)), "type": kind, kind: inner})
        if message["content"] is None and message["refusal"] is None and "tool_calls" not in message:
            message["content"] = ""
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": self._finish()}
        return _dumps({**self._common, "object": "chat.completion", "choices": [choice], "usage": self._usage()})

    def malformed(self) -> bytes:
        """A chunk that is cut in the middle of its JSON."""
        return b'data: {"id":"chatcmpl-' + self._identity.encode() + b'","object":"chat.completion.chunk","choi\n\n'

    def stream_error(self, kind: ErrorKind) -> bytes:
        """An error as a chunk."""
        trouble = Trouble(self._asked.model, self._asked.endpoint, input_tokens=self._answer.input)
        return b"data: " + _dumps({"error": told_in_stream(kind, trouble)}) + b"\n\n"

    def _envelope(self) -> tuple[bytes, bytes]:
        """What stands before and after the delta in every chunk."""
        common = _dumps({**self._common, "object": "chat.completion.chunk"})[:-1]
        usage = b',"usage":null' if self._with_usage else b""
        head = b"data: " + common + b',"choices":[{"index":0,"delta":'
        return head, b',"logprobs":null,"finish_reason":null}]' + usage + b"}\n\n"

    def _opening(self) -> bytes:
        return b'""' if any(block.kind == "text" for block in self._answer.blocks) else b"null"

    def _call_id(self, number: int) -> str:
        return f"call_{self._identity}{number:02d}"

    def _finish(self) -> str:
        return _FINISH.get(self._answer.finish, self._answer.finish)

    def _usage(self) -> dict[str, Any]:
        answer = self._answer
        return {
            "prompt_tokens": answer.input,
            "completion_tokens": answer.output,
            "total_tokens": answer.input + answer.output,
            "prompt_tokens_details": {"cached_tokens": answer.cached, "audio_tokens": 0},
            "completion_tokens_details": {
                "reasoning_tokens": answer.reasoning,
                "audio_tokens": 0,
                "accepted_prediction_tokens": 0,
                "rejected_prediction_tokens": 0,
            },
        }
