"""An answer that goes back to Bedrock is the answer that came, and usage is the vendor's own sum."""

import base64
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from contracts.models import ModelRef
from contracts.parts import Message
from contracts.requests import ModelRequest
from providers.bedrock.decode import AnswerReader
from providers.bedrock.encode_request import encode_request
from providers.bedrock.usage import read_usage
from providers.bedrock.whole import events_of
from providers.collect import Collector

TEXT = st.text(min_size=1, max_size=30)
NAME = st.from_regex(r"[a-zA-Z0-9_-]{1,8}", fullmatch=True)
OBJECTS = st.dictionaries(NAME, st.recursive(st.none() | st.booleans() | st.integers() | TEXT, st.lists), max_size=3)
TEXTS = st.builds(lambda text: {"text": text}, TEXT)
THOUGHTS = st.builds(
    lambda text, name: {"reasoningContent": {"reasoningText": {"text": text, "signature": name}}}, st.text(), NAME
) | st.builds(lambda raw: {"reasoningContent": {"redactedContent": raw}}, st.binary(max_size=12))
CALLS = st.builds(
    lambda id_, name, given: {"toolUse": {"toolUseId": id_, "name": name, "input": given}}, NAME, NAME, OBJECTS
)
SERVED = st.builds(
    lambda id_, given: {"toolUse": {"type": "server_tool_use", "toolUseId": id_, "name": "code", "input": given}},
    NAME,
    OBJECTS,
) | st.builds(
    lambda id_, given: {"toolResult": {"type": "code_result", "toolUseId": id_, "content": [{"json": given}]}},
    NAME,
    OBJECTS,
)
CITED = st.builds(
    lambda text, title: {"citationsContent": {"content": [{"text": text}], "citations": [{"title": title}]}}, TEXT, TEXT
)


def as_json(block: dict[str, Any]) -> dict[str, Any]:
    """The block as an answer that is not streamed has it, where bytes are base64."""
    text = json.dumps(block, default=lambda raw: base64.b64encode(raw).decode())
    value = json.loads(text)
    assert isinstance(value, dict)
    return value


@given(blocks=st.lists(TEXTS | THOUGHTS | CALLS | SERVED | CITED, min_size=1, max_size=5), streamed=st.booleans())
def test_an_answer_that_is_sent_back_is_the_answer_that_came(blocks: list[dict[str, Any]], streamed: bool) -> None:
    came = blocks if streamed else [as_json(block) for block in blocks]
    reader, collector = AnswerReader("bedrock"), Collector()
    for event in events_of({"output": {"message": {"role": "assistant", "content": came}}, "stopReason": "end_turn"}):
        for ours in reader.read(event):
            collector.add(ours)
    for ours in reader.end():
        collector.add(ours)
    turn = Message(role="assistant", parts=collector.parts())
    request = ModelRequest(model=ModelRef(provider="bedrock", model="m"), messages=(turn,))
    encoded = encode_request(request, provider="bedrock")
    assert encoded.parameters["messages"] == [{"role": "assistant", "content": blocks}]
    assert encoded.dropped == ()


COUNTS = st.integers(min_value=0, max_value=10**7)


@given(uncached=COUNTS, read=COUNTS, short=COUNTS, long=COUNTS, output=COUNTS)
def test_usage_always_sums_to_the_vendors_total(uncached: int, read: int, short: int, long: int, output: int) -> None:
    usage = read_usage(
        {
            "inputTokens": uncached,
            "cacheReadInputTokens": read,
            "cacheWriteInputTokens": short + long,
            "cacheDetails": [{"ttl": "5m", "inputTokens": short}, {"ttl": "1h", "inputTokens": long}],
            "outputTokens": output,
        }
    )
    assert usage.total == uncached + read + short + long + output
    assert usage.cache_write_1h == long
