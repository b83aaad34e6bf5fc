"""Any conversation of parts goes to Claude's wire and back without loss of what the wire can carry."""

import base64
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from contracts.models import ModelRef
from contracts.parts import (
    BytesSource,
    CacheHint,
    Citation,
    DocumentPart,
    FileSource,
    ImagePart,
    Message,
    Part,
    ProviderPart,
    ReasoningPart,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    UrlSource,
)
from contracts.requests import ModelRequest
from providers.anthropic.decode import AnswerReader
from providers.anthropic.encode_request import encode_request
from providers.anthropic.usage import read_usage
from providers.anthropic.whole import events_of
from providers.collect import Collector
from tests.conformance.anthropic.read_messages import read_messages

# A text that is blank is refused by the API, and so is white space at the end of the last one.
TEXT = st.text(min_size=1, max_size=30).map(lambda text: f"{text}.")
NAME = st.from_regex(r"[a-zA-Z0-9_-]{1,8}", fullmatch=True)
OBJECTS = st.dictionaries(NAME, st.recursive(st.none() | st.booleans() | st.integers() | TEXT, st.lists), max_size=3)
BYTES = st.binary(max_size=12).map(lambda raw: base64.b64encode(raw).decode())
HINTS = st.none() | st.builds(CacheHint, ttl=st.sampled_from([None, "5m", "1h"]))
URLS = st.builds(UrlSource, url=NAME.map("https://example.org/{}".format))
FILES = st.builds(FileSource, file_id=NAME.map("file_{}".format))
RAWS = st.fixed_dictionaries({"type": st.just("char_location"), "cited_text": TEXT})
CITATIONS = st.lists(st.builds(Citation, provider=st.just("anthropic"), raw=RAWS), max_size=2).map(tuple)
PLAIN = TEXT.map(lambda text: base64.b64encode(text.encode()).decode())

TEXTS = st.builds(TextPart, text=TEXT, cache=HINTS)
CITED = st.builds(TextPart, text=TEXT, cache=HINTS, citations=CITATIONS)
IMAGES = st.builds(
    ImagePart, source=st.builds(BytesSource, media_type=st.just("image/png"), content=BYTES) | URLS | FILES, cache=HINTS
)
DOCUMENTS = st.builds(
    DocumentPart,
    source=st.builds(BytesSource, media_type=st.just("application/pdf"), content=BYTES)
    | st.builds(BytesSource, media_type=st.just("text/plain"), content=PLAIN)
    | URLS
    | FILES,
    title=st.none() | TEXT,
    context=st.none() | TEXT,
    citations=st.none() | st.booleans(),
    cache=HINTS,
)
THOUGHTS = st.builds(ReasoningPart, text=st.text(), signature=NAME, provider=st.just("anthropic")) | st.builds(
    ReasoningPart, redacted=NAME, provider=st.just("anthropic")
)
BLOCKS = st.builds(
    lambda name, given: ProviderPart(
        provider="anthropic", payload={"type": "server_tool_use", "id": name, "name": "web_search", "input": given}
    ),
    NAME,
    OBJECTS,
)
CALLS = st.builds(
    lambda call_id, name, args, cache, caller: ToolCallPart(
        id=call_id,
        name=name,
        arguments=json.dumps(args),
        cache=cache,
        signature=None if caller is None else json.dumps({"type": caller}),
        provider="anthropic",
    ),
    NAME,
    NAME,
    OBJECTS,
    HINTS,
    st.none() | NAME,
)
RESULTS = st.builds(
    ToolResultPart,
    call_id=NAME,
    content=st.lists(TEXTS | IMAGES | DOCUMENTS, max_size=3).map(tuple),
    is_error=st.booleans(),
    cache=HINTS,
)


def message(role: str, part: st.SearchStrategy[Any]) -> st.SearchStrategy[Message]:
    return st.lists(part, min_size=1, max_size=4).map(
        lambda parts: Message.model_validate({"role": role, "parts": parts})
    )


ROUNDS = st.lists(
    st.tuples(
        st.lists(message("tool", RESULTS), max_size=2),
        message("user", TEXTS | IMAGES | DOCUMENTS),
        st.lists(message("assistant", CITED | THOUGHTS | BLOCKS | CALLS), max_size=2),
    ),
    min_size=1,
    max_size=3,
)


def joined(messages: tuple[Message, ...]) -> list[tuple[str, Part]]:
    """The parts with their speakers: neighbouring messages of one speaker are one turn on the wire."""
    return [(message.role, part) for message in messages for part in message.parts]


@given(
    prompt=st.lists(message("system", TEXTS), max_size=2),
    rounds=ROUNDS,
    model=st.sampled_from(["claude-sonnet-4-5", "claude-opus-5", "somebody-elses-model"]),
)
def test_conversations_survive_the_wire(
    prompt: list[Message], rounds: list[tuple[list[Message], Message, list[Message]]], model: str
) -> None:
    messages = tuple(prompt) + tuple(one for results, user, said in rounds for one in (*results, user, *said))
    request = ModelRequest(model=ModelRef(provider="anthropic", model=model), messages=messages)
    encoded = encode_request(request, provider="anthropic")
    assert encoded.dropped == ()
    assert encoded.ignored == ()
    body = json.loads(json.dumps(encoded.body))
    # Without an answer between them, two users' turns are one, in which all results come first.
    assert sorted(map(repr, joined(read_messages(body)))) == sorted(map(repr, joined(messages)))
    if all(said for _results, _user, said in rounds):
        assert joined(read_messages(body)) == joined(messages)


@given(parts=st.lists(CITED | THOUGHTS | BLOCKS | CALLS, min_size=1, max_size=4))
def test_an_answer_that_is_sent_back_is_the_answer_that_came(parts: list[Any]) -> None:
    plain = [part.model_copy(update={"cache": None}) if hasattr(part, "cache") else part for part in parts]
    turn = Message(role="assistant", parts=tuple(plain))
    sent = encode_request(
        ModelRequest(model=ModelRef(provider="anthropic", model="m"), messages=(turn,)), provider="anthropic"
    ).body["messages"][0]["content"]
    reader, collector = AnswerReader("anthropic"), Collector()
    for event in events_of(
        {"id": "msg_1", "model": "m", "content": json.loads(json.dumps(sent)), "stop_reason": "end_turn"}
    ):
        for ours in reader.read(event):
            collector.add(ours)
    again = encode_request(
        ModelRequest(
            model=ModelRef(provider="anthropic", model="m"),
            messages=(Message(role="assistant", parts=collector.parts()),),
        ),
        provider="anthropic",
    )
    assert again.body["messages"][0]["content"] == sent
    assert again.dropped == ()


COUNTS = st.integers(min_value=0, max_value=10**7)


@given(uncached=COUNTS, read=COUNTS, short=COUNTS, long=COUNTS, output=COUNTS, share=st.floats(0, 1))
def test_usage_always_sums_to_the_vendors_total(
    uncached: int, read: int, short: int, long: int, output: int, share: float
) -> None:
    usage = read_usage(
        {
            "input_tokens": uncached,
            "cache_read_input_tokens": read,
            "cache_creation_input_tokens": short + long,
            "cache_creation": {"ephemeral_5m_input_tokens": short, "ephemeral_1h_input_tokens": long},
            "output_tokens": output,
            "output_tokens_details": {"thinking_tokens": int(output * share)},
        }
    )
    assert usage.total == uncached + read + short + long + output
    assert usage.cache_write_1h == long
    assert usage.output >= usage.reasoning
