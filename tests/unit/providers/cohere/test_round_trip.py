"""An answer that goes back to Cohere is the answer that came, and usage is the vendor's own sum."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from contracts.models import ModelRef
from contracts.parts import Message
from contracts.requests import ModelRequest
from providers.cohere.decode import AnswerReader
from providers.cohere.encode_request import encode_request
from providers.cohere.usage import read_usage
from providers.cohere.whole import events_of
from providers.collect import Collector

TEXT = st.text(min_size=1, max_size=30)
NAME = st.from_regex(r"[a-zA-Z0-9_-]{1,8}", fullmatch=True)
OBJECTS = st.dictionaries(NAME, TEXT, min_size=1, max_size=3)
CALLS = st.builds(
    lambda id_, name, given: {
        "id": id_,
        "type": "function",
        "function": {"name": name, "arguments": json.dumps(given)},
    },
    NAME,
    NAME,
    OBJECTS,
)
CONTENT = st.tuples(st.none() | TEXT, TEXT).map(
    lambda said: [*([{"type": "thinking", "thinking": said[0]}] if said[0] else []), {"type": "text", "text": said[1]}]
)
CITATIONS = st.builds(lambda text: {"start": 0, "end": 1, "text": text, "sources": []}, TEXT)


@given(
    content=CONTENT, plan=st.none() | TEXT, calls=st.lists(CALLS, max_size=3), citations=st.lists(CITATIONS, max_size=2)
)
def test_an_answer_that_is_sent_back_is_the_answer_that_came(
    content: list[Any], plan: str | None, calls: list[Any], citations: list[Any]
) -> None:
    fields = {"content": content, "tool_plan": plan, "tool_calls": calls, "citations": citations}
    message = {"role": "assistant", **{name: value for name, value in fields.items() if value}}
    reader, collector = AnswerReader("cohere"), Collector()
    for event in events_of({"id": "m1", "message": message, "finish_reason": "COMPLETE"}):
        for ours in reader.read(event):
            collector.add(ours)
    for ours in reader.end():
        collector.add(ours)
    turn = Message(role="assistant", parts=collector.parts())
    request = ModelRequest(model=ModelRef(provider="cohere", model="m"), messages=(turn,))
    encoded = encode_request(request, provider="cohere")
    [sent] = encoded.body["messages"]
    if isinstance(sent["content"], str):
        sent["content"] = [{"type": "text", "text": sent["content"]}]
    assert sent == message
    assert encoded.dropped == ()


COUNTS = st.integers(min_value=0, max_value=10**7)


@given(given_=COUNTS, cached=COUNTS, output=COUNTS)
def test_usage_always_sums_to_what_was_read_and_written(given_: int, cached: int, output: int) -> None:
    tokens = {"input_tokens": float(given_), "output_tokens": float(output)}
    usage = read_usage({"tokens": tokens, "cached_tokens": cached, "billed_units": {"input_tokens": 1}})
    assert (usage.total, usage.cache_read) == (given_ + output, min(cached, given_))
