"""Writing a generateContent answer: one body, or chunks of server-sent events.

Source: ai.google.dev/api/generate-content, and streams recorded from the API. Every chunk repeats the usage so far; the last
one has the finish reason. A signature of the thought stands on the part that follows it.
"""

from collections.abc import Iterator
from typing import Any

import orjson

from contracts.errors import ErrorKind
from providers.simulator.answers import Answer, Block
from providers.simulator.asked import Asked
from providers.simulator.frames import FINISH, REASONING, TOKEN, Frame
from providers.simulator.google.errors import told_in_stream
from providers.simulator.replies import Trouble
from providers.simulator.signatures import sign

_dumps = orjson.dumps
_FINISHES = {
    "stop": "STOP",
    "stop_sequence": "STOP",
    "tool_calls": "STOP",
    "length": "MAX_TOKENS",
    "content_filter": "SAFETY",
    "refusal": "SAFETY",
}
_BLOCKED = [{"category": "HARM_CATEGORY_DANGEROUS_CONTENT", "probability": "HIGH", "blocked": True}]


class GenerateWriter:
    """One answer."""

    closes_with_finish = True

    def __init__(
        self, asked: Asked, answer: Answer, *, identity: str, created: int, reasoning_given: bool = False
    ) -> None:
        self._asked = asked
        self._answer = answer
        self._identity = identity
        self._shown = reasoning_given or asked.reasoning_shown or not asked.reasoning
        thought = next((block for block in answer.blocks if block.kind == "reasoning"), None)
        self._signature = None if thought is None else sign(thought.text)

    def frames(self) -> Iterator[Frame]:
        """The chunks. A function call comes whole, as this API sends it."""
        head, tail = b'data: {"candidates":[{"content":{"parts":[', b'],"role":"model"},"index":0}]'
        thoughts = said = 0
        signature = self._signature
        for block in self._answer.blocks:
            match block.kind:
                case "reasoning":
                    for piece in block.pieces:
                        thoughts += 1
                        part = b'{"text":' + _dumps(piece) + b',"thought":true}'
                        yield Frame(
                            REASONING, 1, head + part + tail + self._running(said, thoughts) if self._shown else b""
                        )
                case "text":
                    for piece in block.pieces:
                        said += 1
                        signed = b"" if signature is None else b',"thoughtSignature":' + _dumps(signature)
                        part = b'{"text":' + _dumps(piece) + signed + b"}"
                        signature = None
                        yield Frame(TOKEN, 1, head + part + tail + self._running(said, thoughts))
                case "refusal":
                    for _ in block.pieces:
                        said += 1
                        yield Frame(TOKEN, 1, b"")
                case "tool":
                    for _ in block.pieces:
                        said += 1
                        yield Frame(TOKEN, 1, b"")
                    said += 1
                    part = _dumps(self._call(block, signature))
                    signature = None
                    yield Frame(TOKEN, 1, head + part + tail + self._running(said, thoughts))
        yield Frame(FINISH, 0, b"data: " + _dumps(self._body([{"text": ""}])) + b"\r\n\r\n")

    def whole(self) -> bytes:
        """The body."""
        parts: list[dict[str, Any]] = []
        signature = self._signature
        for block in self._answer.blocks:
            match block.kind:
                case "reasoning":
                    if self._shown:
                        parts.append({"text": block.text, "thought": True})
                case "text":
                    parts.append(
                        {"text": block.text}
                        if signature is None
                        else {"text": block.text, "thoughtSignature": signature}
                    )
                    signature = None
                case "tool":
                    parts.append(self._call(block, signature))
                    signature = None
        return _dumps(self._body(parts))

    def malformed(self) -> bytes:
        """A chunk that is cut in the middle of its JSON."""
        return b'data: {"candidates": [{"content": {"parts": [{"te\r\n\r\n'

    def stream_error(self, kind: ErrorKind) -> bytes:
        """A chunk with the error."""
        trouble = Trouble(self._asked.model, self._asked.endpoint, input_tokens=self._answer.input)
        return b"data: " + _dumps(told_in_stream(kind, trouble)) + b"\r\n\r\n"

    def _call(self, block: Block, signature: str | None) -> dict[str, Any]:
        try:
            arguments = orjson.loads(block.text or "{}")
        except orjson.JSONDecodeError:
            arguments = {}
        part: dict[str, Any] = {"functionCall": {"name": block.name, "args": arguments}}
        return part if signature is None else {**part, "thoughtSignature": signature}

    def _running(self, said: int, thoughts: int) -> bytes:
        """The end of a chunk: the usage up to here."""
        asked = self._answer.input
        thought = b',"thoughtsTokenCount":%d' % thoughts if thoughts else b""
        return (
            b',"usageMetadata":{"promptTokenCount":%d,"candidatesTokenCount":%d,"totalTokenCount":%d'
            % (asked, said, asked + said + thoughts)
            + thought
            + b'},"modelVersion":'
            + _dumps(self._asked.model)
            + b',"responseId":"'
            + self._identity.encode()
            + b'"}\r\n\r\n'
        )

    def _body(self, parts: list[dict[str, Any]]) -> dict[str, Any]:
        answer = self._answer
        finish = _FINISHES.get(answer.finish, answer.finish)
        candidate: dict[str, Any] = {"content": {"parts": parts, "role": "model"}, "finishReason": finish, "index": 0}
        if finish == "SAFETY":
            candidate["content"] = {}
            candidate["safetyRatings"] = _BLOCKED
        said = answer.output - answer.reasoning
        usage: dict[str, Any] = {
            "promptTokenCount": answer.input,
            "candidatesTokenCount": said,
            "totalTokenCount": answer.input + answer.output,
            "promptTokensDetails": [{"modality": "TEXT", "tokenCount": answer.input}],
        }
        if answer.reasoning:
            usage["thoughtsTokenCount"] = answer.reasoning
        if answer.cached:
            usage["cachedContentTokenCount"] = answer.cached
            usage["cacheTokensDetails"] = [{"modality": "TEXT", "tokenCount": answer.cached}]
        return {
            "candidates": [candidate],
            "usageMetadata": usage,
            "modelVersion": self._asked.model,
            "responseId": self._identity,
        }
